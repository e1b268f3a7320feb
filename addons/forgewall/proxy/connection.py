"""mitmproxy's connection handler with its socket leak repaired, and its reads stopped while a backlog is full.

The leak (12.2.3): `close_connection` cancels the reading task; where that task waits for the event lock, the
cancellation escapes before the socket is closed, and the client hangs on an open, unread connection for ever.
"""

from __future__ import annotations

import asyncio
import collections
from typing import Any, cast

from mitmproxy.connection import Connection, ConnectionState
from mitmproxy.proxy import mode_servers

from forgewall.proxy import backlog

READ_BYTES = 256 * 1024
"""How much of a connection is read at once; mitmproxy reads 64 KiB."""


UPSTREAM = 256
"""How many connections one client may have to one address. mitmproxy lets 5 open and the others wait; but what a stream
sends while it waits stops its client's reads, and then the five before it never end. An HTTP/2 client has at most 100
streams at once."""


class _WideReader:
    """Reads as much as there is, whatever it is asked for: what mitmproxy's loop uses of a StreamReader."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def read(self, _count: int) -> bytes:
        """Some bytes, or none at the end."""
        return await self._reader.read(READ_BYTES)


class Handler(mode_servers.ProxyConnectionHandler):
    """One client connection and the upstream connections made for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As in the base class."""
        super().__init__(*args, **kwargs)
        self.max_conns = collections.defaultdict(lambda: asyncio.Semaphore(UPSTREAM))

    def close_connection(self, connection: Connection, half_close: bool = False) -> None:
        """Close as mitmproxy does, and the socket in any case."""
        io = self.transports[connection]
        super().close_connection(connection, half_close)
        if connection.state is ConnectionState.CLOSED and isinstance(io.writer, asyncio.StreamWriter):
            io.writer.close()

    async def handle_connection(self, connection: Connection) -> None:
        """As mitmproxy does, but with larger reads: each one takes the same way through all layers."""
        io = self.transports[connection]
        if isinstance(io.reader, asyncio.StreamReader):
            io.reader = cast(asyncio.StreamReader, _WideReader(io.reader))
        await super().handle_connection(connection)

    async def drain_writers(self) -> None:
        """Wait until everything written is on its way, and a client until its streams no longer pile up."""
        await super().drain_writers()
        io = self.transports.get(self.client)
        if io is not None and io.handler is asyncio.current_task():
            await backlog.wait(self.client.id)


def install() -> None:
    """Make mitmproxy's servers use this handler; they look the class up by this name."""
    cast(Any, mode_servers).ProxyConnectionHandler = Handler

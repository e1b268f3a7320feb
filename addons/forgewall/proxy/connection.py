"""mitmproxy's connection handler with its socket leak repaired, and its reads bounded: by a backlog, and by its turns.

The leak (12.2.3): `close_connection` cancels the reading task; where that task waits for the event lock, the
cancellation escapes before the socket is closed, and the client hangs on an open, unread connection for ever.
"""

from __future__ import annotations

import asyncio
import collections
import time
from typing import Any, cast

from mitmproxy.connection import Connection, ConnectionState
from mitmproxy.proxy import events, mode_servers

from forgewall.proxy import backlog, turns

READ_BYTES = 256 * 1024
"""How much of a connection is read at once; mitmproxy reads 64 KiB."""


UPSTREAM = 256
"""How many connections one client may have to one address. mitmproxy lets 5 open and the others wait; but what a stream
sends while it waits stops its client's reads, and then the five before it never end. An HTTP/2 client has at most 100
streams at once."""


LEAST_BYTES = 4 * 1024
"""How much is read at once at the least, however long each byte takes: tiny chunks and frames cost most."""


class FairReader:
    """Reads as much as takes about one turn, whatever it is asked for: what mitmproxy's loop uses of a StreamReader."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._tired = False
        self.size = READ_BYTES

    async def read(self, _count: int) -> bytes:
        """Some bytes, or none at the end."""
        if self._tired:  # what is there already would be read without a pause
            await turns.others()
        return await self._reader.read(self.size)

    def took(self, size: int, seconds: float) -> None:
        """What `size` bytes led to took so long."""
        self._tired = seconds > turns.SECONDS
        if self._tired:
            self.size = max(LEAST_BYTES, min(self.size, int(size * turns.SECONDS / seconds)))
        elif seconds < turns.SECONDS / 4:
            self.size = min(READ_BYTES, 2 * self.size)


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
        """As mitmproxy does, but with larger reads where they take little time: each goes through all layers."""
        io = self.transports[connection]
        if isinstance(io.reader, asyncio.StreamReader):
            io.reader = cast(asyncio.StreamReader, FairReader(io.reader))
        await super().handle_connection(connection)

    async def server_event(self, event: events.Event) -> None:
        """As mitmproxy does; how long it takes says how much is read next."""
        begun = time.monotonic()
        await super().server_event(event)
        if isinstance(event, events.DataReceived):
            io = self.transports.get(event.connection)
            if io is not None and isinstance(io.reader, FairReader):
                io.reader.took(len(event.data), time.monotonic() - begun)

    async def drain_writers(self) -> None:
        """Wait until everything written is on its way, and a client until its streams no longer pile up."""
        await super().drain_writers()
        io = self.transports.get(self.client)
        if io is not None and io.handler is asyncio.current_task():
            await backlog.wait(self.client.id)


def install() -> None:
    """Make mitmproxy's servers use this handler; they look the class up by this name."""
    cast(Any, mode_servers).ProxyConnectionHandler = Handler

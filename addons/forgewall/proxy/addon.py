"""The hooks of mitmproxy that Forgewall needs: where connections lead, TLS, and the first layer of a client.

Decisions about requests and tunnels are made in the layers themselves, not in hooks: mitmproxy lets a request through
whose hook has failed. Each hook here fails the other way: what it doesn't permit stays refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from mitmproxy.connection import Client, Server
from mitmproxy.proxy import layer, server_hooks
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.server import ConnectionHandler
from mitmproxy.tls import TlsData

from forgewall.proxy import backlog, turns, wiring
from forgewall.proxy.settings import led_to
from forgewall.proxy.tls import Tls

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0
"""How long a connection upstream may take to be ready: DNS, TCP and TLS together."""

DRAIN_SECONDS = 600.0
"""How long a forge may take nothing of a body that is sent on from disk; mitmproxy's own clock stops for hooks."""

type Address = tuple[str, int]


class ForgewallAddon:
    """Permits upstream connections, sends them where `--connect-to` says, and provides TLS."""

    name = "nextlayer"  # mitmproxy's server warns unless an addon of this name picks the layers

    def __init__(
        self,
        tls: Tls | None,
        connect_to: Mapping[Address, Address],
        handler_of: Callable[[Client], ConnectionHandler | None],
    ) -> None:
        """`tls` None: mitmproxy's own addon does it (as an addon of mitmdump)."""
        self._tls = tls
        self._connect_to = connect_to
        self._handler_of = handler_of
        self._diverted: dict[str, Address] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def next_layer(self, next_layer: layer.NextLayer) -> None:
        """A client speaks HTTP to the proxy; inside a forge's TLS it speaks HTTP as well."""
        if next_layer.layer is None:
            outer = not any(isinstance(known, mitm.HttpLayer) for known in next_layer.context.layers)
            mode = mitm.HTTPMode.regular if outer else mitm.HTTPMode.transparent
            next_layer.layer = mitm.HttpLayer(next_layer.context, mode)

    def tls_start_client(self, tls_start: TlsData) -> None:
        """Without a connection object mitmproxy ends the handshake."""
        if self._tls is not None:
            self._tls.client(tls_start)

    def tls_start_server(self, tls_start: TlsData) -> None:
        """Without a connection object mitmproxy ends the handshake."""
        if self._tls is not None:
            self._tls.server(tls_start)

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """The second barrier: a connection nobody permitted is refused, whatever asked for it."""
        wanted, data.server.error = data.server.error, "not permitted"
        if wanted is not None or not wiring.current().permitted(data.client, data.server):
            data.server.error = wanted or data.server.error
            return
        assert data.server.address is not None
        address: Address = (data.server.address[0], data.server.address[1])
        target = led_to(self._connect_to, *address)
        if target is not None:
            self._diverted[data.server.id] = address
            data.server.address = target
        self._start_timer(data, address)
        data.server.error = None

    def server_connected(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Give the connection its own name back, by which mitmproxy reuses it; end it if it went astray."""
        self._restore_name(data.server)
        if not wiring.current().tunnels.arrived(data.client, data.server):
            self._end(data)
        if not data.server.tls:
            self._stop_timer(data.server)

    def server_connect_error(self, data: server_hooks.ServerConnectionHookData) -> None:
        """As `server_connected`."""
        self._restore_name(data.server)
        self._stop_timer(data.server)

    def tls_established_server(self, data: TlsData) -> None:
        """The connection is ready."""
        if isinstance(data.conn, Server):
            self._stop_timer(data.conn)

    def tls_failed_server(self, data: TlsData) -> None:
        """The connection won't be ready."""
        self.tls_established_server(data)

    def server_disconnected(self, data: server_hooks.ServerConnectionHookData) -> None:
        """The connection is gone."""
        self._stop_timer(data.server)

    async def drain(self, client: Client) -> None:
        """Wait until what was written for this client's connections has been taken (`collecting.DrainHook`)."""
        handler = self._handler_of(client)
        if handler is not None:
            try:
                await asyncio.wait_for(handler.drain_writers(), DRAIN_SECONDS)
            except TimeoutError:
                await handler.on_timeout()

    async def turn(self, _client: Client) -> None:
        """Let everybody else go first for once (`turns.TurnHook`)."""
        await turns.others()

    def client_disconnected(self, client: Client) -> None:
        """Forget what was kept for this client."""
        backlog.forget(client.id)
        wired = wiring.current()
        wired.forget(client)
        wired.tunnels.forget(client)

    def _end(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Nothing is ever written to this connection; mitmproxy would tell its layers that it is open."""
        handler = self._handler_of(data.client)
        io = handler.transports.get(data.server) if handler is not None else None
        if io is None or not isinstance(io.writer, asyncio.StreamWriter):
            raise LookupError("a connection that can't be ended")
        io.writer.transport.abort()

    def _start_timer(self, data: server_hooks.ServerConnectionHookData, address: Address) -> None:
        handler = self._handler_of(data.client)
        if handler is None:
            return

        def overdue() -> None:
            wiring.current().overdue(data.client, address)
            io = handler.transports.get(data.server)
            if io is not None and io.handler is not None:
                io.handler.cancel("connect timed out")

        self._timers[data.server.id] = asyncio.get_running_loop().call_later(CONNECT_SECONDS, overdue)

    def _stop_timer(self, server: Server) -> None:
        timer = self._timers.pop(server.id, None)
        if timer is not None:
            timer.cancel()

    def _restore_name(self, server: Server) -> None:
        original = self._diverted.pop(server.id, None)
        if original is not None:
            # mitmproxy forbids a new address on an open connection; this isn't one, it is the name it was opened for.
            server.__dict__["address"] = original

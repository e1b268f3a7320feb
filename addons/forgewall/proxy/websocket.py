"""WebSockets of listed notification hosts: relayed with small client messages, and nothing kept in memory.

mitmproxy keeps every message of a connection and collects a message's frames without end (RFC 6455 sets no limit).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import wsproto.events
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers import websocket

MAX_FROM_CLIENT = 64 * 1024
MAX_FROM_SERVER = 16 * 1024 * 1024
"""Bytes of one message, in all its frames; beyond them both ends get a close with code 1009, message too big."""


class CappedWebsocketLayer(websocket.WebsocketLayer):
    """mitmproxy's WebSocket layer with a cap per message and direction."""

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Relay, then forget."""
        _cap(self.client_ws, MAX_FROM_CLIENT)
        _cap(self.server_ws, MAX_FROM_SERVER)
        yield from super().relay_messages(event)
        if self.flow.websocket is not None:
            del self.flow.websocket.messages[:]


def _cap(connection: Any, limit: int) -> None:
    """Have `connection.events()` end with a close as soon as one message is longer than `limit`; once is enough."""
    if getattr(connection, "capped", False):
        return
    connection.capped = True
    connection.events = _capped(connection.events, limit)


def _capped(source: Callable[[], Iterator[Any]], limit: int) -> Callable[[], Iterator[Any]]:
    size = 0

    def read() -> Iterator[Any]:
        nonlocal size
        for event in source():
            if isinstance(event, wsproto.events.Message):
                size += len(event.data.encode() if isinstance(event.data, str) else event.data)
                if size > limit:
                    yield wsproto.events.CloseConnection(code=1009, reason="message too big")
                    return
                if event.message_finished:
                    size = 0
            yield event

    return read


def install() -> None:
    """Make mitmproxy's HTTP layer use the capped layer."""
    websocket.WebsocketLayer = CappedWebsocketLayer  # type: ignore[misc]

"""HTTP/1 from clients and forges with the bounds mitmproxy lacks: head size, head time, chunk syntax size, trailers.

Not here: parsing. It adds limits around mitmproxy's and h11's readers and leaves their rules as they are.
"""

from __future__ import annotations

import re
from typing import Any, cast

import h11
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.net.http import http1 as wire
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.layers.http import _http1

from forgewall.enforce.reply import Reply
from forgewall.proxy import wiring
from forgewall.proxy.enforcer import MAX_HEAD_BYTES
from forgewall.proxy.response import response_of

HEAD_SECONDS = 30.0
"""How long a client may take from the first byte of a request's head to its last."""

MAX_CHUNK_SYNTAX = 64 * 1024
"""Bytes of one chunk header, or of all trailers, RFC 9112 section 7.1."""

_BLANK_LINE = re.compile(rb"\n\r?\n")  # what h11 takes for the end of a head


class BoundedServer(_http1.Http1Server):
    """The client's side of HTTP/1."""

    deadline: commands.RequestWakeup | None = None

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Wakeup):
            if event.command is self.deadline and self.state == self.read_headers:
                yield from self.answer(wiring.bare_reply(408, "the request's headers did not arrive in time"))
            return
        yield from super()._handle_event(event)

    def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        """Read a head within bounds; mitmproxy's own reader does the rest."""
        if isinstance(event, events.DataReceived):
            complete = _BLANK_LINE.search(bytes(self.buf)[: MAX_HEAD_BYTES + 1]) is not None
            if not complete and len(self.buf) > MAX_HEAD_BYTES:
                yield from self.answer(wiring.oversized_head(self.context))
                return
            if complete:
                self.deadline = None
            elif self.deadline is None and self.buf:
                self.deadline = commands.RequestWakeup(HEAD_SECONDS)
                yield self.deadline
        yield from super().read_headers(event)

    def answer(self, reply: Reply) -> layer.CommandGenerator[None]:
        """Answer outside of any stream and close."""
        response = response_of(reply)
        response.headers["connection"] = "close"
        yield commands.SendData(self.conn, wire.assemble_response(response))
        yield commands.CloseConnection(self.conn)
        self.state = self.done


class BoundedChunkedReader(ChunkedReader):
    """h11's chunked reader; trailers are dropped (RFC 9110 section 6.5.1 allows it), endless syntax is an error."""

    def __call__(self, buf: ReceiveBuffer) -> Any:
        """The next event, None for more data; raises h11.RemoteProtocolError."""
        event = super().__call__(buf)
        if event is None and len(buf) > MAX_CHUNK_SYNTAX:
            raise h11.RemoteProtocolError("a chunk header or the trailers are too long")
        if isinstance(event, h11.EndOfMessage) and event.headers:
            return h11.EndOfMessage()
        return event


def _make_body_reader(expected_size: int | None) -> Any:
    return BoundedChunkedReader() if expected_size is None else _stock_body_reader(expected_size)


_stock_body_reader = _http1.make_body_reader


def install() -> None:
    """Make mitmproxy's layers use the bounded reader and server; they look both up by these names."""
    cast(Any, mitm).Http1Server = BoundedServer
    cast(Any, _http1).make_body_reader = _make_body_reader

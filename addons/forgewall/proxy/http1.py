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
from mitmproxy.proxy.layers.http._base import ReceiveHttp

from forgewall.enforce.reply import Reply
from forgewall.proxy import backlog, wiring
from forgewall.proxy.enforcer import MAX_HEAD_BYTES
from forgewall.proxy.response import response_of

HEAD_SECONDS = 30.0
"""How long a client may take from the first byte of a request's head to its last."""

MAX_CHUNK_SYNTAX = 64 * 1024
"""Bytes of one chunk header, or of all trailers, RFC 9112 section 7.1."""

MAX_RESPONSE_HEAD_BYTES = 256 * 1024
MAX_INTERIM = 16
"""Interim answers (100, 102, 103) before the final one."""

_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9][0-9][ \r\n]")
_BLANK_LINE = re.compile(rb"\n\r?\n")  # what h11 takes for the end of a head


class BoundedServer(_http1.Http1Server):
    """The client's side of HTTP/1."""

    deadline: commands.RequestWakeup | None = None

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Wakeup):
            if event.command is self.deadline and self.state == self.read_headers:
                yield from self.answer(wiring.bare_reply(408, "the request's headers did not arrive in time"))
            return
        if self.state == self.wait and isinstance(event, events.DataReceived):
            backlog.queued(self, len(event.data))  # pipelined behind a request that isn't answered yet
        yield from super()._handle_event(event)
        if self.state != self.wait:
            backlog.released(self)

    def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        """Read a head within bounds; mitmproxy's own reader does the rest."""
        if isinstance(event, events.DataReceived):
            data = bytes(self.buf)
            blank = len(data) - len(data.lstrip(b"\r\n"))
            if blank:  # RFC 9112 section 2.2: empty lines before a request are ignored
                self.buf.maybe_extract_at_most(blank)
            complete = _BLANK_LINE.search(data, blank, blank + MAX_HEAD_BYTES + 1) is not None
            if not complete and len(self.buf) > MAX_HEAD_BYTES:
                yield from self.answer(wiring.oversized_head(self.context, bytes(self.buf)))
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


class BoundedClient(_http1.Http1Client):
    """The forge's side of HTTP/1: a head is bounded, and interim answers (RFC 9110 section 15.2) are not the answer."""

    interim = 0

    def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
        """Read a head within bounds; mitmproxy's own reader does the rest."""
        if isinstance(event, events.DataReceived) and self.request is not None:
            while _INTERIM.match(data := bytes(self.buf)) and _BLANK_LINE.search(data):
                self.buf.maybe_extract_lines()
                self.interim += 1
            endless = len(data) > MAX_RESPONSE_HEAD_BYTES and not _BLANK_LINE.search(data, 0, MAX_RESPONSE_HEAD_BYTES)
            if endless or self.interim > MAX_INTERIM:
                assert self.stream_id is not None
                yield commands.CloseConnection(self.conn)
                code = mitm.ErrorCode.GENERIC_SERVER_ERROR
                yield ReceiveHttp(mitm.ResponseProtocolError(self.stream_id, "its answer has no end", code))
                return
        yield from super().read_headers(event)


class BoundedChunkedReader(ChunkedReader):
    """h11's chunked reader, one event for all the data there is: single-byte chunks would cost an event each.

    Trailers are dropped (RFC 9110 section 6.5.1 allows it); syntax without end is an error.
    """

    def __init__(self) -> None:
        super().__init__()
        self._next: h11.EndOfMessage | None = None

    def __call__(self, buf: ReceiveBuffer) -> Any:
        """The next event, None for more data; raises h11.RemoteProtocolError."""
        if self._next is not None:
            return self._next
        data = bytearray()
        while isinstance(event := super().__call__(buf), h11.Data):
            data += event.data
        if event is None and len(buf) > MAX_CHUNK_SYNTAX:
            raise h11.RemoteProtocolError("a chunk header or the trailers are too long")
        if isinstance(event, h11.EndOfMessage):
            self._next = h11.EndOfMessage()
        return h11.Data(data=bytes(data)) if data else self._next


def _make_body_reader(expected_size: int | None) -> Any:
    return BoundedChunkedReader() if expected_size is None else _stock_body_reader(expected_size)


def _error_response(status: int, _message: str = "") -> bytes:
    """mitmproxy's own errors, without its version and without what the client sent."""
    response = response_of(wiring.bare_reply(status, "The request could not be read."))
    response.headers["connection"] = "close"
    return bytes(wire.assemble_response(response))


_stock_body_reader = _http1.make_body_reader


def install() -> None:
    """Make mitmproxy's layers use the bounded reader and server; they look both up by these names."""
    cast(Any, mitm).Http1Server = BoundedServer
    cast(Any, mitm).Http1Client = BoundedClient
    cast(Any, _http1).make_error_response = _error_response
    cast(Any, _http1).make_body_reader = _make_body_reader

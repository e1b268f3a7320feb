"""Answering an exchange at once, whatever the client is still sending, and draining the rest within bounds.

A client that is cut off without having read its answer shows none (a reset discards it), so what it still sends is read
and forgotten for a while. Not here: why there is an answer (`proxy.stream`), and what it says (`enforce`).
"""

from __future__ import annotations

import time

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers import http as mitm

from forgewall.enforce.reply import Reply
from forgewall.proxy.response import response_of

DRAIN_BYTES = 64 * 1024 * 1024
"""How much of a refused body is still read, so that the client gets to read the answer."""

DRAIN_SECONDS = 10.0

type CommandGenerator[T] = layer.CommandGenerator[T]


class AnsweringStream(mitm.HttpStream):
    """mitmproxy's stream with an end of our own: reply, drain, drop."""

    answered = False  # our own reply has gone out: whatever upstream still says no longer matters
    drained = 0
    deadline: commands.RequestWakeup | None = None

    def refuse(self, reply: Reply) -> CommandGenerator[None]:
        """Answer now, whatever the client is still sending, and drain the rest within bounds."""
        self.answered = True
        self.client_state = self.state_drain
        response = response_of(reply)
        response.timestamp_start = time.time()
        self.flow.response = response
        yield mitm.HttpResponseHeadersHook(self.flow)
        yield from self.send_response()
        if self.server_state == self.state_errored:
            return
        self.flow.live = False
        yield mitm.SendHttp(mitm.ResponseEndOfMessage(self.stream_id), self.context.client)
        yield from self.set_deadline(DRAIN_SECONDS)

    def state_drain(self, event: mitm.HttpEvent) -> CommandGenerator[None]:
        """Read and forget what a client sends after its answer; too much of it ends the connection."""
        if isinstance(event, mitm.RequestData):
            self.drained += len(event.data)
            if self.drained > DRAIN_BYTES:
                yield from self.stop_drain("the refused upload was not stopped")
        elif isinstance(event, mitm.RequestEndOfMessage):
            self.client_state = self.state_errored
            yield from self.drop()

    def stop_drain(self, why: str) -> CommandGenerator[None]:
        """HTTP/1: close the connection; HTTP/2: reset the stream (RFC 9113 section 8.1)."""
        if self.client_state == self.state_drain:
            self.client_state = self.state_errored
            error = mitm.ResponseProtocolError(self.stream_id, why, mitm.ErrorCode.CANCEL)
            yield mitm.SendHttp(error, self.context.client)
            yield from self.drop()

    def drop(self) -> CommandGenerator[None]:
        """This exchange is over."""
        self.clear_deadline()
        yield mitm.DropStream(self.stream_id)

    def set_deadline(self, seconds: float) -> CommandGenerator[None]:
        """Ask to be woken; an earlier deadline no longer counts."""
        self.clear_deadline()
        self.deadline = commands.RequestWakeup(seconds)
        yield self.deadline

    def clear_deadline(self) -> None:
        """No longer wait for the deadline: the HTTP layer would keep this stream, head and all, until then."""
        if self.deadline is not None:
            above = self.context.layers[self.context.layers.index(self) - 1]
            assert isinstance(above, mitm.HttpLayer)
            if self.deadline in above.command_sources:
                above.command_sources[self.deadline] = _NOBODY
            self.deadline = None


class _Nobody(layer.Layer):
    """Where the wake-up of a deadline goes that nobody waits for any more."""

    def __init__(self) -> None:
        """No context: it belongs to no connection."""

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        """Do nothing."""
        yield from ()

    handle_event = _handle_event


_NOBODY = _Nobody()

"""One HTTP exchange inside mitmproxy: its layer with a structural default deny, early refusals and cuts.

Theory. mitmproxy's `HttpStream` buffers bodies, answers a refused upload only after the last byte, can't stop a stream
half way and lets a request through when a hook fails. `GuardedStream` keeps its states for what is admitted and adds:

    headers ─▶ judge ─┬─ Refused ─▶ reply at once ─▶ drain (bounded bytes and time) ─▶ drop
                      ├─ Held ────▶ collect (bounded bytes, bounded pauses) ─▶ settle ─▶ one of the other two
                      └─ Admitted ▶ open upstream ─▶ stream through the transit ─┬─▶ end
                                                                                 └─ CutOff ▶ abort upstream, reply

`make_server_connection`, the only way to an upstream connection, refuses a stream that has no `Admitted` ruling.

Not here: judging (`proxy.enforcer`), CONNECT and tunnels (`proxy.tunnels`), HTTP/1 and HTTP/2 syntax (mitmproxy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import http as mitm

from forgewall.enforce.reply import Failure, Reply
from forgewall.proxy import backlog, head, turns, unheard, wiring
from forgewall.proxy.answer_hold import AnswerHold
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.collecting import HOLD_SECONDS, CollectingStream
from forgewall.proxy.holding import Holding
from forgewall.proxy.response import response_of
from forgewall.proxy.ruling import Admitted, Held, Refused, Ruling
from forgewall.proxy.transit import CutOff
from forgewall.proxy.tunnels import Tunnel
from forgewall.proxy.websocket import CappedWebsocketLayer

if TYPE_CHECKING:
    from forgewall.proxy.wiring import Wiring

EARLY_BYTES = 256 * 1024
"""How much of an answer that comes before its request's end is kept until then."""

type CommandGenerator[T] = layer.CommandGenerator[T]


class GuardedStream(CollectingStream):
    """The HTTP stream of every exchange, over TLS and in plain."""

    early_bytes = 0
    reading: AnswerHold | None = None

    def __init__(self, context: Context, stream_id: int) -> None:
        super().__init__(context, stream_id)
        self.early: list[mitm.HttpEvent] = []

    # -- events ------------------------------------------------------------------------------------------------------

    def handle_event(self, event: events.Event) -> CommandGenerator[None]:
        """As in the base class, but what piles up while this stream waits for upstream stops the client's reads."""
        if self._paused and isinstance(event, mitm.RequestData):
            backlog.queued(self, len(event.data))
        yield from super().handle_event(event)
        if not self._paused:
            backlog.released(self)

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        return unheard.dispensed(self.on_event(event), lambda: self.answered)

    def on_event(self, event: events.Event) -> CommandGenerator[None]:
        """As in the base class, but some events are ours, and some wait or are dropped."""
        if isinstance(event, events.Wakeup):
            yield from self.on_deadline(event)
        elif isinstance(event, _RESPONSE_EVENTS) and (self.answered or self.waits(event)):
            return
        elif isinstance(event, mitm.RequestTrailers):
            return  # RFC 9110 section 6.5.1: a recipient may discard trailers, and nobody has judged these
        else:
            if self.early and isinstance(event, _RESPONSE_EVENTS):
                yield from self.release()
            yield from self.on_answer(event)

    def waits(self, event: Any) -> bool:
        """Keep an answer that begins while the body is still being judged: a cut could no longer say why.

        An error of the forge goes on at once, and so does everything once it is more than a beginning.
        """
        if self.client_state != self.state_stream_request_body or not _watched(self.ruling):
            return False
        begins = isinstance(event, mitm.ResponseHeaders) and event.response.status_code < 400
        fits = self.early_bytes <= EARLY_BYTES and not isinstance(event, mitm.ResponseProtocolError)
        if not fits or not (self.early or begins):
            return False
        self.early.append(event)
        self.early_bytes += len(event.data) if isinstance(event, mitm.ResponseData) else 0
        return True

    def release(self) -> CommandGenerator[None]:
        """Go on with the answer that waited."""
        waiting, self.early = self.early, []
        for event in waiting:
            if not self.answered:
                yield from self.on_answer(event)

    def on_answer(self, event: events.Event) -> CommandGenerator[None]:
        """As in the base class, but an answer that has to be read goes through its reader."""
        if self.reading is None or not isinstance(event, _RESPONSE_EVENTS):
            yield from super()._handle_event(event)
            return
        try:
            ready = self.reading.take(event)
        except Exception as error:
            ready = self.wiring.internal_error(self.arrival, "reading an answer", error)
        if isinstance(ready, Reply):
            yield from self.replace_answer(ready)
            return
        for waiting in ready:
            if not self.answered:
                yield from super()._handle_event(waiting)

    def replace_answer(self, reply: Reply) -> CommandGenerator[None]:
        """Give the client `reply` instead of the forge's answer; nothing of that was sent."""
        done = self.client_state == self.state_done
        error = mitm.RequestProtocolError(self.stream_id, "refused", mitm.ErrorCode.CANCEL)
        yield mitm.SendHttp(error, self.context.server)
        self.end_transit()
        yield from self.refuse(reply)
        if done:
            yield from self.state_drain(mitm.RequestEndOfMessage(self.stream_id))

    def on_deadline(self, event: events.Wakeup) -> CommandGenerator[None]:
        """A drain or a hold has taken too long."""
        if event.command is not self.deadline:
            return
        if self.client_state == self.state_drain:
            yield from self.stop_drain("the refused upload was not stopped in time")
        elif self.client_state == self.state_hold and self.goes_on():
            yield from self.set_deadline(HOLD_SECONDS)
        elif self.client_state == self.state_hold:
            self.let_go()
            yield from self.refuse(self.wiring.stalled(self.known_arrival))

    @property
    def wiring(self) -> Wiring:
        """The enforcer and its surroundings; raises where none is installed, which ends the stream."""
        return wiring.current()

    @property
    def known_arrival(self) -> Arrival:
        """The facts of this request; there are some from the moment its head was read."""
        assert self.arrival is not None
        return self.arrival

    # -- request head ------------------------------------------------------------------------------------------------

    def state_wait_for_request_headers(self, event: mitm.RequestHeaders) -> CommandGenerator[None]:
        """Judge the head, then let the base class go on only with what is admitted."""
        invalid = False
        try:
            origin_form = self.mode is mitm.HTTPMode.regular and head.is_for_us(event.request, self.context.client)
            if event.request.method.upper() == "CONNECT" and self.mode is mitm.HTTPMode.regular:
                yield from super().state_wait_for_request_headers(event)
                return
            self.arrival = head.arrival_of(event.request, self.context, self.mode, has_body=not event.end_stream)
            invalid = mitm.validate_request(self.mode, event.request, True) is not None
            self.ruling = self.wiring.judge(self.arrival, origin_form=origin_form, invalid=invalid)
        except Exception as error:
            self.ruling = Refused(wiring.last_resort("reading a request's head", error))
        if invalid and isinstance(self.ruling, Refused):
            yield from self.reject(event, self.ruling.reply)
        else:
            yield from self.begin(event)

    def reject(self, event: mitm.RequestHeaders, reply: Reply) -> CommandGenerator[None]:
        """Answer a head whose framing can't be trusted, and close: what follows it can't be told apart from a body."""
        self.flow = http.HTTPFlow(self.context.client, self.context.server)
        self.flow.request = event.request
        self.flow.live = True
        yield from self.refuse(reply)
        yield from self.stop_drain("malformed")

    def begin(self, event: mitm.RequestHeaders) -> CommandGenerator[None]:
        """Carry out the ruling on the head."""
        request = event.request
        if isinstance(self.ruling, Admitted):
            request.stream = True
            head.prepare(request, self.ruling, has_body=not event.end_stream)
        elif isinstance(self.ruling, Refused):
            request.headers.pop("expect", None)
        yield from super().state_wait_for_request_headers(event)
        if self.client_state != self.state_consume_request_body:
            return  # streaming already, or refused by the base class for its syntax
        if isinstance(self.ruling, Refused):
            yield from self.refuse(self.ruling.reply)
        elif isinstance(self.ruling, Held):
            self.client_state = self.state_hold
            self.held = Holding(self.ruling.spool)
            yield from self.set_deadline(HOLD_SECONDS)

    # -- streaming ---------------------------------------------------------------------------------------------------

    def start_request_stream(self) -> CommandGenerator[None]:
        """Open upstream and send the head; where that fails, the stream is already answered and draining."""
        if (yield from self.make_server_connection()):
            head.frame(self.flow.request)
            opening = mitm.RequestHeaders(self.stream_id, self.flow.request, end_stream=False)
            yield mitm.SendHttp(opening, self.context.server)
            self.client_state = self.state_stream_request_body

    def make_server_connection(self) -> CommandGenerator[bool]:
        """The structural default deny: no ruling, no connection."""
        if not isinstance(self.ruling, Admitted):
            yield from self.refuse(wiring.last_resort("opening a connection without a ruling", None))
            return False
        self.reading = AnswerHold(self.ruling.answer) if self.ruling.answer is not None else None
        self.wiring.permit(self.context.client, (self.flow.request.host, self.flow.request.port))
        connected = yield from super().make_server_connection()
        astray = self.wiring.astray(self.known_arrival, self.context.client, self.flow.request.host)
        if astray is None:
            return connected
        yield from self.refuse(astray)
        return False

    def state_stream_request_body(self, event: mitm.HttpEvent) -> CommandGenerator[None]:
        """Pass on what the transit releases; the base class ends the message only after the transit agreed."""
        transit = self.ruling.transit if isinstance(self.ruling, Admitted) else None
        if transit is None or not isinstance(event, mitm.RequestData | mitm.RequestEndOfMessage):
            yield from super().state_stream_request_body(event)
            return
        whole = isinstance(event, mitm.RequestEndOfMessage)
        try:
            if isinstance(event, mitm.RequestData):
                released = yield from turns.taken(transit.turns(event.data), self.context.client)
            else:
                released = transit.finish()
        except Exception as error:
            released = CutOff(self.wiring.internal_error(self.arrival, "passing on a body", error))
        if isinstance(released, CutOff):
            yield from self.cut(released.reply)
            if whole:
                yield from self.state_drain(event)
            return
        if released:
            yield mitm.SendHttp(mitm.RequestData(self.stream_id, released), self.context.server)
        if whole:
            yield from super().state_stream_request_body(event)
            yield from self.release()

    def cut(self, reply: Reply) -> CommandGenerator[None]:
        """Abort the request upstream, so that it is never complete there, and answer the client."""
        yield mitm.SendHttp(
            mitm.RequestProtocolError(self.stream_id, "cut", mitm.ErrorCode.CANCEL), self.context.server
        )
        if self.server_state in (self.state_wait_for_response_headers, self.state_consume_response_body):
            yield from self.refuse(reply)
        else:  # the forge's own answer is on its way already: all that is left is to break off
            self.answered = True
            self.client_state = self.state_drain
            yield from self.stop_drain("cut")

    def give_up(self, error: Exception) -> CommandGenerator[None]:
        """A cut because our own code has failed."""
        transit = self.ruling.transit if isinstance(self.ruling, Admitted) else None
        if transit is not None:
            yield from self.cut(transit.fail(error).reply)
        else:
            yield from self.cut(self.wiring.internal_error(self.arrival, "sending on a held body", error))

    # -- upstream ----------------------------------------------------------------------------------------------------

    def state_wait_for_response_headers(self, event: mitm.ResponseHeaders) -> CommandGenerator[None]:
        """Stream every answer; switch protocols only where the ruling says so."""
        status = event.response.status_code
        if not 100 <= status <= 999 or (status == 101 and not self.may_switch(event.response)):
            yield from self.fail_upstream(Failure.PROTOCOL, "it answered with a status nobody asked for")
            return
        if isinstance(self.ruling, Admitted) and self.ruling.transit is not None:
            self.ruling.transit.answered(status)
        if status == 101:
            event.response.headers.pop("sec-websocket-extensions", None)  # none was offered
        event.response.stream = True
        yield from super().state_wait_for_response_headers(event)

    def may_switch(self, response: http.Response) -> bool:
        """Whether a 101 is the WebSocket that the ruling allows (RFC 6455 section 4.1)."""
        return (
            isinstance(self.ruling, Admitted)
            and self.ruling.websocket
            and response.headers.get("upgrade", "").lower() == "websocket"
            and self.flow.request.headers.get("sec-websocket-version") == "13"
        )

    def handle_protocol_error(self, event: Any) -> CommandGenerator[None]:
        """The client or the forge broke off; where no answer has begun, the client gets ours."""
        upstream = isinstance(event, mitm.ResponseProtocolError)
        waiting = self.server_state in (self.state_wait_for_response_headers, self.state_uninitialized)
        gone = self.client_state == self.state_errored or self.client_left  # its leaving ends the connection upstream
        if upstream and not self.answered and waiting and not gone:
            yield from self.fail_upstream(*self.failure_of(event.message))
            return
        if self.answered and upstream:
            return
        self.end_transit()
        self.clear_deadline()
        if self.client_state == self.state_drain:
            self.client_state = self.state_errored
            yield from self.drop()
            return
        yield from super().handle_protocol_error(event)

    def failure_of(self, message: str) -> tuple[Failure, str]:
        """Why this request's connection failed, and what of mitmproxy's `message` may be shown."""
        address = self.context.server.address if self.child_layer else None
        address = address or (self.flow.request.host, self.flow.request.port)
        overdue = self.wiring.was_overdue(self.context.client, (address[0], address[1]))
        return wiring.failure_of("timed out" if overdue else message, self.flow.server_conn)

    def unreachable(self, arrival: Arrival, message: str) -> Reply:
        """The reply to a CONNECT whose host can't be reached."""
        return self.wiring.unavailable(arrival, *self.failure_of(message))

    def fail_upstream(self, failure: Failure, detail: str) -> CommandGenerator[None]:
        """Tell the client in its own language that the forge can't be reached, and stop the upload."""
        done = self.client_state == self.state_done
        self.end_transit()
        reply = self.wiring.unavailable(self.known_arrival, failure, detail)
        if self.server_state == self.state_wait_for_response_headers and self.context.server.connected:
            error = mitm.RequestProtocolError(self.stream_id, "failed", mitm.ErrorCode.CANCEL)
            yield mitm.SendHttp(error, self.context.server)
        yield from self.refuse(reply)
        if done:
            yield from self.state_drain(mitm.RequestEndOfMessage(self.stream_id))

    def end_transit(self) -> None:
        """Tell the transit that its stream is over, and forget what was held."""
        self.let_go()
        if isinstance(self.ruling, Admitted) and self.ruling.transit is not None:
            self.ruling.transit.close()

    def flow_done(self) -> CommandGenerator[None]:
        """The exchange is over in order; a WebSocket goes on in a layer that caps its frames."""
        self.end_transit()
        if self.flow.websocket and mitm.websocket.WebsocketLayer is not CappedWebsocketLayer:
            raise RuntimeError("a protocol switch without its capped layer")
        yield from super().flow_done()

    # -- CONNECT -----------------------------------------------------------------------------------------------------

    def handle_connect_regular(self) -> CommandGenerator[None]:
        """Plan the tunnel; the layer inside it reads the first bytes before anything goes upstream."""
        tunnel: Tunnel | Reply
        try:
            tunnel = self.wiring.open_tunnel(self.context, self.flow)
        except Exception as error:
            tunnel = wiring.last_resort("opening a tunnel", error)
        if isinstance(tunnel, Tunnel) and tunnel.relays:
            # Nobody speaks before this answer, so it can still say that the host can't be reached.
            tunnel.permit()
            failed = yield commands.OpenConnection(self.context.server)
            astray = self.wiring.astray(tunnel.arrival, self.context.client, tunnel.arrival.request.host)
            if astray is not None:
                tunnel = astray
            elif failed:
                tunnel = self.unreachable(tunnel.arrival, failed)
        if isinstance(tunnel, Reply):
            self.flow.response = response_of(tunnel)
            self.flow.response.headers["connection"] = "close"
        else:
            self.child_layer = tunnel
        yield from self.handle_connect_finish()


_RESPONSE_EVENTS = (
    mitm.ResponseHeaders,
    mitm.ResponseData,
    mitm.ResponseTrailers,
    mitm.ResponseEndOfMessage,
    mitm.ResponseProtocolError,
)


def _watched(ruling: Ruling | None) -> bool:
    return isinstance(ruling, Admitted) and ruling.transit is not None


def install() -> None:
    """Make mitmproxy's HTTP layer use `GuardedStream`; it looks the class up by this name for each stream."""
    cast(Any, mitm).HttpStream = GuardedStream

"""One exchange, event by event: what goes upstream under which ruling, and that nothing does without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers import http as mitm
from tests.proxy.playing import Play, context, http_events, wakeups
from tests.record.samples import decision

from forgewall.enforce.gate import Gate
from forgewall.enforce.reply import Failure, Reply
from forgewall.model import Action
from forgewall.proxy import answering, backlog, stream, turns, websocket, wiring
from forgewall.proxy.answering import DRAIN_BYTES, DRAIN_SECONDS
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.ruling import Admitted, Held, Refused, Ruling
from forgewall.proxy.stream import EARLY_BYTES, HOLD_SECONDS, GuardedStream
from forgewall.proxy.transit import Transit
from forgewall.record.event import Result, Upload


def reply(status: int, body: bytes) -> Reply:
    return Reply(status=status, headers=(("content-length", str(len(body))),), body=body)


NO = reply(403, b"no")
CUT = reply(413, b"cut")
FAILED = reply(503, b"failed")
STALLED = reply(408, b"stalled")
UNREACHED = reply(502, b"unreached")
FULL = reply(507, b"full")


class Desk:
    """What the stream reaches Forgewall through, with a ruling made beforehand."""

    def __init__(self, ruling: Ruling | Exception) -> None:
        self.ruling = ruling
        self.judged: list[Arrival] = []
        self.invalid: list[bool] = []
        self.origin_form: list[bool] = []
        self.permitted: list[tuple[str, int]] = []
        self.failures: list[tuple[Failure, str]] = []
        self.errors: list[str] = []
        self.was_late = False
        self.led_astray: Reply | None = None
        self.tunnel: Any = None

    def judge(self, arrival: Arrival, *, origin_form: bool, invalid: bool) -> Ruling:
        self.judged.append(arrival)
        self.origin_form.append(origin_form)
        self.invalid.append(invalid)
        if isinstance(self.ruling, Exception):
            raise self.ruling
        return Refused(NO) if invalid else self.ruling

    def permit(self, _client: object, address: tuple[str, int]) -> None:
        self.permitted.append(address)

    def astray(self, _arrival: Arrival, _client: object, _host: str) -> Reply | None:
        return self.led_astray

    def stalled(self, _arrival: Arrival) -> Reply:
        return STALLED

    def no_room(self, _arrival: Arrival | None, _error: Exception) -> Reply:
        return FULL

    def internal_error(self, _arrival: Arrival | None, where: str, error: BaseException) -> Reply:
        self.errors.append(f"{where}: {type(error).__name__}")
        return FAILED

    def unavailable(self, _arrival: Arrival, failure: Failure, detail: str) -> Reply:
        self.failures.append((failure, detail))
        return UNREACHED

    def was_overdue(self, _client: object, _address: object) -> bool:
        return self.was_late

    def open_tunnel(self, _context: object, _flow: object) -> Any:
        if isinstance(self.tunnel, Exception):
            raise self.tunnel
        return self.tunnel


class Exchange:
    """A stream with its events by name. `up` and `down` are the HTTP events for the forge and for the client."""

    def __init__(
        self,
        ruling: Ruling | Exception,
        *,
        method: str = "PUT",
        fields: dict[str, str] | None = None,
        body: bool = True,
        http2: bool = False,
        refuse: str | None = None,
        wait: bool = False,
        on_hook: Callable[[Exchange, str], None] = lambda _exchange, _hook: None,
        mode: mitm.HTTPMode = mitm.HTTPMode.regular,
        host: str = "github.com",
        installed: bool = True,
    ) -> None:
        self.desk = Desk(ruling)
        wiring.install(self.desk if installed else None)  # type: ignore[arg-type]
        self.context = context(alpn=b"h2" if http2 else None)
        self.above = mitm.HttpLayer(self.context, mode)
        self.stream = GuardedStream(self.context, 1)
        self.play = Play(self.stream, refuse=refuse, wait=wait, on_hook=lambda hook: on_hook(self, hook.name))
        self.out: list[commands.Command] = []
        self.up: list[Any] = []
        self.down: list[Any] = []
        self.play.start()
        self.request = http.Request.make(method, "http://github.com/acme/api")
        self.request.headers = http.Headers([(b"host", b"github.com")])
        if body and not http2 and not fields:
            self.request.headers["transfer-encoding"] = "chunked"
        for name, value in (fields or {}).items():
            self.request.headers[name] = value
        if http2:
            self.request.http_version = "HTTP/2.0"
        self.request.data.host = host
        self.send(mitm.RequestHeaders(1, self.request, not body))

    def send(self, *sent: events.Event) -> list[commands.Command]:
        return self.seen(self.play.send(*sent))

    def seen(self, out: list[commands.Command]) -> list[commands.Command]:
        self.out += out
        for side, event in http_events(out):
            (self.down if side == "client" else self.up).append(event)
        return out

    def data(self, *chunks: bytes) -> None:
        for chunk in chunks:
            self.send(mitm.RequestData(1, chunk))

    def end(self) -> None:
        self.send(mitm.RequestEndOfMessage(1))

    def head(self, status: int = 200, *, end: bool = False, **fields: str) -> None:
        names = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
        self.send(mitm.ResponseHeaders(1, http.Response.make(status, b"", names), end))

    def respond(self, status: int = 200, body: bytes = b"ok") -> None:
        self.head(status)
        self.send(mitm.ResponseData(1, body), mitm.ResponseEndOfMessage(1))

    def lose(self, message: str = "server closed connection") -> None:
        self.send(mitm.ResponseProtocolError(1, message, mitm.ErrorCode.GENERIC_SERVER_ERROR))

    def leave(self) -> None:
        self.send(mitm.RequestProtocolError(1, "Client disconnected.", mitm.ErrorCode.CLIENT_DISCONNECTED))

    @property
    def connected(self) -> bool:
        return bool(self.play.opened)

    @property
    def sent_up(self) -> bytes:
        return b"".join(event.data for event in self.up if isinstance(event, mitm.RequestData))

    @property
    def completed(self) -> bool:
        """Whether the forge saw a whole request."""
        return any(isinstance(event, mitm.RequestEndOfMessage) for event in self.up)

    @property
    def aborted(self) -> bool:
        return any(isinstance(event, mitm.RequestProtocolError) for event in self.up)

    @property
    def answers(self) -> list[int]:
        """The statuses the client was sent."""
        return [event.response.status_code for event in self.down if isinstance(event, mitm.ResponseHeaders)]

    @property
    def answer(self) -> bytes:
        return b"".join(event.data for event in self.down if isinstance(event, mitm.ResponseData))

    @property
    def answered_whole(self) -> bool:
        return any(isinstance(event, mitm.ResponseEndOfMessage) for event in self.down)

    @property
    def broken_off(self) -> bool:
        return any(isinstance(event, mitm.ResponseProtocolError) for event in self.down)

    @property
    def dropped(self) -> bool:
        return any(isinstance(command, mitm.DropStream) for command in self.out)

    @property
    def deadlines(self) -> list[commands.RequestWakeup]:
        return wakeups(self.out)


class Watched:
    """An admitted request whose body is watched; `told` is what became of it."""

    def __init__(self, limit: int | None = None, length: int | None = None) -> None:
        self.told: list[Result] = []
        self.statuses: list[int | None] = []

        def record(_transit: Transit, upload: Upload) -> None:
            self.told.append(upload.result)
            self.statuses.append(upload.response_status)

        self.transit = Transit(
            gate=Gate(limit=limit, over=Action.BLOCK, content_encoding=None),
            decision=decision(),
            content_length=length,
            on_cut=lambda _transit, _cut: CUT,
            on_error=lambda _error: FAILED,
            record=record,
        )
        self.ruling = Admitted(self.transit)


# -- no ruling, no connection ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ruling", [RuntimeError("classified payload"), Refused(NO)])
@pytest.mark.parametrize("body", [True, False])
@pytest.mark.parametrize("http2", [True, False])
def test_without_an_admission_nothing_goes_upstream(ruling: Ruling | Exception, body: bool, http2: bool) -> None:
    exchange = Exchange(ruling, body=body, http2=http2)
    if body:
        exchange.data(b"x" * 1000, b"y")
    exchange.end()
    assert (exchange.connected, exchange.up, exchange.desk.permitted) == (False, [], [])
    assert exchange.answers == [403 if isinstance(ruling, Refused) else 503]
    assert b"classified" not in exchange.answer
    assert exchange.answered_whole
    assert exchange.dropped


@pytest.mark.parametrize("body", [True, False])
def test_without_wiring_nothing_goes_upstream(body: bool) -> None:
    exchange = Exchange(Admitted(None), body=body, installed=False)
    exchange.end()
    assert (exchange.connected, exchange.answers) == (False, [503])


@pytest.mark.parametrize("body", [True, False])
def test_a_ruling_that_is_lost_on_the_way_opens_nothing(body: bool) -> None:
    """Not even streaming that was switched on already leads anywhere."""

    def lose(exchange: Exchange, hook: str) -> None:
        if hook == "requestheaders":
            exchange.stream.ruling = None

    exchange = Exchange(Watched().ruling, body=body, on_hook=lose)
    exchange.data(*([b"abc"] if body else []))
    exchange.end()
    assert (exchange.connected, exchange.up) == (False, [])
    assert exchange.answers == [503]


def test_a_ruling_of_no_known_kind_opens_nothing() -> None:
    exchange = Exchange(object(), body=False)  # type: ignore[arg-type]
    exchange.end()
    assert (exchange.connected, exchange.answers) == (False, [503])


def test_streaming_that_something_else_switches_on_opens_nothing() -> None:
    def intrude(exchange: Exchange, hook: str) -> None:
        if hook == "requestheaders":
            exchange.stream.flow.request.stream = True

    exchange = Exchange(Refused(NO), on_hook=intrude)
    exchange.data(b"abc")
    exchange.end()
    assert (exchange.connected, exchange.up) == (False, [])


# -- refused -----------------------------------------------------------------------------------------------------------


def test_a_refusal_comes_before_the_first_byte_of_the_body() -> None:
    exchange = Exchange(Refused(NO))
    assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([403], b"no", True)
    assert [deadline.delay for deadline in exchange.deadlines] == [DRAIN_SECONDS]


@pytest.mark.parametrize("ruling", [Refused(NO), Watched().ruling])
def test_whoever_asks_before_sending_is_told_to_go_on_only_if_admitted(ruling: Ruling) -> None:
    exchange = Exchange(ruling, fields={"expect": "100-continue"})
    assert exchange.answers == ([403] if isinstance(ruling, Refused) else [100])
    assert "expect" not in exchange.request.headers


def test_what_a_refused_client_still_sends_is_forgotten() -> None:
    exchange = Exchange(Refused(NO))
    for _ in range(50):
        exchange.data(b"x" * 65536)
    assert len(exchange.stream.request_body_buf) == 0
    assert not exchange.broken_off
    exchange.end()
    assert exchange.dropped
    assert exchange.answers == [403]


def test_a_drain_is_bounded_in_bytes() -> None:
    exchange = Exchange(Refused(NO))
    megabyte = b"x" * 2**20
    for _ in range(DRAIN_BYTES // 2**20):
        exchange.data(megabyte)
    assert not exchange.broken_off
    exchange.data(b"x")
    assert exchange.broken_off
    assert exchange.dropped


def test_a_drain_is_bounded_in_time() -> None:
    exchange = Exchange(Refused(NO))
    exchange.seen(exchange.play.wake(exchange.deadlines[0]))
    assert exchange.broken_off
    assert exchange.dropped
    exchange.data(b"x")
    exchange.end()
    assert exchange.up == []


def test_a_drain_that_ended_is_not_ended_again() -> None:
    exchange = Exchange(Refused(NO))
    exchange.end()
    exchange.seen(exchange.play.wake(exchange.deadlines[0]))
    assert not exchange.broken_off


def test_a_client_that_leaves_during_its_drain_is_let_go() -> None:
    exchange = Exchange(Refused(NO))
    exchange.leave()
    assert exchange.dropped
    assert exchange.up == []


def test_a_head_that_contradicts_itself_is_answered_and_closed() -> None:
    exchange = Exchange(Watched().ruling, fields={"content-length": "5", "transfer-encoding": "chunked"})
    assert exchange.desk.invalid == [True]
    assert (exchange.connected, exchange.answers) == (False, [403])
    assert exchange.broken_off
    assert exchange.dropped


def test_a_request_for_the_proxy_itself_is_told_apart() -> None:
    own = Exchange(Refused(NO), host="", fields={"host": "127.0.0.1:8080"})
    assert (own.desk.origin_form, own.answers, own.connected) == ([True], [403], False)
    assert Exchange(Refused(NO)).desk.origin_form == [False]


# -- held --------------------------------------------------------------------------------------------------------------


class Holding:
    """A held ruling that is settled with `then` once `wanted` bytes are there."""

    def __init__(self, then: Ruling | Exception, wanted: int = 10**9, limit: int = 100) -> None:
        self.asked: list[bytes] = []
        self.settled: list[tuple[bytes, bool]] = []
        self.then = then
        self.wanted = wanted
        self.ruling = Held(limit=limit, enough=self.enough, settle=self.settle)

    def enough(self, chunk: bytes) -> bool:
        self.asked.append(chunk)
        return sum(map(len, self.asked)) >= self.wanted

    def settle(self, body: bytes, whole: bool) -> Any:
        self.settled.append((body, whole))
        if isinstance(self.then, Exception):
            raise self.then
        return self.then


def test_a_held_body_goes_nowhere_before_it_is_settled() -> None:
    holding = Holding(Watched().ruling)
    exchange = Exchange(holding.ruling)
    exchange.data(b"abc", b"def")
    assert (exchange.connected, exchange.answers, holding.settled) == (False, [], [])
    assert [deadline.delay for deadline in exchange.deadlines] == [HOLD_SECONDS]
    exchange.end()
    assert holding.settled == [(b"abcdef", True)]
    assert (exchange.sent_up, exchange.completed) == (b"abcdef", True)


def test_a_held_body_is_settled_as_soon_as_it_is_enough() -> None:
    holding = Holding(Watched().ruling, wanted=5)
    exchange = Exchange(holding.ruling)
    exchange.data(b"abc", b"def")
    assert holding.settled == [(b"abcdef", False)]
    assert (exchange.sent_up, exchange.completed) == (b"abcdef", False)
    exchange.data(b"ghi")
    exchange.end()
    assert (exchange.sent_up, exchange.completed) == (b"abcdefghi", True)
    assert holding.asked == [b"abc", b"def"]


@pytest.mark.parametrize(("size", "settled"), [(100, False), (101, True)])
def test_no_more_than_the_limit_is_held(size: int, settled: bool) -> None:
    holding = Holding(Refused(NO))
    exchange = Exchange(holding.ruling)
    exchange.data(b"x" * size)
    assert bool(holding.settled) is settled
    assert exchange.stream.held is None or exchange.stream.held.size <= 100


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("then", [Refused(NO), RuntimeError("classified payload")])
def test_a_held_body_that_is_refused_goes_nowhere(whole: bool, then: Ruling | Exception) -> None:
    exchange = Exchange(Holding(then, wanted=3 if not whole else 10**9).ruling)
    exchange.data(b"abc")
    if whole:
        exchange.end()
    assert (exchange.connected, exchange.up) == (False, [])
    assert exchange.answers == [403 if isinstance(then, Refused) else 503]
    assert exchange.dropped is whole
    if not whole:
        exchange.data(b"def")
        exchange.end()
        assert exchange.up == []
        assert exchange.dropped


def test_a_question_that_fails_refuses() -> None:
    def fail(_chunk: bytes) -> bool:
        raise RuntimeError("classified payload")

    exchange = Exchange(Held(limit=100, enough=fail, settle=lambda _body, _whole: Watched().ruling))
    exchange.data(b"abc")
    assert (exchange.connected, exchange.answers) == (False, [503])
    assert exchange.desk.errors == ["settling a held body: RuntimeError"]


@pytest.mark.parametrize("then", [None, object(), Holding(Refused(NO)).ruling])
def test_a_body_settled_with_something_else_goes_nowhere(then: Any) -> None:
    exchange = Exchange(Holding(then).ruling)
    exchange.data(b"abc")
    exchange.end()
    assert (exchange.connected, exchange.up) == (False, [])
    assert exchange.answers == [503]


def test_an_empty_held_body() -> None:
    holding = Holding(Watched().ruling)
    exchange = Exchange(holding.ruling)
    exchange.end()
    assert holding.settled == [(b"", True)]
    assert (exchange.sent_up, exchange.completed) == (b"", True)


def test_a_held_body_over_the_limit_of_its_transit_is_cut() -> None:
    exchange = Exchange(Holding(Watched(limit=5).ruling).ruling)
    exchange.data(b"abcdef")
    exchange.end()
    assert (exchange.sent_up, exchange.completed, exchange.aborted) == (b"", False, True)
    assert exchange.answers == [413]


def test_a_client_that_stalls_is_refused() -> None:
    exchange = Exchange(Holding(Watched().ruling).ruling)
    exchange.data(b"abc")
    exchange.seen(exchange.play.wake(exchange.deadlines[0]))
    assert (exchange.connected, exchange.answers) == (False, [408])
    exchange.data(b"def")
    exchange.end()
    assert exchange.up == []


def test_a_deadline_of_a_hold_that_is_over_does_not_count() -> None:
    exchange = Exchange(Holding(Watched().ruling, wanted=1).ruling)
    exchange.data(b"abc")
    exchange.seen(exchange.play.wake(exchange.deadlines[0]))
    exchange.end()
    exchange.respond()
    assert (exchange.answers, exchange.completed) == ([200], True)


def test_a_client_that_leaves_while_it_is_held_opens_nothing() -> None:
    exchange = Exchange(Holding(Watched().ruling).ruling)
    exchange.data(b"abc")
    exchange.leave()
    assert (exchange.connected, exchange.dropped) == (False, True)


# -- admitted ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("body", [True, False])
def test_an_admitted_request_goes_up_and_its_answer_down(watched: bool, body: bool) -> None:
    exchange = Exchange(Watched().ruling if watched else Admitted(None), body=body)
    exchange.data(*([b"abc", b"def"] if body else []))
    exchange.end()
    assert exchange.desk.permitted == [("github.com", 80)]
    assert (exchange.sent_up, exchange.completed) == (b"abcdef" if body else b"", True)
    exchange.respond()
    assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([200], b"ok", True)
    assert exchange.dropped


def test_a_body_is_passed_on_as_it_comes() -> None:
    exchange = Exchange(Watched().ruling)
    exchange.data(b"abc")
    assert exchange.sent_up == b"abc"
    assert not exchange.completed
    assert len(exchange.stream.request_body_buf) == 0


def test_an_answer_is_passed_on_as_it_comes() -> None:
    exchange = Exchange(Watched().ruling, body=False)
    exchange.end()
    exchange.head()
    exchange.send(mitm.ResponseData(1, b"x"))
    assert exchange.answer == b"x"
    assert not exchange.answered_whole


@pytest.mark.parametrize(
    ("http2", "fields", "coding"),
    [(True, {}, "chunked"), (True, {"content-length": "3"}, None), (False, {}, "chunked")],
)
def test_the_end_of_every_body_can_be_told(http2: bool, fields: dict[str, str], coding: str | None) -> None:
    exchange = Exchange(Watched().ruling, http2=http2, fields=fields)
    head = exchange.up[0]
    assert head.request.headers.get("transfer-encoding") == coding
    assert (head.request.headers.get("content-length") is None) is (coding is not None)


@pytest.mark.parametrize("held", [True, False])
def test_a_held_body_s_end_can_be_told_too(held: bool) -> None:
    watched = Watched()
    exchange = Exchange(Holding(watched.ruling).ruling if held else watched.ruling, http2=True)
    exchange.data(b"abc")
    exchange.end()
    assert exchange.up[0].request.headers["transfer-encoding"] == "chunked"


def test_trailers_go_nowhere() -> None:
    exchange = Exchange(Watched().ruling)
    exchange.data(b"abc")
    exchange.send(mitm.RequestTrailers(1, http.Headers([(b"x", b"secret")])))
    exchange.end()
    assert not any(isinstance(event, mitm.RequestTrailers) for event in exchange.up)
    assert exchange.completed


def test_an_upload_is_told_of_with_its_answer() -> None:
    watched = Watched()
    exchange = Exchange(watched.ruling)
    exchange.data(b"abc")
    exchange.end()
    exchange.respond(201)
    assert (watched.told, watched.statuses) == ([Result.COMPLETE], [201])


# -- cut ---------------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=9), max_size=8), st.integers(0, 30), st.booleans())
@settings(max_examples=60)
def test_a_body_over_its_limit_is_never_whole(chunks: list[bytes], limit: int, announced: bool) -> None:
    body = b"".join(chunks)
    chunks = [chunk for chunk in chunks if chunk]
    exchange = Exchange(Watched(limit, len(body) if announced and body else None).ruling)
    exchange.data(*chunks)
    exchange.end()
    over = len(body) > limit
    assert (exchange.completed, exchange.aborted) == (not over, over)
    assert len(exchange.sent_up) <= limit
    assert body.startswith(exchange.sent_up)
    if over:
        assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([413], b"cut", True)
    else:
        assert exchange.sent_up == body


def test_after_a_cut_the_forge_is_no_longer_heard() -> None:
    exchange = Exchange(Watched(limit=2).ruling)
    exchange.data(b"abc")
    exchange.respond(200, b"thanks")
    exchange.lose()
    exchange.data(b"def")
    exchange.end()
    assert (exchange.answers, exchange.answer) == ([413], b"cut")
    assert exchange.sent_up == b""
    assert exchange.dropped


def test_a_gate_that_fails_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("classified payload")

    for method, status in (("turns", 503), ("finish", 503)):
        with monkeypatch.context() as patch:
            patch.setattr(Gate, method, fail)
            exchange = Exchange(Watched().ruling)
            exchange.data(b"abc")
            exchange.end()
        assert (exchange.completed, exchange.aborted, exchange.answers) == (False, True, [status])


@pytest.mark.parametrize("leaves", [False, True])
def test_while_others_have_their_turn_what_comes_waits_in_line(monkeypatch: pytest.MonkeyPatch, leaves: bool) -> None:
    monkeypatch.setattr(turns, "SECONDS", -1.0)
    watched = Watched(limit=100)
    exchange = Exchange(watched.ruling)
    exchange.play.keep = ("turn",)
    exchange.data(b"abc")
    assert ([hook.name for hook in exchange.play.kept], exchange.sent_up) == (["turn"], b"")
    exchange.data(b"def")
    if leaves:
        exchange.leave()
    else:
        exchange.end()
    while exchange.play.kept:
        assert not exchange.completed
        exchange.seen(exchange.play.go_on())
    assert (exchange.sent_up, exchange.completed, exchange.aborted) == (b"abcdef", not leaves, leaves)


@pytest.mark.parametrize("method", ["turns", "finish"])
def test_a_transit_that_fails_cuts(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("classified payload")

    monkeypatch.setattr(Transit, method, fail)
    exchange = Exchange(Watched().ruling)
    exchange.data(b"abc")
    exchange.end()
    assert (exchange.completed, exchange.aborted, exchange.answers) == (False, True, [503])
    assert exchange.desk.errors == ["passing on a body: RuntimeError"]


def test_a_cut_while_the_forge_already_answers_breaks_off() -> None:
    exchange = Exchange(Watched(limit=5).ruling)
    exchange.data(b"abc")
    exchange.head(413)
    assert exchange.answers == [413]
    exchange.data(b"def")
    assert exchange.aborted
    assert exchange.broken_off
    assert not exchange.completed
    assert exchange.answers == [413]


# -- an early answer ---------------------------------------------------------------------------------------------------


def test_an_early_answer_waits_for_the_end_of_its_upload() -> None:
    exchange = Exchange(Watched(limit=10).ruling)
    exchange.data(b"abc")
    exchange.respond(200, b"early")
    assert exchange.down == []
    exchange.end()
    assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([200], b"early", True)


def test_a_cut_takes_the_place_of_an_early_answer() -> None:
    exchange = Exchange(Watched(limit=5).ruling)
    exchange.data(b"abc")
    exchange.respond(200, b"early")
    exchange.data(b"def")
    assert (exchange.answers, exchange.answer) == ([413], b"cut")
    assert exchange.aborted


def test_an_early_error_of_the_forge_goes_down_at_once() -> None:
    exchange = Exchange(Watched().ruling)
    exchange.data(b"abc")
    exchange.respond(401, b"who are you")
    assert (exchange.answers, exchange.answer) == ([401], b"who are you")


def test_an_early_answer_of_a_host_that_is_no_forge_goes_down_at_once() -> None:
    exchange = Exchange(Admitted(None))
    exchange.data(b"abc")
    exchange.respond(200, b"early")
    assert (exchange.answers, exchange.answer) == ([200], b"early")


def test_no_more_than_a_beginning_of_an_early_answer_is_kept() -> None:
    exchange = Exchange(Watched().ruling)
    exchange.data(b"abc")
    exchange.head()
    block = b"x" * 65536
    for _ in range(EARLY_BYTES // len(block) + 3):
        exchange.send(mitm.ResponseData(1, block))
    assert exchange.answers == [200]
    assert exchange.answer == block * (EARLY_BYTES // len(block) + 3)
    assert exchange.stream.early == []


def test_an_early_answer_that_breaks_off_is_passed_on() -> None:
    exchange = Exchange(Watched().ruling)
    exchange.data(b"abc")
    exchange.head()
    exchange.lose()
    assert exchange.answers == [200]
    assert exchange.broken_off


# -- upstream fails ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [True, False])
@pytest.mark.parametrize(
    ("error", "failure"), [("[Errno 111] Connect call failed", Failure.CONNECT), ("getaddrinfo failed", Failure.DNS)]
)
def test_a_forge_that_can_t_be_reached_is_told_of(body: bool, error: str, failure: Failure) -> None:
    watched = Watched()
    exchange = Exchange(watched.ruling, body=body, refuse=error)
    exchange.data(*([b"abc"] if body else []))
    exchange.end()
    assert exchange.desk.failures == [(failure, "")]
    assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([502], b"unreached", True)
    assert exchange.up == []
    assert exchange.dropped
    assert watched.told == [Result.ABORTED]


def test_a_connection_that_took_too_long_is_a_timeout() -> None:
    exchange = Exchange(Watched().ruling, body=False, refuse="cancelled", wait=True)
    exchange.end()
    exchange.desk.was_late = True
    exchange.seen(exchange.play.connect())
    assert exchange.desk.failures == [(Failure.TIMEOUT, "")]


@pytest.mark.parametrize("held", [True, False])
def test_a_forge_that_can_t_be_reached_for_a_held_body(held: bool) -> None:
    exchange = Exchange(Holding(Watched().ruling, wanted=10**9 if held else 1).ruling, refuse="getaddrinfo failed")
    exchange.data(b"abc")
    exchange.end()
    assert exchange.answers == [502]
    assert exchange.dropped


@pytest.mark.parametrize("ended", [True, False])
def test_a_forge_that_closes_without_an_answer_is_told_of(ended: bool) -> None:
    watched = Watched()
    exchange = Exchange(watched.ruling)
    exchange.data(b"abc")
    if ended:
        exchange.end()
    exchange.lose()
    assert exchange.desk.failures == [(Failure.PROTOCOL, "the connection was closed")]
    assert exchange.answers == [502]
    assert watched.told == [Result.COMPLETE if ended else Result.ABORTED]
    if not ended:
        exchange.data(b"def")
        exchange.end()
    assert exchange.sent_up == b"abc"
    assert exchange.dropped


def test_a_forge_that_breaks_off_in_its_answer_breaks_off_the_client() -> None:
    exchange = Exchange(Watched().ruling, body=False)
    exchange.end()
    exchange.head()
    exchange.lose()
    assert exchange.answers == [200]
    assert exchange.broken_off
    assert exchange.desk.failures == []


def test_a_client_that_leaves_aborts_its_upload() -> None:
    watched = Watched()
    exchange = Exchange(watched.ruling)
    exchange.data(b"abc")
    exchange.leave()
    assert exchange.aborted
    assert not exchange.completed
    assert watched.told == [Result.ABORTED]


# -- switching protocols -----------------------------------------------------------------------------------------------

ASKED = {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-version": "13", "sec-websocket-key": "x"}


def switch(ruling: Ruling, fields: dict[str, str] = ASKED, upgrade: str = "websocket") -> Exchange:
    exchange = Exchange(ruling, method="GET", body=False, fields=fields)
    exchange.end()
    exchange.head(101, upgrade=upgrade, sec_websocket_extensions="permessage-deflate")
    exchange.send(mitm.ResponseEndOfMessage(1))
    return exchange


def test_an_admitted_websocket_goes_on_in_a_layer_with_caps() -> None:
    websocket.install()
    exchange = switch(Admitted(None, websocket=True))
    assert exchange.answers == [101]
    assert isinstance(exchange.stream.child_layer, websocket.CappedWebsocketLayer)
    assert not any("sec-websocket-extensions" in e.response.headers for e in exchange.down if hasattr(e, "response"))


def test_a_websocket_without_caps_is_an_error() -> None:
    with pytest.raises(RuntimeError):
        switch(Admitted(None, websocket=True))


@pytest.mark.parametrize(
    ("ruling", "fields", "upgrade"),
    [
        (Watched().ruling, ASKED, "websocket"),
        (Admitted(None), ASKED, "websocket"),
        (Admitted(None, websocket=True), ASKED, "h2c"),
        (Admitted(None, websocket=True), ASKED, ""),
        (Admitted(None, websocket=True), ASKED | {"sec-websocket-version": "8"}, "websocket"),
        (Admitted(None, websocket=True), {"upgrade": "h2c"}, "h2c"),
    ],
)
def test_any_other_switch_is_a_failure_of_the_forge(ruling: Ruling, fields: dict[str, str], upgrade: str) -> None:
    exchange = switch(ruling, fields, upgrade)
    assert exchange.answers == [502]
    assert exchange.aborted
    assert exchange.stream.child_layer is None


@pytest.mark.parametrize("status", [0, 99, 1000])
def test_a_status_that_is_none_is_a_failure_of_the_forge(status: int) -> None:
    exchange = Exchange(Watched().ruling, body=False)
    exchange.end()
    exchange.head(status)
    assert exchange.answers == [502]


# -- CONNECT -----------------------------------------------------------------------------------------------------------


def connect(tunnel: Any) -> Exchange:
    """A CONNECT for which the desk answers with `tunnel`."""
    patch = pytest.MonkeyPatch()
    patch.setattr(Desk, "open_tunnel", lambda _self, _context, _flow: raise_or_return(tunnel))
    try:
        return Exchange(Refused(NO), method="CONNECT", body=False)
    finally:
        patch.undo()


def raise_or_return(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


@pytest.mark.parametrize(("tunnel", "status"), [(NO, 403), (RuntimeError("classified payload"), 503)])
def test_a_tunnel_that_is_refused_is_answered_and_closed(tunnel: Any, status: int) -> None:
    exchange = connect(tunnel)
    assert (exchange.answers, exchange.connected) == ([status], False)
    assert exchange.stream.flow.response is not None
    assert exchange.stream.flow.response.headers["connection"] == "close"
    assert exchange.desk.judged == []


def test_a_tunnel_is_opened_without_a_connection() -> None:
    class Silent(mitm.layer.Layer):
        def _handle_event(self, event: events.Event) -> mitm.layer.CommandGenerator[None]:
            yield from ()

    exchange = connect(Silent(context()))
    assert (exchange.answers, exchange.connected) == ([200], False)
    exchange.send(mitm.RequestData(1, b"\x16\x03\x01"))
    assert exchange.up == []


# -- back-pressure, deadlines, installation ----------------------------------------------------------------------------


def test_what_waits_for_a_connection_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(backlog, "queued", lambda _stream, size: told.append(size))
    monkeypatch.setattr(backlog, "released", lambda _stream: told.append(0))
    exchange = Exchange(Watched().ruling, wait=True)
    exchange.data(b"abc", b"de")
    assert [size for size in told if size] == [3, 2]
    assert told[-1] == 2
    exchange.seen(exchange.play.connect())
    assert told[-1] == 0
    assert exchange.sent_up == b"abcde"
    exchange.data(b"f")
    assert [size for size in told if size] == [3, 2]


def test_a_deadline_that_no_longer_counts_keeps_nothing_alive() -> None:
    exchange = Exchange(Refused(NO))
    (deadline,) = exchange.deadlines
    exchange.above.command_sources[deadline] = exchange.stream
    exchange.end()
    nobody = exchange.above.command_sources[deadline]
    assert nobody is not exchange.stream
    assert list(nobody.handle_event(events.Wakeup(deadline))) == []


def test_a_flow_that_was_killed_is_not_answered_twice() -> None:
    def kill(exchange: Exchange, hook: str) -> None:
        if hook == "response":
            exchange.stream.flow.kill()

    exchange = Exchange(Refused(NO), on_hook=kill)
    assert exchange.answers == []
    assert exchange.broken_off
    assert exchange.deadlines == []


def test_installed_it_is_what_mitmproxy_makes() -> None:
    stream.install()
    assert mitm.HttpStream is GuardedStream
    assert issubclass(GuardedStream, answering.AnsweringStream)

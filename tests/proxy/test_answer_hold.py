"""Answers that have to be read: kept until their reader has decided, whatever the chunks; nothing of a refused one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.proxy.layers import http as mitm
from tests.proxy.test_stream import CUT, Exchange, Watched, reply

from forgewall.enforce.reply import Reply
from forgewall.proxy.answer_hold import AnswerHold, Headers, Release
from forgewall.proxy.ruling import Admitted
from forgewall.proxy.stream import EARLY_BYTES
from forgewall.record.event import Result

REPLACED = reply(422, b"not this one")


class Reader:
    """Decides once it has seen `enough` bytes, or at the end: the body in capitals, or `then`."""

    takes_gzip = False

    def __init__(
        self, enough: int | None = None, then: Reply | None = None, *, begin: bool | Reply = True, grown: int = 0
    ) -> None:
        self.enough = enough
        self.then = then
        self.begun = begin
        self.grown = grown
        self.status = 0
        self.headers: Headers = ()
        self.seen = b""
        self.decided = 0

    def begin(self, status: int, headers: Headers) -> bool | Reply:
        self.status, self.headers = status, headers
        return self.begun

    def feed(self, data: bytes) -> Release | Reply | None:
        assert not self.decided
        self.seen += data
        return self.decide() if self.enough is not None and len(self.seen) >= self.enough else None

    def finish(self) -> Release | Reply:
        assert not self.decided
        return self.decide()

    def decide(self) -> Release | Reply:
        self.decided += 1
        return self.then or Release(self.seen.upper() + b"!" * self.grown, self.grown)


# -- the hold itself ---------------------------------------------------------------------------------------------------


def response(status: int = 200, **fields: str) -> http.Response:
    made = http.Response.make(status)
    made.headers = http.Headers([(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()])
    return made


def events_of(body: list[bytes], *, status: int = 200, end: bool = True, **fields: str) -> list[mitm.HttpEvent]:
    head = mitm.ResponseHeaders(1, response(status, **fields), not body)
    return [head, *(mitm.ResponseData(1, data) for data in body), *([mitm.ResponseEndOfMessage(1)] if end else [])]


@given(st.lists(st.binary(min_size=1, max_size=8), max_size=8), st.none() | st.integers(0, 40), st.integers(0, 5))
def test_what_was_read_goes_on_as_its_reader_says_and_the_rest_as_it_comes(
    chunks: list[bytes], enough: int | None, grown: int
) -> None:
    reader = Reader(enough, grown=grown)
    hold = AnswerHold(reader)
    length = sum(map(len, chunks))
    out: list[Any] = []
    for event in events_of(chunks, content_length=str(length)):
        taken = hold.take(event)
        assert not isinstance(taken, Reply)
        out += taken
        if not reader.decided:
            assert out == []
    assert reader.decided == 1
    assert [type(event) for event in (out[0], out[-1])] == [mitm.ResponseHeaders, mitm.ResponseEndOfMessage]
    body = b"".join(chunks)
    read = len(reader.seen)
    assert b"".join(event.data for event in out[1:-1]) == reader.seen.upper() + b"!" * grown + body[read:]
    assert all(event.data for event in out[1:-1])
    assert out[0].response.headers["content-length"] == str(length + grown)


@given(st.lists(st.binary(min_size=1, max_size=8), max_size=8), st.none() | st.integers(0, 40))
def test_nothing_of_a_refused_answer_comes_out(chunks: list[bytes], enough: int | None) -> None:
    hold = AnswerHold(Reader(enough, REPLACED))
    for event in events_of(chunks):
        taken = hold.take(event)
        if isinstance(taken, Reply):
            assert taken is REPLACED
            return
        assert taken == ()
    raise AssertionError("it was never refused")


def test_an_answer_that_need_not_be_read_passes_at_once() -> None:
    reader = Reader(begin=False)
    hold = AnswerHold(reader)
    for event in events_of([b"a", b"b"], status=404, x="y"):
        assert hold.take(event) == (event,)
    assert (reader.status, dict(reader.headers)["x"], reader.seen) == (404, "y", b"")


def test_a_reader_is_shown_header_names_in_lower_case_and_each_value() -> None:
    reader = Reader()
    made = response()
    made.headers = http.Headers([(b"X-A", b"1"), (b"x-a", b"2")])
    AnswerHold(reader).take(mitm.ResponseHeaders(1, made, False))
    assert [pair for pair in reader.headers if pair[0] == "x-a"] == [("x-a", "1"), ("x-a", "2")]


def test_a_head_can_be_refused() -> None:
    assert AnswerHold(Reader(begin=REPLACED)).take(events_of([b"a"])[0]) is REPLACED


@pytest.mark.parametrize("length", ["", "x", "-1", "²"])
def test_a_length_that_is_none_is_left_alone(length: str) -> None:
    hold = AnswerHold(Reader(grown=3))
    head = mitm.ResponseHeaders(1, response(**{"content_length": length} if length else {}), False)
    hold.take(head)
    hold.take(mitm.ResponseData(1, b"abc"))
    hold.take(mitm.ResponseEndOfMessage(1))
    assert head.response.headers.get("content-length", "") == length


def test_trailers_of_what_is_held_are_dropped_and_others_pass() -> None:
    trailers = mitm.ResponseTrailers(1, http.Headers([(b"x", b"y")]))
    held, decided, unread = AnswerHold(Reader()), AnswerHold(Reader(1)), AnswerHold(Reader(begin=False))
    for hold in (held, decided, unread):
        for event in events_of([b"abc"], end=False):
            hold.take(event)
    assert held.take(trailers) == ()
    assert decided.take(trailers) == unread.take(trailers) == (trailers,)


def test_an_error_in_the_middle_passes_alone() -> None:
    hold = AnswerHold(Reader())
    error = mitm.ResponseProtocolError(1, "lost", mitm.ErrorCode.GENERIC_SERVER_ERROR)
    for event in events_of([b"abc"], end=False):
        assert hold.take(event) == ()
    assert hold.take(error) == (error,)


# -- in an exchange ----------------------------------------------------------------------------------------------------


class Read(Watched):
    """A watched request whose answer is read."""

    def __init__(self, reader: Any, limit: int | None = None) -> None:
        super().__init__(limit)
        self.ruling = Admitted(self.transit, answer=reader)


def asked(reader: Any, *, http2: bool = False, body: bool = True, method: str = "POST") -> Exchange:
    """An exchange whose request has gone, and whose answer goes through `reader`."""
    exchange = Exchange(Read(reader).ruling, http2=http2, body=body, method=method)
    if body:
        exchange.data(b"abc")
    exchange.end()
    assert exchange.completed
    return exchange


HTTP = pytest.mark.parametrize("http2", [True, False])
BODY = pytest.mark.parametrize("body", [True, False])


@HTTP
@BODY
def test_the_client_gets_what_the_reader_releases(http2: bool, body: bool) -> None:
    exchange = asked(Reader(grown=2), http2=http2, body=body)
    exchange.send(mitm.ResponseHeaders(1, response(content_length="4"), False))
    exchange.send(mitm.ResponseData(1, b"ab"), mitm.ResponseData(1, b"cd"))
    assert exchange.down == []
    exchange.send(mitm.ResponseEndOfMessage(1))
    assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([200], b"ABCD!!", True)
    assert exchange.down[0].response.headers["content-length"] == "6"
    assert exchange.dropped


@HTTP
@BODY
@pytest.mark.parametrize("enough", [None, 1])
def test_the_client_gets_nothing_of_what_the_reader_refuses(http2: bool, body: bool, enough: int | None) -> None:
    exchange = asked(Reader(enough, REPLACED), http2=http2, body=body)
    exchange.head(x_secret="href", content_length="5")
    exchange.send(mitm.ResponseData(1, b"href1"), mitm.ResponseEndOfMessage(1))
    assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([422], b"not this one", True)
    assert "x-secret" not in exchange.down[0].response.headers
    assert exchange.aborted  # nothing may come behind it on this connection
    assert (exchange.dropped, exchange.broken_off) == (True, False)


@pytest.mark.parametrize("begin", [REPLACED, RuntimeError("classified payload")])
def test_a_head_that_is_refused_brings_no_body_along(begin: Any) -> None:
    reader = Reader(begin=begin)
    if isinstance(begin, Exception):
        reader.begin = fail  # type: ignore[method-assign]
    exchange = asked(reader)
    exchange.respond(200, b"href")
    assert exchange.answers == [422 if begin is REPLACED else 503]
    assert b"href" not in exchange.answer
    assert exchange.dropped


def fail(*_: object) -> Any:
    raise RuntimeError("classified payload")


@pytest.mark.parametrize("place", ["begin", "feed", "finish"])
@pytest.mark.parametrize("early", [True, False])
def test_a_reader_that_fails_lets_nothing_of_the_answer_through(place: str, early: bool) -> None:
    reader = Reader()
    setattr(reader, place, fail)
    watched = Read(reader)
    exchange = Exchange(watched.ruling)
    exchange.data(b"abc")
    if early:
        exchange.head(x_secret="href")
        exchange.send(mitm.ResponseData(1, b"href"), mitm.ResponseData(1, b"more"), mitm.ResponseEndOfMessage(1))
    exchange.end()
    if not early:
        exchange.respond(200, b"href")
    assert (exchange.answers, exchange.answer) == ([503], b"failed")
    assert exchange.desk.errors == ["reading an answer: RuntimeError"]
    assert (watched.told, exchange.dropped) == ([Result.COMPLETE], True)


def test_an_answer_without_a_body() -> None:
    for end in (True, False):
        reader = Reader()
        exchange = asked(reader)
        exchange.head(204, end=end)
        exchange.send(mitm.ResponseEndOfMessage(1))
        assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([204], b"", True)
        assert (reader.decided, exchange.dropped) == (1, True)


def test_an_answer_without_a_body_can_be_refused() -> None:
    exchange = asked(Reader(then=REPLACED))
    exchange.head(200, end=True)
    exchange.send(mitm.ResponseEndOfMessage(1))
    assert (exchange.answers, exchange.answer, exchange.dropped) == ([422], b"not this one", True)


def test_a_forge_that_breaks_off_in_what_is_read() -> None:
    exchange = asked(Reader())
    exchange.head()
    exchange.send(mitm.ResponseData(1, b"href"))
    exchange.lose()
    assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([502], b"unreached", True)
    assert exchange.dropped


def test_a_forge_that_breaks_off_behind_what_was_read() -> None:
    exchange = asked(Reader(1))
    exchange.head()
    exchange.send(mitm.ResponseData(1, b"abc"))
    exchange.lose()
    assert (exchange.answers, exchange.answer, exchange.broken_off) == ([200], b"ABC", True)


def test_an_error_of_the_forge_that_is_not_read_passes() -> None:
    exchange = asked(Reader(begin=False))
    exchange.respond(404, b"no such repository")
    assert (exchange.answers, exchange.answer) == ([404], b"no such repository")


@pytest.mark.parametrize("status", [101, 1000])
def test_an_answer_that_was_read_may_still_be_none(status: int) -> None:
    exchange = asked(Reader())
    exchange.respond(status, b"href")
    assert (exchange.answers, exchange.answer, exchange.dropped) == ([502], b"unreached", True)


def test_a_client_that_leaves_while_the_answer_is_read() -> None:
    exchange = asked(Reader())
    exchange.head()
    exchange.send(mitm.ResponseData(1, b"href"))
    exchange.leave()
    assert (exchange.down, exchange.dropped) == ([], True)


# -- together with an early answer -------------------------------------------------------------------------------------


@pytest.mark.parametrize("then", [None, REPLACED])
@pytest.mark.parametrize("enough", [None, 2])
def test_an_early_answer_is_read_when_its_request_has_gone(then: Reply | None, enough: int | None) -> None:
    reader = Reader(enough, then)
    watched = Read(reader)
    exchange = Exchange(watched.ruling)
    exchange.data(b"abc")
    exchange.head()
    exchange.send(mitm.ResponseData(1, b"ab"), mitm.ResponseData(1, b"cd"), mitm.ResponseEndOfMessage(1))
    assert (reader.status, exchange.down) == (0, [])
    exchange.end()
    assert exchange.completed
    if then is None:
        assert (exchange.answers, exchange.answer) == ([200], b"ABCD" if enough is None else b"ABcd")
    else:
        assert (exchange.answers, exchange.answer) == ([422], b"not this one")
    assert (reader.decided, watched.told, exchange.dropped) == (1, [Result.COMPLETE], True)


def test_a_cut_takes_the_place_of_an_early_answer_that_would_be_read() -> None:
    reader = Reader()
    exchange = Exchange(Read(reader, limit=5).ruling)
    exchange.data(b"abc")
    exchange.respond(200, b"href")
    exchange.data(b"def")
    exchange.end()
    assert (exchange.answers, exchange.answer, reader.status) == ([CUT.status], CUT.body, 0)
    assert (exchange.completed, exchange.dropped) == (False, True)


@pytest.mark.parametrize("then", [None, REPLACED])
def test_a_long_early_answer_is_read_while_its_request_goes_on(then: Reply | None) -> None:
    reader = Reader(None, then)
    watched = Read(reader)
    exchange = Exchange(watched.ruling)
    exchange.data(b"abc")
    exchange.head()
    block = b"x" * 65536
    count = EARLY_BYTES // len(block) + 3
    for _ in range(count):
        exchange.send(mitm.ResponseData(1, block))
    assert (len(reader.seen), exchange.down) == (count * len(block), [])
    exchange.send(mitm.ResponseEndOfMessage(1))
    if then is not None:
        assert (exchange.answers, exchange.aborted, exchange.completed) == ([422], True, False)
        assert watched.told == [Result.ABORTED]
        exchange.data(b"def")
        assert exchange.sent_up == b"abc"
    else:
        assert exchange.answers == [200]
        exchange.data(b"def")
    exchange.end()
    assert exchange.completed is (then is None)
    assert exchange.dropped


def test_a_cut_while_the_answer_is_being_read() -> None:
    reader = Reader()
    exchange = Exchange(Read(reader, limit=5).ruling)
    exchange.data(b"abc")
    exchange.head()
    for _ in range(6):
        exchange.send(mitm.ResponseData(1, b"x" * 65536))
    assert exchange.down == []
    exchange.data(b"def")
    assert (exchange.answers, exchange.answer, exchange.aborted) == ([CUT.status], CUT.body, True)
    exchange.send(mitm.ResponseEndOfMessage(1))
    exchange.end()
    assert (exchange.answers, reader.decided, exchange.dropped) == ([CUT.status], 0, True)


@given(
    st.lists(st.sampled_from(["data", "head", "body", "end", "done", "lose", "leave"]), max_size=14),
    st.booleans(),
    st.none() | st.integers(0, 6),
    st.none() | st.integers(0, 9),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_in_whatever_order_things_happen_a_refused_answer_stays_unseen(
    steps: list[str], http2: bool, enough: int | None, limit: int | None, refuses: bool
) -> None:
    reader = Reader(enough, REPLACED if refuses else None)
    watched = Read(reader, limit)
    exchange = Exchange(watched.ruling, http2=http2)
    happened: set[str] = set()
    actions: dict[str, Callable[[], None]] = {
        "data": lambda: exchange.data(b"abc"),
        "head": lambda: exchange.head(x_secret="href"),
        "body": lambda: exchange.send(mitm.ResponseData(1, b"href")) and None,
        "end": lambda: exchange.send(mitm.ResponseEndOfMessage(1)) and None,
        "done": exchange.end,
        "lose": exchange.lose,
        "leave": exchange.leave,
    }
    for step in steps:
        gone = happened & {"leave"} or exchange.dropped
        request = step in ("data", "done") and "done" not in happened
        answer = (step == "head" and not happened & {"head", "lose"}) or (
            step in ("body", "end") and "head" in happened and not happened & {"end", "lose"}
        )
        broken = (step == "lose" and not happened & {"lose", "end"}) or step == "leave"
        if not gone and (request or answer or broken):
            happened.add(step)
            actions[step]()
    heads = [event for event in exchange.down if isinstance(event, mitm.ResponseHeaders)]
    assert len(heads) <= 1
    if refuses:
        assert not any("x-secret" in event.response.headers for event in heads)
        assert b"href" not in exchange.answer.lower()
    if limit is not None:
        assert len(exchange.sent_up) <= limit
    assert not (exchange.completed and "done" not in happened)
    assert len(watched.told) + exchange.answers.count(CUT.status) <= 1
    assert reader.decided <= 1

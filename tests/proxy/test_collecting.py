"""A body that is held on disk: sent on whole, in order and piece by piece, and its room given back in every ending."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.proxy.layers import http as mitm
from tests.proxy.test_stream import NO, Exchange, Watched

from forgewall.enforce.gate import Gate
from forgewall.proxy import holding
from forgewall.proxy.addon import ForgewallAddon
from forgewall.proxy.collecting import HOLD_PROGRESS, HOLD_SECONDS, DrainHook
from forgewall.proxy.ruling import Held, Refused, Ruling
from forgewall.proxy.spool import DiskSpool, SpoolSpace
from forgewall.record.event import Result

TOTAL = 10**7
MEMORY, PIECE = 8, 5
BODY = b"abcdefghijklmnopqrstuvwxyz"
PIECES = [BODY[start : start + PIECE] for start in range(0, len(BODY), PIECE)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few bytes are many here."""
    monkeypatch.setattr(holding, "MEMORY_BYTES", MEMORY)
    monkeypatch.setattr(holding, "PIECE_BYTES", PIECE)


class Spooled:
    """A ruling that holds a body on disk until it is whole, and then is what `then` says."""

    def __init__(self, then: Ruling | Exception, *, limit: int = TOTAL, total: int = TOTAL) -> None:
        self.total = total
        self.space = SpoolSpace(total=total)
        self.settled: list[tuple[bytes, bool]] = []
        self.then = then
        self.ruling = Held(limit=limit, enough=lambda _: False, settle=self.settle, spool=self.space.open(total))

    def settle(self, body: bytes, whole: bool) -> Any:
        self.settled.append((body, whole))
        if isinstance(self.then, Exception):
            raise self.then
        return self.then

    @property
    def given_back(self) -> bool:
        """Whether nothing is kept any more."""
        return self.space.free == self.total


def replaying(watched: Watched, **how: Any) -> tuple[Exchange, Spooled]:
    """An exchange whose body is being sent on: the first piece has gone, and the forge hasn't taken it yet."""
    spooled = Spooled(watched.ruling)
    exchange = Exchange(spooled.ruling, **how)
    exchange.play.keep = ("drain",)
    exchange.data(BODY)
    exchange.end()
    assert (exchange.sent_up, len(exchange.play.kept)) == (PIECES[0], 1)
    assert not spooled.given_back
    return exchange, spooled


def go_on(exchange: Exchange) -> None:
    """The forge has taken all of what it was sent."""
    exchange.seen(exchange.play.go_on())


# -- sent on -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(min_size=1, max_size=12), max_size=12), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_a_body_arrives_whole_and_in_order(chunks: list[bytes], http2: bool, announced: bool) -> None:
    body = b"".join(chunks)
    watched = Watched(length=len(body) if announced and body else None)
    spooled = Spooled(watched.ruling)
    fields = {"content-length": str(len(body))} if announced and body else {}
    exchange = Exchange(spooled.ruling, http2=http2, fields=fields)
    exchange.data(*chunks)
    assert (exchange.connected, exchange.up) == (False, [])
    assert spooled.given_back is (len(body) <= MEMORY)
    exchange.end()
    assert spooled.settled == [(body if len(body) <= MEMORY else b"", True)]
    assert (exchange.sent_up, exchange.completed) == (body, True)
    assert exchange.play.hooks.count("drain") == (-(-len(body) // PIECE) if len(body) > MEMORY else 0)
    assert spooled.given_back
    exchange.respond(201)
    assert (exchange.answers, watched.told, exchange.dropped) == ([201], [Result.COMPLETE], True)


def test_no_piece_goes_before_the_forge_has_taken_the_last() -> None:
    exchange, spooled = replaying(Watched())
    sent = PIECES[0]
    for piece in PIECES[1:]:
        assert (exchange.sent_up, exchange.completed) == (sent, False)
        go_on(exchange)
        sent += piece
        assert exchange.sent_up == sent
    go_on(exchange)
    assert (exchange.sent_up, exchange.completed, exchange.play.kept) == (BODY, True, [])
    assert spooled.given_back


def test_whoever_waits_for_the_forge_is_asked_by_the_name_of_its_hook() -> None:
    exchange, _ = replaying(Watched())
    (hook,) = exchange.play.kept
    assert isinstance(hook, DrainHook)
    assert hook.args() == [exchange.context.client]
    assert callable(getattr(ForgewallAddon, hook.name))


def test_what_comes_behind_a_body_that_is_sent_on_waits() -> None:
    """A body that was settled before its end: what follows goes on behind what was held."""
    watched = Watched()
    spooled = Spooled(watched.ruling, limit=len(BODY) - 1)
    exchange = Exchange(spooled.ruling)
    exchange.play.keep = ("drain",)
    exchange.data(BODY, b"0123", b"456")
    exchange.end()
    assert exchange.sent_up == PIECES[0]
    while exchange.play.kept:
        go_on(exchange)
    assert (exchange.sent_up, exchange.completed) == (BODY + b"0123456", True)
    assert spooled.given_back


@pytest.mark.parametrize("pieces", [0, 2])
def test_an_early_answer_is_handed_on_when_the_body_has_gone(pieces: int) -> None:
    watched = Watched()
    exchange, _ = replaying(watched)
    for _ in range(pieces):
        go_on(exchange)
    exchange.respond(413, b"too much")
    assert exchange.down == []
    while exchange.play.kept:
        go_on(exchange)
    assert (exchange.completed, exchange.answers, exchange.answer) == (True, [413], b"too much")
    assert (watched.told, watched.statuses, exchange.dropped) == ([Result.REFUSED], [413], True)


# -- every ending gives the room back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("then", [Refused(NO), RuntimeError("classified payload"), None, object()])
@pytest.mark.parametrize("http2", [True, False])
def test_refused(then: Any, http2: bool) -> None:
    spooled = Spooled(then)
    exchange = Exchange(spooled.ruling, http2=http2)
    exchange.data(BODY)
    assert not spooled.given_back
    exchange.end()
    assert (exchange.connected, exchange.up, exchange.answered_whole) == (False, [], True)
    assert exchange.answers == [403 if isinstance(then, Refused) else 503]
    assert b"classified" not in exchange.answer
    assert spooled.given_back
    assert exchange.dropped


def test_more_than_there_is_room_for() -> None:
    spooled = Spooled(Watched().ruling, total=20)
    exchange = Exchange(spooled.ruling)
    exchange.data(BODY[:15])
    assert exchange.answers == []
    exchange.data(BODY[15:])
    assert (exchange.answers, exchange.connected, spooled.settled) == ([507], False, [])
    assert spooled.given_back
    exchange.data(b"more")
    exchange.end()
    assert (exchange.up, exchange.dropped) == ([], True)
    assert spooled.given_back


def test_a_disk_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise RuntimeError("classified payload")

    spooled = Spooled(Watched().ruling)
    exchange = Exchange(spooled.ruling)
    exchange.data(BODY)
    monkeypatch.setattr(DiskSpool, "append", fail)
    exchange.data(b"more")
    assert (exchange.answers, exchange.connected) == ([503], False)
    assert exchange.desk.errors == ["settling a held body: RuntimeError"]
    assert spooled.given_back


@pytest.mark.parametrize("reads", [0, 1, 3])
def test_a_disk_that_can_t_be_read_back(monkeypatch: pytest.MonkeyPatch, reads: int) -> None:
    left = reads
    stock = DiskSpool.read

    def fail(spool: DiskSpool, position: int, size: int) -> bytes:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError("classified payload")
        return stock(spool, position, size)

    monkeypatch.setattr(DiskSpool, "read", fail)
    watched = Watched()
    spooled = Spooled(watched.ruling)
    exchange = Exchange(spooled.ruling)
    exchange.data(BODY)
    exchange.end()
    assert exchange.sent_up == b"".join(PIECES[:reads])
    assert (exchange.completed, exchange.aborted, exchange.answers) == (False, True, [503])
    assert watched.told == [Result.CUT]
    assert (exchange.dropped, spooled.given_back) == (True, True)


def test_a_client_that_leaves_while_it_is_held() -> None:
    spooled = Spooled(Watched().ruling)
    exchange = Exchange(spooled.ruling)
    exchange.data(BODY)
    exchange.leave()
    assert (exchange.connected, exchange.dropped, spooled.given_back) == (False, True, True)
    assert spooled.settled == []


@pytest.mark.parametrize("pieces", range(len(PIECES)))
@pytest.mark.parametrize("http2", [True, False])
def test_a_client_that_leaves_while_it_is_sent_on(pieces: int, http2: bool) -> None:
    watched = Watched()
    exchange, spooled = replaying(watched, http2=http2)
    for _ in range(pieces):
        go_on(exchange)
    before = exchange.sent_up
    exchange.leave()
    go_on(exchange)
    assert (exchange.sent_up, exchange.completed, exchange.aborted) == (before, False, True)
    assert watched.told == [Result.ABORTED]
    assert (spooled.given_back, exchange.dropped, exchange.play.kept) == (True, True, [])


@pytest.mark.parametrize("pieces", range(len(PIECES)))
@pytest.mark.parametrize("http2", [True, False])
def test_a_forge_that_breaks_off_while_it_is_sent_on(pieces: int, http2: bool) -> None:
    watched = Watched()
    exchange, spooled = replaying(watched, http2=http2)
    for _ in range(pieces):
        go_on(exchange)
    before = exchange.sent_up
    exchange.lose()
    go_on(exchange)
    assert (exchange.sent_up, exchange.completed) == (before, False)
    assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([502], b"unreached", True)
    assert watched.told == [Result.ABORTED]
    assert (spooled.given_back, exchange.dropped, exchange.play.kept) == (True, True, [])


def test_a_forge_that_answers_and_breaks_off_is_heard() -> None:
    watched = Watched()
    exchange, spooled = replaying(watched)
    exchange.respond(413, b"too much")
    exchange.lose()
    go_on(exchange)
    assert (exchange.answers, exchange.answer, exchange.answered_whole) == ([413], b"too much", True)
    assert (watched.told, watched.statuses) == ([Result.ABORTED], [413])
    assert (exchange.completed, spooled.given_back, exchange.dropped) == (False, True, True)


def test_a_cut_while_it_is_sent_on_reads_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    stock = DiskSpool.read

    def read(spool: DiskSpool, position: int, size: int) -> bytes:
        reads.append(position)
        return stock(spool, position, size)

    monkeypatch.setattr(DiskSpool, "read", read)
    watched = Watched(limit=2 * PIECE)
    spooled = Spooled(watched.ruling)
    exchange = Exchange(spooled.ruling)
    exchange.data(BODY)
    exchange.end()
    assert exchange.sent_up == BODY[: 2 * PIECE]
    assert (exchange.completed, exchange.aborted, exchange.answers) == (False, True, [413])
    assert reads == [0, PIECE, 2 * PIECE]
    assert (spooled.given_back, exchange.dropped) == (True, True)


def test_a_gate_that_fails_while_it_is_sent_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("classified payload")

    watched = Watched()
    exchange, spooled = replaying(watched)
    monkeypatch.setattr(Gate, "turns", fail)
    go_on(exchange)
    assert (exchange.completed, exchange.aborted, exchange.answers) == (False, True, [503])
    assert (watched.told, spooled.given_back, exchange.dropped) == ([Result.CUT], True, True)


def test_a_forge_that_can_t_be_reached() -> None:
    watched = Watched()
    spooled = Spooled(watched.ruling)
    exchange = Exchange(spooled.ruling, refuse="[Errno 111] Connect call failed")
    exchange.data(BODY)
    exchange.end()
    assert (exchange.answers, exchange.up, watched.told) == ([502], [], [Result.ABORTED])
    assert (spooled.given_back, exchange.dropped) == (True, True)


@pytest.mark.parametrize("refuse", [None, "[Errno 111] Connect call failed"])
def test_a_client_that_leaves_while_the_forge_is_connected_to(refuse: str | None) -> None:
    watched = Watched()
    spooled = Spooled(watched.ruling)
    exchange = Exchange(spooled.ruling, wait=True, refuse=refuse)
    exchange.play.keep = ("drain",)
    exchange.data(BODY)
    exchange.end()
    exchange.leave()
    exchange.seen(exchange.play.connect())
    while exchange.play.kept:
        go_on(exchange)
    assert exchange.completed is False
    assert watched.told == [Result.ABORTED]
    assert (spooled.given_back, exchange.dropped) == (True, True)


def test_a_stream_that_is_forgotten_keeps_nothing() -> None:
    exchange, spooled = replaying(Watched())
    exchange.stream._paused = None  # as when a connection's layers are given up
    assert spooled.given_back


# -- time --------------------------------------------------------------------------------------------------------------


def test_a_long_body_that_comes_in_well_is_given_more_time() -> None:
    spooled = Spooled(Watched().ruling)
    exchange = Exchange(spooled.ruling)
    for _ in range(3):
        exchange.data(b"x" * HOLD_PROGRESS)
        exchange.seen(exchange.play.wake(exchange.deadlines[-1]))
        assert exchange.answers == []
    assert [deadline.delay for deadline in exchange.deadlines] == [HOLD_SECONDS] * 4
    exchange.data(b"x" * (HOLD_PROGRESS - 1))
    exchange.seen(exchange.play.wake(exchange.deadlines[-1]))
    assert (exchange.answers, exchange.connected, spooled.given_back) == ([408], False, True)
    exchange.data(b"more")
    exchange.end()
    assert (exchange.up, exchange.dropped) == ([], True)


def test_a_deadline_before_the_last_one_does_not_count() -> None:
    spooled = Spooled(Watched().ruling)
    exchange = Exchange(spooled.ruling)
    exchange.data(b"x" * HOLD_PROGRESS)
    exchange.seen(exchange.play.wake(exchange.deadlines[0]))
    exchange.seen(exchange.play.wake(exchange.deadlines[0]))
    assert (exchange.answers, len(exchange.deadlines)) == ([], 2)


def test_what_is_only_in_memory_is_given_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "MEMORY_BYTES", 2 * HOLD_PROGRESS)
    spooled = Spooled(Watched().ruling)
    exchange = Exchange(spooled.ruling)
    exchange.data(b"x" * HOLD_PROGRESS)
    exchange.seen(exchange.play.wake(exchange.deadlines[-1]))
    assert exchange.answers == [408]


def test_a_deadline_does_not_count_while_the_body_is_sent_on() -> None:
    exchange, _ = replaying(Watched())
    exchange.seen(exchange.play.wake(exchange.deadlines[0]))
    while exchange.play.kept:
        go_on(exchange)
    assert (exchange.completed, exchange.answers) == (True, [])


def test_what_a_spooled_body_s_trailers_say_goes_nowhere() -> None:
    spooled = Spooled(Watched().ruling)
    exchange = Exchange(spooled.ruling)
    exchange.data(BODY)
    exchange.send(mitm.RequestTrailers(1, http.Headers([(b"x", b"secret")])))
    exchange.end()
    assert (exchange.sent_up, exchange.completed) == (BODY, True)
    assert not any(isinstance(event, mitm.RequestTrailers) for event in exchange.up)

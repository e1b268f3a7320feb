"""A body on its way: nothing beyond its limit, its last byte only at its end, and one event about it."""

from __future__ import annotations

import gzip
import tracemalloc
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record.samples import decision

from forgewall.enforce.examination import Examination
from forgewall.enforce.gate import Cut, Gate
from forgewall.enforce.reply import Reply
from forgewall.enforce.volume import Exceeded, LocalVolume, Meter, accounts
from forgewall.evidence import Fact, File, FileKind, Malformed, Secret
from forgewall.model import Action, ContentRules, Limit, Scrutiny
from forgewall.proxy.transit import HOLD_BYTES, CutOff, Transit
from forgewall.record.event import Decision, Result, Upload
from forgewall.turns import Turns

CUT = Reply(status=413, headers=(), body=b"cut")
FAILED = Reply(status=503, headers=(), body=b"failed")


DECISION = decision()
PLAIN = Scrutiny()
BLOCKING = Scrutiny(content=ContentRules(secrets=Action.BLOCK, kinds=((FileKind.PDF, Action.LOG),)))
SECRET = Secret(rule="some-key", mask="abcd…(20)", fingerprint="0123456789abcdef")


class Facts:
    """An inspector that finds a secret where `secret` stands, and at the end what it was told to."""

    def __init__(self, *last: Fact, secret: bytes = b"secret") -> None:
        self.last = last
        self.secret = secret
        self.seen = bytearray()

    def feed(self, data: bytes) -> list[Fact]:
        self.seen += data
        return [SECRET] if self.secret in data else []

    def finish(self) -> list[Fact]:
        return [*self.last]


@dataclass
class Watched:
    """A transit and what it told."""

    limit: int | None = None
    over: Action = Action.BLOCK
    coding: str | None = None
    length: int | None = None
    decision: Decision | None = DECISION
    facts: Facts | None = None
    scrutiny: Scrutiny = PLAIN
    meter: Meter | None = None
    told: list[tuple[Upload, bool]] = field(default_factory=list)
    cuts: list[Cut | Exceeded] = field(default_factory=list)
    closed: list[bool] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.examination = Examination(self.facts, self.scrutiny) if self.facts is not None else None
        self.transit = Transit(
            gate=Gate(
                limit=self.limit,
                over=self.over,
                content_encoding=self.coding,
                sink=self.examination.feed if self.examination is not None else None,
            ),
            decision=self.decision,
            content_length=self.length,
            on_cut=self.cut,
            on_error=self.fail,
            record=lambda transit, upload: self.told.append((upload, transit.gate.exceeded)),
            examination=self.examination,
            meter=self.meter,
            on_close=lambda: self.closed.append(True),
        )

    def cut(self, transit: Transit, cut: Cut | Exceeded) -> Reply:
        assert transit is self.transit
        self.cuts.append(cut)
        return CUT

    def fail(self, error: Exception) -> Reply:
        self.errors.append(error)
        return FAILED

    def send(self, *chunks: bytes) -> bytes:
        """What goes on of these chunks; a cut fails the test."""
        out = b""
        for chunk in chunks:
            released = self.transit.feed(chunk)
            assert isinstance(released, bytes)
            out += released
        return out

    def end(self) -> bytes:
        released = self.transit.finish()
        assert isinstance(released, bytes)
        return released


CHUNKS = st.lists(st.binary(min_size=1, max_size=20), max_size=12)


@given(CHUNKS, st.booleans())
def test_what_passes_is_what_came(chunks: list[bytes], announced: bool) -> None:
    body = b"".join(chunks)
    watched = Watched(length=len(body) if announced else None)
    before = watched.send(*chunks)
    if announced and body:
        assert len(before) < len(body)  # whoever counts along upstream must not take it for complete yet
    assert before + watched.end() == body
    if not announced:
        assert before == body


@given(CHUNKS, st.integers(0, 100), st.booleans())
def test_never_more_than_the_limit(chunks: list[bytes], limit: int, announced: bool) -> None:
    body = b"".join(chunks)
    watched = Watched(limit=limit, length=len(body) if announced else None)
    out = b""
    for chunk in chunks:
        released = watched.transit.feed(chunk)
        if isinstance(released, CutOff):
            break
        out += released
    else:
        out += watched.end()
        assert len(body) <= limit
        assert out == body
        return
    assert len(body) > limit
    assert released.reply is CUT
    assert body.startswith(out)
    assert len(out) <= limit
    assert isinstance(watched.transit.feed(b"x"), CutOff)
    assert isinstance(watched.transit.finish(), CutOff)


def test_the_chunk_with_the_last_byte_waits_for_the_end() -> None:
    watched = Watched(length=6)
    assert watched.transit.feed(b"abc") == b"abc"
    assert watched.transit.feed(b"def") == b""
    assert watched.transit.finish() == b"def"


def test_an_empty_chunk_behind_the_last_byte_loses_nothing() -> None:
    watched = Watched(length=3)
    assert watched.send(b"abc", b"") + watched.end() == b"abc"


def test_a_coded_body_that_stops_in_the_middle_is_cut_at_its_end() -> None:
    body = gzip.compress(b"x" * 100)
    whole = Watched(limit=100, coding="gzip", length=len(body))
    assert whole.send(body) + whole.end() == body
    torn = Watched(limit=100, coding="gzip", length=len(body) - 1)
    assert torn.send(body[:-1]) == b""
    released = torn.transit.finish()
    assert isinstance(released, CutOff)
    assert [cut.code for cut in torn.cuts if isinstance(cut, Cut)] == ["encoding"]


def test_a_body_that_unpacks_beyond_its_limit_is_cut() -> None:
    watched = Watched(limit=99, coding="gzip")
    assert isinstance(watched.transit.feed(gzip.compress(b"x" * 100)), CutOff)


class Broken(Gate):
    """A gate that fails."""

    def turns(self, chunk: bytes) -> Turns[Cut]:
        raise RuntimeError("classified payload")

    def finish(self) -> Cut:
        raise RuntimeError("classified payload")


def test_a_gate_that_fails_lets_nothing_through() -> None:
    watched = Watched()
    watched.transit.gate = Broken(limit=None, over=Action.BLOCK, content_encoding=None)
    assert watched.transit.feed(b"abc") == CutOff(FAILED)
    assert watched.transit.finish() == CutOff(FAILED)
    assert [type(error) for error in watched.errors] == [RuntimeError]
    watched.transit.close()
    assert [upload.result for upload, _ in watched.told] == [Result.CUT]


def test_a_cut_that_can_t_be_answered_lets_nothing_through() -> None:
    watched = Watched(limit=1)

    def fail(_transit: Transit, _cut: Cut | Exceeded) -> Reply:
        raise RuntimeError("classified payload")

    watched.transit._on_cut = fail
    assert watched.transit.feed(b"abc") == CutOff(FAILED)


# -- the event ---------------------------------------------------------------------------------------------------------


def test_a_body_that_went_on_is_told_of_once() -> None:
    watched = Watched(length=6)
    watched.send(b"abc", b"def")
    watched.end()
    assert watched.told == []  # the forge has not answered yet
    watched.transit.answered(201)
    watched.transit.close()
    watched.transit.answered(200)
    ((upload, exceeded),) = watched.told
    assert (upload.result, upload.wire_bytes, upload.body_bytes, exceeded) == (Result.COMPLETE, 6, 6, False)
    assert upload.sha256 == "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721"
    assert (upload.response_status, upload.decision) == (201, DECISION)
    assert upload.seconds >= 0


@pytest.mark.parametrize(
    ("status", "result"), [(200, Result.COMPLETE), (399, Result.COMPLETE), (400, Result.REFUSED), (500, Result.REFUSED)]
)
def test_the_forge_s_answer_stands_in_the_event(status: int, result: Result) -> None:
    watched = Watched()
    watched.send(b"abc")
    watched.end()
    watched.transit.answered(status)
    assert [upload.result for upload, _ in watched.told] == [result]


def test_an_early_answer_waits_for_the_end() -> None:
    watched = Watched()
    watched.transit.answered(413)
    assert watched.told == []
    watched.transit.close()
    assert [(u.result, u.response_status) for u, _ in watched.told] == [(Result.ABORTED, 413)]


def test_a_stream_that_ends_before_its_body_is_aborted() -> None:
    watched = Watched(length=6)
    watched.send(b"abc")
    watched.transit.close()
    watched.transit.close()
    assert [(u.result, u.wire_bytes, u.sha256) for u, _ in watched.told] == [(Result.ABORTED, 3, None)]


def test_a_body_that_went_on_without_an_answer_is_complete() -> None:
    watched = Watched()
    watched.send(b"abc")
    watched.end()
    watched.transit.close()
    assert [u.result for u, _ in watched.told] == [Result.COMPLETE]


def test_a_cut_is_told_of_by_whoever_made_it() -> None:
    watched = Watched(limit=1)
    watched.transit.feed(b"abc")
    watched.transit.close()
    assert [cut.code for cut in watched.cuts if isinstance(cut, Cut)] == ["too-large"]
    assert watched.told == []


def test_what_is_not_told_of_stays_untold() -> None:
    watched = Watched(decision=None)
    watched.send(b"abc")
    watched.end()
    watched.transit.answered(200)
    watched.transit.close()
    assert watched.told == []


def test_too_much_for_a_limit_that_only_logs_is_said() -> None:
    watched = Watched(limit=2, over=Action.LOG)
    assert watched.send(b"abc") == b"abc"
    watched.end()
    watched.transit.close()
    assert [exceeded for _, exceeded in watched.told] == [True]


# -- under examination -------------------------------------------------------------------------------------------------


def test_a_small_body_is_judged_whole_before_its_first_byte_goes_on() -> None:
    watched = Watched(facts=Facts(), scrutiny=BLOCKING)
    assert watched.send(b"a" * 1000, b"b" * 1000) == b""
    assert isinstance(watched.transit.feed(b"secret"), CutOff)
    assert [cut.code for cut in watched.cuts if isinstance(cut, Cut)] == ["content"]
    assert watched.closed == [True]


def test_a_long_body_streams_but_its_last_chunk_waits() -> None:
    watched = Watched(facts=Facts(Malformed(reason="it is wrong")), scrutiny=BLOCKING)
    first = watched.send(b"a" * HOLD_BYTES)
    assert first == b""
    assert watched.send(b"b" * 10) == b"a" * HOLD_BYTES
    assert watched.send(b"") == b""  # nothing has come behind the last chunk
    assert watched.send(b"c") == b"b" * 10
    assert watched.send(b"d" * 70000) == b"c"
    assert isinstance(watched.transit.finish(), CutOff)
    assert [cut.code for cut in watched.cuts if isinstance(cut, Cut)] == ["malformed"]


@given(st.lists(st.binary(min_size=0, max_size=50000), max_size=12), st.booleans())
def test_what_is_examined_passes_whole(chunks: list[bytes], announced: bool) -> None:
    body = b"".join(chunks)
    facts = Facts(secret=b"never" * 20)
    watched = Watched(facts=facts, scrutiny=BLOCKING, length=len(body) if announced else None)
    before = watched.send(*chunks)
    assert not body or len(before) < len(body)
    assert before + watched.end() == body
    assert bytes(facts.seen) == body


def test_what_was_found_stands_in_the_event() -> None:
    pdf = File(path="a.pdf", size=3, kind=FileKind.PDF)
    watched = Watched(facts=Facts(pdf), scrutiny=BLOCKING)
    watched.send(b"abc")
    watched.end()
    watched.transit.answered(200)
    ((upload, _),) = watched.told
    assert upload.evidence is not None
    assert upload.evidence.files == (pdf,)
    assert [(said.action, said.rule) for said in upload.objections] == [(Action.LOG, "content/pdf")]
    assert upload.signals == ("pdf",)
    assert not upload.would_cut


def test_observe_mode_lets_through_what_it_would_cut() -> None:
    watched = Watched(facts=Facts(), scrutiny=Scrutiny(content=BLOCKING.content, observing=True))
    assert watched.send(b"secret") + watched.end() == b"secret"
    watched.transit.close()
    ((upload, _),) = watched.told
    assert upload.would_cut
    assert [said.would_block for said in upload.objections] == [True]


# -- rolling windows ---------------------------------------------------------------------------------------------------


def metered(volume: LocalVolume, size: int) -> Meter:
    limits = (Limit(per="client", seconds=3600, size=size),)
    spent = accounts(limits, client="192.0.2.1", user=None, owner=None, repository=None, approved=True)
    return Meter(volume, spent, lambda: 1000.0)


def test_a_body_is_cut_where_a_window_is_full() -> None:
    volume = LocalVolume()
    first = Watched(meter=metered(volume, 10))
    assert first.send(b"a" * 6) == b"a" * 6
    second = Watched(meter=metered(volume, 10))
    assert second.send(b"b" * 4) == b"b" * 4
    assert isinstance(second.transit.feed(b"c"), CutOff)
    assert [type(cut) for cut in second.cuts] == [Exceeded]
    assert isinstance(first.transit.feed(b"d"), CutOff)


def test_only_what_goes_on_is_counted() -> None:
    volume = LocalVolume()
    cut = Watched(meter=metered(volume, 100), facts=Facts(), scrutiny=BLOCKING)
    cut.send(b"a" * 90)
    assert isinstance(cut.transit.feed(b"secret"), CutOff)
    after = Watched(meter=metered(volume, 100), facts=Facts(), scrutiny=BLOCKING)
    assert after.send(b"a" * 100) + after.end() == b"a" * 100


# -- failures ----------------------------------------------------------------------------------------------------------


def fail(*_: object, **__: object) -> Any:
    raise RuntimeError("classified payload")


COLLABORATORS: dict[str, Callable[[pytest.MonkeyPatch, Watched], None]] = {
    "the gate at a chunk": lambda patch, _: patch.setattr(Gate, "turns", fail),
    "the gate at the end": lambda patch, _: patch.setattr(Gate, "finish", fail),
    "the inspector at a chunk": lambda patch, _: patch.setattr(Facts, "feed", fail),
    "the inspector at the end": lambda patch, _: patch.setattr(Facts, "finish", fail),
    "the judge": lambda patch, _: patch.setattr("forgewall.enforce.examination.judge_fact", fail),
    "the collector": lambda patch, _: patch.setattr("forgewall.enforce.examination.Collector.add", fail),
    "the meter": lambda patch, _: patch.setattr(Meter, "spend", fail),
    "the windows": lambda patch, _: patch.setattr(LocalVolume, "used", fail),
    "the reply to a cut": lambda patch, watched: patch.setattr(watched.transit, "_on_cut", fail),
}


@pytest.mark.parametrize("name", COLLABORATORS)
@pytest.mark.parametrize("observing", [True, False])
def test_a_failing_collaborator_lets_nothing_more_through(
    monkeypatch: pytest.MonkeyPatch, name: str, observing: bool
) -> None:
    content = ContentRules(secrets=Action.BLOCK)
    last = Malformed(reason="it is wrong") if name == "the reply to a cut" else File(path="a", size=1)
    watched = Watched(
        facts=Facts(last), scrutiny=Scrutiny(content=content, observing=observing), meter=metered(LocalVolume(), 10**6)
    )
    COLLABORATORS[name](monkeypatch, watched)
    for chunk in (b"abc", b"def"):
        assert watched.transit.feed(chunk) in (b"", CutOff(FAILED))
    assert watched.transit.finish() == CutOff(FAILED)
    assert watched.transit.feed(b"more") == CutOff(FAILED)
    assert [type(error) for error in watched.errors] == [RuntimeError]
    assert watched.closed == [True]
    assert [upload.result for upload, _ in watched.told] == [Result.CUT]
    watched.transit.close()
    assert (len(watched.told), watched.closed) == (1, [True])


def test_a_streaming_body_whose_examination_fails_gets_no_further() -> None:
    watched = Watched(facts=Facts(), scrutiny=BLOCKING)
    assert watched.send(b"a" * HOLD_BYTES, b"b") == b"a" * HOLD_BYTES
    watched.facts.feed = fail  # type: ignore[union-attr, method-assign]
    assert watched.transit.feed(b"c") == CutOff(FAILED)
    assert watched.transit.finish() == CutOff(FAILED)  # `b` never went on


def test_whoever_feeds_it_may_fail_too() -> None:
    watched = Watched(facts=Facts())
    watched.send(b"abc")
    assert watched.transit.fail(RuntimeError("the disk")) == CutOff(FAILED)
    assert watched.transit.finish() == CutOff(FAILED)
    assert [(u.result, u.wire_bytes) for u, _ in watched.told] == [(Result.CUT, 3)]
    assert watched.closed == [True]


@pytest.mark.parametrize("end", ["answered", "close", "fail"])
def test_an_event_that_can_t_be_made_keeps_nothing_open(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    watched = Watched(facts=Facts())
    watched.send(b"abc")
    if end == "answered":
        watched.end()
    monkeypatch.setattr("forgewall.enforce.examination.Collector.evidence", fail)
    if end == "fail":
        watched.transit.fail(ValueError("the disk"))
    elif end == "answered":
        watched.transit.answered(200)
    watched.transit.close()
    assert watched.told == []
    assert watched.closed == [True]
    assert [type(error) for error in watched.errors] == [ValueError, RuntimeError][end != "fail" :]


def test_a_cut_tells_nobody_but_who_makes_it_and_lets_go_once() -> None:
    watched = Watched(facts=Facts(), scrutiny=BLOCKING)
    assert watched.transit.feed(b"secret") == CutOff(CUT)
    watched.transit.answered(200)
    watched.transit.close()
    assert (watched.told, watched.closed, len(watched.cuts)) == ([], [True], 1)


@pytest.mark.parametrize("announced", [True, False])
def test_small_chunks_take_no_more_memory_than_large_ones(monkeypatch: pytest.MonkeyPatch, announced: bool) -> None:
    most = 32 * 1024
    monkeypatch.setattr("forgewall.proxy.transit.HOLD_BYTES", most)
    watched = Watched(facts=Facts(secret=b"never" * 20), length=most if announced else None)
    watched.facts.feed = lambda _data: []  # type: ignore[union-attr, method-assign]
    tracemalloc.start()
    try:
        for _ in range(most // 2):
            watched.transit.feed(b"ab")
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2 * most
    assert peak < 3 * most
    assert watched.transit.finish() == b"ab" * (most // 2)


def test_what_can_t_be_decoded_has_no_decoded_size() -> None:
    watched = Watched(limit=10, over=Action.LOG, coding="br")
    watched.send(b"abc")
    watched.transit.close()
    assert [(u.wire_bytes, u.body_bytes) for u, _ in watched.told] == [(3, None)]


def test_the_last_chunk_waits_for_a_window_too() -> None:
    volume = LocalVolume()
    watched = Watched(meter=metered(volume, 5), facts=Facts(), scrutiny=BLOCKING)
    assert watched.send(b"abcdef") == b""
    assert watched.transit.finish() == CutOff(CUT)
    assert [type(cut) for cut in watched.cuts] == [Exceeded]
    watched.transit.close()
    assert (watched.told, watched.closed) == ([], [True])
    other = Watched(meter=metered(volume, 5))
    assert other.send(b"abcde") == b"abcde"  # nothing was counted of what never went


@pytest.mark.parametrize("end", ["finished", "cut", "closed", "failed"])
def test_what_a_body_was_read_with_is_given_up_at_its_end(end: str) -> None:
    """A stream lives on in cycles until the next collection; a pack's names may be megabytes."""
    facts = Facts()
    watched = Watched(facts=facts, limit=10)
    read_with = weakref.ref(facts)
    watched.facts = None
    del facts
    watched.send(b"12345")
    assert read_with() is not None
    if end == "finished":
        watched.end()
    elif end == "cut":
        assert isinstance(watched.transit.feed(b"123456"), CutOff)
    elif end == "failed":
        watched.transit.fail(RuntimeError())
    else:
        watched.transit.close()
    assert read_with() is None
    watched.transit.close()
    assert watched.transit.upload(Result.COMPLETE).evidence is not None
    assert isinstance(watched.transit.feed(b"1"), CutOff)

"""A body on its way: nothing beyond its limit, its last byte only at its end, and one event about it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record.samples import decision

from forgewall.enforce.gate import Cut, Gate
from forgewall.enforce.reply import Reply
from forgewall.model import Action
from forgewall.proxy.transit import HEAD_BYTES, CutOff, Transit
from forgewall.record.event import Decision, Result, Upload

CUT = Reply(status=413, headers=(), body=b"cut")
FAILED = Reply(status=503, headers=(), body=b"failed")


DECISION = decision()


@dataclass
class Watched:
    """A transit and what it told."""

    limit: int | None = None
    over: Action = Action.BLOCK
    coding: str | None = None
    length: int | None = None
    keep_head: bool = False
    decision: Decision | None = DECISION
    told: list[tuple[Upload, bool]] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.transit = Transit(
            gate=Gate(limit=self.limit, over=self.over, content_encoding=self.coding),
            decision=self.decision,
            content_length=self.length,
            keep_head=self.keep_head,
            on_cut=self.cut,
            on_error=self.fail,
            record=lambda upload, exceeded: self.told.append((upload, exceeded)),
        )

    def cut(self, transit: Transit, cut: Cut) -> Reply:
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
    assert [cut.code for cut in torn.cuts] == ["encoding"]


def test_a_body_that_unpacks_beyond_its_limit_is_cut() -> None:
    watched = Watched(limit=99, coding="gzip")
    assert isinstance(watched.transit.feed(gzip.compress(b"x" * 100)), CutOff)


class Broken(Gate):
    """A gate that fails."""

    def feed(self, chunk: bytes) -> Cut:
        raise RuntimeError("secret payload")

    def finish(self) -> Cut:
        raise RuntimeError("secret payload")


def test_a_gate_that_fails_lets_nothing_through() -> None:
    watched = Watched()
    watched.transit.gate = Broken(limit=None, over=Action.BLOCK, content_encoding=None)
    assert watched.transit.feed(b"abc") == CutOff(FAILED)
    assert watched.transit.finish() == CutOff(FAILED)
    assert [type(error) for error in watched.errors] == [RuntimeError] * 2
    watched.transit.close()
    assert [upload.result for upload, _ in watched.told] == [Result.ABORTED]


def test_a_cut_that_can_t_be_answered_lets_nothing_through() -> None:
    watched = Watched(limit=1)

    def fail(_transit: Transit, _cut: Cut) -> Reply:
        raise RuntimeError("secret payload")

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
    assert [(u.result, u.wire_bytes) for u, _ in watched.told] == [(Result.ABORTED, 3)]


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
    assert [cut.code for cut in watched.cuts] == ["too-large"]
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


# -- the head of a push ------------------------------------------------------------------------------------------------


@given(CHUNKS)
def test_the_beginning_is_kept_where_a_reply_will_need_it(chunks: list[bytes]) -> None:
    body = b"".join(chunks)
    kept, other = Watched(keep_head=True), Watched()
    kept.send(*chunks)
    other.send(*chunks)
    assert (kept.transit.head, other.transit.head) == (body, b"")


def test_no_more_than_the_beginning_is_kept() -> None:
    watched = Watched(keep_head=True)
    watched.send(b"a" * (HEAD_BYTES - 1), b"bc", b"d" * HEAD_BYTES)
    assert watched.transit.head == b"a" * (HEAD_BYTES - 1) + b"b"


def test_the_chunk_that_is_cut_stands_in_the_head() -> None:
    watched = Watched(limit=2, keep_head=True)
    watched.transit.feed(b"abc")
    assert watched.transit.head == b"abc"

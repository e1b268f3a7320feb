"""Answers that teach: they go on as they came, whatever comes of them, and what they teach is known before."""

from __future__ import annotations

import gc
import gzip
from dataclasses import dataclass, field

import pytest

from forgewall.enforce.reply import Reply
from forgewall.learn.lesson import MAX_ANSWER, Fact, Headers, VisibilityFact
from forgewall.model import Visibility
from forgewall.proxy.answer_hold import Release
from forgewall.proxy.lessons import Room, TaughtAnswer
from forgewall.proxy.shares import Shares

FACT = VisibilityFact(key="github.com/acme/api", visibility=Visibility.PRIVATE)
NO = Reply(status=403, headers=(), body=b"no")


@dataclass
class Words:
    """A lesson that teaches `FACT` and keeps what it was shown."""

    wants: bool = True
    shown: list[bytes] = field(default_factory=list)
    breaks: str = ""

    def reads(self, status: int, headers: Headers) -> bool:
        if self.breaks == "reads":
            raise RuntimeError("no")
        return self.wants

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        if self.breaks == "facts":
            raise RuntimeError("no")
        self.shown.append(body)
        return (FACT,)


@dataclass
class Opening(Words):
    """A lesson that needs the first 100 bytes, or what stands before `|`."""

    opening: int = 100
    end: bytes = b"|>"


class Other:
    """Another reader of the same answer."""

    takes_gzip = False

    def __init__(self, begun: bool | Reply) -> None:
        self.begun = begun

    def begin(self, status: int, headers: Headers) -> bool | Reply:
        return self.begun

    def feed(self, data: bytes) -> Release | None:
        return Release(b"other:" + data)

    def finish(self) -> Release:
        return Release(b"other")


def taught(
    words: Words, other: Other | None = None, shares: Shares | None = None
) -> tuple[TaughtAnswer, list[Fact], list[Exception]]:
    facts: list[Fact] = []
    faults: list[Exception] = []
    room = Room(shares or Shares(4 * MAX_ANSWER), "192.0.2.1")
    return TaughtAnswer(words, facts.extend, faults.append, room, other), facts, faults


def test_an_answer_goes_on_as_it_came_and_is_read_decoded() -> None:
    words, body = Words(), gzip.compress(b'{"id":1}')
    answer, facts, _ = taught(words)
    assert answer.begin(200, (("content-encoding", "gzip"),)) is True
    assert answer.feed(body[:5]) is None
    assert answer.feed(body[5:]) is None
    assert facts == []
    assert answer.finish() == Release(body)
    assert words.shown == [b'{"id":1}']
    assert facts == [FACT]


def test_an_answer_that_need_not_be_read_teaches_by_its_head() -> None:
    words = Words(wants=False)
    answer, facts, _ = taught(words)
    assert answer.begin(301, ()) is False
    assert (words.shown, facts) == ([b""], [FACT])


def test_a_long_answer_is_let_go() -> None:
    words = Words()
    answer, _, _ = taught(words)
    answer.begin(200, ())
    assert answer.feed(b"x" * MAX_ANSWER) is None
    assert answer.feed(b"y") == Release(b"x" * MAX_ANSWER + b"y")
    assert words.shown == [b""]


@pytest.mark.parametrize("coding", ["", "gzip"])
@pytest.mark.parametrize("body", [b"a title|>" + b"x" * 5_000, b"|>", b"z" * 3_000, b"short", b""])
def test_the_beginning_is_not_held_longer_than_it_is_needed(coding: str, body: bytes) -> None:
    words = Opening()
    answer, facts, _ = taught(words)
    headers = (("content-encoding", coding),) if coding else ()
    assert answer.begin(200, (*headers, ("content-length", str(2 * MAX_ANSWER)))) is True
    wire = gzip.compress(body, 0) if coding else body
    released = None
    for at in range(len(wire)):
        released = answer.feed(wire[at : at + 1])
        if released is not None:
            assert released == Release(wire[: at + 1])
            break
    if released is None:
        assert answer.finish() == Release(wire)
    (shown,) = words.shown
    assert body.startswith(shown)
    assert len(shown) >= min(100, len(body), body.index(b"|>") + 2 if b"|>" in body else 100)
    assert len(shown) <= max(100, len(body) if coding else 0)
    assert facts == [FACT]


@pytest.mark.parametrize(("length", "held"), [(str(MAX_ANSWER), True), (str(MAX_ANSWER + 1), False), ("9" * 30, False)])
def test_one_that_says_that_it_is_long_is_never_held(length: str, held: bool) -> None:
    words = Words()
    answer, _, _ = taught(words)
    assert answer.begin(200, (("content-length", length),)) is held
    assert words.shown == ([] if held else [b""])


@pytest.mark.parametrize("length", ["", "x", "-1", "\u0669"])
def test_an_odd_length_says_nothing(length: str) -> None:
    answer, _, _ = taught(Words())
    assert answer.begin(200, (("content-length", length),)) is True


@pytest.mark.parametrize("kind", [Words, Opening])
@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip"])
def test_one_in_a_coding_that_cannot_be_undone_is_never_held(coding: str, kind: type[Words]) -> None:
    words = kind()
    answer, facts, _ = taught(words)
    assert answer.begin(200, (("content-encoding", coding),)) is False
    assert (words.shown, facts) == ([b""], [FACT])


def test_an_answer_without_room_goes_on_unread_and_all_room_is_given_back() -> None:
    shares, words = Shares(1000), Words()
    first, *_ = taught(words, shares=shares)
    second, facts, _ = taught(words, shares=shares)
    first.begin(200, ())
    second.begin(200, ())
    assert first.feed(b"x" * 500) is None
    assert second.feed(b"y") == Release(b"y")
    assert facts == [FACT]
    assert shares.free == 500
    first.finish()
    assert shares.free == 1000


def test_a_connection_that_breaks_off_holds_nothing() -> None:
    shares = Shares(1000)
    answer, *_ = taught(Words(), shares=shares)
    answer.begin(200, ())
    answer.feed(b"x" * 400)
    assert shares.free == 600
    del answer
    gc.collect()
    assert shares.free == 1000


def test_one_that_unfolds_too_far_teaches_nothing_by_its_body() -> None:
    words = Words()
    answer, _, _ = taught(words)
    answer.begin(200, (("content-encoding", "gzip"),))
    packed = gzip.compress(b"x" * (MAX_ANSWER + 1))
    answer.feed(packed)
    assert answer.finish() == Release(packed)
    assert words.shown == [b""]


@pytest.mark.parametrize("place", ["reads", "facts"])
def test_a_failure_breaks_no_answer(place: str) -> None:
    answer, facts, faults = taught(Words(breaks=place))
    if answer.begin(200, ()):
        answer.feed(b"body")
        assert answer.finish() == Release(b"body")
    assert facts == [FACT] * (place == "reads")
    assert [type(fault) for fault in faults] == [RuntimeError]


@pytest.mark.parametrize("begun", [True, NO])
def test_another_reader_keeps_its_say(begun: bool | Reply) -> None:
    words = Words()
    answer, facts, _ = taught(words, Other(begun))
    assert answer.begin(200, ()) == begun
    assert (words.shown, facts) == ([b""], [FACT])
    assert answer.feed(b"data") == Release(b"other:data")
    assert answer.finish() == Release(b"other")
    assert answer.takes_gzip is False


def test_a_reader_that_wants_nothing_leaves_the_answer_to_the_lesson() -> None:
    words = Words()
    answer, _, _ = taught(words, Other(False))
    assert answer.begin(200, ()) is True
    assert answer.feed(b"data") is None
    assert answer.finish() == Release(b"data")
    assert words.shown == [b"data"]

"""Facts judged one by one: the first block ends it, what is only logged is kept within bounds, all is summed up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.content import judge_fact
from forgewall.enforce import examination as room
from forgewall.enforce.examination import FILE_PART, MAX_OBJECTIONS, PART, Examination
from forgewall.enforce.gate import Cut, Gate, Passed
from forgewall.evidence import Fact, File, FileKind, Malformed, Secret, Unread
from forgewall.inspect.collector import Collector
from forgewall.inspect.heading import Heading
from forgewall.inspect.upload import FileInspector
from forgewall.model import Action, ContentRules, Scrutiny
from forgewall.turns import Turns

PDF = File(path="a.pdf", size=3, kind=FileKind.PDF)
ARCHIVE = File(path="a.zip", size=5, kind=FileKind.ARCHIVE)
PLAIN = File(path="a.txt", size=7, kind=FileKind.TEXT)
SECRET = Secret(rule="some-key", mask="abcd…(20)", fingerprint="0123456789abcdef", path="a.py", line=3)
WRONG = Malformed(reason="it is wrong")
UNREAD = Unread(reason="there was too much of it")
RULES = ContentRules(secrets=Action.LOG, kinds=((FileKind.PDF, Action.LOG), (FileKind.ARCHIVE, Action.BLOCK)), paths=())


class Told:
    """An inspector that tells prepared facts; `fed` is how many of them anybody has taken."""

    def __init__(self, *batches: Iterable[Fact], last: Iterable[Fact] = ()) -> None:
        self.batches = list(batches)
        self.last = last
        self.fed = 0

    def feed(self, data: bytes) -> Iterator[Fact]:
        return self._each(self.batches.pop(0) if self.batches else ())

    def finish(self) -> Iterator[Fact]:
        return self._each(self.last)

    def _each(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        for fact in facts:
            self.fed += 1
            yield fact


def examination(told: Told, *, observing: bool = False, content: ContentRules = RULES) -> Examination:
    return Examination(told, Scrutiny(content=content, observing=observing))


def test_what_no_rule_speaks_of_passes_and_is_summed_up() -> None:
    seen = examination(Told([PLAIN], last=[PLAIN]))
    assert seen.feed(b"x") is None
    assert seen.finish() is None
    assert (seen.evidence.file_count, seen.evidence.file_bytes) == (2, 14)
    assert (seen.objections, seen.objection_count, seen.blocked, seen.would_cut) == ([], 0, None, False)


def test_a_block_cuts_at_once_and_no_further_fact_is_asked_for() -> None:
    told = Told([PDF, ARCHIVE, SECRET], last=[WRONG])
    seen = examination(told)
    cut = seen.feed(b"x")
    assert cut == Cut("content", "a.zip is an archive, and the policy doesn't let it be uploaded")
    assert told.fed == 2
    assert seen.blocked is not None
    assert (seen.blocked.action, seen.blocked.signal, seen.blocked.reason) == (Action.BLOCK, "archives", cut.reason)
    assert [(said.action, said.signal) for said in seen.objections] == [(Action.LOG, "pdf"), (Action.BLOCK, "archives")]
    assert (seen.evidence.file_count, seen.evidence.secret_count) == (2, 0)


@pytest.mark.parametrize("fact", [ARCHIVE, WRONG])
def test_a_block_at_the_end_cuts_too(fact: Fact) -> None:
    seen = examination(Told([PDF], last=[fact]))
    assert seen.feed(b"x") is None
    cut = seen.finish()
    assert isinstance(cut, Cut)
    assert cut.code == ("malformed" if fact is WRONG else "content")


def test_observe_mode_cuts_only_what_is_malformed() -> None:
    seen = examination(Told([ARCHIVE, PDF], last=[WRONG]), observing=True)
    assert seen.feed(b"x") is None
    assert [(said.action, said.would_block) for said in seen.objections] == [(Action.LOG, True), (Action.LOG, False)]
    assert (seen.would_cut, seen.blocked) == (True, None)
    assert seen.finish() == Cut("malformed", "it is wrong")


def test_a_part_that_can_t_be_read_blocks_where_anything_blocks() -> None:
    assert isinstance(examination(Told([UNREAD])).feed(b"x"), Cut)
    logging = examination(Told([UNREAD]), content=ContentRules())
    assert logging.feed(b"x") is None
    assert [said.signal for said in logging.objections] == ["unread"]
    assert logging.evidence.unread == (UNREAD.reason,)


FACTS = st.lists(st.sampled_from([PDF, ARCHIVE, PLAIN, SECRET, WRONG, UNREAD]), max_size=80)


@given(st.lists(FACTS, max_size=4), FACTS, st.booleans())
def test_it_says_what_judging_each_fact_alone_says(
    batches: list[list[Fact]], last: list[Fact], observing: bool
) -> None:
    scrutiny = Scrutiny(content=RULES, observing=observing)
    seen = Examination(Told(*batches, last=last), scrutiny)
    expected, said, blocked = Collector(), [], None
    for fact in (fact for batch in (*batches, last) for fact in batch):
        if blocked is None:
            expected.add(fact)
            objection = judge_fact(scrutiny, fact)
            said += [objection] if objection is not None else []
            blocked = objection if objection is not None and objection.action is Action.BLOCK else None
    cut = None
    for _ in batches:
        cut = cut or seen.feed(b"x")
    cut = cut or seen.finish()
    assert (cut is not None) == (blocked is not None)
    assert seen.blocked == blocked
    assert seen.evidence == expected.evidence()
    assert seen.objection_count == len(said)
    assert len(seen.objections) == min(len(said), MAX_OBJECTIONS)
    assert seen.would_cut == any(objection.would_block for objection in said)
    assert blocked is None or blocked in seen.objections


@pytest.mark.parametrize("observing", [True, False])
def test_what_cut_it_or_would_have_is_never_the_one_left_out(observing: bool) -> None:
    told = Told([*[PDF] * (MAX_OBJECTIONS + 10), ARCHIVE, PDF, ARCHIVE])
    seen = examination(told, observing=observing)
    cut = seen.feed(b"x")
    assert (cut is None) is observing
    assert len(seen.objections) == MAX_OBJECTIONS
    assert seen.objections[-1].signal == "archives"
    assert seen.objection_count == MAX_OBJECTIONS + (13 if observing else 11)
    assert seen.would_cut is observing


def fail(*_: object) -> Any:
    raise RuntimeError("classified payload")


@pytest.mark.parametrize("place", ["judge", "collector", "inspector", "facts"])
@pytest.mark.parametrize("observing", [True, False])
def test_a_failure_lets_nothing_of_the_gate_s_chunk_through(
    monkeypatch: pytest.MonkeyPatch, place: str, observing: bool
) -> None:
    told = Told([PLAIN])
    if place == "judge":
        monkeypatch.setattr(room, "judge_fact", fail)
    elif place == "collector":
        monkeypatch.setattr(room.Collector, "add", fail)
    elif place == "inspector":
        told.feed = fail  # type: ignore[method-assign]
    else:
        told.batches = [(fail() for _ in range(1))]
    seen = examination(told, observing=observing)
    gate = Gate(limit=None, over=Action.LOG, content_encoding=None, sink=seen.feed)
    with pytest.raises(RuntimeError):
        gate.feed(b"abc")
    assert not isinstance(gate.feed(b"def"), Passed)
    assert gate.released_bytes == 0


class Parts(Told):
    """An inspector that remembers the sizes it was fed."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def feed(self, data: bytes) -> Iterator[Fact]:
        self.sizes.append(len(data))
        return iter(())


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1, 10 * PART - 1])
def test_an_inspector_gets_a_part_at_each_turn(size: int) -> None:
    told = Parts()
    for taken, _ in enumerate(examination(told).turns(bytes(size)), 1):
        assert len(told.sizes) == taken
    assert sum(told.sizes) == size
    assert max(told.sizes, default=0) <= PART


def test_a_patient_inspector_takes_its_own_turns() -> None:
    class Slow(Told):
        def turns(self, data: bytes) -> Turns[Iterable[Fact]]:
            for _ in range(4):
                yield
            return [ARCHIVE] if data == b"bad" else [PLAIN]

    seen = examination(Slow())
    assert len([*seen.turns(b"x" * PART * 3)]) == 4
    cut = seen.feed(b"bad")
    assert cut is not None
    assert seen.blocked is not None
    assert seen.evidence.file_count == 2


def test_a_file_that_is_the_body_is_given_more_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(FileInspector, "feed", lambda _self, data: sizes.append(len(data)) or [])
    assert Examination(FileInspector(Heading(), None), Scrutiny()).feed(bytes(FILE_PART + 1)) is None
    assert sizes == [FILE_PART, 1]

"""An admitted body under examination: its inspector's facts, judged one by one as they come, and summed up.

The gate shows it the decoded bytes before it releases them, so that a fact the policy blocks cuts the upload before
the bytes that prove it have gone. What is only logged is kept for the event. Not here: counting (`gate`), reading
(`inspect`), and what the policy says of a fact (`decide.content`).
"""

from __future__ import annotations

from collections.abc import Iterable

from forgewall.decide.content import judge_fact
from forgewall.decide.objection import Objection
from forgewall.enforce.gate import Cut
from forgewall.evidence import Evidence, Fact, RefUpdate
from forgewall.inspect.collector import Collector
from forgewall.inspect.inspector import Inspector, Patient
from forgewall.inspect.lfs_object import LfsObjectInspector
from forgewall.inspect.upload import FileInspector
from forgewall.model import Action, Scrutiny
from forgewall.turns import Turns, at_once

MAX_OBJECTIONS = 50
"""How many objections are kept; further ones are counted."""


PART, FILE_PART = 16 * 1024, 64 * 1024
"""Bytes that an inspector gets at once, and that one of a body that is a file does.

A document of tokens takes a microsecond for each of its bytes, or two.
"""


class Examination:
    """One body's. `feed` is the gate's sink; `blocked` is the objection that cut the upload."""

    __slots__ = ("_collector", "_inspector", "_scrutiny", "_unsaid", "blocked", "objection_count", "objections")

    def __init__(self, inspector: Inspector, scrutiny: Scrutiny, unsaid: RefUpdate | None = None) -> None:
        """`unsaid` is the ref that changes if the body names none."""
        self._inspector: Inspector | None = inspector
        self._unsaid = unsaid
        self._scrutiny = scrutiny
        self._collector = Collector()
        self.objections: list[Objection] = []
        self.objection_count = 0
        self.blocked: Objection | None = None

    def feed(self, piece: bytes) -> Cut | None:
        """What the next decoded bytes lead to. Nothing can be fed after `finish` or `close`."""
        return at_once(self.turns(piece))

    def turns(self, piece: bytes) -> Turns[Cut | None]:
        """As `feed`, in turns."""
        inspector = self._inspector
        assert inspector is not None
        if isinstance(inspector, Patient):
            return self._judge((yield from inspector.turns(piece)))
        part = FILE_PART if isinstance(inspector, FileInspector | LfsObjectInspector) else PART
        for start in range(0, len(piece), part):
            cut = self._judge(inspector.feed(piece[start : start + part]))
            if cut is not None:
                return cut
            yield
        return None

    def finish(self) -> Cut | None:
        """The body has ended: whether its message may be ended too."""
        assert self._inspector is not None
        cut = self._judge(self._inspector.finish())
        if cut is None and self._unsaid is not None:
            cut = self._judge((self._unsaid,))
        self.close()
        return cut

    def close(self) -> None:
        """Nothing more will be fed: give up what it was read with, which may be megabytes. What was found stays."""
        self._inspector = None

    @property
    def evidence(self) -> Evidence:
        """What was found so far."""
        return self._collector.evidence()

    @property
    def would_cut(self) -> bool:
        """Whether the body goes on only because of observe mode."""
        return any(objection.would_block for objection in self.objections)

    def _judge(self, facts: Iterable[Fact]) -> Cut | None:
        for fact in facts:
            self._collector.add(fact)
            if isinstance(fact, RefUpdate):
                self._unsaid = None
            objection = judge_fact(self._scrutiny, fact)
            if objection is None:
                continue
            self._note(objection)
            if objection.action is Action.BLOCK:
                self.blocked = objection
                return Cut(objection.code, objection.reason)
        return None

    def _note(self, objection: Objection) -> None:
        self.objection_count += 1
        if len(self.objections) < MAX_OBJECTIONS:
            self.objections.append(objection)
        elif objection.action is Action.BLOCK or (objection.would_block and not self.would_cut):
            self.objections[-1] = objection  # what cut it, or would have, is never the one left out

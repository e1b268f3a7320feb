"""Who descends from whom among a pack's commits, to tell whether an update keeps the old history.

A pack holds what the forge lacks, so a walk from the new commit ends at parents outside of the pack. If the old commit
is met as one of these, or inside, nothing is lost. If it isn't, the pack doesn't show that the update is a
fast-forward: either history is rewritten, or the new commits stand on another branch that the forge has already.
Not here: objects that aren't commits, other than the tags that point to them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from forgewall.inspect.oids import OidIndex

COMMITS = 200_000
"""Most ids that are remembered, of commits and parents together."""
STEPS = 2_000_000
"""Most edges walked for all updates of one push."""


class Ancestry:
    """Parents of the commits so far. `whole` is False where there was no room for all of them."""

    __slots__ = ("_at", "_edges", "_ids", "_steps", "whole")

    def __init__(self, width: int, *, commits: int = COMMITS, steps: int = STEPS) -> None:
        self._ids = OidIndex(width, commits)
        self._at = array("I")  # by number: where its edges begin, plus one; 0 for an id outside of the pack
        self._edges = array("I")  # how many, then the numbers of the parents
        self._steps = steps
        self.whole = True

    def add(self, oid: bytes, parents: Iterable[bytes]) -> None:
        """A commit, or a tag with what it points to for a parent."""
        numbers = [self._number(name) for name in (oid, *parents)]
        if min(numbers) < 0:
            self.whole = False
            return
        self._at[numbers[0]] = len(self._edges) + 1
        self._edges.append(len(numbers) - 1)
        self._edges.extend(numbers[1:])

    def _number(self, oid: bytes) -> int:
        number = self._ids.number(oid)
        if number == len(self._at):
            self._at.append(0)
        return number

    def keeps(self, old: bytes, new: bytes) -> bool | None:
        """Whether the walk from `new` meets `old`; None if `new` isn't in the pack, or walks were too many."""
        start, goal = self._ids.find(new), self._ids.find(old)
        if start < 0 or not self._at[start]:
            return None
        if start == goal:
            return True
        seen = bytearray(len(self._at))
        seen[start] = 1
        waiting = array("I", (start,))
        while waiting:
            begin = self._at[waiting.pop()]
            if not begin:
                continue
            count = self._edges[begin - 1]
            self._steps -= count + 1
            if self._steps < 0:
                self.whole = False
                return None
            for parent in self._edges[begin : begin + count]:
                if parent == goal:
                    return True
                if not seen[parent]:
                    seen[parent] = 1
                    waiting.append(parent)
        return False

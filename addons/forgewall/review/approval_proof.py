"""What makes an edited policy a good one: it can be loaded, its own tests pass, the linter has nothing new to say; and
what of the log would come out otherwise. Nothing is written here.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from forgewall.decide.lint import warnings
from forgewall.decide.load import Loaded, load
from forgewall.decide.policy import Policy
from forgewall.decide.remark import Code
from forgewall.decide.trial import A_TEST
from forgewall.errors import ForgewallError, PolicyError, Problem
from forgewall.record.pseudonym import Pseudonyms
from forgewall.review.filters import Filters
from forgewall.review.preview import Replayed
from forgewall.review.recorded import Recorded
from forgewall.review.replay import replay
from forgewall.review.store import Store

LOOKED_BACK = timedelta(days=30)
"""So much of the log is judged anew for a preview."""
MOST = 100_000
"""Decisions that are judged anew at most, the newest first; `forgewall replay` knows no such bound."""

_ADVICE = "\nwhere a test says what is no longer wanted, change it first; the line of the test is named"
_LINE = re.compile(r"\bline \d+")
_OF_NEW = frozenset({Code.UNTESTED.value, Code.EXPIRING.value})
"""What is said of every entry that is written here; the preview shows when it ends."""


class UnfitError(ForgewallError):
    """The edited policy isn't good, so nothing is written. `problems` tell why, with places in the edited text."""

    exit_code = 1

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        told = "\n".join(f"  {problem}" for problem in problems)
        contradicted = any(problem.message.startswith(A_TEST) for problem in problems)
        advice = _ADVICE if contradicted else ""
        super().__init__(f"the policy would not be good any more, so nothing was written:\n{told}{advice}")


def proven(text: str, file: str, now: datetime) -> Loaded:
    """The edited policy. Raises UnfitError with everything that is wrong, its own tests that fail included."""
    try:
        return load(text, file, now)
    except PolicyError as error:
        raise UnfitError(error.problems) from None


def new_complaints(old: Loaded, new: Loaded, now: datetime, written: Collection[int]) -> tuple[Problem, ...]:
    """What the linter says of `new` and not of `old`. `written` are the new lines."""
    known = Counter(map(_sense, warnings(old, now)))
    found = []
    for problem in warnings(new, now):
        if known[_sense(problem)] > 0:
            known[_sense(problem)] -= 1
        elif problem.code not in _OF_NEW or problem.line not in written:
            found.append(problem)
    return tuple(found)


def replayed(
    store: Store | None,
    old: Policy,
    new: Policy,
    now: datetime,
    *,
    names: Pseudonyms | None = None,
    progress: Callable[[int], None] | None = None,
) -> Replayed:
    """What of the decisions of the last days would come out otherwise if all were asked `now`."""
    if store is None:
        return Replayed(judged=0, unjudged=0, changed=0, changes=(), seconds=0.0)
    recorded = _Bounded(store.recorded(Filters(since=now - LOOKED_BACK), newest_first=True))
    found = replay(recorded, new, old=old, at=now, names=names, progress=progress)
    if not recorded.cut:
        return found
    said = f"only the newest {MOST:,} decisions were judged anew; `forgewall replay` judges all"
    return replace(found, warnings=(*found.warnings, said))


class _Bounded:
    """The first decisions of many. `cut`: there are more, which is known when these have been read."""

    def __init__(self, recorded: Iterator[Recorded]) -> None:
        self._recorded = recorded
        self.cut = False

    def __iter__(self) -> Iterator[Recorded]:
        yield from itertools.islice(self._recorded, MOST)
        self.cut = next(self._recorded, None) is not None


def _sense(problem: Problem) -> tuple[str, str, str]:
    """A complaint without its place, which moves when lines come and go."""
    return problem.code, _LINE.sub("line", problem.message), _LINE.sub("line", problem.hint)

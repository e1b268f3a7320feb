"""What recorded decisions come to under another policy: the engine of the proxy, asked again.

With the policy that was in force then, and at the time of then, every decision comes out as it did; what the log can't
show again isn't judged but counted (`replay_judge`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from forgewall.decide.policy import Policy
from forgewall.model import Verdict
from forgewall.record.pseudonym import Pseudonyms
from forgewall.review.preview import Outcome, Replayed
from forgewall.review.recorded import Recorded
from forgewall.review.replay_changes import Changes, outcome, recorded_outcome
from forgewall.review.replay_judge import STAND_IN, Judge
from forgewall.review.stand_ins import StandIns, is_stand_in

STEP = 5_000
"""Decisions between two words of progress."""


def replay(
    recorded: Iterable[Recorded],
    new: Policy,
    *,
    old: Policy | None = None,
    at: datetime | None = None,
    names: Pseudonyms | None = None,
    progress: Callable[[int], None] | None = None,
) -> Replayed:
    """What of `recorded` comes out otherwise under `new` than under `old`, or than it did (None).

    Each is judged at its own time, or all at `at` (aware). `names` is the key of the log's directory
    (`stand_ins.read_key`), for logs that don't hold users' names. `progress` is told now and then how many were read.
    """
    started = time.perf_counter()
    policies = (new,) if old is None else (old, new)
    judge = Judge(policies, at=at, names=StandIns(names, policies))
    changes = Changes(lambda one: _pair(one, judge.exactly(one)))
    unjudged: Counter[str] = Counter()
    read = judged = 0
    hidden = False
    for one in recorded:
        read += 1
        if progress is not None and not read % STEP:
            progress(read)
        said = judge.judge(one)
        if isinstance(said, str):
            unjudged[said] += 1
            continue
        judged += 1
        hidden = hidden or is_stand_in(one.subject.user)
        before = said[0] if old is not None else one
        after = said[-1]
        if before.action is not after.action or before.would_action is not after.would_action:
            changes.add(one, before, after)
    if progress is not None:
        progress(read)
    return Replayed(
        judged=judged,
        unjudged=unjudged.total(),
        changed=changes.count,
        changes=changes.listed(),
        seconds=time.perf_counter() - started,
        why_unjudged=tuple(unjudged.most_common()),
        warnings=tuple(_warnings(unjudged, hidden=hidden, known=names is not None)),
    )


def _pair(one: Recorded, said: tuple[Verdict, ...]) -> tuple[Outcome, Outcome]:
    return (recorded_outcome(one) if len(said) == 1 else outcome(said[0])), outcome(said[-1])


def _warnings(unjudged: Counter[str], *, hidden: bool, known: bool) -> list[str]:
    """What makes the result less certain than it looks."""
    found = []
    if count := unjudged[STAND_IN]:
        why = (
            "several names of the policy differ in case only, which stand-ins don't tell"
            if known
            else "the key of their stand-ins (pseudonym.key beside the log) can't be read"
        )
        found.append(f"{count:,} decisions on users whose names the log doesn't hold weren't judged: {why}")
    if hidden and known:
        found.append("users whose names the log doesn't hold were compared without regard to case")
    return found

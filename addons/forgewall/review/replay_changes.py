"""Recorded decisions that come out otherwise, put together by address, operation and outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from forgewall.model import Action, Verdict
from forgewall.review.preview import Change, Outcome
from forgewall.review.recorded import Recorded

MAX_PEOPLE = 5


class Turn(StrEnum):
    """Which way a decision turns."""

    LETS_THROUGH = "lets through"  # what the policy objected to, or objects to no more
    BLOCKS = "blocks"  # what it let pass, or would block where it only logged that it would
    MARKS = "only logs otherwise"


def turn(change: Change) -> Turn:
    """Which way `change` goes."""
    before, after = _strictness(change.before), _strictness(change.after)
    if max(before, after) < _OBJECTS:
        return Turn.MARKS
    return Turn.LETS_THROUGH if after < before else Turn.BLOCKS


def same(before: Outcome, after: Outcome) -> bool:
    """Whether a request fares alike by both; by which rule and why may differ."""
    return before.action is after.action and before.would_block == after.would_block


def outcome(verdict: Verdict) -> Outcome:
    """What `verdict` means for a request."""
    return Outcome(
        action=verdict.action,
        would_block=verdict.would_action is Action.BLOCK,
        code=verdict.code,
        rule=verdict.rule,
        reason=verdict.reason,
    )


def recorded_outcome(one: Recorded) -> Outcome:
    """What was said of `one` then."""
    return Outcome(
        action=one.action,
        would_block=one.would_action is Action.BLOCK,
        code=one.code,
        rule=one.rule,
        reason=one.reason,
    )


_OBJECTS = 2


def _strictness(said: Outcome) -> int:
    if said.action is Action.BLOCK:
        return 3
    return _OBJECTS if said.would_block else int(said.action is Action.LOG)


@dataclass(slots=True, kw_only=True)
class _Group:
    newest: Recorded
    first_seen: datetime
    count: int
    people: dict[str, int]


class Changes:
    """Collects changes; `pair` gives the outcomes of a decision with its own numbers in the reasons."""

    def __init__(self, pair: Callable[[Recorded], tuple[Outcome, Outcome]]) -> None:
        self._pair = pair
        self._groups: dict[object, _Group] = {}
        self.count = 0

    def add(self, one: Recorded, before: Verdict | Recorded, after: Verdict) -> None:
        """Count `one`, of which `before` was said and `after` would be."""
        self.count += 1
        target = one.target
        assert target is not None
        # By the enums' own values: to hash a member takes ten times as long, and this is done for each decision.
        key = (
            *(target.key or target.host, target.operation._value_),
            *(before.action._value_, before.would_action is None, before.code, before.rule),
            *(after.action._value_, after.would_action is None, after.code, after.rule),
        )
        group = self._groups.get(key)
        person = one.subject.user or one.subject.client
        if group is None:
            self._groups[key] = _Group(newest=one, first_seen=one.time, count=1, people={person: 1})
            return
        group.count += 1
        group.people[person] = group.people.get(person, 0) + 1
        if one.time < group.first_seen:
            group.first_seen = one.time
        elif (one.time, one.event_id) > (group.newest.time, group.newest.event_id):
            group.newest = one

    def listed(self) -> tuple[Change, ...]:
        """All, the most frequent first; of equally frequent ones the one seen last."""
        groups = sorted(self._groups.values(), key=lambda group: (group.count, group.newest.time), reverse=True)
        return tuple(self._change(group) for group in groups)

    def _change(self, group: _Group) -> Change:
        address, operation = _place(group.newest)
        before, after = self._pair(group.newest)
        return Change(
            address=address,
            operation=operation,
            before=before,
            after=after,
            count=group.count,
            people=tuple(person for person, _ in Counter(group.people).most_common(MAX_PEOPLE)),
            people_count=len(group.people),
            first_seen=group.first_seen,
            last_seen=group.newest.time,
            event_id=group.newest.event_id,
        )


def _place(one: Recorded) -> tuple[str, str]:
    """The address, or the host where none is certain, and the operation."""
    assert one.target is not None
    return one.target.address or one.target.host, one.target.operation.value

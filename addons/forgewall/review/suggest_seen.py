"""What people did at addresses that nothing approves, added up address by address: the material of a suggestion.

Each repository of a request is judged alone, as if the policy blocked whatever it doesn't approve: an observing policy
objects here, too. What to make of it is `suggest_doubt` and `suggest_choice`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from forgewall.decide.parts import Part, main_part, second_part
from forgewall.decide.policy import Policy
from forgewall.model import Action, Effect, Mode, Operation, Target, Verdict, Visibility
from forgewall.record.pseudonym import Pseudonyms
from forgewall.review.recorded import Recorded
from forgewall.review.replay_judge import CONTENT, Judge
from forgewall.review.row import Row
from forgewall.review.stand_ins import StandIns

EXAMPLES = 3
_MOST_EXAMPLES = 50


@dataclass(slots=True)
class Use:
    """How much something was used: by whom, on which UTC days, how often, and the newest events of it."""

    count: int = 0
    people: Counter[str] = field(default_factory=Counter)
    days: set[date] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None
    events: list[tuple[datetime, str]] = field(default_factory=list)

    def add(self, one: Recorded) -> None:
        """Count `one`."""
        self.count += 1
        self.people[person(one.subject.user, one.subject.client)] += 1
        self.days.add(one.time.date())
        self.first = one.time if self.first is None else min(self.first, one.time)
        self.last = one.time if self.last is None else max(self.last, one.time)
        self.events.append((one.time, one.event_id))
        if len(self.events) > _MOST_EXAMPLES:
            self.events = sorted(self.events)[-EXAMPLES:]

    def join(self, other: Use) -> None:
        """Count all that `other` counts."""
        self.count += other.count
        self.people += other.people
        self.days |= other.days
        self.first = min((time for time in (self.first, other.first) if time is not None), default=None)
        self.last = max((time for time in (self.last, other.last) if time is not None), default=None)
        self.events = sorted([*self.events, *other.events])[-EXAMPLES:]

    @property
    def examples(self) -> tuple[str, ...]:
        """The ids of its newest events, the newest first."""
        return tuple(event for _, event in sorted(self.events, reverse=True)[:EXAMPLES])


@dataclass(slots=True, kw_only=True)
class Spot:
    """What was done at one address without being approved.

    `sent` are bytes by person and day, as they went over the wire or else as they were announced. `signals` are
    suspicious facts of uploads there. `against` are verdicts but for plain `unapproved` ones, by their code.
    """

    address: str
    key: str
    owner: str | None
    repository: str | None
    uses: dict[Operation, Use] = field(default_factory=dict)
    visibilities: Counter[Visibility] = field(default_factory=Counter)
    announced: Counter[tuple[str, date]] = field(default_factory=Counter)
    wire: Counter[tuple[str, date]] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)
    against: dict[str, Verdict] = field(default_factory=dict)
    moved: str = ""

    @property
    def sent(self) -> dict[tuple[str, date], int]:
        return {who: max(self.announced[who], self.wire[who]) for who in self.announced.keys() | self.wire.keys()}

    @property
    def use(self) -> Use:
        """All uses together."""
        whole = Use()
        for use in self.uses.values():
            whole.join(use)
        return whole


@dataclass(slots=True, kw_only=True)
class Seen:
    """All of it: `spots` by folded address, what has no certain address or effect by host and reason, and counts.

    `approved` decisions the policy objects to no more; `unjudged` ones the log can't show again; `settings` are
    decisions that a default of the policy settles, not an address, by its rule.
    """

    spots: dict[str, Spot] = field(default_factory=dict)
    unclear: dict[tuple[str, str], Use] = field(default_factory=dict)
    settings: dict[str, Use] = field(default_factory=dict)
    approved: int = 0
    unjudged: int = 0


def strict(policy: Policy) -> Policy:
    """`policy` as it would be if it blocked what it doesn't approve."""
    defaults = replace(policy.defaults, writes=Action.BLOCK, unidentified=Action.BLOCK)
    return replace(policy, mode=Mode.ENFORCE, break_glass=None, defaults=defaults)


def objects(verdict: Verdict) -> bool:
    """Whether the policy objects, be it only in observe mode."""
    return Action.BLOCK in {verdict.action, verdict.would_action}


def person(user: str | None, client: str) -> str:
    """Whom to count: the user, or the client where none is known."""
    return user or client


class Watch:
    """Adds up decisions and uploads under `policy`, as at `now` (aware): what expired by then is unapproved."""

    def __init__(self, policy: Policy, now: datetime, names: Pseudonyms | None = None) -> None:
        self._policy = strict(policy)
        self._judge = Judge([self._policy], at=now, names=StandIns(names, [policy]))
        self.seen = Seen()

    def decisions(self, recorded: Iterable[Recorded]) -> None:
        """Add decisions."""
        for one in recorded:
            self._decision(one)

    def uploads(self, rows: Iterable[Row]) -> None:
        """Add what uploads to the addresses that are known by now carried."""
        for row in rows:
            spot = self.seen.spots.get(row.key)
            if spot is not None:
                spot.wire[person(row.user or None, row.client), row.time.date()] += row.bytes or 0
                spot.signals.update(row.signals)

    def objected(self, one: Recorded) -> list[tuple[Target, Verdict]] | str:
        """The repositories of `one` that the policy objects to, each with the verdict; or why that can't be told."""
        target = one.target
        verdicts = self._judge.judge(one)
        if isinstance(verdicts, str):
            return verdicts
        assert target is not None
        if not objects(verdicts[0]):
            return []
        if not target.also:
            return [(target, verdicts[0])]
        found = []
        for part in self._parts(target):
            alone = self._judge.judge(replace(one, target=part))
            if isinstance(alone, str):
                return alone
            if objects(alone[0]):
                found.append((part, alone[0]))
        return found or [(target, verdicts[0])]

    def _decision(self, one: Recorded) -> None:
        found = self.objected(one)
        if isinstance(found, str):
            self.seen.unjudged += 1
            spot = self.seen.spots.get(one.target.key) if one.target is not None and one.target.key else None
            if spot is not None and found == CONTENT:
                spot.signals["content"] += 1
        elif found:
            for part, verdict in found:
                self._objection(one, part, verdict)
        else:
            self.seen.approved += 1

    def _objection(self, one: Recorded, part: Target, verdict: Verdict) -> None:
        if verdict.code == "unidentified":
            self.seen.unclear.setdefault((part.host, verdict.reason), Use()).add(one)
            return
        reads = part.effect is Effect.READ and verdict.code == "unapproved"
        if part.key is None or part.address is None or not (part.effect is Effect.WRITE or reads):
            self.seen.settings.setdefault(verdict.rule, Use()).add(one)
            return
        spot = self.seen.spots.setdefault(
            part.key, Spot(address=part.address, key=part.key, owner=part.owner, repository=part.repository)
        )
        spot.uses.setdefault(part.operation, Use()).add(one)
        spot.announced[person(one.subject.user, one.subject.client), one.time.date()] += one.size or 0
        if part.visibility is not None:
            spot.visibilities[part.visibility] += 1
        if part.moved is not None:
            spot.moved = part.moved.address
        if verdict.code != "unapproved":
            spot.against.setdefault(verdict.code, verdict)

    def _parts(self, target: Target) -> Iterator[Target]:
        """Each repository of the request as the target of one of its own."""
        main = main_part(target, ())
        yield replace(target, also=())
        for also in target.also:
            part = second_part(also, main, self._policy.registry)
            yield _alone(target, part, also.owner)


def _alone(target: Target, part: Part, owner: str | None) -> Target:
    return replace(
        target,
        address=part.address,
        key=part.key,
        owner=owner,
        repository=part.repository,
        operation=part.operation,
        effect=part.operation.effect,
        evidence=part.evidence,
        visibility=part.visibility,
        moved=part.moved,
        also=(),
    )

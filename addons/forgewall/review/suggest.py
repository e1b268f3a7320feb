"""The smallest allowlist that would have let recorded work through that looks like the company's own, with evidence.

What is suggested is proven on the same log: joined with the policy it lets through exactly the work it was made from,
takes nothing away that is approved already, and passes the policy's own tests. What doesn't hold is not suggested but
listed with what is in doubt. Nothing is written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forgewall.decide.cases import judge
from forgewall.decide.load import Loaded, compiled
from forgewall.decide.policy import Policy
from forgewall.model import Operation
from forgewall.record.pseudonym import Pseudonyms
from forgewall.review.amend_entry import Existing, existing, understood, wished
from forgewall.review.recorded import Recorded
from forgewall.review.replay_judge import Judge
from forgewall.review.row import Row
from forgewall.review.stand_ins import StandIns
from forgewall.review.suggest_choice import Choice, Doubt, admitted, choose
from forgewall.review.suggest_seen import Seen, Use, Watch, objects, strict
from forgewall.review.thresholds import Thresholds
from forgewall.review.wish import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """An entry to approve. `use` counts the decisions that it would have let through, `operations` by what was done,
    the most frequent first. `bytes` went to its addresses, or were announced; `places` are these addresses.
    """

    wish: Wish
    use: Use
    operations: tuple[tuple[Operation, int], ...]
    bytes: int
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Entries by weight, what is in doubt, and all that was `seen`. The policy objects to `objected` decisions, of
    which the entries let `let_through` pass.
    """

    entries: tuple[Suggested, ...]
    doubts: tuple[Doubt, ...]
    seen: Seen
    objected: int
    let_through: int


def suggest(  # noqa: PLR0917 - what it reads, in the order in which it does
    recorded: Callable[[], Iterable[Recorded]],
    uploads: Callable[[], Iterable[Row]],
    text: str,
    file: str,
    now: datetime,
    thresholds: Thresholds | None = None,
    *,
    names: Pseudonyms | None = None,
) -> Suggestion:
    """What to add to the policy `text` (of `file`) for the decisions that `recorded` gives, each time it is called.

    `uploads` are the events of uploads of the same time. What has expired at `now` (aware) counts as unapproved.
    `names` is the key of the log's directory (`stand_ins.read_key`). Raises PolicyError for a policy that can't be
    read.
    """
    base = compiled(text, file, now)
    written = existing(text.removeprefix("\ufeff"), file)
    watch = Watch(base.policy, now, names)
    watch.decisions(recorded())
    watch.uploads(uploads())
    chosen = choose(watch.seen.spots.values(), base.policy, now, thresholds or Thresholds())
    choices, doubts = list(chosen.choices), list(chosen.doubts)
    while True:
        joined = _joined(base.policy, written, choices)
        proof = _Proof(joined, choices, now, names, watch)
        proof.tests(base, joined, now)
        if not proof.against:
            proof.measure(recorded())
        if not proof.against:
            break
        against = proof.against
        doubts += [_doubted(choice, against[choice.address]) for choice in choices if choice.address in against]
        choices = [choice for choice in choices if choice.address not in against]
    entries = [proof.entry(choice) for choice in choices]
    return Suggestion(
        entries=tuple(sorted((entry for entry in entries if entry.use.count), key=_weight, reverse=True)),
        doubts=tuple(sorted(doubts, key=lambda one: (one.use.count, one.address), reverse=True)),
        seen=watch.seen,
        objected=proof.objected,
        let_through=proof.let_through,
    )


class _Proof:
    """Judges the same decisions once more with `choices` approved. `against` tells what is wrong with an address."""

    def __init__(
        self, policy: Policy, choices: Sequence[Choice], now: datetime, names: Pseudonyms | None, watch: Watch
    ) -> None:
        self._watch = watch
        self._by_rule = {f"approved/{choice.address}": choice for choice in choices}
        self._by_key = {choice.key: choice for choice in choices}
        self._uses = {choice.address: Use() for choice in choices}
        self._operations: dict[str, Counter[Operation]] = {choice.address: Counter() for choice in choices}
        self._admitted = {choice.address: frozenset(admitted(choice)) for choice in choices}
        joined = strict(policy)
        self._judge = Judge([joined], at=now, names=StandIns(names, [joined]))
        self.objected = self.let_through = 0
        self.against: dict[str, str] = {}

    def measure(self, recorded: Iterable[Recorded]) -> None:
        """Judge `recorded`."""
        for one in recorded:
            before = self._watch.objected(one)
            after = self._judge.judge(one)
            if isinstance(before, str) or isinstance(after, str):
                continue
            passes = not objects(after[0])
            self.objected += bool(before)
            if before and passes:
                self._passes(one, [(part.key, part.operation) for part, _ in before])
            elif not before and not passes:
                self._taken(one)

    def tests(self, loaded: Loaded, policy: Policy, now: datetime) -> None:
        """Run the policy's own tests."""
        for case in loaded.tests:
            _, verdict = judge(policy, case.sentence, case.subject, now, case.visibility)
            choice = self._by_rule.get(verdict.rule)
            if choice is not None and verdict.action is not case.expect:
                where = policy.reference(case.line)
                self.against[choice.address] = f"the policy's own test in {where} expects `{case.expect}` there"

    def entry(self, choice: Choice) -> Suggested:
        """What `choice` comes to."""
        return Suggested(
            wish=wish(choice),
            use=self._uses[choice.address],
            operations=tuple(self._operations[choice.address].most_common()),
            bytes=sum(sum(spot.sent.values()) for spot in choice.spots),
            places=tuple(sorted(spot.address for spot in choice.spots)),
        )

    def _passes(self, one: Recorded, parts: Sequence[tuple[str | None, Operation]]) -> None:
        assert one.target is not None
        self.let_through += 1
        for key, operation in parts:
            choice = self._choice(key)
            if choice is None:
                continue
            if (key, operation) in self._admitted[choice.address]:
                self._uses[choice.address].add(one)
                self._operations[choice.address][operation] += 1
            else:
                self.against[choice.address] = f"it would let through `{operation}` at {key}, too"

    def _taken(self, one: Recorded) -> None:
        choice = self._choice(one.target.key if one.target is not None else None)
        if choice is not None:
            self.against[choice.address] = "it would take away what a broader entry approves"

    def _choice(self, key: str | None) -> Choice | None:
        """The choice that decides at `key`: that with the longest address above it."""
        while key:
            if (choice := self._by_key.get(key)) is not None:
                return choice
            key = key.rpartition("/")[0]
        return None


def wish(choice: Choice) -> Wish:
    """The entry for `choice`."""
    return Wish(address=choice.address, allow=choice.allow)


def _joined(policy: Policy, existing: Existing, choices: Iterable[Choice]) -> Policy:
    """`policy` with entries for `choices`, read as they will be written."""
    approved = dict(policy.approved)
    for choice in choices:
        entry = understood(wished(wish(choice), policy.file), existing)
        approved[entry.key] = (*approved.get(entry.key, ()), entry)
    depth = max((key.count("/") + 1 for key in approved), default=1)
    return replace(
        policy, approved=approved, depth=max(policy.depth, depth), approvals=sum(map(len, approved.values()))
    )


def _doubted(choice: Choice, reason: str) -> Doubt:
    use = Use()
    for spot in choice.spots:
        use.join(spot.use)
    operations = tuple(dict.fromkeys(operation for spot in choice.spots for operation in spot.uses))
    return Doubt(address=choice.address, operations=operations, reason=reason, use=use)


def _weight(entry: Suggested) -> tuple[int, int, int]:
    return entry.use.count, len(entry.use.people), entry.bytes

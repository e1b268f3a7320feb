"""What the policy says of a target: one function, no I/O, no clock. The same code judges in the proxy, in `explain`
and in the policy's own tests.

The table, from the top; the first line that fits decides:

| the request | decided by | code |
|---|---|---|
| no read, below an address in `forbidden:` | that entry: block, for everybody, always | forbidden |
| operation or address isn't certain, no read | `defaults.unidentified`, even below an approval | unidentified |
| read | `defaults.reads`; `approved-only`: any entry that covers it and is for this subject | read, unapproved |
| personal, auth, telemetry | the default of that name, with a small cap on the body | personal, auth, telemetry |
| write, longest address in `approved:` has an entry that admits subject and operation | that entry | approved |
| other write | `defaults.writes` | unapproved |

- Expired entries are as if absent. The longest address decides alone and inherits nothing: if none of its entries
  admits, the default applies and no broader entry is asked. Entries with the same address are alternatives; the order
  in the file means nothing, so of several that admit the most generous limit counts.
- A second repository in the same request must pass too: one that is only copied from as a read, any other for the
  operation itself; one that isn't known is unidentified. The strictest part is the verdict.
- What may pass is then compared with its limit: exactly the limit passes, more is `over:` (block or log), `too-large`.
- Observe turns a block into a log with `would_action`: at the top of the file everywhere, on an entry where that entry
  is the longest for its subject. An entry's observe doesn't lift `forbidden`.
- A default that lets a write pass has the code `default`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forgewall.decide import wording
from forgewall.decide.policy import Approval, Policy, Reads
from forgewall.identify.targets import fold
from forgewall.model import Action, Also, Effect, Kind, Mode, Operation, Step, Subject, Target, Verdict

CAPS = {
    Effect.READ: 16 * 1024 * 1024,
    Effect.PERSONAL: 4 * 1024,
    Effect.AUTH: 64 * 1024,
    Effect.TELEMETRY: 64 * 1024,
}
"""Bytes of a request body that carries no repository data; git's longest negotiations stay far below the first."""

COPIED_FROM = frozenset({"source", "parent"})
"""Roles of a second repository that is only read."""

_RANK = {Action.ALLOW: 0, Action.LOG: 1, Action.BLOCK: 2}
_MAX_STEPS = 50


def decide(policy: Policy, target: Target, subject: Subject, size: int | None, now: datetime) -> Verdict:
    """The verdict on `target`, asked for by `subject`, with a body of `size` bytes (None: not known yet).

    `now` is aware and decides which entries have expired. Never raises on any target.
    """
    judge = _Judge(policy, subject, now)
    certain = target.effect is target.operation.effect and target.operation is not Operation.UNIDENTIFIED
    part = _Part(
        address=target.address,
        key=target.key,
        repository=target.repository,
        operation=target.operation,
        effect=target.effect if certain else Effect.WRITE,
        evidence=target.evidence,
        gist=target.kind is Kind.GITHUB and target.host.startswith("gist."),
    )
    main = judge.rule(part)
    verdict = _observed(main)
    for also in target.also:
        second = _observed(judge.rule(judge.second(also, part)))
        if _severity(second) > _severity(verdict):
            verdict = replace(second, max_upload=verdict.max_upload, over=verdict.over)
    if verdict.action is not Action.BLOCK and size is not None and main.limit is not None and size > main.limit:
        verdict = _over(verdict, main, size, judge.steps)
    return replace(verdict, trace=tuple(judge.steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One repository of a request, and what happens to it."""

    address: str | None
    key: str | None
    repository: str | None
    operation: Operation
    effect: Effect
    evidence: str
    gist: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ruling:
    """What was decided of one part, before observe mode and the size are looked at."""

    action: Action
    code: str
    rule: str
    reference: str
    reason: str
    observing: bool
    limit: int | None = None
    over: Action = Action.BLOCK
    limit_rule: str = ""
    limit_reference: str = ""
    limit_label: str = ""


class _Judge:
    """Asks the policy about one request; `steps` collects what was looked at."""

    def __init__(self, policy: Policy, subject: Subject, now: datetime) -> None:
        self.policy = policy
        self.subject = subject
        self.now = now
        self.steps: list[Step] = []

    def second(self, also: Also, main: _Part) -> _Part:
        """`also` as a part of its own."""
        key = None
        if also.address is not None:
            forge = self.policy.registry.lookup(also.address.partition("/")[0])
            key = fold(forge.kind, also.address) if forge is not None else None
        read = also.role in COPIED_FROM and key is not None
        return _Part(
            address=also.address if key is not None else None,
            key=key,
            repository=also.repository,
            operation=Operation.FETCH if read else main.operation,
            effect=Effect.READ if read else Effect.WRITE,
            evidence=f"the {also.role} is not known" if key is None else main.evidence,
        )

    def rule(self, part: _Part) -> _Ruling:
        if part.effect is not Effect.READ and (forbidden := self._forbidden(part)):
            return forbidden
        if part.effect is Effect.READ:
            return self._read(part)
        if part.effect is not Effect.WRITE:
            return self._harmless(part)
        if part.operation is Operation.UNIDENTIFIED or part.key is None:
            return self._unidentified(part)
        return self._write(part, part.key)

    def _forbidden(self, part: _Part) -> _Ruling | None:
        entry = self.policy.prohibition(part.key) if part.key is not None else None
        if entry is None:
            return None
        reference = self.policy.reference(entry.line)
        self._note(entry.rule, reference, True, entry.reason or "covers the address")
        below = part.key != entry.key
        return _Ruling(
            action=Action.BLOCK,
            code="forbidden",
            rule=entry.rule,
            reference=reference,
            reason=f"{part.address} is below {entry.address}, which is forbidden"
            if below
            else f"{part.address} is forbidden",
            observing=self.policy.mode is Mode.OBSERVE,
        )

    def _read(self, part: _Part) -> _Ruling:
        reads = self.policy.defaults.reads
        if reads is Reads.APPROVED_ONLY and (entry := self._readable(part)):
            return self._capped(
                part,
                action=Action.ALLOW,
                code="approved",
                rule=entry.rule,
                reference=self.policy.reference(entry.line),
                reason=f"{entry.address} is approved",
            )
        if reads is Reads.APPROVED_ONLY:
            where = wording.not_approved(part.address, part.repository) if part.address else "no repository is named"
            reason = f"{where}, and `reads: approved-only` lets nothing else be read"
            return self._default("reads", Action.BLOCK, "unapproved", reason, part)
        action = Action(reads.value)
        verb = "allows" if action is Action.ALLOW else "logs" if action is Action.LOG else "refuses"
        return self._default("reads", action, "read", f"`reads: {reads}` {verb} every read", part)

    def _readable(self, part: _Part) -> Approval | None:
        for entries in self.policy.covering(part.key) if part.key is not None else ():
            for entry in entries:
                if entry.terms.unexpired(self.now) and entry.terms.admits(self.subject):
                    self._note(entry.rule, self.policy.reference(entry.line), True, "covers the address")
                    return entry
        return None

    def _harmless(self, part: _Part) -> _Ruling:
        name = part.effect.value
        action: Action = getattr(self.policy.defaults, name)
        verb = "allows" if action is Action.ALLOW else "refuses"
        return self._default(name, action, name, f"`{name}: {action}` {verb} `{part.operation}`", part)

    def _unidentified(self, part: _Part) -> _Ruling:
        unclear = part.operation is Operation.UNIDENTIFIED
        if unclear:
            reason = wording.not_understood(part.evidence)
        else:
            reason = wording.not_placed(part.operation, part.evidence, gist=part.gist)
        return self._default("unidentified", self.policy.defaults.unidentified, "unidentified", reason, part)

    def _write(self, part: _Part, key: str) -> _Ruling:
        entries, reason = self._longest(key)
        admitting = [
            entry for entry in entries if entry.terms.admits(self.subject) and part.operation in entry.terms.allow
        ]
        if admitting:
            entry = max(admitting, key=lambda entry: (self._over(entry) is Action.LOG, self._limit(entry)))
            return self._approved(entry, entries)
        if entries:
            reason = self._mismatch(entries, part.operation)
        elif not reason:
            reason = wording.not_approved(part.address or key, part.repository)
        return self._default("writes", self.policy.defaults.writes, "unapproved", reason, part)

    def _longest(self, key: str) -> tuple[list[Approval], str]:
        """The unexpired entries at the longest address that has any, and else the reason if it expired."""
        reason = ""
        for entries in self.policy.covering(key):
            valid = [entry for entry in entries if entry.terms.unexpired(self.now)]
            if valid:
                return valid, ""
            for entry in entries:
                if entry.terms.expires is not None:
                    note = wording.expired(entry.address, entry.terms.expires)
                    reason = reason or note
                    self._note(entry.rule, self.policy.reference(entry.line), False, note)
        return [], reason

    def _mismatch(self, entries: Sequence[Approval], operation: Operation) -> str:
        """Why none of `entries` admits; what the subject may do there is nearer than whom else an entry is for."""
        reasons = []
        for entry in entries:
            meant = entry.terms.admits(self.subject)
            if meant:
                note = wording.not_granted(operation, entry.address, entry.terms.allow)
            else:
                note = wording.not_for(entry.address, self.subject)
            reasons.append((not meant, note))
            self._note(entry.rule, self.policy.reference(entry.line), False, note)
        return min(reasons, key=lambda pair: pair[0])[1]

    def _approved(self, entry: Approval, entries: Sequence[Approval]) -> _Ruling:
        reference = self.policy.reference(entry.line)
        self._note(entry.rule, reference, True, "admits subject and operation")
        own = entry.terms.max_upload is not None
        return _Ruling(
            action=Action.ALLOW,
            code="approved",
            rule=entry.rule,
            reference=reference,
            reason=f"{entry.address} is approved",
            observing=self._observing(entries),
            limit=self._limit(entry),
            over=self._over(entry),
            limit_rule=entry.rule if own else "defaults/max_upload",
            limit_reference=reference if own else self.policy.default_reference("max_upload"),
            limit_label=entry.address,
        )

    def _default(self, name: str, action: Action, code: str, reason: str, part: _Part) -> _Ruling:
        """What default `name` makes of a part that no entry settles."""
        rule, reference = f"defaults/{name}", self.policy.default_reference(name)
        setting = self.policy.defaults.reads if name == "reads" else action
        self._note(rule, reference, True, f"`{name}: {setting}` applies")
        if name not in {"writes", "unidentified"}:
            return self._capped(part, action=action, code=code, rule=rule, reference=reference, reason=reason)
        if action is not Action.BLOCK:
            reason = f"{reason}, but `{name}: {action}` lets it pass"
        return _Ruling(
            action=action,
            code="default" if action is Action.ALLOW else code,
            rule=rule,
            reference=reference,
            reason=reason,
            observing=self._observing_at(part.key),
            limit=self.policy.defaults.max_upload,
            over=self.policy.defaults.over,
            limit_rule="defaults/max_upload",
            limit_reference=self.policy.default_reference("max_upload"),
            limit_label=part.address or part.operation.value,
        )

    def _capped(self, part: _Part, *, action: Action, code: str, rule: str, reference: str, reason: str) -> _Ruling:
        """A ruling on a request that should carry no repository data."""
        return _Ruling(
            action=action,
            code=code,
            rule=rule,
            reference=reference,
            reason=reason,
            observing=self._observing_at(part.key),
            limit=CAPS.get(part.effect),
            limit_rule=f"defaults/{'reads' if part.effect is Effect.READ else part.effect.value}",
            limit_reference=reference,
            limit_label=f"`{part.operation}`",
        )

    def _observing_at(self, key: str | None) -> bool:
        if self.policy.mode is Mode.OBSERVE or key is None:
            return self.policy.mode is Mode.OBSERVE
        for entries in self.policy.covering(key):
            valid = [entry for entry in entries if entry.terms.unexpired(self.now)]
            if valid:
                return self._observing(valid)
        return False

    def _observing(self, entries: Sequence[Approval]) -> bool:
        return self.policy.mode is Mode.OBSERVE or any(
            entry.terms.mode is Mode.OBSERVE and entry.terms.admits(self.subject) for entry in entries
        )

    def _limit(self, entry: Approval) -> int:
        return self.policy.defaults.max_upload if entry.terms.max_upload is None else entry.terms.max_upload

    def _over(self, entry: Approval) -> Action:
        return self.policy.defaults.over if entry.terms.over is None else entry.terms.over

    def _note(self, rule: str, reference: str, matched: bool, note: str) -> None:
        if len(self.steps) < _MAX_STEPS:
            self.steps.append(Step(rule=rule, reference=reference, matched=matched, note=note))


def _observed(ruling: _Ruling) -> Verdict:
    """The ruling as a verdict, a block turned into a log where observe mode holds."""
    blocked = ruling.action is Action.BLOCK
    would = blocked and ruling.observing
    return Verdict(
        action=Action.LOG if would else ruling.action,
        code=ruling.code,
        rule=ruling.rule,
        reference=ruling.reference,
        reason=ruling.reason,
        would_action=Action.BLOCK if would else None,
        max_upload=None if blocked else ruling.limit,
        over=Action.LOG if ruling.observing else ruling.over,
    )


def _severity(verdict: Verdict) -> tuple[int, bool]:
    return _RANK[verdict.action], verdict.would_action is not None


def _over(verdict: Verdict, ruling: _Ruling, size: int, steps: list[Step]) -> Verdict:
    """The verdict on a body that is known to be over the limit."""
    if verdict.max_upload is None:
        return verdict
    reason = wording.too_large(size, verdict.max_upload, ruling.limit_label)
    steps.append(Step(rule=ruling.limit_rule, reference=ruling.limit_reference, matched=True, note=reason))
    would = ruling.observing and ruling.over is Action.BLOCK
    too_large = replace(
        verdict,
        action=verdict.over,
        code="too-large",
        rule=ruling.limit_rule,
        reference=ruling.limit_reference,
        reason=reason,
        would_action=Action.BLOCK if would else None,
    )
    return too_large if _severity(too_large) > _severity(verdict) else verdict

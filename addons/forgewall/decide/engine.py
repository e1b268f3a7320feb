"""What the policy says of a target: one function, no I/O, no clock. The same code judges in the proxy, in `explain`
and in the policy's own tests.

The table, from the top; the first line that fits decides:

| the request | decided by | code |
|---|---|---|
| no read, below an address in `forbidden:` | that entry: block, for everybody, always | forbidden |
| operation or address isn't certain, no read | `defaults.unidentified`, even below an approval | unidentified |
| read | `defaults.reads`; `approved-only`: any entry that covers it and is for this subject | read, unapproved |
| personal, auth, telemetry | the default of that name, with a small cap on the body | personal, auth, telemetry |
| write, longest address in `approved:` has an entry that admits subject, operation and refs | that entry | approved |
| write, an entry there admits subject and operation, but not the refs | that entry: block | ref |
| other write | `defaults.writes` | unapproved |

- Expired entries are as if absent. The longest address decides alone and inherits nothing: if none of its entries
  admits, the default applies and no broader entry is asked. Entries with the same address are alternatives; the order
  in the file means nothing, so of several that admit the most generous limit counts.
- Which refs a push changes isn't known at its first request; then none is judged, and the verdict on the push itself
  is asked for again with its commands. Deletions go by `deletes` (allow, log or block); the code is `ref` too.
- A second repository in the same request must pass too: one that is only copied from as a read, any other for the
  operation itself; one that isn't known is unidentified. The strictest part is the verdict.
- What may pass is then compared with its limit: exactly the limit passes, more is `over:` (block or log), `too-large`.
- Observe turns a block into a log with `would_action`: at the top of the file everywhere, on an entry where that entry
  is the longest for its subject. An entry's observe doesn't lift `forbidden`.
- A default that lets a write pass has the code `default`. The verdict on a write says how its body is examined
  (`Verdict.scrutiny`): by the entry that admits it, else by the defaults. What is no write isn't examined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from forgewall.decide import wording
from forgewall.decide.objection import Objection
from forgewall.decide.policy import Approval, Policy, Reads
from forgewall.decide.refs import judge_refs
from forgewall.decide.ruling import Part, Ruling, beyond, observed, scrutinised, severity
from forgewall.evidence import RefUpdate
from forgewall.identify.targets import fold
from forgewall.model import (
    Action,
    Also,
    Depth,
    Effect,
    Kind,
    Mode,
    Operation,
    Scrutiny,
    Step,
    Subject,
    Target,
    Verdict,
)

CAPS = {
    Effect.READ: 16 * 1024 * 1024,
    Effect.PERSONAL: 4 * 1024,
    Effect.AUTH: 64 * 1024,
    Effect.TELEMETRY: 64 * 1024,
}
"""Bytes of a request body that carries no repository data; git's longest negotiations stay far below the first."""

COPIED_FROM = frozenset({"source", "parent"})
"""Roles of a second repository that is only read."""

_MAX_STEPS = 50
_UNEXAMINED = Scrutiny(depth=Depth.OFF)


def decide(  # noqa: PLR0917 - one question, in the order in which its parts become known
    policy: Policy,
    target: Target,
    subject: Subject,
    size: int | None,
    now: datetime,
    refs: Sequence[RefUpdate] = (),
) -> Verdict:
    """The verdict on `target`, asked for by `subject`, with a body of `size` bytes (None: not known yet).

    `now` is aware and decides which entries have expired. `refs` are the refs that the request changes, empty where
    they aren't known. Never raises on any target.
    """
    judge = _Judge(policy, subject, now)
    certain = target.effect is target.operation.effect and target.operation is not Operation.UNIDENTIFIED
    part = Part(
        address=target.address,
        key=target.key,
        repository=target.repository,
        operation=target.operation,
        effect=target.effect if certain else Effect.WRITE,
        evidence=target.evidence,
        gist=target.kind is Kind.GITHUB and target.host.startswith("gist."),
        refs=refs,
    )
    main = judge.rule(part)
    verdict = observed(main, judge.scrutiny(main, part))
    for also in target.also:
        second = observed(judge.rule(judge.second(also, part)), verdict.scrutiny)
        if severity(second) > severity(verdict):
            verdict = replace(second, max_upload=verdict.max_upload, over=verdict.over)
    if verdict.action is not Action.BLOCK and size is not None and main.limit is not None and size > main.limit:
        verdict = beyond(verdict, main, size, judge.steps)
    return replace(verdict, trace=tuple(judge.steps))


class _Judge:
    """Asks the policy about one request; `steps` collects what was looked at."""

    def __init__(self, policy: Policy, subject: Subject, now: datetime) -> None:
        self.policy = policy
        self.subject = subject
        self.now = now
        self.steps: list[Step] = []

    def second(self, also: Also, main: Part) -> Part:
        """`also` as a part of its own."""
        key = None
        if also.address is not None:
            forge = self.policy.registry.lookup(also.address.partition("/")[0])
            key = fold(forge.kind, also.address) if forge is not None else None
        read = also.role in COPIED_FROM and key is not None
        return Part(
            address=also.address if key is not None else None,
            key=key,
            repository=also.repository,
            operation=Operation.FETCH if read else main.operation,
            effect=Effect.READ if read else Effect.WRITE,
            evidence=f"the {also.role} is not known" if key is None else main.evidence,
        )

    def rule(self, part: Part) -> Ruling:
        if part.effect is not Effect.READ and (forbidden := self._forbidden(part)):
            return forbidden
        if part.effect is Effect.READ:
            return self._read(part)
        if part.effect is not Effect.WRITE:
            return self._harmless(part)
        if part.operation is Operation.UNIDENTIFIED or part.key is None:
            return self._unidentified(part)
        return self._write(part, part.key)

    def scrutiny(self, ruling: Ruling, part: Part) -> Scrutiny:
        """How the body of `part` is examined if it passes."""
        if part.effect is not Effect.WRITE or (ruling.action is Action.BLOCK and not ruling.observing):
            return _UNEXAMINED
        if ruling.scrutiny is not None:
            return ruling.scrutiny
        general = self.policy.defaults.scrutiny
        return replace(
            general, visibility=True, observing=ruling.observing, rule=ruling.rule, reference=ruling.reference
        )

    def _forbidden(self, part: Part) -> Ruling | None:
        entry = self.policy.prohibition(part.key) if part.key is not None else None
        if entry is None:
            return None
        reference = self.policy.reference(entry.line)
        self._note(entry.rule, reference, True, entry.reason or "covers the address")
        below = part.key != entry.key
        return Ruling(
            action=Action.BLOCK,
            code="forbidden",
            rule=entry.rule,
            reference=reference,
            reason=f"{part.address} is below {entry.address}, which is forbidden"
            if below
            else f"{part.address} is forbidden",
            observing=self.policy.mode is Mode.OBSERVE,
        )

    def _read(self, part: Part) -> Ruling:
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

    def _readable(self, part: Part) -> Approval | None:
        for entries in self.policy.covering(part.key) if part.key is not None else ():
            for entry in entries:
                if entry.terms.unexpired(self.now) and entry.terms.admits(self.subject):
                    self._note(entry.rule, self.policy.reference(entry.line), True, "covers the address")
                    return entry
        return None

    def _harmless(self, part: Part) -> Ruling:
        name = part.effect.value
        action: Action = getattr(self.policy.defaults, name)
        verb = "allows" if action is Action.ALLOW else "refuses"
        return self._default(name, action, name, f"`{name}: {action}` {verb} `{part.operation}`", part)

    def _unidentified(self, part: Part) -> Ruling:
        unclear = part.operation is Operation.UNIDENTIFIED
        if unclear:
            reason = wording.not_understood(part.evidence)
        else:
            reason = wording.not_placed(part.operation, part.evidence, gist=part.gist)
        return self._default("unidentified", self.policy.defaults.unidentified, "unidentified", reason, part)

    def _write(self, part: Part, key: str) -> Ruling:
        entries, reason = self._longest(key)
        admitting = [
            entry for entry in entries if entry.terms.admits(self.subject) and part.operation in entry.terms.allow
        ]
        if admitting:
            return self._approved(admitting, entries, part)
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

    def _approved(self, admitting: Sequence[Approval], entries: Sequence[Approval], part: Part) -> Ruling:
        """The ruling by the most generous of the entries that admit subject and operation, or a block for the refs."""
        observing = self._observing(entries)
        weighed = []
        for entry in admitting:
            reference = self.policy.reference(entry.line)
            scrutiny = scrutinised(entry.terms.scrutiny, observing, entry.rule, reference, part.operation)
            weighed.append((entry, scrutiny, judge_refs(scrutiny, part.refs) if part.refs else None))
        entry, scrutiny, objection = weighed[0] if len(weighed) == 1 else max(weighed, key=self._generosity)
        for other, _, against in weighed:
            if against is not None and other is not entry:
                self._note(other.rule, self.policy.reference(other.line), False, against.reason)
        note = "admits subject and operation" if objection is None else objection.reason
        reference = scrutiny.reference
        self._note(entry.rule, reference, True, note)
        own = entry.terms.max_upload is not None
        return Ruling(
            action=Action.ALLOW if objection is None else objection.action,
            code="approved" if objection is None else objection.code,
            rule=entry.rule if objection is None else objection.rule,
            reference=reference if objection is None else objection.reference,
            reason=f"{entry.address} is approved" if objection is None else objection.reason,
            observing=observing,
            limit=self._limit(entry),
            over=self._over(entry),
            limit_rule=entry.rule if own else "defaults/max_upload",
            limit_reference=reference if own else self.policy.default_reference("max_upload"),
            limit_label=entry.address,
            scrutiny=scrutiny,
        )

    def _generosity(self, weighed: tuple[Approval, Scrutiny, Objection | None]) -> tuple[object, ...]:
        """How much an entry lets pass: the refs first, then the size."""
        entry, scrutiny, objection = weighed
        blocked = objection is not None and objection.action is Action.BLOCK
        logs = self._over(entry) is Action.LOG
        return not blocked, objection is None, logs, self._limit(entry), scrutiny.refs is None

    def _default(self, name: str, action: Action, code: str, reason: str, part: Part) -> Ruling:
        """What default `name` makes of a part that no entry settles."""
        rule, reference = f"defaults/{name}", self.policy.default_reference(name)
        setting = self.policy.defaults.reads if name == "reads" else action
        self._note(rule, reference, True, f"`{name}: {setting}` applies")
        if name not in {"writes", "unidentified"}:
            return self._capped(part, action=action, code=code, rule=rule, reference=reference, reason=reason)
        if action is not Action.BLOCK:
            reason = f"{reason}, but `{name}: {action}` lets it pass"
        return Ruling(
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

    def _capped(self, part: Part, *, action: Action, code: str, rule: str, reference: str, reason: str) -> Ruling:
        """A ruling on a request that should carry no repository data."""
        return Ruling(
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

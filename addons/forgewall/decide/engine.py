"""What the policy says of a target: one function, no I/O, no clock. The same code judges in the proxy, in `explain`
and in the policy's own tests.

The table, from the top; the first line that fits decides:

| the request | decided by | code |
|---|---|---|
| no read, below an address in `forbidden:` | that entry: block, for everybody, always | forbidden |
| operation or address isn't certain, no read | `defaults.unidentified`, even below an approval | unidentified |
| read | `defaults.reads`; `approved-only`: any entry that covers it and is for this subject | read, unapproved |
| personal, auth, telemetry, assistants | the default of that name, with a cap on the body | that name |
| write, an entry at the longest address in `approved:` admits subject, operation, visibility, refs | it | approved |
| write, an entry there admits all but the refs | that entry: block | ref |
| write, an entry there admits all but the visibility | `defaults.writes` | visibility |
| write, an entry there admits it, but the repository moved to where none does | `defaults.writes` | moved |
| other write | `defaults.writes` | unapproved |

- Expired entries are as if absent. The longest address decides alone and inherits nothing: if none of its entries
  admits, the default applies and no broader entry is asked. Entries with the same address are alternatives; the order
  in the file means nothing, so of several that admit the most generous limit counts.
- Which refs a push changes isn't known at its first request; then none is judged, and the verdict on the push itself
  is asked for again with its commands. Deletions go by `deletes` (allow, log or block); the code is `ref` too.
- A second repository in the same request must pass too, for what is done there (`parts`); one that isn't known is
  unidentified. The strictest part is the verdict, and the body is examined and limited as the strictest of them asks.
- A write to a repository that moved must pass at both addresses, as long as no entry that admits it was `confirmed`
  since. An address that moved below a forbidden one is forbidden.
- What may pass is then compared with its limit: exactly the limit passes, more is `over:` (block or log), `too-large`.
- Observe turns a block into a log with `would_action`: at the top of the file everywhere, so does a broken glass until
  it ends; on an entry where that entry is the longest for its subject. An entry's observe doesn't lift `forbidden`.
- A default that lets a write pass has the code `default`. The verdict on a write says how its body is examined
  (`Verdict.scrutiny`): by the entry that admits it, else by the defaults. What is no write isn't examined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from forgewall.decide import wording
from forgewall.decide.objection import Objection
from forgewall.decide.parts import Part, main_part, second_part
from forgewall.decide.policy import Approval, Policy, Reads
from forgewall.decide.refs import judge_refs
from forgewall.decide.ruling import Ruling, also_by, beyond, observed, scrutinised, severity, tighter
from forgewall.decide.stricter import joined
from forgewall.decide.visibility import meets, unmet
from forgewall.evidence import RefUpdate
from forgewall.model import (
    Action,
    Depth,
    Effect,
    Mode,
    Move,
    Operation,
    Scrutiny,
    Step,
    Subject,
    Target,
    Verdict,
)

CAPS = {
    Effect.READ: 16 * 1024 * 1024,
    Effect.PERSONAL: 16 * 1024,
    Effect.AUTH: 256 * 1024,
    Effect.TELEMETRY: 64 * 1024,
    Effect.ASSISTANTS: 16 * 1024 * 1024,
}
"""Bytes of the body of what is no write; git's longest negotiations stay far below the first.

A page of 50 notifications that are marked takes up to 9 KiB. GitLab takes SAML responses of up to 250,000 characters
(ruby-saml's own limit), which a person in some thousand groups comes near. Browsers let a beacon have 64 KiB (Fetch
standard, inflight keepalive bytes).
"""

_VERBS = {Action.ALLOW: "allows", Action.LOG: "logs", Action.BLOCK: "refuses"}
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
    part = main_part(target, refs)
    main = judge.rule(part)
    verdict = observed(main, judge.scrutiny(main, part))
    bound = main
    if target.also:
        verdict, bound = judge.together(target, part, main, verdict)
    if verdict.action is not Action.BLOCK and size is not None and bound.limit is not None and size > bound.limit:
        verdict = beyond(verdict, bound, size, judge.steps)
    return replace(verdict, trace=tuple(judge.steps))


class _Judge:
    """Asks the policy about one request; `steps` collects what was looked at."""

    def __init__(self, policy: Policy, subject: Subject, now: datetime) -> None:
        self.policy = policy
        self.subject = subject
        self.now = now
        self.observing = policy.observing(now)
        self.steps: list[Step] = []

    def together(self, target: Target, part: Part, main: Ruling, alone: Verdict) -> tuple[Verdict, Ruling]:
        """The verdict on all parts of a request, and the ruling that limits its body."""
        verdict, scrutiny = alone, alone.scrutiny
        bound = None if part.effect is Effect.READ else tighter(None, main)
        for also in target.also:
            second = second_part(also, part, self.policy.registry)
            ruling = self.rule(second)
            examined = self.scrutiny(ruling, second)
            strict = observed(ruling, examined)
            if severity(strict) > severity(verdict):
                verdict = strict
            if second.effect is not Effect.READ:
                scrutiny = joined(scrutiny, examined)
                bound = tighter(bound, ruling)
        bound = bound or main
        limited = observed(bound, scrutiny)
        return replace(verdict, scrutiny=scrutiny, max_upload=limited.max_upload, over=limited.over), bound

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
        move = None
        if entry is None and (move := part.moved) is not None:
            entry = self.policy.prohibition(move.key)
        if entry is None:
            return None
        reference = self.policy.reference(entry.line)
        self._note(entry.rule, reference, True, entry.reason or "covers the address")
        where = part.address if move is None else f"{part.address} has moved, the forge said, and {move.address}"
        below = (part.key if move is None else move.key) != entry.key
        return Ruling(
            action=Action.BLOCK,
            code="forbidden",
            rule=entry.rule,
            reference=reference,
            reason=f"{where} is below {entry.address}, which is forbidden" if below else f"{where} is forbidden",
            observing=self.observing,
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
        return self._default("reads", action, "read", f"`reads: {reads}` {_VERBS[action]} every read", part)

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
        return self._default(name, action, name, f"`{name}: {action}` {_VERBS[action]} `{part.operation}`", part)

    def _unidentified(self, part: Part) -> Ruling:
        unclear = part.operation is Operation.UNIDENTIFIED
        if unclear:
            reason = wording.not_understood(part.evidence)
        else:
            reason = wording.not_placed(part.operation, part.evidence, gist=part.gist)
        return self._default("unidentified", self.policy.defaults.unidentified, "unidentified", reason, part)

    def _write(self, part: Part, key: str) -> Ruling:
        found = self._admission(part, key)
        if isinstance(found, Ruling):
            return found
        code, reason = found
        return self._default("writes", self.policy.defaults.writes, code, reason, part)

    def _admission(self, part: Part, key: str) -> Ruling | tuple[str, str]:
        """What an entry rules on a write; if none admits it, the code and the reason."""
        entries, reason = self._longest(key)
        granting = [
            entry for entry in entries if entry.terms.admits(self.subject) and part.operation in entry.terms.allow
        ]
        admitting = [entry for entry in granting if meets(entry.terms.visibility, part.visibility)]
        if admitting:
            ruling = self._approved(admitting, entries, part)
            if part.moved is None or ruling.action is Action.BLOCK:
                return ruling
            return self._followed(ruling, admitting, part, part.moved)
        if granting:
            return "visibility", self._unmet(granting, part)
        if entries:
            return "unapproved", self._mismatch(entries, part.operation)
        return "unapproved", reason or wording.not_approved(part.address or key, part.repository)

    def _unmet(self, granting: Sequence[Approval], part: Part) -> str:
        """Why none of `granting` admits, who would but for the visibility."""
        forge = self.policy.registry.lookup((part.address or "").partition("/")[0])
        reasons = []
        for entry in granting:
            reason = unmet(part, entry.address, entry.terms.visibility or (), forge)
            self._note(entry.rule, self.policy.reference(entry.line), False, reason)
            reasons.append(reason)
        return reasons[0]

    def _followed(
        self, here: Ruling, admitting: Sequence[Approval], part: Part, move: Move
    ) -> Ruling | tuple[str, str]:
        """As `_admission`, for a part that `here` admits although the forge has said that it is elsewhere now."""
        for entry in admitting:
            if entry.terms.confirms(move):
                note = f"names the address again since it moved to {move.address}"
                self._note(entry.rule, self.policy.reference(entry.line), True, note)
                return here
        there = self._admission(replace(part, address=move.address, key=move.key, moved=None), move.key)
        if not isinstance(there, Ruling):
            return "moved", wording.moved(part.address or "", move, there[1])
        return there if there.action is Action.BLOCK else also_by(here, there)

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
        if self.observing or key is None:
            return self.observing
        for entries in self.policy.covering(key):
            valid = [entry for entry in entries if entry.terms.unexpired(self.now)]
            if valid:
                return self._observing(valid)
        return False

    def _observing(self, entries: Sequence[Approval]) -> bool:
        return self.observing or any(
            entry.terms.mode is Mode.OBSERVE and entry.terms.admits(self.subject) for entry in entries
        )

    def _limit(self, entry: Approval) -> int:
        return self.policy.defaults.max_upload if entry.terms.max_upload is None else entry.terms.max_upload

    def _over(self, entry: Approval) -> Action:
        return self.policy.defaults.over if entry.terms.over is None else entry.terms.over

    def _note(self, rule: str, reference: str, matched: bool, note: str) -> None:
        if len(self.steps) < _MAX_STEPS:
            self.steps.append(Step(rule=rule, reference=reference, matched=matched, note=note))

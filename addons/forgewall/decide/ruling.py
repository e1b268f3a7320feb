"""What was decided of one part of a request, and how that becomes a verdict. No policy is asked here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from forgewall.decide import wording
from forgewall.evidence import RefUpdate
from forgewall.model import Action, Depth, Effect, Operation, Scrutiny, Step, Verdict

_RANK = {Action.ALLOW: 0, Action.LOG: 1, Action.BLOCK: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One repository of a request, and what happens to it."""

    address: str | None
    key: str | None
    repository: str | None
    operation: Operation
    effect: Effect
    evidence: str
    gist: bool = False
    refs: Sequence[RefUpdate] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What was decided of one part, before observe mode and the size are looked at. `scrutiny` None: the defaults'."""

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
    scrutiny: Scrutiny | None = None


def scrutinised(base: Scrutiny, observing: bool, rule: str, reference: str, operation: Operation) -> Scrutiny:
    """`base` for one request. Written out, as `replace` takes three times as long.

    Where refs are limited, an API commit is read whatever `inspect` says: its branch stands in its body.
    """
    read = operation is Operation.CONTENTS and base.refs is not None
    return Scrutiny(
        depth=Depth.FULL if read else base.depth,
        content=base.content,
        refs=base.refs,
        deletes=base.deletes,
        force=base.force,
        visibility=base.visibility,
        observing=observing,
        rule=rule,
        reference=reference,
        places=base.places,
    )


def observed(ruling: Ruling, scrutiny: Scrutiny) -> Verdict:
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
        scrutiny=scrutiny,
    )


def severity(verdict: Verdict) -> tuple[int, bool]:
    """How strict a verdict is, to be compared: what observe mode lets pass is stricter than what is only logged."""
    return _RANK[verdict.action], verdict.would_action is not None


def beyond(verdict: Verdict, ruling: Ruling, size: int, steps: list[Step]) -> Verdict:
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
    return too_large if severity(too_large) > severity(verdict) else verdict

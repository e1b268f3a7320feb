"""What was decided of one part of a request, and how that becomes a verdict. No policy is asked here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from forgewall.decide import wording
from forgewall.decide.stricter import RANK, joined
from forgewall.model import Action, Depth, Operation, Scrutiny, Step, Verdict


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
    return RANK[verdict.action], verdict.would_action is not None


def tighter(first: Ruling | None, second: Ruling) -> Ruling | None:
    """Which of two rulings on parts of one request limits its body: the one that leaves less, if any does."""
    if second.limit is None or second.action is Action.BLOCK:
        return first
    return second if first is None or first.limit is None or second.limit < first.limit else first


def also_by(first: Ruling, second: Ruling) -> Ruling:
    """`first`, which admits, where `second` admits too: what is stricter of both holds."""
    bound = tighter(first, second)
    assert bound is not None
    scrutiny = first.scrutiny
    if scrutiny is not None and second.scrutiny is not None:
        scrutiny = joined(scrutiny, second.scrutiny)
    return replace(
        first,
        limit=bound.limit,
        over=bound.over,
        limit_rule=bound.limit_rule,
        limit_reference=bound.limit_reference,
        limit_label=bound.limit_label,
        scrutiny=scrutiny,
    )


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

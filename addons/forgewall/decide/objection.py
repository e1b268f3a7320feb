"""What is said against something found in an upload, and the verdict it turns into."""

from __future__ import annotations

from dataclasses import dataclass, replace

from forgewall.decide.ruling import severity
from forgewall.model import Action, Scrutiny, Step, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """A rule that something in an upload falls under.

    `action` is LOG or BLOCK; `would_block` where observe mode turned a BLOCK into LOG. `code` is `content`, `ref`,
    `unread`, `unapproved` or `malformed`; `signal` the finer word for events (`secret`, `encrypted`, `archives`,
    `path`, `ref`, `delete`, `force`, …). `reason` is a sentence without a full stop, `rule` and `reference` as in
    `Verdict`.
    """

    action: Action
    code: str
    reason: str
    rule: str
    reference: str
    signal: str
    would_block: bool = False


def observed(objection: Objection | None, scrutiny: Scrutiny) -> Objection | None:
    """`objection`, a block turned into a log where observe mode holds."""
    if objection is None or objection.action is not Action.BLOCK or not scrutiny.observing:
        return objection
    return replace(objection, action=Action.LOG, would_block=True)


def objected(verdict: Verdict, objection: Objection) -> Verdict:
    """The verdict on an upload that `verdict` admitted, after `objection`; the milder never replaces the stricter."""
    step = Step(rule=objection.rule, reference=objection.reference, matched=True, note=objection.reason)
    after = replace(
        verdict,
        action=objection.action,
        code=objection.code,
        rule=objection.rule,
        reference=objection.reference,
        reason=objection.reason,
        would_action=Action.BLOCK if objection.would_block else None,
        trace=(*verdict.trace, step),
    )
    return after if severity(after) > severity(verdict) else verdict


def shown(text: str, most: int = 200) -> str:
    """A name of the client's making in a reason: on one line, no longer than `most` characters, its end kept."""
    short = text if len(text) <= most else "…" + text[1 - most :]
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):04x}}}" for char in short)

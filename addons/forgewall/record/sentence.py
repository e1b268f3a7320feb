"""The one sentence of an event, its `message`: who did what where, how much, and why the policy said so.

For people; programs read the fields. Nothing is redacted here, `record.ecs` does that to all strings alike.
"""

from __future__ import annotations

from datetime import UTC

from forgewall.model import Action, Effect, Operation, Subject, Target, Verdict
from forgewall.record.event import (
    UPSTREAM,
    Change,
    Decision,
    Deed,
    Edit,
    Event,
    Fault,
    LfsBatch,
    PolicyChange,
    PolicyEdit,
    Result,
    Review,
    Severity,
    Stage,
    Upload,
)
from forgewall.record.summary import refs_words, summary

_WORDS = {Operation.PUSH: "git push", Operation.FETCH: "read", Operation.UNIDENTIFIED: "unidentified request"}
_ENDED = {
    Result.COMPLETE: "Completed",
    Result.CUT: "Cut",
    Result.ABORTED: "Aborted",
    Result.REFUSED: "The forge refused",
}


def sentence(event: Event) -> str:
    """One English sentence without a full stop that tells what `event` is about."""
    match event:
        case Decision():
            return _decision(event)
        case Upload():
            return _upload(event)
        case PolicyChange():
            return _policy(event)
        case Fault():
            return _fault(event)
        case PolicyEdit():
            return _edit(event)
        case Review():
            return _review(event)


def outcome(verdict: Verdict) -> str:
    """What was done, in a word: `blocked`, `would-block`, `logged` or `allowed`."""
    if verdict.action is Action.BLOCK:
        return "blocked"
    if verdict.would_action is Action.BLOCK:
        return "would-block"
    return "logged" if verdict.action is Action.LOG else "allowed"


def operation_words(decision: Decision) -> str:
    """What was asked for, in words a person uses."""
    if decision.target is not None:
        operation = decision.target.operation
        return _WORDS.get(operation, operation.value.replace("-", " "))
    if decision.verdict.code == "ssh":
        return "SSH connection"
    return "connection" if decision.stage is Stage.CONNECTION else "request"


def place(decision: Decision) -> str:
    """The address, or the host where no address is certain."""
    target, exchange = decision.target, decision.exchange
    if target is not None and target.address is not None:
        return target.address
    if target is not None:
        return f"an unknown address on {target.host}"
    return f"{exchange.host}:{exchange.port}"


def who(subject: Subject) -> str:
    """The user with the client's address in brackets, or the address alone."""
    return f"{subject.user} ({subject.client})" if subject.user else subject.client


def _preposition(target: Target | None) -> str:
    return "from" if target is not None and target.effect is Effect.READ else "to"


def _decision(event: Decision) -> str:
    done = {"blocked": "Blocked", "would-block": "Would have blocked", "logged": "Logged", "allowed": "Allowed"}
    size = f" of {event.exchange.content_length} bytes" if event.exchange.content_length else ""
    asked = refs_words(event.refs, event.ref_count) or _lfs(event.lfs)
    return (
        f"{done[outcome(event.verdict)]} {operation_words(event)}{size} by {who(event.subject)} "
        f"{_preposition(event.target)} {place(event)}: {event.verdict.reason}{asked and f'; {asked}'}"
    )


def _lfs(batch: LfsBatch | None) -> str:
    if batch is None or not batch.object_count:
        return ""
    return f"{batch.object_count} object{'s' * (batch.object_count != 1)} of {batch.object_bytes} bytes"


def _upload(event: Upload) -> str:
    decision = event.decision
    held = summary(event.evidence) if event.evidence is not None else ""
    told = "; ".join(part for part in (event.verdict.reason if event.verdict else "", held) if part)
    passed = event.would_cut and event.result is Result.COMPLETE
    end = "Would have cut" if passed else _ENDED[event.result]
    return (
        f"{end} {operation_words(decision)} by {who(decision.subject)} "
        f"{_preposition(decision.target)} {place(decision)} after {event.wire_bytes} bytes{told and f': {told}'}"
    )


def _policy(event: PolicyChange) -> str:
    if event.change is Change.REJECTED:
        first = f", first: {event.problems[0]}" if event.problems else ""
        changed = "changed " if event.policy else ""
        kept = f"the policy {event.policy.digest[:12]} stays in force" if event.policy else "no policy is in force"
        return f"Rejected the {changed}policy file: {event.problem_count} problem(s){first}; {kept}"
    if event.change is Change.BREAK_GLASS_OVER:
        return "Break-glass is over: what the policy blocks is blocked again"
    where = f" from {event.policy.file}, mode {event.policy.mode.value}" if event.policy else ""
    return f"Loaded policy {(event.new_digest or 'unknown')[:12]}{where}, {event.approvals} approval(s)"


_EDITS = {
    Edit.APPROVED: "approved",
    Edit.REVOKED: "revoked the approval of",
    Edit.BREAK_GLASS: "broke the glass: nothing is blocked",
    Edit.BREAK_GLASS_ENDED: "ended break-glass: what the policy blocks is blocked again",
}


def _edit(event: PolicyEdit) -> str:
    until = f" until {event.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if event.until is not None else ""
    what = " ".join(part for part in (event.actor or "Somebody", _EDITS[event.edit], event.address) if part)
    return f"{what}{until}{event.reason and f': {event.reason}'}; policy {event.new_digest[:12]}"


_DEEDS = {
    Deed.OPEN: "opened again",
    Deed.APPROVED: "approved",
    Deed.FALSE_POSITIVE: "judged wrongly blocked",
    Deed.CONFIRMED: "confirmed",
    Deed.MUTED: "muted",
    Deed.SIGN_IN: "signed in to the console",
    Deed.SIGN_OUT: "signed out of the console",
    Deed.SIGN_IN_FAILED: "failed to sign in to the console",
    Deed.FORBIDDEN: "was refused a change in the console",
    Deed.TOKEN: "made a token for the console",
}


def _review(event: Review) -> str:
    case = f" case {event.case}" if event.case else ""
    about = f" ({' '.join(part for part in (event.operation, event.address) if part)})" if event.address else ""
    until = f" until {event.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if event.until is not None else ""
    note = f": {event.note}" if event.note else ""
    return f"{event.actor or event.client or 'Somebody'} {_DEEDS[event.deed]}{case}{about}{until}{note}"


def _fault(event: Fault) -> str:
    if event.where == UPSTREAM and event.exchange is not None:
        asker = f" (asked by {who(event.subject)})" if event.subject else ""
        return f"Could not reach {event.exchange.host}: {event.message}{asker}"
    cause = f" ({event.exception})" if event.exception else ""
    head = "Internal error" if event.severity is Severity.ERROR else "Notice"
    return f"{head} in {event.where}{cause}: {event.message}"

"""An event of the log as one line for people. It reads documents that somebody else may have written: whatever stands
there, the line is plain.
"""

from __future__ import annotations

from typing import Any

from forgewall.cli.terminal import safe
from forgewall.sizes import rounded

COLOURS = {"ALLOWED": "32"} | dict.fromkeys(["BLOCKED", "CUT", "ERROR", "REJECTED"], "31")
COLOURS |= dict.fromkeys(["WOULD-BLOCK", "WOULD-CUT"], "33")
"""The SGR parameters (ECMA-48 section 8.3.117) of the words for what was done."""


def readable(event: dict[str, Any], *, colour: bool = False) -> str:
    """One line: time, what was done, who, operation, address, size, reason, what was found in it, event id."""
    stamp = str(event.get("@timestamp", ""))[:19].replace("T", " ")
    done = word(event)
    shown = f"{done:<11}"
    if colour and done in COLOURS:
        shown = f"\x1b[{COLOURS[done]}m{shown}\x1b[0m"
    asker = who(event)
    if at(event, "event.dataset") in {"forgewall.decision", "forgewall.upload"}:
        reason, found = at(event, "event.reason"), at(event, "forgewall.evidence.summary")
        parts = [asker, _operation(event), where(event), _size(event), reason, found]
    else:
        message = str(event.get("message", ""))
        parts = [message] if asker in message else [asker, message]
    text = "  ".join(safe(part, 400) for part in parts if part)
    return f"{safe(stamp, 19)}  {shown}  {text}  [{safe(at(event, 'event.id'), 40)}]"


def word(event: dict[str, Any]) -> str:
    """What was done, as one word in capitals."""
    dataset = at(event, "event.dataset")
    action = at(event, "forgewall.action")
    if dataset == "forgewall.upload":
        done = at(event, "forgewall.upload.result")
        if done == "complete" and at(event, "forgewall.upload.would_cut") == "True":
            done = "would-cut"
    elif dataset == "forgewall.policy":
        done = at(event, "forgewall.change.result")
    elif dataset == "forgewall.review":
        done = at(event, "forgewall.review.deed").removeprefix("case-")
    elif dataset == "forgewall.decision" and action == "block":
        done = "blocked"
    elif dataset == "forgewall.decision":
        would = at(event, "forgewall.would_action") == "block"
        done = "would-block" if would else {"allow": "allowed", "log": "logged"}.get(action, action)
    else:
        done = at(event, "log.level")
    return safe(done or "event", 17).upper()


def who(event: dict[str, Any]) -> str:
    """Who asked, and from where."""
    user, client = at(event, "user.name"), at(event, "source.address")
    return f"{user} ({client})" if user and client else user or client


def _operation(event: dict[str, Any]) -> str:
    operation = at(event, "forgewall.operation")
    return operation or at(event, "event.code") or at(event, "forgewall.stage")


def where(event: dict[str, Any]) -> str:
    """What was asked about, and what is known of it."""
    address = at(event, "forgewall.address")
    if not address:
        return at(event, "url.full") or at(event, "destination.address")
    seen_by, moved = at(event, "forgewall.visibility"), at(event, "forgewall.moved.address")
    return f"{address}{seen_by and f' ({seen_by})'}{moved and f' (moved to {moved})'}"


def _size(event: dict[str, Any]) -> str:
    text = at(event, "http.request.body.bytes")
    if not text.isdecimal() or len(text) > 19:
        return ""
    return rounded(int(text))


def at(event: dict[str, Any], path: str) -> str:
    """What stands at the dotted `path`, as text; empty if nothing does."""
    value: Any = event
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None or isinstance(value, dict | list) else str(value)

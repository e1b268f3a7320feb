"""The ECS documents of what people did: edits of the policy by Forgewall's tools, and judgements in review."""

from __future__ import annotations

from forgewall.record.event import Deed, PolicyEdit, Review
from forgewall.record.wire import Document, ip_of, stamp

_SESSION = {
    Deed.SIGN_IN: "start",
    Deed.SIGN_OUT: "end",
    Deed.SIGN_IN_FAILED: "start",
    Deed.FORBIDDEN: "info",
    Deed.TOKEN: "info",
}
_FAILED = frozenset({Deed.SIGN_IN_FAILED, Deed.FORBIDDEN})


def policy_edit(event: PolicyEdit) -> Document:
    """An edit of the policy file, without what all events have."""
    return {
        "event": {
            "dataset": "forgewall.policy",
            "kind": "event",
            "category": ["configuration"],
            "type": ["change"],
            "action": f"policy-{event.edit.value}",
            "outcome": "success",
            "reason": event.reason or None,
        },
        "log": {"level": "info"},
        "user": {"name": event.actor or None, "roles": [event.role] if event.role else None},
        "source": {"address": event.client, "ip": event.client} if event.client else None,
        "related": {"user": [event.actor] if event.actor else []},
        "file": {"path": event.file},
        "forgewall": {
            "address": event.address or None,
            "change": {
                "result": event.edit.value,
                "old_digest": event.old_digest,
                "new_digest": event.new_digest,
                "actor_source": event.actor_source,
                "entry": event.entry or None,
                "lines": event.lines or None,
                "until": stamp(event.until) if event.until is not None else None,
                "approved_event": event.approved_event,
                "case": event.case,
            },
        },
    }


def review(event: Review) -> Document:
    """A judgement, or something at the console's door, without what all events have."""
    session = _SESSION.get(event.deed)
    return {
        "event": {
            "dataset": "forgewall.review",
            "kind": "event",
            "category": ["authentication"] if session else ["process"],
            "type": [session or "change"],
            "action": event.deed.value,
            "outcome": "failure" if event.deed in _FAILED else "success",
            "reason": event.note or None,
        },
        "log": {"level": "warn" if event.deed in _FAILED else "info"},
        "user": {"name": event.actor or None, "roles": [event.role] if event.role else None},
        "source": {"address": event.client, "ip": ip_of(event.client)} if event.client else None,
        "related": {"user": [event.actor] if event.actor else []},
        "forgewall": {
            "address": event.address or None,
            "operation": event.operation or None,
            "review": {
                "deed": event.deed.value,
                "case": event.case,
                "actor_source": event.actor_source or None,
                "until": stamp(event.until) if event.until is not None else None,
            },
        },
    }

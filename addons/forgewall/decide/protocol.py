"""Verdicts that no policy entry can lift: the connection or the message can't be trusted to be what it says.

Not here: what a policy says about a known target (`decide.engine`), and where a tunnel goes (`decide.tunnel`).
"""

from __future__ import annotations

from forgewall.model import Action, Verdict

BUILT_IN = "built-in"
"""The `reference` of a rule that stands in no policy file."""


def protocol_block(code: str, reason: str) -> Verdict:
    """A block by the built-in rule `protocol/<code>`; `reason` is one sentence without a full stop."""
    return Verdict(action=Action.BLOCK, code=code, rule=f"protocol/{code}", reference=BUILT_IN, reason=reason)


def internal_error() -> Verdict:
    """The block that an exception in our own code turns into."""
    return protocol_block(
        "internal-error", "Forgewall failed while it examined this request, and a failure never lets one through"
    )


def log_unwritable() -> Verdict:
    """The block of writes while the event log can't be written (`events.on_error: block`)."""
    return protocol_block(
        "log-unwritable", "Forgewall can't write its event log at the moment, and without a record nothing goes out"
    )

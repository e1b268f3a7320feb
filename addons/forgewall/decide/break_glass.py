"""The section `break_glass:`: for some hours nothing is blocked, and everybody can see until when, by whom and why.

What that means for a request is the engine's business (`Policy.observing`); writing the section is not done here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from forgewall.decide.complaints import Complaints
from forgewall.decide.document import Node, Scalar
from forgewall.decide.fields import Fields
from forgewall.decide.policy import BreakGlass

BREAK_GLASS_KEYS = ("until", "by", "reason")
LONGEST = timedelta(hours=24)
"""How long a broken glass may last: who needs more writes `mode: observe`, which a review sees."""
_UNTIL = "an RFC 3339 time such as 2026-11-25T18:00:00Z"


def break_glass(node: Node | None, complaints: Complaints, now: datetime) -> BreakGlass | None:
    """The section, None where there is none. `now` (aware) is when the policy is read."""
    if node is None or (isinstance(node, Scalar) and node.empty):
        return None
    fields = Fields(complaints)
    pairs = fields.mapping(node, "`break_glass`", BREAK_GLASS_KEYS)
    for key in BREAK_GLASS_KEYS:
        if key not in pairs:
            hint = f"write until: ({_UNTIL}), by: and reason:"
            complaints.add(node, f"`break_glass` has no `{key}`", hint)
    until = _until(pairs["until"][1], fields, now) if "until" in pairs else None
    texts = {key: _said(pairs[key][1], key, fields) for key in ("by", "reason") if key in pairs}
    by, reason = texts.get("by"), texts.get("reason")
    if until is None or by is None or reason is None:
        return None
    return BreakGlass(until=until, by=by, reason=reason, line=pairs["until"][0].line)


def _until(node: Node, fields: Fields, now: datetime) -> datetime | None:
    until = fields.moment(node, "`until`")
    if until is None:
        return None
    assert isinstance(node, Scalar)
    if ":" not in node.text:  # a day ends at 24:00 UTC, which would surprise people elsewhere
        fields.complaints.add(node, f"`until` is a day, but {_UNTIL} is wanted")
    elif until - now > LONGEST:
        latest = f"{now + LONGEST:%Y-%m-%dT%H:%M:%SZ}"
        fields.complaints.add(node, "a break-glass ends within 24 hours", f"now that is {latest} at the latest")
    else:
        return until
    return None


def _said(node: Node, key: str, fields: Fields) -> str | None:
    text = fields.text(node, f"`{key}`")
    if text == "" or (isinstance(node, Scalar) and node.empty):
        fields.complaints.add(node, f"`{key}` of `break_glass` is empty", "people will want to know later")
        return None
    return text

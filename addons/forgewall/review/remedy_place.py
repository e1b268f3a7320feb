"""Where a rule stands in the present policy: `file:line` of `content/secrets`, `limits/per_client`, an entry.

Events name rules; their lines may have moved since. What a rule says is not looked at here.
"""

from __future__ import annotations

from forgewall.decide.limits import limit_rule
from forgewall.decide.policy import Policy
from forgewall.decide.protocol import BUILT_IN
from forgewall.identify.address import address_key


def place_of(rule: str, policy: Policy) -> str:
    """`file:line` of `rule` (an event's `rule.id`), the file alone where no line states it; never raises."""
    category, _, name = rule.partition("/")
    if category == "protocol":
        return BUILT_IN
    line = _line(category, name, policy)
    if line is not None:
        return policy.reference(line)
    for word, found, reference in policy.defaults.scrutiny.content.places:
        if found == rule and (category != "content" or name in {word, "paths"}):
            return reference
    for limit in policy.limits:
        if limit_rule(limit) == rule and limit.reference:
            return limit.reference
    return policy.file


def _line(category: str, name: str, policy: Policy) -> int | None:
    if category == "defaults":
        return policy.defaults.lines.get(name)
    if category not in {"approved", "forbidden"}:
        return None
    try:
        key = address_key(name, policy.registry)
    except ValueError:
        return None
    if category == "approved":
        return next((entry.line for entry in policy.approved.get(key, ())), None)
    entry = policy.forbidden.get(key)
    return None if entry is None else entry.line

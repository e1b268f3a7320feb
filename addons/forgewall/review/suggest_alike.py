"""Owners that were seen and can be taken for others: for one that the policy approves, or one that more people use.

Whoever wants an account of his own to be approved calls it like the company's, and sends there little and often.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from forgewall.decide.policy import Policy
from forgewall.decide.script import skeleton
from forgewall.review.suggest_seen import Spot

_BETWEEN = re.compile(r"[._~-]+")


def look_alikes(owners: Mapping[str, Sequence[Spot]], policy: Policy) -> dict[str, str]:
    """The folded addresses of owners (keys of `owners`) that look like another, with that one's address."""
    first: dict[str, tuple[str, str]] = {}
    for entries in policy.approved.values():
        names = entries[0].address.split("/")
        if len(names) > 1:
            address = "/".join(names[:2])
            first.setdefault(_shape(address), (address.lower(), address))
    found: dict[str, str] = {}
    for top, spots in sorted(owners.items(), key=lambda pair: (-_people(pair[1]), pair[0])):
        if top.count("/") == 1:
            address = "/".join(spots[0].address.split("/")[:2])
            alike, spelled = first.setdefault(_shape(address), (address.lower(), address))
            if alike != address.lower():
                found[top] = spelled
    return found


def _shape(address: str) -> str:
    host, _, owner = address.partition("/")
    return f"{host.lower()}/{_BETWEEN.sub('', skeleton(owner))}"


def _people(spots: Sequence[Spot]) -> int:
    return len({who for spot in spots for use in spot.uses.values() for who in use.people})

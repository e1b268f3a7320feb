"""What speaks against taking use of an address for company work, in words for the person who decides.

Nobody is accused here: each is a reason to look before approving. Not here: whether there is enough use at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from difflib import SequenceMatcher
from statistics import median

from forgewall.decide.policy import Policy
from forgewall.decide.visibility import tells_nothing
from forgewall.model import Operation, Visibility
from forgewall.review.stand_ins import is_stand_in
from forgewall.review.suggest_seen import Spot
from forgewall.sizes import rounded

DUMP_BYTES = 100 * 2**20
"""Bytes that one person sends to one address in a day from which on it may be a copy of everything."""
_UNLIKE_OTHER_DAYS = 10
_GRAVE = ("secret", "encrypted", "keys", "databases", "mail_stores", "disk_images", "content")
"""Signals that no daily work gives (`record.signals`)."""
_SAID = {"content": "something that the policy refused for its contents"}
_MADE = (Operation.CREATE_REPO, Operation.FORK, Operation.IMPORT)
_ALIKE = 0.8
_SHORTEST = 4
_FEW = 2


def doubt(spot: Spot, policy: Policy, now: datetime) -> str:
    """Why use of `spot` shouldn't be approved without a look, '' if nothing speaks against it."""
    return (
        _settled(spot, policy, now)
        or _unsafe(spot)
        or (f"the forge said that it moved to {spot.moved}" if spot.moved else "")
        or _large(spot)
        or _personal(spot)
        or _public(spot)
    )


def is_settled(spot: Spot, policy: Policy, now: datetime) -> bool:
    """Whether the policy says something of this very address already, whatever is approved above it."""
    return bool(_settled(spot, policy, now))


def _settled(spot: Spot, policy: Policy, now: datetime) -> str:
    prohibition = policy.prohibition(spot.key)
    if prohibition is not None:
        return f"`{prohibition.rule}` ({policy.reference(prohibition.line)}) forbids it"
    if (verdict := spot.against.get("forbidden")) is not None:
        return verdict.reason
    for entries in policy.covering(spot.key):
        for entry in entries:
            if entry.terms.unexpired(now):
                return f"`{entry.rule}` ({policy.reference(entry.line)}) covers it and doesn't admit this: widen that"
    return ""


def _unsafe(spot: Spot) -> str:
    if tells_nothing(spot.key) or Operation.SNIPPET in spot.uses:
        return "gists and snippets are a person's, and anybody can make them public"
    found = [signal for signal in spot.signals if signal.partition(":")[0] in _GRAVE]
    if found:
        listed = ", ".join(_SAID.get(signal, signal.replace(":", " ")) for signal in sorted(found)[:5])
        return f"uploads there held: {listed}"
    return ""


def _large(spot: Spot) -> str:
    sent = spot.sent
    if not sent:
        return ""
    (_, day), most = max(sent.items(), key=lambda pair: pair[1])
    usual = median(sent.values())
    if most < DUMP_BYTES or (len(sent) > _FEW and most <= usual * _UNLIKE_OTHER_DAYS):
        return ""
    return f"one person sent {rounded(most)} on {day}, which looks like a copy of much"


def _personal(spot: Spot) -> str:
    if spot.key.partition("/")[2].startswith("~"):
        return "it is a person's own space"
    owner = (spot.owner or "").partition("/")[0]
    people = [who for who in spot.use.people if not is_stand_in(who)]
    if not owner or any(_plain(owner) == label for who in people for label in _company(who)):
        return ""
    if any(_is_name_of(owner, who) for who in people):
        return "the owner is called like somebody who sends there"
    if len(spot.use.people) <= _FEW and any(_is_like(owner, who) for who in people):
        return "the owner is called much like somebody who sends there"
    makers = {who for operation in _MADE if operation in spot.uses for who in spot.uses[operation].people}
    if makers and len(spot.use.people) == 1:
        return "who sends there made it, too"
    return ""


def _public(spot: Spot) -> str:
    if spot.visibilities[Visibility.PUBLIC] and len(spot.use.people) == 1:
        return "everybody can see it, and only one person sends there"
    return ""


def _is_name_of(owner: str, who: str) -> bool:
    """Whether `owner` is the user's name, or made of all its parts: `ana.lima@…` as `limaana`, `alima`, `ana-l`."""
    parts = _parts(who)
    name = _plain(owner)
    if not parts or len(name) < _SHORTEST - 1:
        return False
    whole = "".join(parts)
    first, last = parts[0], parts[-1]
    made = {whole, "".join(reversed(parts))}
    if len(parts) > 1:
        made |= {first[0] + last, first + last[0], last + first[0], last[0] + first}
    return name in made


def _is_like(owner: str, who: str) -> bool:
    """Whether `owner` holds the user's name, or is nearly it."""
    name, parts = _plain(owner), _parts(who)
    whole = "".join(parts)
    longest = max(parts, key=len, default="")
    held = len(longest) >= _SHORTEST and longest in name
    return held or (len(whole) >= _SHORTEST and SequenceMatcher(None, name, whole).ratio() >= _ALIKE)


def _parts(who: str) -> list[str]:
    """The words of a user's name, without a domain before or behind it; an address of the network has none."""
    name = who.rpartition("\\")[2].partition("@")[0].casefold()
    if re.fullmatch(r"[0-9a-f:.]*[:.][0-9a-f:.]*", name):
        return []
    return [part for part in re.split(r"[\W\d_]+", name) if part]


def _company(who: str) -> Iterable[str]:
    """What the user's domain may be called: `acme` of `ana@acme.example`, and of `ACME\\ana`."""
    domain = who.partition("@")[2] or (who.rpartition("\\")[0] if "\\" in who else "")
    return {_plain(label) for label in domain.casefold().split(".") if len(label) >= _SHORTEST - 1}


def _plain(name: str) -> str:
    return re.sub(r"[\W\d_]+", "", name.casefold())

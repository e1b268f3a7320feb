"""What of a recorded decision some policies can tell apart, so that alike ones need be judged only once.

A policy looks at the time only through moments (an entry expires, break-glass ends), at a size only through limits, at
people and refs only where an entry that covers the address says something of them. Two decisions with the same
`Place` and the same key get the same verdict but for numbers and names in its reason: that is exact, no estimate. Not
here: judging (`replay_judge`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from forgewall.decide.audience import Audience
from forgewall.decide.engine import CAPS
from forgewall.decide.parts import UNHEARD, main_part, second_part
from forgewall.decide.policy import Approval, Policy
from forgewall.model import Action, Target
from forgewall.record.redact import REDACTED

INEXACT_ADDRESS = "the log holds the address redacted or shortened"
OTHER_KIND = "the policy takes the forge for another kind of software"
OWN_ID = "the request names a repository by an id, which the policy may know"


@dataclass(slots=True, kw_only=True)
class Place:
    """A target, and what the policies look at in a request for it. `verdicts` is room for those found so far.

    `problem` tells why it can't be judged, '' if it can. `people`: who asks may matter; `named` are the audiences
    among these that hold users' names. `refs`: which refs are changed may matter.
    """

    target: Target
    problem: str
    people: bool
    named: tuple[Audience, ...]
    refs: bool
    verdicts: dict[Any, Any] = field(default_factory=dict)


class Sight:
    """What `policies` look at."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._policies = tuple(policies)
        moments, sizes = set[datetime](), {cap for cap in CAPS.values() if cap is not None}
        for policy in self._policies:
            if policy.break_glass is not None:
                moments.add(policy.break_glass.until)
            sizes.add(policy.defaults.max_upload)
            for terms in (entry.terms for entries in policy.approved.values() for entry in entries):
                if terms.expires is not None:
                    moments.add(terms.expires)
                if terms.max_upload is not None:
                    sizes.add(terms.max_upload)
        self._moments = sorted(moments)
        self._sizes = sorted(sizes)

    def span(self, time: datetime) -> int:
        """Between which two moments `time` (aware) lies; a moment itself belongs to what follows it."""
        return bisect_right(self._moments, time)

    def bucket(self, size: int | None) -> int:
        """Between which two limits a body of `size` bytes lies, -1 for None; a limit belongs to what precedes it."""
        return -1 if size is None else bisect_left(self._sizes, size)

    def place(self, target: Target) -> Place:
        """What is looked at in requests for `target`."""
        entries = [entry for policy in self._policies for entry in _covering(policy, target)]
        audiences = tuple({id(who): who for entry in entries if (who := entry.terms.who) is not None}.values())
        return Place(
            target=target,
            problem=self._problem(target),
            people=bool(audiences),
            named=tuple(who for who in audiences if who.users),
            refs=any(_minds_refs(entry) for entry in entries),
        )

    def _problem(self, target: Target) -> str:
        """Why nobody can say what the policies make of `target`."""
        moves = (place.moved for place in (target, *target.also))
        keys = [target.key, *(also.address for also in target.also), *(move.key for move in moves if move is not None)]
        if not all(key is None or _exact(key) for key in keys):
            return INEXACT_ADDRESS
        for policy in self._policies:
            forge = policy.registry.lookup(target.host)
            if forge is not None and forge.kind is not target.kind:
                return OTHER_KIND
            if policy.ids and target.key is None and UNHEARD in target.evidence:
                return OWN_ID
        return ""


def is_exact(text: str) -> bool:
    """Whether `text` from the log is what once was said: nothing redacted, replaced or cut off."""
    return REDACTED not in text and "…" not in text and "\ufffd" not in text


def _exact(address: str) -> bool:
    return address.isascii() and is_exact(address)


def _covering(policy: Policy, target: Target) -> Iterator[Approval]:
    """The entries that cover any address which `target` names."""
    main = main_part(target, ())
    for part in (main, *(second_part(also, main, policy.registry) for also in target.also)):
        for key in (part.key, part.moved.key if part.moved is not None else None):
            for entries in policy.covering(key) if key is not None else ():
                yield from entries


def _minds_refs(entry: Approval) -> bool:
    scrutiny = entry.terms.scrutiny
    return scrutiny.refs is not None or scrutiny.deletes is not Action.ALLOW

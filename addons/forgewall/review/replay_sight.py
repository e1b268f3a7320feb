"""What of a recorded decision some policies can tell apart, so that alike ones need be judged only once.

A policy looks at the time only through moments (an entry expires, break-glass ends), at a size only through limits, at
an address only through what covers it, at people only through the audiences of these entries, at refs only through what
these say of them.
Two decisions with the same `Place` for which all this is the same get the same verdict but for numbers and names in its
reason: that is exact, no estimate. Not here: judging (`replay_judge`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from forgewall.decide.audience import Audience
from forgewall.decide.engine import CAPS
from forgewall.decide.parts import UNHEARD, Part, main_part, second_part
from forgewall.decide.policy import Approval, Policy
from forgewall.decide.refs import judge_refs
from forgewall.evidence import RefUpdate
from forgewall.model import Action, Operation, Scrutiny, Subject, Target
from forgewall.record.redact import REDACTED

INEXACT_ADDRESS = "the log holds the address redacted or shortened"
OTHER_KIND = "the policy takes the forge for another kind of software"
OWN_ID = "the request names a repository by an id, which the policy may know"


@dataclass(slots=True, kw_only=True)
class Place:
    """What the policies look at in requests for some targets. `verdicts` is room for those found so far.

    `problem` tells why it can't be judged, '' if it can. `audiences` are those for whom its entries are, `named` the
    ones that hold users' names. `scrutinies` are what its entries say of refs, where they say anything. `moments` and
    `sizes` are when and beyond how many bytes the verdict may become another, in order.
    """

    problem: str = ""
    audiences: tuple[Audience, ...] = ()
    named: tuple[Audience, ...] = ()
    scrutinies: tuple[Scrutiny, ...] = ()
    moments: tuple[datetime, ...] = ()
    sizes: tuple[int, ...] = ()
    verdicts: dict[Any, Any] = field(default_factory=dict)

    def who(self, subject: Subject) -> tuple[bool, ...]:
        """In which of the audiences `subject` is."""
        return tuple([who.admits(subject) for who in self.audiences])

    def changes(self, refs: Sequence[RefUpdate]) -> tuple[object, ...]:
        """What each of the scrutinies says of `refs`."""
        said = [judge_refs(scrutiny, refs) for scrutiny in self.scrutinies]
        return tuple([None if objection is None else (objection.action, objection.signal) for objection in said])

    def span(self, time: datetime) -> int:
        """Between which two moments `time` (aware) lies; a moment itself belongs to what follows it."""
        return bisect_right(self.moments, time)

    def bucket(self, size: int | None) -> int:
        """Between which two sizes a body of `size` bytes lies; a limit belongs to what precedes it.

        One of unknown size (None) is beyond no limit, as is an empty one.
        """
        return bisect_left(self.sizes, size or 0)


class Sight:
    """What `policies` look at."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._policies = tuple(policies)
        self._places: dict[tuple[object, ...], Place] = {}

    def place(self, target: Target) -> Place:
        """What is looked at in requests for `target`. Targets that are alike to the policies have the same one."""
        if problem := self._problem(target):
            return Place(problem=problem)
        if target.also or target.moved is not None:
            return self._looked_at(target)
        alike = self._alike(target)
        place = self._places.get(alike)
        if place is None:
            place = self._places[alike] = self._looked_at(target)
        return place

    def _alike(self, target: Target) -> tuple[object, ...]:
        """All that the policies see of a target that is a single place.

        Its name counts only by what covers it, its operation only by its effect and by who allows it (a commit through
        an API is read where others aren't), its visibility only where an entry asks for it.
        """
        operation, key = target.operation, target.key
        unclear = operation is Operation.UNIDENTIFIED or target.effect is not operation.effect
        found: list[object] = [target.effect.value, unclear, operation is Operation.CONTENTS, key is None]
        for policy in self._policies:
            found.append(policy.registry.lookup(target.host) is None)
            if key is not None:
                found.append(id(policy.prohibition(key)))
                for entries in policy.covering(key):
                    found.append(id(entries))
                    found += [operation in entry.terms.allow for entry in entries]
                    if any(entry.terms.visibility is not None for entry in entries):
                        found.append(target.visibility)
        return tuple(found)

    def _looked_at(self, target: Target) -> Place:
        parts = [(policy, list(_parts(policy, target))) for policy in self._policies]
        terms = [entry.terms for policy, found in parts for part in found for entry in _covering(policy, part)]
        audiences = tuple({id(one.who): one.who for one in terms if one.who is not None}.values())
        broken = (policy.break_glass for policy in self._policies)
        moments = {one.expires for one in terms if one.expires is not None}
        caps = {CAPS.get(part.effect) for _, found in parts for part in found}
        sizes = {one.max_upload for one in terms} | {policy.defaults.max_upload for policy in self._policies} | caps
        return Place(
            audiences=audiences,
            named=tuple(who for who in audiences if who.users),
            scrutinies=tuple(_on_refs(one.scrutiny for one in terms)),
            moments=tuple(sorted(moments | {glass.until for glass in broken if glass is not None})),
            sizes=tuple(sorted(size for size in sizes if size is not None)),
        )

    def _problem(self, target: Target) -> str:
        """Why nobody can say what the policies make of `target`."""
        moves = [target.moved, *(also.moved for also in target.also)]
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


def _parts(policy: Policy, target: Target) -> Iterator[Part]:
    """The repositories of a request for `target`, as `policy` sees them."""
    main = main_part(target, ())
    yield main
    for also in target.also:
        yield second_part(also, main, policy.registry)


def _covering(policy: Policy, part: Part) -> Iterator[Approval]:
    """The entries that cover the address of `part`, or where it moved to."""
    for key in (part.key, part.moved.key if part.moved is not None else None):
        for entries in policy.covering(key) if key is not None else ():
            yield from entries


def _on_refs(scrutinies: Iterable[Scrutiny]) -> Iterable[Scrutiny]:
    """One of each that say something of refs, and not the same."""
    found = ((one.refs, one.deletes, one) for one in scrutinies)
    minded = [said for said in found if said[0] is not None or said[1] is not Action.ALLOW]
    return {said[:2]: said[2] for said in minded}.values()

"""What a person should know before he takes an approval away: what stays below it, and who decides there from then on.

Sentences, none of which forbids anything. Lines are those of the present file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from forgewall.decide.policy import Approval, Policy
from forgewall.identify.address import address_key, covers

_LINES = 12
"""Lines that one sentence names."""


def warnings(policy: Policy, addresses: Sequence[str], line: int | None, now: datetime) -> Iterator[str]:
    """Warnings on taking away the entries for exactly `addresses` (those in `line` alone) at `now` (aware)."""
    keys = dict.fromkeys(address_key(address, policy.registry) for address in addresses)
    taken = [entry for key in keys for entry in policy.approved.get(key, ()) if line in {None, entry.line}]
    if line is None and len(taken) > len(keys):
        which = "this address" if len(keys) == 1 else "these addresses"
        yield f"all {len(taken)} entries for {which} go; --line N takes away one"
    yield from _below(policy, keys, now)
    for key in keys:
        place = "there" if len(keys) == 1 else f"at {key}"
        yield from _above(policy, key, taken, now, place)


def _below(policy: Policy, keys: Collection[str], now: datetime) -> Iterator[str]:
    """What stays in force below what is taken away: it has a longer address, which decides alone."""
    lines = [
        entry.line
        for key, entries in policy.approved.items()
        if key not in keys and any(covers(above, key) for above in keys)
        for entry in entries
        if entry.terms.unexpired(now)
    ]
    if lines:
        noun = "entry below stays" if len(lines) == 1 else "entries below stay"
        yield f"{len(lines):,} {noun}: {_told(lines)}"


def _above(policy: Policy, key: str, taken: Collection[Approval], now: datetime, place: str) -> Iterator[str]:
    """Which entries decide there from then on. They may let more pass than those that had decided until now."""
    own = [entry for entry in policy.approved.get(key, ()) if entry.terms.unexpired(now)]
    if not own or any(entry not in taken for entry in own):
        return
    for entries in policy.covering(key):
        broader = [entry for entry in entries if entry.key != key and entry.terms.unexpired(now) and entry not in taken]
        if broader:
            noun, verb = ("entry", "decides") if len(broader) == 1 else ("entries", "decide")
            told = _told([entry.line for entry in broader])
            yield f"from then on the {noun} of {broader[0].address} ({told}) {verb} {place}"
            return


def _told(found: Collection[int]) -> str:
    lines = sorted(set(found))
    noun = "line" if len(lines) == 1 else "lines"
    more = f" and {len(lines) - _LINES:,} more" if len(lines) > _LINES else ""
    return f"{noun} {', '.join(map(str, lines[:_LINES]))}{more}"

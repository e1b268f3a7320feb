"""What the calendar does to a policy: entries that have expired or soon will, and a glass that was broken. Part of
`lint`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from forgewall.decide import wording
from forgewall.decide.complaints import quote
from forgewall.decide.policy import Approval, Policy
from forgewall.decide.remark import Code, Remark

SOON = timedelta(days=7)
"""How long before it expires an entry is told of."""
_DAY = timedelta(days=1)
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def lapses(policy: Policy, entry: Approval, now: datetime) -> Iterator[Remark]:
    """What time has done to `entry`, or soon will."""
    end, confirmed = entry.terms.expires, entry.terms.confirmed
    if end is not None and now >= end:
        note = wording.expired(entry.address, end) + _successor(policy, entry, now, "decides")
        yield Remark(code=Code.EXPIRED, line=entry.line, message=note, hint="renew or remove the entry")
    elif end is not None and end - now <= SOON:
        note = f"the approval of {entry.address} expires in {_left(end - now)}"
        note += _successor(policy, entry, end, "decides then")
        yield Remark(code=Code.EXPIRING, line=entry.line, message=note, hint="renew it if it is still needed")
    if confirmed is not None and confirmed - now > _DAY:
        note = f"`confirmed` of {quote(entry.address)} is still to come: moves that nobody has seen yet won't count"
        yield Remark(code=Code.FUTILE, line=entry.line, message=note, hint="write the day on which you looked")


def broken_glass(policy: Policy, now: datetime) -> Iterator[Remark]:
    """That nothing is blocked at the moment, or that the section has had its time."""
    glass = policy.break_glass
    if glass is None:
        return
    until = f"{glass.until:%Y-%m-%dT%H:%M:%SZ}"
    if now < glass.until:
        note = f"the glass is broken by {quote(glass.by)}: nothing is blocked for another {_left(glass.until - now)}"
        yield Remark(code=Code.BREAK_GLASS, line=glass.line, message=note, hint=f"it ends by itself at {until}")
    else:
        note = f"the break-glass of {quote(glass.by)} is over since {until}"
        yield Remark(code=Code.BREAK_GLASS, line=glass.line, message=note, hint="remove it")


def _successor(policy: Policy, entry: Approval, at: datetime, verb: str) -> str:
    """Which broader entry has the say at the address once `entry` has expired: it may admit more."""
    for entries in policy.covering(entry.key):
        valid = [other for other in entries if other.terms.unexpired(at)]
        if valid and entries[0].key == entry.key:
            return ""  # an alternative is left, and the address decides as before
        if valid:
            return f"; {valid[0].address} in line {valid[0].line} {verb} there"
    return ""


def _left(span: timedelta) -> str:
    """A span in its two largest units: `2 days 3 hours`."""
    seconds = int(span.total_seconds())
    words: list[str] = []
    for length, unit in _UNITS:
        number, seconds = divmod(seconds, length)
        if number and len(words) < 2:
            words.append(f"{number} {unit}{'' if number == 1 else 's'}")
    return " ".join(words) or "less than a minute"

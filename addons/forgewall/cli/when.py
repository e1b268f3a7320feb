"""How the commands write times: in UTC, and how long ago that was."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def exact(time: datetime) -> str:
    """`time` (aware) in UTC, as `2026-11-24 09:14:07`."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def to_the_minute(time: datetime) -> str:
    """`time` (aware) in UTC, as `2026-11-24 09:14`."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M}"


def stamp(time: datetime) -> str:
    """`time` (aware) in RFC 3339 for programs: `2026-11-24T09:14:07.480Z`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def relative(time: datetime, now: datetime) -> str:
    """How long before `now` that was, in the largest unit: `3 h ago`; or how long after: `in 6 d`."""
    seconds = (now - time).total_seconds()
    if abs(seconds) < 60:
        return "just now" if seconds >= 0 else "in a moment"
    told = _span(abs(seconds))
    return f"{told} ago" if seconds > 0 else f"in {told}"


def _span(seconds: float) -> str:
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= size)
    return f"{int(seconds // size)} {unit}"

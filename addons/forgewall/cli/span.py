"""Spans of time as options take them: `30m`, `12h`, `7d`, `2w`."""

from __future__ import annotations

from datetime import datetime, timedelta

from forgewall.decide.fields import duration_of
from forgewall.errors import UsageError

_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=3660)


def ending(text: str, now: datetime, option: str = "--for") -> datetime:
    """When a span that begins `now` (aware) ends, in whole seconds. Raises UsageError with a sentence."""
    try:
        span = duration_of(text.strip())
    except ValueError:
        raise UsageError(f"{option} takes a span such as 30m, 12h, 7d or 2w") from None
    if not _SHORTEST <= span <= _LONGEST:
        raise UsageError(f"{option} takes a span from 1m to 3660d")
    end = now + span
    return end if not end.microsecond else end.replace(microsecond=0) + timedelta(seconds=1)

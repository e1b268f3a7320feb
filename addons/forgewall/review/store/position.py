"""Where an event stands among all: a whole number that grows with time. It orders events of one millisecond by id."""

from __future__ import annotations

from datetime import datetime

from forgewall.review.store.entry import milliseconds

BITS = 21
_LOW = (1 << BITS) - 1
_ULID = 26
_DIGITS = str.maketrans("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
LAST = (1 << 63) - 1


def position(at: int, identifier: str) -> int:
    """The place of the event `identifier` at `at` (milliseconds since 1970); others may want the same."""
    if len(identifier) == _ULID:
        try:
            return at << BITS | int(identifier[10:15].translate(_DIGITS), 32) >> 4
        except ValueError:
            pass
    return at << BITS | int.from_bytes(identifier.encode()[-3:]) & _LOW


def of_identifier(identifier: str) -> int | None:
    """The place that an event with this id would have had by the time in it (`record.ulid`); None if it tells none."""
    try:
        return position(int(identifier[:10].upper().translate(_DIGITS), 32), identifier.upper())
    except ValueError:
        return None


def border(time: datetime) -> int:
    """The first place at `time` (aware) or later."""
    return min(max(milliseconds(time), 0) << BITS, LAST)


def taken_at(place: int) -> int:
    """The milliseconds since 1970 of a place."""
    return place >> BITS

"""Where an event stands among all: a whole number that grows with time. It orders events of one millisecond by id."""

from __future__ import annotations

from datetime import datetime

from forgewall.review.store.entry import milliseconds

BITS = 21
LOW = (1 << BITS) - 1
_NEAR, _CHANCE = 4, 18
_ULID = 26
_DIGITS = str.maketrans("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "0123456789ABCDEFGHIJKLMNOPQRSTUV")
LAST = (1 << 63) - 1


def position(at: int, identifier: str) -> int:
    """The place of the event `identifier` at `at` (milliseconds since 1970); others may want the same.

    Within a millisecond ids made by `record.ulid` decide: by their own time, which is a little earlier or later, and
    then by their random part. Where their time is quite another one, it alone does.
    """
    if len(identifier) == _ULID:
        try:
            made = int(identifier[:10].translate(_DIGITS), 32)
            apart = made - at + _NEAR
            if 0 < apart < 2 * _NEAR:
                return at << BITS | apart << _CHANCE | int(identifier[10:14].translate(_DIGITS), 32) >> 20 - _CHANCE
            return at << BITS | made & LOW
        except ValueError:
            pass
    return at << BITS | int.from_bytes(identifier.encode()[-2:]) & LOW


def of_identifier(identifier: str) -> int | None:
    """The place that an event with this id would have had by the time in it (`record.ulid`); None if it tells none.

    An id may tell of a time beyond all places; then it is the last one's.
    """
    if len(identifier) != _ULID:
        return None
    try:
        return min(position(int(identifier[:10].upper().translate(_DIGITS), 32), identifier.upper()), LAST - 1)
    except ValueError:
        return None


def border(time: datetime) -> int:
    """The first place at `time` (aware) or later."""
    return min(max(milliseconds(time), 0) << BITS, LAST)


def taken_at(place: int) -> int:
    """The milliseconds since 1970 of a place."""
    return place >> BITS

"""Finds a free place for each event, near the one it wants, in the order they come."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from forgewall.review.store.position import LOW

_STEPS = 16


def free_places(connection: sqlite3.Connection, wanted: Sequence[int]) -> list[int]:
    """For each of `wanted` the place itself, the next one that is free, or the one after all others of its millisecond.

    Places differ from each other and from those in the index.
    """
    listed = msgspec.json.encode(wanted).decode()
    query = "SELECT n FROM event WHERE n IN (SELECT value FROM json_each(?))"
    taken = {n for (n,) in connection.execute(query, (listed,))}
    ends: dict[int, int] = {}
    found = []
    for place in wanted:
        n = _free(connection, place, taken, ends) if place in taken else place
        taken.add(n)
        if n | LOW in ends:
            ends[n | LOW] = max(ends[n | LOW], n)
        found.append(n)
    return found


def _free(connection: sqlite3.Connection, place: int, taken: set[int], ends: dict[int, int]) -> int:
    last = place | LOW
    for n in range(place + 1, min(place + _STEPS, last) + 1):
        if n not in taken and not _exists(connection, n):
            return n
    if last not in ends:
        (known,) = connection.execute("SELECT max(n) FROM event WHERE n BETWEEN ? AND ?", (place, last)).fetchone()
        ends[last] = max([known or 0, *(n for n in taken if place <= n <= last)])
    if ends[last] < last:
        return ends[last] + 1
    return next(n for n in range(last & ~LOW, 1 << 62) if n not in taken and not _exists(connection, n))


def _exists(connection: sqlite3.Connection, n: int) -> bool:
    return connection.execute("SELECT 1 FROM event WHERE n = ?", (n,)).fetchone() is not None

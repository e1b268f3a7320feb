"""Reads what `counting` has summed up, for any span of time: whole days and hours from the sums, the rest from
events.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from forgewall.review.figures import Bucket, Statistics, Tally, Usage
from forgewall.review.store import counting
from forgewall.review.store.conditions import STATE
from forgewall.review.store.counting import DAY, HOUR, SLOT
from forgewall.review.store.entry import milliseconds, moment
from forgewall.review.store.position import BITS, LAST

_LENGTHS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
    *(HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY),
)
"""Round lengths of buckets in seconds."""

_EVENTS = """
    SELECT e.n, e.bytes, r.dataset, r.outcome, r.alert, r.code, t.forge, t.effect, t.operation,
        iif(t.key != '', t.key, t.host), iif(a.user != '', a.user, a.client)
    FROM event e CROSS JOIN ruling r ON r.id = e.ruling
        CROSS JOIN target t ON t.id = e.target CROSS JOIN asker a ON a.id = e.asker
    WHERE e.n >= ? AND e.n < ? AND r.dataset IN ('decision', 'upload')
"""
_SLOTS = """
    SELECT start / ?1, sum(blocked), sum(would), sum(passed), sum(uploads), sum(bytes)
    FROM slot WHERE start >= ?2 AND start < ?3 GROUP BY 1
"""
_TALLIES = """
    SELECT name, sum(count), sum(bytes), max(last) FROM tally
    WHERE level = ? AND dimension = ? AND start >= ? AND start < ? GROUP BY name
"""
_OPEN = f"""
    SELECT count(*) FROM cas c LEFT JOIN judged j ON j.id = c.id WHERE c.last >= ? AND c.last < ? AND ({STATE}) = 'open'
"""  # noqa: S608 - our own words
type _Sums = dict[int, list[int]]


def statistics(
    connection: sqlite3.Connection, since: datetime, until: datetime, *, now: datetime, buckets: int, top: int
) -> Statistics:
    """Numbers about the time from `since` to `until` (aware, excluded)."""
    start, end = milliseconds(since), max(milliseconds(until), milliseconds(since) + 1)
    length = _length(end - start, max(buckets, 1))
    series = _series(connection, start, end, length)
    ranked = _tallies(connection, start, end, top)
    (opened,) = connection.execute(
        _OPEN,
        (_place(start), _place(end), milliseconds(now)),
    ).fetchone()
    return Statistics(
        since=since,
        until=until,
        seconds=length,
        buckets=series,
        addresses=ranked[counting.ADDRESS],
        people=ranked[counting.PERSON],
        operations=ranked[counting.OPERATION],
        reasons=ranked[counting.REASON],
        uploads=ranked[counting.UPLOADED],
        open_cases=opened,
    )


def usage(connection: sqlite3.Connection) -> dict[str, Usage]:
    """How often each rule decided, by its id."""
    rows = connection.execute("SELECT rule, sum(count), max(last), sum(bytes) FROM usage GROUP BY rule")
    return {
        rule: Usage(name=rule, count=count, last=moment(last), bytes=size) for rule, count, last, size in rows if rule
    }


def _length(span: int, buckets: int) -> int:
    """The shortest round length, in seconds, of which `buckets` or fewer cover `span` milliseconds."""
    for seconds in _LENGTHS:
        if span <= seconds * 1000 * buckets:
            return seconds
    return -(-span // (DAY * 1000 * buckets)) * DAY


def _series(connection: sqlite3.Connection, start: int, end: int, length: int) -> tuple[Bucket, ...]:
    first, last = start // 1000 // length, (end - 1) // 1000 // length
    sums = {number: [0, 0, 0, 0, 0] for number in range(first, last + 1)}
    whole = SLOT if length % SLOT == 0 else 0
    for from_sums, low, high in _pieces(start, end, (whole,) if whole else ()):
        if from_sums:
            for number, *found in connection.execute(_SLOTS, (length, low // 1000, high // 1000)):
                _add(sums[number], found)
        else:
            for n, size, dataset, outcome, _, _, forge, effect, *_ in _events(connection, low, high):
                column = counting.slot_column(dataset, outcome, effect, bool(forge))
                if column is not None:
                    bucket = sums[(n >> BITS) // 1000 // length]
                    bucket[column] += 1
                    bucket[4] += counting.weight(dataset, outcome, size) if dataset == "upload" else 0
    return tuple(
        Bucket(start=moment(number * length * 1000), blocked=one[0], would_block=one[1], passed=one[2], uploads=one[3],
               bytes=one[4])
        for number, one in sums.items()
    )  # fmt: skip


def _tallies(connection: sqlite3.Connection, start: int, end: int, top: int) -> list[tuple[Tally, ...]]:
    """Of each dimension the largest."""
    sums: list[_Sums] = [{} for _ in counting.DIMENSIONS]
    for level, low, high in _pieces(start, end, counting.LEVELS[::-1]):
        if level:
            for dimension in counting.DIMENSIONS:
                rows = connection.execute(_TALLIES, (level, dimension, low // 1000, high // 1000))
                _merge(sums[dimension], rows)
        else:
            for dimension, singles in _single(connection, low, high).items():
                _merge(sums[dimension], singles)
    return [_ranked(connection, one, top) for one in sums]


def _merge(sums: _Sums, rows: Iterable[tuple[int, int, int, int]]) -> None:
    for name, count, size, last in rows:
        one = sums.get(name)
        if one is None:
            sums[name] = [count, size, last]
        else:
            one[0] += count
            one[1] += size
            one[2] = max(one[2], last)


def _single(connection: sqlite3.Connection, low: int, high: int) -> dict[int, list[tuple[int, int, int, int]]]:
    """The tallies of single events."""
    found: dict[int, list[tuple[int, int, int, int]]] = {}
    names: dict[str, int] = {}
    for n, size, dataset, outcome, alert, code, _, _, operation, address, person in _events(connection, low, high):
        values = counting.dimensions(
            dataset=dataset,
            outcome=outcome,
            alert=bool(alert),
            address=address,
            person=person,
            operation=operation,
            reason=code,
        )
        for dimension, value in values:
            if value not in names:
                (names[value],) = connection.execute("SELECT id FROM name WHERE text = ?", (value,)).fetchone()
            one = (names[value], 1, counting.weight(dataset, outcome, size), n >> BITS)
            found.setdefault(dimension, []).append(one)
    return found


def _events(connection: sqlite3.Connection, low: int, high: int) -> sqlite3.Cursor:
    return connection.execute(_EVENTS, (_place(low), _place(high)))


def _place(at: int) -> int:
    """The first place at a time in milliseconds since 1970, or the last of all."""
    return min(max(at, 0) << BITS, LAST)


def _pieces(start: int, end: int, lengths: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """The milliseconds from `start` to `end` in pieces: whole spans of the longest of `lengths` (in seconds) in the
    middle, of the others around them, and 0 for what is left at the edges.
    """
    if start >= end:
        return
    if not lengths:
        yield 0, start, end
        return
    unit = lengths[0] * 1000
    low, high = -(-start // unit) * unit, end // unit * unit
    if low >= high:
        yield from _pieces(start, end, lengths[1:])
        return
    yield from _pieces(start, low, lengths[1:])
    yield lengths[0], low, high
    yield from _pieces(high, end, lengths[1:])


def _ranked(connection: sqlite3.Connection, sums: _Sums, top: int) -> tuple[Tally, ...]:
    largest = heapq.nlargest(max(top, 0), sums.items(), key=lambda item: (item[1], -item[0]))
    listed = msgspec.json.encode([number for number, _ in largest]).decode()
    names = dict(
        connection.execute(
            "SELECT id, text FROM name WHERE id IN (SELECT value FROM json_each(?))", (listed,)
        ).fetchall()
    )
    return tuple(
        Tally(name=names[number], count=count, bytes=size, last=moment(last)) for number, (count, size, last) in largest
    )


def _add(sums: list[int], more: list[int]) -> None:
    for index, number in enumerate(more):
        sums[index] += number

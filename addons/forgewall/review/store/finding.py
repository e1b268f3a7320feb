"""Finds events that fit, newest first, at a million of them: it looks through the newest first, and where too few of
those fit, lets the rarest condition lead to the others by its index.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from forgewall.review.store.condition import Condition, Sql, both

_NEWEST = 20_000
_MANY = 30_000
"""Events beyond which a condition is no lead: looking at all is as fast."""


def places(connection: sqlite3.Connection, wanted: Sequence[Condition], span: tuple[int, int], limit: int) -> list[int]:
    """The places of at most `limit` events within `span` that fit all conditions, newest first."""
    low, high = span
    if limit <= 0:
        return []
    if not wanted:
        return _walk(connection, (), low, high, limit)
    middle = _start_of_newest(connection, low, high)
    tests = [_cheap(connection, one) for one in wanted]
    found = _walk(connection, tests, middle, high, limit)
    if len(found) < limit and middle > low:
        found += _older(connection, wanted, tests, (low, middle), limit - len(found))
    return found


def tests(connection: sqlite3.Connection, wanted: Sequence[Condition]) -> Sql:
    """All conditions, asked of rows that something else leads to, each in the way that is cheaper for many."""
    return both([_cheap(connection, one) for one in wanted])


def lead(
    connection: sqlite3.Connection, wanted: Sequence[Condition], span: tuple[int, int], most: int = _MANY
) -> Condition | None:
    """The condition that the fewest events within `span` fit; None if that are `most` or more."""
    counted = [
        (_count(connection, one, span, most), index) for index, one in enumerate(wanted) if _is_short(connection, one)
    ]
    fewest, index = min(counted, default=(most, 0))
    return wanted[index] if fewest < most else None


def _older(
    connection: sqlite3.Connection, wanted: Sequence[Condition], asked: Sequence[Sql], span: tuple[int, int], limit: int
) -> list[int]:
    first = lead(connection, wanted, span)
    if first is None:
        return _walk(connection, asked, *span, limit)
    rest = [test for one, test in zip(wanted, asked, strict=True) if one is not first]
    sql, values = both([first.lead, *rest])
    query = f"SELECT e.n FROM event e WHERE {sql} AND e.n >= ? AND e.n < ? ORDER BY e.n DESC LIMIT ?"  # noqa: S608
    return [n for (n,) in connection.execute(query, (*values, *span, limit))]


def _walk(connection: sqlite3.Connection, asked: Sequence[Sql], low: int, high: int, limit: int) -> list[int]:
    sql, values = both(asked)
    query = f"SELECT e.n FROM event e WHERE {sql} AND e.n >= ? AND e.n < ? ORDER BY e.n DESC LIMIT ?"  # noqa: S608
    return [n for (n,) in connection.execute(query, (*values, low, high, limit))]


def _start_of_newest(connection: sqlite3.Connection, low: int, high: int) -> int:
    row = connection.execute(
        "SELECT n FROM event WHERE n >= ? AND n < ? ORDER BY n DESC LIMIT 1 OFFSET ?", (low, high, _NEWEST)
    ).fetchone()
    return low if row is None else int(row[0])


def _is_short(connection: sqlite3.Connection, one: Condition) -> bool:
    """Whether its query finds so little that it may be run whole; only a search for words may not."""
    if one.words is None:
        return True
    sql, values = one.words
    query = f"SELECT count(*) FROM ({sql} LIMIT {_MANY})"  # noqa: S608
    return int(connection.execute(query, values).fetchone()[0]) < _MANY


def _cheap(connection: sqlite3.Connection, one: Condition) -> Sql:
    return one.test if one.single is None or _is_short(connection, one) else one.single


def _count(connection: sqlite3.Connection, one: Condition, span: tuple[int, int], most: int) -> int:
    sql, values = one.lead
    query = f"SELECT count(*) FROM (SELECT 1 FROM event e WHERE {sql} AND e.n >= ? AND e.n < ? LIMIT ?)"  # noqa: S608
    return int(connection.execute(query, (*values, *span, most)).fetchone()[0])

"""Finds cases and tells of them. What makes one is `line`'s and `counting`'s business."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from forgewall.review.case import Case
from forgewall.review.filters import Filters
from forgewall.review.store import judging
from forgewall.review.store.condition import Sql, both
from forgewall.review.store.conditions import STATE, conditions, span_of
from forgewall.review.store.entry import milliseconds, moment
from forgewall.review.store.finding import tests
from forgewall.review.store.position import taken_at
from forgewall.review.store.rows import rows

_LETTERS = str.maketrans("OIL", "011")  # what people read instead of digits
_SIGNALS = 40
_NEWEST = 500
_CASES = """
    SELECT c.no, c.id, c.first, c.last, max(c.single + max(c.opened, c.packed), 1), c.bytes, c.blocked
    FROM json_each(?) AS wanted CROSS JOIN cas c ON c.no = wanted.value ORDER BY wanted.key
"""
_STATE = f"SELECT {STATE} FROM judged j WHERE j.id = c.id"  # noqa: S608 - our own words
"""Of one case alone: most lists end long before all cases are asked."""
_MARKS = """
    SELECT DISTINCT e.cas, m.signals FROM event e INDEXED BY event_cas JOIN mark m ON m.id = e.mark
    WHERE e.cas IN (SELECT value FROM json_each(?)) AND e.cas IS NOT NULL AND e.mark IS NOT NULL
"""


def numbers(connection: sqlite3.Connection, filters: Filters, now: datetime, limit: int, offset: int) -> list[int]:
    """The numbers of cases with events that fit, the one seen last first."""
    found: list[tuple[int]] = []
    for part in _parts(connection, filters, limit + offset):
        sql, values = fitting(connection, filters, now, part)
        query = f"SELECT c.no FROM cas c WHERE {sql} ORDER BY c.last DESC LIMIT ? OFFSET ?"  # noqa: S608
        found = connection.execute(query, (*values, max(limit, 0), max(offset, 0))).fetchall()
        if len(found) >= limit:
            break
    return [number for (number,) in found]


def count(connection: sqlite3.Connection, filters: Filters, now: datetime, most: int) -> int:
    """How many cases there are, counted up to `most`."""
    sql, values = fitting(connection, filters, now)
    query = f"SELECT count(*) FROM (SELECT 1 FROM cas c WHERE {sql} LIMIT ?)"  # noqa: S608
    return int(connection.execute(query, (*values, most)).fetchone()[0])


def cases(connection: sqlite3.Connection, wanted: Sequence[int], now: datetime) -> list[Case]:
    """The cases with these numbers, in that order."""
    listed = msgspec.json.encode(wanted).decode()
    found = connection.execute(_CASES, (listed,)).fetchall()
    last = {row.case_id: row for row in rows(connection, [one[3] for one in found])}
    said = judging.last_words(connection, [one[1] for one in found])
    signals: dict[int, dict[str, None]] = {}
    for number, words in connection.execute(_MARKS, (listed,)):
        signals.setdefault(number, {}).update(dict.fromkeys(msgspec.json.decode(words)))
    told = []
    for number, identifier, first, latest, attempts, size, blocked in found:
        row = last[identifier]
        told.append(
            Case(
                id=identifier,
                user=row.user,
                client=row.client,
                forge=row.forge,
                address=row.address or row.host,
                key=row.key or row.host,
                owner=row.owner,
                repository=row.repository,
                visibility=row.visibility,
                operation=row.operation,
                code=row.code,
                reason=row.reason,
                rule=row.rule,
                reference=row.reference,
                first_seen=moment(taken_at(first)),
                last_seen=moment(taken_at(latest)),
                count=attempts,
                bytes=size,
                blocked=blocked > 0,
                last_event_id=row.id,
                signals=tuple(signals.get(number, ()))[:_SIGNALS],
                state=judging.state_at(said.get(identifier), moment(taken_at(latest)), now),
                triage=said.get(identifier),
            )
        )
    return told


def number_of(connection: sqlite3.Connection, identifier: str) -> int | None:
    """The number of the case with that id, however it is spelled."""
    bare = identifier.strip().upper().removeprefix("C-").translate(_LETTERS)
    found = connection.execute("SELECT no FROM cas WHERE id = ?", (f"C-{bare}",)).fetchone()
    return int(found[0]) if found is not None else None


def places(connection: sqlite3.Connection, case_id: str, before: int, limit: int) -> list[int]:
    """The places of a case's events, newest first."""
    number = number_of(connection, case_id)
    if number is None:
        return []
    found = connection.execute(
        "SELECT n FROM event INDEXED BY event_cas WHERE cas = ? AND n < ? ORDER BY n DESC LIMIT ?",
        (number, before, max(limit, 0)),
    )
    return [n for (n,) in found]


def _parts(connection: sqlite3.Connection, filters: Filters, wanted: int) -> list[tuple[int, int] | None]:
    """Where to look: first among the newest cases, if there are many more, and then among all (None)."""
    low, high = span_of(filters)
    newest = connection.execute(
        "SELECT last FROM cas WHERE last >= ? AND last < ? ORDER BY last DESC LIMIT 1 OFFSET ?",
        (low, high, _NEWEST + 4 * max(wanted, 0)),
    ).fetchone()
    return [None] if newest is None else [(int(newest[0]), high), None]


def fitting(
    connection: sqlite3.Connection, filters: Filters, now: datetime, within: tuple[int, int] | None = None
) -> Sql:
    """What is asked of `cas c`: that one event, at any time, fits all that isn't about the case as a whole. Its last
    one lies `within` these places, or in the time that is asked for.
    """
    span = within or span_of(filters)
    parts: list[Sql] = [("c.last >= ? AND c.last < ?", span)]
    if filters.state:
        marks = ", ".join("?" * len(filters.state))
        parts.append((f"coalesce(({_STATE}), 'open') IN ({marks})", (milliseconds(now), *filters.state)))
    asked = conditions(connection, replace(filters, state=()), milliseconds(now))
    for one in asked:
        if one.of_case:
            parts.append((one.test[0].replace("+e.cas", "c.no", 1), one.test[1]))
    sql, values = tests(connection, [one for one in asked if not one.of_case])
    if values or sql != "1":
        some = "e.cas IN (SELECT no FROM cas WHERE last >= ? AND last < ?)" if within else "e.cas IS NOT NULL"
        inner = f"SELECT e.cas FROM event e INDEXED BY event_cas WHERE {some} AND {sql}"  # noqa: S608
        parts.append((f"c.no IN ({inner})", (*(within or ()), *values)))
    return both(parts)

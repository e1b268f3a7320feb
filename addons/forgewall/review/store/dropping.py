"""Takes out what a file of the log had told: rows, cases, figures, words. Within a transaction of somebody else's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from forgewall.review.store.counting import ALL, DAY, LEVELS

_REST = """
    SELECT e.cas, min(e.n), max(e.n), sum(e.attempt = 1), sum(e.attempt = 2), sum(e.attempt = 3),
        sum(CASE WHEN e.bytes IS NULL OR (r.dataset = 'decision' AND r.outcome != 'blocked') THEN 0
            ELSE min(e.bytes, 1 << 50) END),
        sum(r.outcome IN ('blocked', 'cut'))
    FROM event e JOIN ruling r ON r.id = e.ruling
    WHERE e.cas IN (SELECT cas FROM touched) GROUP BY e.cas
"""

_DAYS = "SELECT DISTINCT start FROM tally WHERE level = ? AND file = ?"
_LONG = """
    INSERT INTO tally SELECT ?, dimension, ?, name, ?, sum(count), sum(bytes), max(last)
    FROM tally WHERE level = ? AND start >= ? AND start < ? GROUP BY dimension, name
"""


def drop(connection: sqlite3.Connection, files: Iterable[int]) -> None:
    """Drop what is known of `files`. All that was remembered of rows is void afterwards."""
    numbers = [(file,) for file in files]
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS touched (cas INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM touched")
    connection.executemany(
        "INSERT OR IGNORE INTO touched SELECT cas FROM event WHERE file = ? AND cas IS NOT NULL", numbers
    )
    days = [day for number in numbers for (day,) in connection.execute(_DAYS, (DAY, *number))]
    for table in ("event", "slot", "tally", "usage"):
        connection.executemany(f"DELETE FROM {table} WHERE file = ?", numbers)  # noqa: S608 - our own names
    _tally(connection, days)
    connection.executemany("DELETE FROM file WHERE id = ?", numbers)
    _count_cases(connection)
    _prune(connection)
    connection.execute("UPDATE epoch SET number = number + 1")


def _tally(connection: sqlite3.Connection, days: Iterable[int]) -> None:
    """Count anew the long spans that lost some of these days."""
    for level in LEVELS:
        for start in {day // level * level for day in days} if level > DAY else ():
            connection.execute("DELETE FROM tally WHERE level = ? AND start = ?", (level, start))
            connection.execute(_LONG, (level, start, ALL, DAY, start, start + level))


def _count_cases(connection: sqlite3.Connection) -> None:
    """Count anew what is left of the cases that lost something."""
    rest = connection.execute(_REST).fetchall()
    connection.executemany(
        "UPDATE cas SET first = ?, last = ?, single = ?, opened = ?, packed = ?, bytes = ?, blocked = ? WHERE no = ?",
        [(*sums, no) for no, *sums in rest],
    )
    connection.execute(
        "DELETE FROM cas WHERE no IN (SELECT cas FROM touched)"
        " AND NOT EXISTS (SELECT 1 FROM event e WHERE e.cas = cas.no AND e.cas IS NOT NULL)"
    )


def _prune(connection: sqlite3.Connection) -> None:
    """Drop what no event shares any more."""
    connection.execute("DELETE FROM reason WHERE id NOT IN (SELECT reason FROM event)")
    for table in ("asker", "target", "ruling"):
        connection.execute(
            f"DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.{table} = {table}.id)"  # noqa: S608
        )
    connection.execute("DELETE FROM name WHERE id NOT IN (SELECT name FROM tally)")
    unmarked = "NOT EXISTS (SELECT 1 FROM event e WHERE e.mark = mark.id AND e.mark IS NOT NULL)"
    connection.execute(f"DELETE FROM mark_word WHERE mark IN (SELECT id FROM mark WHERE {unmarked})")  # noqa: S608
    connection.execute(f"DELETE FROM mark WHERE {unmarked}")  # noqa: S608
    unsaid = "NOT EXISTS (SELECT 1 FROM event e WHERE e.doc = doc.id)"
    connection.execute(
        f"INSERT INTO search (search, rowid, words) SELECT 'delete', id, words FROM doc WHERE {unsaid}"  # noqa: S608 - our own names
    )
    if connection.execute(f"DELETE FROM doc WHERE {unsaid}").rowcount:  # noqa: S608 - our own names
        connection.execute("INSERT INTO search (search) VALUES ('optimize')")  # or their words stay in its segments

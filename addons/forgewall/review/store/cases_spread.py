"""A list of cases in which nobody comes first by sheer number: of each subject only the newest few stand in it.

A subject is a user, or a client where no user is known. One client that tries 200,000 repositories would else hide what
all others wait for.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from forgewall.review.case import Others
from forgewall.review.filters import Filters
from forgewall.review.store.cases import fitting
from forgewall.review.store.condition import Sql
from forgewall.review.store.position import LAST

_FIRST, _GROWTH = 500, 8
"""Cases that are looked at in the first step, and how much more in each further one."""
_MOST = 10_005
"""So far it is counted what a subject has."""
_ANY = Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A case of the list: its `number`, whose it is, and that it is the newest but `rank - 1` of that subject."""

    number: int
    subject: int
    rank: int


def spread(  # noqa: PLR0917 - as `cases.numbers`
    connection: sqlite3.Connection, filters: Filters, now: datetime, each: int, limit: int, offset: int
) -> list[Listed]:
    """Cases with events that fit, the one seen last first, at most `each` of one subject in the whole list."""
    sql, values = fitting(connection, filters, now)
    query = f"""
        SELECT c.no, c.subject, c.last FROM cas c
        WHERE c.last < ? AND c.subject NOT IN (SELECT value FROM json_each(?)) AND {sql} ORDER BY c.last DESC LIMIT ?
    """  # noqa: S608 - our own words
    ranks: Counter[int] = Counter()
    found: list[Listed] = []
    below, step = LAST, _FIRST
    while len(found) < offset + limit:
        full = msgspec.json.encode([subject for subject, rank in ranks.items() if rank >= each]).decode()
        rows = connection.execute(query, (below, full, *values, step)).fetchall()
        for number, subject, below in rows:  # noqa: B007 - the next step goes on there
            if ranks[subject] < each:
                ranks[subject] += 1
                found.append(Listed(number=number, subject=subject, rank=ranks[subject]))
        if len(rows) < step:
            break
        step *= _GROWTH
    return found[offset : offset + limit]


def others(
    connection: sqlite3.Connection, filters: Filters, now: datetime, listed: Sequence[Listed], each: int
) -> list[Others]:
    """What subjects have besides that the list leaves out, told where the last of theirs stands in it."""
    last = [one for one in listed if one.rank == each]
    counts = _counted(connection, fitting(connection, filters, now), last, whole=replace(filters, state=()) != _ANY)
    told = []
    for one in last:
        count = counts.get(one.subject, 0)
        if count > each:
            user, client = connection.execute(_ASKER, (one.number,)).fetchone()
            told.append(Others(user=user, client=client, count=count - each, whole=count != _MOST))
    return told


def _counted(connection: sqlite3.Connection, asked: Sql, wanted: Sequence[Listed], *, whole: bool) -> dict[int, int]:
    """How many cases each subject has: all at once and the `whole` where it takes long to find what fits, else one by
    one and only up to `_MOST`.
    """
    sql, values = asked
    if whole:
        query = f"""
            SELECT c.subject, count(*) FROM cas c
            WHERE c.subject IN (SELECT value FROM json_each(?)) AND {sql} GROUP BY c.subject
        """  # noqa: S608 - our own words
        listed = msgspec.json.encode([one.subject for one in wanted]).decode()
        return dict(connection.execute(query, (listed, *values)).fetchall()) if wanted else {}
    query = f"SELECT count(*) FROM (SELECT 1 FROM cas c WHERE c.subject = ? AND {sql} LIMIT ?)"  # noqa: S608
    return {one.subject: connection.execute(query, (one.subject, *values, _MOST)).fetchone()[0] for one in wanted}


_ASKER = """
    SELECT a.user, a.client FROM cas c JOIN event e ON e.n = c.last JOIN asker a ON a.id = e.asker WHERE c.no = ?
"""


def subject(user: str, client: str) -> int:
    """The number of who asked: the same for all spellings of a user that filters take for one."""
    told = f"user {user.casefold()}" if user else f"client {client}"
    return int.from_bytes(hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()[:8]) >> 1

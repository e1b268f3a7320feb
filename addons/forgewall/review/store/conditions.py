"""Filters as conditions of SQL on single events. Values are bound, never written into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import timedelta

from forgewall.review.filters import Filters, folded_address
from forgewall.review.network import span
from forgewall.review.store.condition import Condition, Sql, among, both
from forgewall.review.store.judging import TAKEN_OVER
from forgewall.review.store.position import BITS, LAST, border
from forgewall.review.store.searching import searched
from forgewall.review.words import asked

_SAID = "SELECT (julianday(s.at) - 2440587.5) * 86400000 FROM said s WHERE s.no = j.said"
_REFUSED_SINCE = f"j.state = 'approved' AND (c.last >> {BITS}) > ({_SAID}) + {TAKEN_OVER // timedelta(milliseconds=1)}"
STATE = f"CASE WHEN j.state IS NULL OR j.until <= ? OR ({_REFUSED_SINCE}) THEN 'open' ELSE j.state END"
"""The present state of a case `cas c` whose last word is `judged j`, as `judging.state_at` tells it; the value is the
present in milliseconds.
"""


def span_of(filters: Filters) -> tuple[int, int]:
    """The first place of the time that is asked for, and the first one after it."""
    low = border(filters.since) if filters.since is not None else 0
    return low, (border(filters.until) if filters.until is not None else LAST)


def conditions(connection: sqlite3.Connection, filters: Filters, now: int) -> list[Condition]:
    """What `filters` ask of an event besides its time; `now` is in milliseconds since 1970."""
    return [
        *_of("asker", [*_user(filters), *_client(filters)]),
        *_of("target", [*_forge(filters), *_address(filters), *_among("operation", filters.operation)]),
        *_of("ruling", _ruling(filters)),
        *_mark(filters),
        *searched(connection, asked(filters.text)),
        *_case(filters, now),
    ]


def _of(table: str, parts: list[Sql]) -> Iterator[Condition]:
    if parts:
        sql, values = both(parts)
        yield among(table, f"SELECT id FROM {table} WHERE {sql}", values)  # noqa: S608 - our own names


def _among(column: str, wanted: Iterable[str]) -> Iterator[Sql]:
    values = tuple(_plain(one) for one in wanted)
    if values:
        yield f"{column} IN ({', '.join('?' * len(values))})", values


def _either(parts: list[Sql]) -> Iterator[Sql]:
    if parts:
        yield f"({' OR '.join(sql for sql, _ in parts)})", tuple(value for _, values in parts for value in values)


def _user(filters: Filters) -> Iterator[Sql]:
    return _among("user_folded", [user.casefold() for user in filters.user])


def _client(filters: Filters) -> Iterator[Sql]:
    parts: list[Sql] = []
    for word in filters.client:
        borders = span(word)
        parts.append(("packed BETWEEN ? AND ?", borders) if borders is not None else ("client = ?", (_plain(word),)))
    return _either(parts)


def _forge(filters: Filters) -> Iterator[Sql]:
    return _either([*_among("forge", filters.forge), *_among("host", filters.forge)])


def _address(filters: Filters) -> Iterator[Sql]:
    parts: list[Sql] = []
    for word in filters.address:
        place = _plain(folded_address(word))
        parts.append(("(folded = ? OR (folded > ? AND folded < ?))", (place, f"{place}/", f"{place}0")))
    return _either(parts)


def _ruling(filters: Filters) -> list[Sql]:
    return [
        *_among("outcome", filters.verdict),
        *_among("code", filters.code),
        *_among("rule_folded", [rule.casefold() for rule in filters.rule]),
        *_among("dataset", filters.dataset),
        *([("alert", ())] if filters.alerts else []),
    ]


def _mark(filters: Filters) -> Iterator[Condition]:
    parts: list[Sql] = [
        ("(word = ? OR (word >= ? AND word < ?))", (word, f"{word}:", f"{word};"))
        for word in map(_plain, filters.signal)
    ]
    for sql, values in _either(parts):
        yield among("mark", f"SELECT mark FROM mark_word WHERE {sql}", values)  # noqa: S608 - our own names


def _case(filters: Filters, now: int) -> Iterator[Condition]:
    for sql, values in _among("id", filters.case_id):
        yield among("cas", f"SELECT no FROM cas WHERE {sql}", values, of_case=True)  # noqa: S608 - our own names
    for sql, values in _among(f"({STATE})", [state.value for state in filters.state]):
        query = f"SELECT c.no FROM cas c LEFT JOIN judged j ON j.id = c.id WHERE {sql}"  # noqa: S608 - our own names
        yield among("cas", query, (now, *values), of_case=True)


def _plain(text: str) -> str:
    """`text` as SQLite takes it; what isn't Unicode is in no event."""
    return text.encode("utf-8", "replace").decode()

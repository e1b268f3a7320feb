"""Filters as conditions of SQL on single events. Values are bound, never written into it.

Each condition says which of an event's shared numbers fit, so that it can be asked of a row, or lead to rows by its
index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from forgewall.review.filters import Filters, folded_address
from forgewall.review.network import span
from forgewall.review.store.position import LAST, border
from forgewall.review.words import asked, question

type Values = tuple[str | int | bytes, ...]
type Sql = tuple[str, Values]

STATE = "CASE WHEN j.state IS NULL OR j.until <= ? THEN 'open' ELSE j.state END"
"""The present state of a case whose last word is `judged j`; the value is the present in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`column` of an event is among what `query` finds. `single` asks the same of one row, where the query finds too
    much.
    """

    column: str
    query: str
    values: Values
    single: Sql | None = None

    def test(self) -> Sql:
        """Asked of a row that something else led to."""
        return f"+e.{self.column} IN ({self.query})", self.values

    def lead(self) -> Sql:
        """Leading to rows by the column's index."""
        return f"e.{self.column} IN ({self.query})", self.values


def span_of(filters: Filters) -> tuple[int, int]:
    """The first place of the time that is asked for, and the first one after it."""
    low = border(filters.since) if filters.since is not None else 0
    return low, (border(filters.until) if filters.until is not None else LAST)


def conditions(filters: Filters, now: int) -> list[Condition]:
    """What `filters` ask of an event besides its time; `now` is in milliseconds since 1970."""
    found = [
        _of("asker", "asker", [*_user(filters), *_client(filters)]),
        _of("target", "target", [*_forge(filters), *_address(filters), *_among("operation", filters.operation)]),
        _of("ruling", "ruling", _ruling(filters)),
        *_mark(filters),
        *_text(filters),
        *_case(filters, now),
    ]
    return [condition for condition in found if condition is not None]


def both(parts: Iterable[Sql]) -> Sql:
    """All of `parts`; what holds for everything if there are none."""
    listed = list(parts)
    return " AND ".join(sql for sql, _ in listed) or "1", tuple(value for _, values in listed for value in values)


def _of(column: str, table: str, parts: list[Sql]) -> Condition | None:
    if not parts:
        return None
    sql, values = both(parts)
    return Condition(column=column, query=f"SELECT id FROM {table} WHERE {sql}", values=values)  # noqa: S608


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
        yield Condition(column="mark", query=f"SELECT mark FROM mark_word WHERE {sql}", values=values)  # noqa: S608


def _text(filters: Filters) -> Iterator[Condition]:
    wanted = asked(filters.text)
    if wanted:
        places = ["instr(' ' || d.words || ' ', ?) > 0"] * len(wanted)
        sought = (*(f" {word} " for word in wanted[:-1]), f" {wanted[-1]}")
        yield Condition(
            column="doc",
            query="SELECT rowid FROM search WHERE search MATCH ?",
            values=(question(wanted),),
            single=(f"EXISTS (SELECT 1 FROM doc d WHERE d.id = e.doc AND {' AND '.join(places)})", sought),  # noqa: S608
        )


def _case(filters: Filters, now: int) -> Iterator[Condition]:
    for sql, values in _among("id", filters.case_id):
        yield Condition(column="cas", query=f"SELECT no FROM cas WHERE {sql}", values=values)  # noqa: S608
    for sql, values in _among(f"({STATE})", [state.value for state in filters.state]):
        yield Condition(
            column="cas",
            query=f"SELECT c.no FROM cas c LEFT JOIN judged j ON j.id = c.id WHERE {sql}",  # noqa: S608
            values=(now, *values),
        )


def _plain(text: str) -> str:
    """`text` as SQLite takes it; what isn't Unicode is in no event."""
    return text.encode("utf-8", "replace").decode()

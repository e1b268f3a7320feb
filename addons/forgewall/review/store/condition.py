"""One thing that is asked of events, as SQL: which of an event's shared numbers fit. So it can be asked of a row, or
lead to rows by an index.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

type Values = tuple[str | int | bytes, ...]
type Sql = tuple[str, Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What is asked of an `event e`: `test` of a row that something else led to; `lead` leads to rows by an index.

    Where `words` are searched, that query may find very much; then `single` asks the same of one row, the slow way.
    """

    test: Sql
    lead: Sql
    words: Sql | None = None
    single: Sql | None = None
    of_case: bool = False


def both(parts: Iterable[Sql]) -> Sql:
    """All of `parts`; what holds for everything if there are none."""
    listed = list(parts)
    return " AND ".join(sql for sql, _ in listed) or "1", tuple(value for _, values in listed for value in values)


def among(column: str, query: str, values: Values, *, of_case: bool = False) -> Condition:
    """`column` of the event is what `query` finds."""
    return Condition(
        test=(f"+e.{column} IN ({query})", values), lead=(f"e.{column} IN ({query})", values), of_case=of_case
    )

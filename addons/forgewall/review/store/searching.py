"""Words to search as conditions: what was said is found by the full-text index, who asked by his few rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from forgewall.review.store.condition import Condition, Sql, Values, among, both
from forgewall.review.words import padded, question

_SAID = "SELECT rowid FROM search WHERE search MATCH ?"
_ASKER = "SELECT id FROM asker WHERE instr(' ' || words || ' ', ?) > 0"


def searched(connection: sqlite3.Connection, wanted: Sequence[str]) -> Iterator[Condition]:
    """All of `wanted` (as `words.asked` gives them) must occur in the event; each here or there."""
    said: list[tuple[str, bool]] = []
    for index, word in enumerate(wanted):
        begins = index == len(wanted) - 1
        of_asker = (padded(word, begins),)
        if connection.execute(f"{_ASKER} LIMIT 1", of_asker).fetchone() is None:
            said.append((word, begins))
        elif connection.execute(f"{_SAID} LIMIT 1", (question([(word, begins)]),)).fetchone() is None:
            yield among("asker", _ASKER, of_asker)
        else:
            yield _either(word, begins)
    if said:
        values: Values = (question(said),)
        yield Condition(
            test=(f"+e.doc IN ({_SAID})", values),
            lead=(f"e.doc IN ({_SAID})", values),
            words=(_SAID, values),
            single=both([_in_doc(word, begins) for word, begins in said]),
        )


def _either(word: str, begins: bool) -> Condition:
    values: Values = (question([(word, begins)]), padded(word, begins))
    found = f"SELECT n FROM event WHERE doc IN ({_SAID}) UNION ALL SELECT n FROM event WHERE asker IN ({_ASKER})"  # noqa: S608
    in_doc, sought = _in_doc(word, begins)
    in_asker = "EXISTS (SELECT 1 FROM asker a WHERE a.id = e.asker AND instr(' ' || a.words || ' ', ?) > 0)"
    return Condition(
        test=(f"(+e.doc IN ({_SAID}) OR +e.asker IN ({_ASKER}))", values),
        lead=(f"e.n IN ({found})", values),
        words=(f"{_SAID} UNION ALL SELECT n FROM event WHERE asker IN ({_ASKER})", values),  # noqa: S608
        single=(f"({in_doc} OR {in_asker})", (*sought, padded(word, begins))),
    )


def _in_doc(word: str, begins: bool) -> Sql:
    test = "EXISTS (SELECT 1 FROM doc d WHERE d.id = e.doc AND instr(' ' || d.words || ' ', ?) > 0)"
    return test, (padded(word, begins),)

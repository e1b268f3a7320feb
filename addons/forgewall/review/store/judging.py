"""What people said of cases: all of it, and the last word."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from forgewall.review.case import State, Triage
from forgewall.review.store.entry import milliseconds

TAKEN_OVER = timedelta(seconds=5)
"""What is refused so soon after an approval may have been judged before the proxy had it."""

_COLUMNS = "id, state, by, at, until, note"


def remember(connection: sqlite3.Connection, said: Triage) -> None:
    """Keep it, within a transaction."""
    until = said.until
    number = connection.execute(
        f"INSERT INTO said ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own names
        (
            *(said.case_id, said.state.value, _plain(said.by), _stamp(said.at)),
            *(_stamp(until) if until is not None else None, _plain(said.note)),
        ),
    ).lastrowid
    connection.execute(
        "INSERT OR REPLACE INTO judged (id, state, said, until) VALUES (?, ?, ?, ?)",
        (said.case_id, said.state.value, number, milliseconds(until) if until is not None else None),
    )


def history(connection: sqlite3.Connection, case_id: str) -> list[Triage]:
    """All that was said of a case, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM said WHERE id = ? ORDER BY no", (case_id,))  # noqa: S608
    return [_triage(row) for row in rows]


def last_words(connection: sqlite3.Connection, case_ids: Sequence[str]) -> dict[str, Triage]:
    """What was said last of each case."""
    rows = connection.execute(
        "SELECT s.id, s.state, s.by, s.at, s.until, s.note FROM judged j JOIN said s ON s.no = j.said"
        " WHERE j.id IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(case_ids).decode(),),
    )
    return {row[0]: _triage(row) for row in rows}


def state_at(said: Triage | None, last_seen: datetime, now: datetime) -> State:
    """The present state of a case of which this was said last; `last_seen` is its last refusal.

    One that was approved and is refused again is open: the approval was taken back, or lets something else pass.
    """
    if said is None or (said.until is not None and said.until <= now):
        return State.OPEN
    if said.state is State.APPROVED and last_seen > said.at + TAKEN_OVER:
        return State.OPEN
    return said.state


def _triage(row: tuple[str, str, str, str, str | None, str]) -> Triage:
    case_id, state, by, at, until, note = row
    return Triage(
        case_id=case_id,
        state=State(state) if state in State else State.OPEN,
        by=by,
        at=datetime.fromisoformat(at),
        until=datetime.fromisoformat(until) if until is not None else None,
        note=note,
    )


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()

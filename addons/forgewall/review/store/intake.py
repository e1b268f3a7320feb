"""Puts entries into the tables, and counts them there, within a transaction that somebody else opens and ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from forgewall.review.store.counting import Counts
from forgewall.review.store.entry import Entry
from forgewall.review.store.placing import free_places
from forgewall.review.store.position import position
from forgewall.review.store.shared import Commons

_ADD = f"INSERT INTO event VALUES ({', '.join('?' * 19)})"  # noqa: S608 - question marks alone
_CASE = """
    INSERT INTO cas (id, subject, first, last, single, opened, packed, bytes, blocked)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET
        first = min(first, excluded.first), last = max(last, excluded.last),
        single = single + excluded.single, opened = opened + excluded.opened, packed = packed + excluded.packed,
        bytes = bytes + excluded.bytes, blocked = blocked + excluded.blocked
"""


class Placed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An entry and where it stood in its file."""

    entry: Entry
    offset: int
    length: int


class Intake:
    """Takes entries in. It remembers what it has seen while `epoch` stays the same."""

    def __init__(self) -> None:
        self._commons = Commons()
        self._cases: dict[str, int] = {}
        self._epoch = 0

    def forget(self) -> None:
        """Believe nothing that was remembered: the transaction was undone."""
        self._commons.forget()
        self._cases.clear()

    def take(self, connection: sqlite3.Connection, file: int, placed: Sequence[Placed]) -> int:
        """Put in what isn't there yet; how many events were new."""
        (epoch,) = connection.execute("SELECT number FROM epoch").fetchone()
        if epoch != self._epoch:
            self.forget()
            self._epoch = epoch
        fresh = _unknown(connection, placed)
        places = free_places(connection, [position(one.entry.at, one.entry.id) for one in fresh])
        counts = Counts(file)
        for one, n in zip(fresh, places, strict=True):
            counts.add(one.entry, n)
        self._store_cases(connection, counts)
        self._commons.docs.begin(connection)
        connection.executemany(_ADD, self._rows(connection, file, fresh, places))
        self._commons.docs.end(connection)
        counts.store(connection, self._commons.names)
        return len(fresh)

    def _store_cases(self, connection: sqlite3.Connection, counts: Counts) -> None:
        connection.executemany(_CASE, counts.cases())
        names = [name for name in counts.case_ids() if name not in self._cases]
        if len(self._cases) > 200_000:
            self._cases.clear()
            names = list(counts.case_ids())
        found = connection.execute(
            "SELECT id, no FROM cas WHERE id IN (SELECT value FROM json_each(?))", (_listed(names),)
        )
        self._cases.update(found.fetchall())

    def _rows(
        self, connection: sqlite3.Connection, file: int, placed: Sequence[Placed], places: Sequence[int]
    ) -> Iterable[tuple[object, ...]]:
        commons, cases = self._commons, self._cases
        asker, target, ruling = commons.askers.number, commons.targets.number, commons.rulings.number
        reason, doc, mark = commons.reasons.number, commons.docs.number, commons.marks.number
        for one, n in zip(placed, places, strict=True):
            entry = one.entry
            yield (
                *(n, entry.id, file, one.offset, one.length),
                *(asker(connection, entry.asker), entry.port, target(connection, (entry.place, entry.target))),
                *(ruling(connection, entry.ruling), reason(connection, entry.reason), doc(connection, entry.doc)),
                mark(connection, entry.signals) if entry.signals else None,
                cases[entry.case_id] if entry.case_id else None,
                *(entry.size, entry.request_id, entry.decision_id, entry.refs, entry.more, entry.attempt),
            )


def _unknown(connection: sqlite3.Connection, placed: Sequence[Placed]) -> list[Placed]:
    """Those whose id no other event has."""
    known = {
        identifier
        for (identifier,) in connection.execute(
            "SELECT id FROM event WHERE id IN (SELECT value FROM json_each(?))",
            (_listed([one.entry.id for one in placed]),),
        )
    }
    fresh = []
    for one in placed:
        if one.entry.id not in known:
            known.add(one.entry.id)
            fresh.append(one)
    return fresh


def _listed(values: Sequence[object]) -> str:
    return msgspec.json.encode(values).decode()

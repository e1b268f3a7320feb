"""Recorded decisions, one after the other and fast: what they share is read once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from forgewall.model import Action, Subject, Target
from forgewall.review.recorded import Recorded
from forgewall.review.store.condition import Condition, both
from forgewall.review.store.entry import More, moment
from forgewall.review.store.finding import lead, tests
from forgewall.review.store.parts import parts_of, refs_of
from forgewall.review.store.position import BITS

_COLUMNS = "e.n, e.id, e.asker, e.port, e.target, e.ruling, e.reason, e.bytes, e.refs, e.more"
_DECIDED = "+e.ruling IN (SELECT id FROM ruling WHERE dataset = 'decision')"
_BATCH = 2000
_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ruling:
    action: Action
    would: Action | None
    code: str
    rule: str
    digest: str


class Stream:
    """Reads decisions through `connection`, within which no row may be dropped meanwhile."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._askers: dict[int, tuple[str, str | None, str]] = {}
        self._targets: dict[int, Target | None] = {}
        self._rulings: dict[int, _Ruling] = {}
        self._reasons: dict[int, str] = {}

    def fitting(self, wanted: Sequence[Condition], span: tuple[int, int], *, newest_first: bool) -> Iterator[Recorded]:
        """The decisions within `span` that fit, in the order of time."""
        first = lead(self._connection, wanted, span) if wanted else None
        rest = tests(self._connection, [one for one in wanted if one is not first])
        sql, values = both([first.lead, rest] if first is not None else [rest])
        order = "DESC" if newest_first else "ASC"
        query = f"""
            SELECT {_COLUMNS} FROM event e
            WHERE {sql} AND {_DECIDED} AND e.n >= ? AND e.n < ? ORDER BY e.n {order}
        """  # noqa: S608
        yield from self._read(self._connection.execute(query, (*values, *span)))

    def at(self, places: Sequence[int]) -> list[Recorded]:
        """The decisions at `places`, in that order."""
        query = f"""
            SELECT {_COLUMNS} FROM json_each(?) AS wanted CROSS JOIN event e ON e.n = wanted.value
            WHERE {_DECIDED} ORDER BY wanted.key
        """  # noqa: S608
        return list(self._read(self._connection.execute(query, (msgspec.json.encode(places).decode(),))))

    def _read(self, cursor: sqlite3.Cursor) -> Iterator[Recorded]:
        rulings, targets, askers, reasons = self._rulings, self._targets, self._askers, self._reasons
        while batch := cursor.fetchmany(_BATCH):
            for n, identifier, asker, port, target, ruling, reason, size, refs, more in batch:
                if asker not in askers or target not in targets or ruling not in rulings or reason not in reasons:
                    self._learn(batch)
                client, user, source = askers[asker]
                said = rulings[ruling]
                yield Recorded(
                    event_id=identifier,
                    time=moment(n >> BITS),
                    subject=Subject(client=client, port=port, user=user, source=source),
                    target=targets[target],
                    size=size,
                    refs=refs_of(refs) if refs is not None else (),
                    action=said.action,
                    would_action=said.would,
                    code=said.code,
                    rule=said.rule,
                    reason=reasons[reason],
                    digest=said.digest,
                    more_refs=more & More.REFS != 0,
                    more_places=more & More.PLACES != 0,
                )

    def _learn(self, batch: Sequence[tuple[int, str, int, int, int, int, int, int | None, bytes | None, int]]) -> None:
        """Read what the batch shares and wasn't read yet."""
        for known in (self._askers, self._targets, self._reasons):
            if len(known) > _REMEMBERED:
                known.clear()
        askers = self._select("id, client, user, source FROM asker", {row[2] for row in batch} - self._askers.keys())
        self._askers.update({number: (client, user or None, source) for number, client, user, source in askers})
        targets = self._select("id, judged FROM target", {row[4] for row in batch} - self._targets.keys())
        self._targets.update({number: parts_of(text) if text is not None else None for number, text in targets})
        self._rulings.update(self._missing_rulings({row[5] for row in batch} - self._rulings.keys()))
        self._reasons.update(self._select("id, text FROM reason", {row[6] for row in batch} - self._reasons.keys()))

    def _missing_rulings(self, numbers: set[int]) -> Iterator[tuple[int, _Ruling]]:
        columns = "id, action, would, code, rule, digest FROM ruling"
        for number, action, would, code, rule, digest in self._select(columns, numbers):
            yield (
                number,
                _Ruling(
                    action=Action(action),
                    would=Action(would) if would in Action else None,
                    code=code,
                    rule=rule,
                    digest=digest,
                ),
            )

    def _select(self, what: str, numbers: Iterable[int]) -> list[Any]:
        listed = list(numbers)
        if not listed:
            return []
        query = f"SELECT {what} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608
        return self._connection.execute(query, (msgspec.json.encode(listed).decode(),)).fetchall()

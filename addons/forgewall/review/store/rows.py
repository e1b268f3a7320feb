"""Rows of events by their places."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from forgewall.review.row import Row
from forgewall.review.store.entry import moment, spelled
from forgewall.review.store.position import taken_at

_ROWS = """
    SELECT e.n, e.id, e.bytes, e.request, a.user, a.client,
        t.forge, t.host, t.address, t.key, t.owner, t.repository, t.operation, t.effect, t.visibility,
        r.dataset, r.outcome, r.alert, r.code, r.rule, r.reference, r.digest, r.broken,
        s.text, d.message, m.signals, c.id
    FROM json_each(?) AS wanted
        CROSS JOIN event e ON e.n = wanted.value
        LEFT JOIN asker a ON a.id = e.asker LEFT JOIN target t ON t.id = e.target LEFT JOIN ruling r ON r.id = e.ruling
        LEFT JOIN reason s ON s.id = e.reason LEFT JOIN doc d ON d.id = e.doc LEFT JOIN mark m ON m.id = e.mark
        LEFT JOIN cas c ON c.no = e.cas
    ORDER BY wanted.key
"""


def rows(connection: sqlite3.Connection, places: Sequence[int]) -> list[Row]:
    """The rows at `places`, in that order; those that are gone are left out."""
    found = connection.execute(_ROWS, (msgspec.json.encode(places).decode(),)).fetchall()
    return [_row(one) for one in found]


def place_of(connection: sqlite3.Connection, identifier: str) -> int | None:
    """The place of the event with this id, or with the only id that begins so (8 characters at least)."""
    for spelling in dict.fromkeys((identifier, identifier.upper())):
        found = connection.execute("SELECT n FROM event WHERE id = ?", (spelling,)).fetchone()
        if found is not None:
            return int(found[0])
    if len(identifier) < 8 or not identifier.isascii():
        return None
    for spelling in dict.fromkeys((identifier.upper(), identifier)):
        some = connection.execute(
            "SELECT n FROM event WHERE id >= ? AND id < ? LIMIT 2", (spelling, spelling + "\x7f")
        ).fetchall()
        if some:
            return int(some[0][0]) if len(some) == 1 else None
    return None


def _row(found: tuple[Any, ...]) -> Row:
    n, identifier, size, request, user, client, *rest = found
    forge, host, address, key, owner, repository, operation, effect, visibility, *rest = rest
    dataset, outcome, alert, code, rule, reference, digest, broken, *rest = rest
    reason, message, signals, case = rest
    return Row(
        id=identifier,
        time=moment(taken_at(n)),
        dataset=dataset,
        outcome=outcome,
        alert=bool(alert),
        user=user,
        client=client,
        forge=forge,
        host=host,
        address=address,
        key=key,
        owner=owner,
        repository=repository,
        visibility=visibility,
        operation=operation,
        effect=effect,
        code=code,
        rule=rule,
        reference=reference,
        reason=reason,
        message=spelled(message, size, user, client),
        bytes=size,
        signals=tuple(msgspec.json.decode(signals)) if signals else (),
        digest=digest,
        request_id=request,
        case_id=case or "",
        break_glass=bool(broken),
    )


def decisions(connection: sqlite3.Connection, identifiers: Sequence[str]) -> list[int]:
    """The places of the decisions with these ids, or behind the uploads with these ids, each once."""
    found: dict[int, None] = {}
    for identifier in identifiers:
        row = connection.execute(
            "SELECT e.n, e.decision, r.dataset FROM event e JOIN ruling r ON r.id = e.ruling WHERE e.id = ?",
            (identifier,),
        ).fetchone()
        if row is not None and row[2] == "upload" and row[1] is not None:
            row = connection.execute("SELECT n FROM event WHERE id = ?", (row[1],)).fetchone()
        if row is not None:
            found[row[0]] = None
    return list(found)

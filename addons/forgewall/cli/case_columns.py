"""How a case is told in a line: its columns, its colours, its JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from forgewall.cli import when
from forgewall.cli.table import Cell, Column
from forgewall.review.case import Case, State, Triage

COLUMNS = (
    Column(title="Case"),
    Column(title="State"),
    Column(title="Times", right=True),
    Column(title="Last seen", least=16),
    Column(title="Who", least=12),
    Column(title="Operation"),
    Column(title="Address", least=16),
    Column(title="Why", least=14),
)
STATE_STYLES = {
    State.OPEN: "yellow",
    State.APPROVED: "green",
    State.FALSE_POSITIVE: "green",
    State.CONFIRMED: "red",
    State.MUTED: "dim",
}


def cells(case: Case, now: datetime) -> list[Cell]:
    """The cells of `case` for `COLUMNS`."""
    seen_by = f" ({case.visibility})" if case.visibility else ""
    return [
        Cell(text=case.id, style="bold"),
        Cell(text=state(case, now), style=STATE_STYLES[case.state]),
        Cell(text=f"{case.count:,}"),
        Cell(text=f"{when.to_the_minute(case.last_seen)} ({when.relative(case.last_seen, now)})"),
        Cell(text=who(case)),
        Cell(text=case.operation),
        Cell(text=f"{case.address}{seen_by}", style="red" if case.visibility == "public" else ""),
        Cell(text=why(case)),
    ]


def who(case: Case) -> str:
    """The user and the address he came from."""
    return f"{case.user} ({case.client})" if case.user and case.client else case.user or case.client


def state(case: Case, now: datetime) -> str:
    """The present state; of a mute also how long it holds."""
    if case.state is State.MUTED and case.triage is not None and case.triage.until is not None:
        return f"muted ({when.relative(case.triage.until, now)})"
    return case.state.value


def why(case: Case) -> str:
    """The reason, and whether it was only logged."""
    return case.reason if case.blocked else f"{case.reason} (only observed)"


def as_json(case: Case) -> dict[str, Any]:
    """The whole case for programs; times are RFC 3339, sizes in bytes."""
    return {
        "id": case.id,
        "state": case.state.value,
        "count": case.count,
        "first_seen": when.stamp(case.first_seen),
        "last_seen": when.stamp(case.last_seen),
        "user": case.user,
        "client": case.client,
        "forge": case.forge,
        "address": case.address,
        "key": case.key,
        "owner": case.owner,
        "repository": case.repository,
        "visibility": case.visibility,
        "operation": case.operation,
        "code": case.code,
        "reason": case.reason,
        "rule": case.rule,
        "reference": case.reference,
        "bytes": case.bytes,
        "blocked": case.blocked,
        "signals": list(case.signals),
        "last_event_id": case.last_event_id,
        "triage": triage_json(case.triage) if case.triage is not None else None,
    }


def triage_json(said: Triage) -> dict[str, Any]:
    """What somebody said of a case, for programs."""
    return {
        "state": said.state.value,
        "by": said.by,
        "at": when.stamp(said.at),
        "until": when.stamp(said.until) if said.until is not None else None,
        "note": said.note,
    }

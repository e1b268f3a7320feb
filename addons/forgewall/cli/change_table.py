"""Decisions that come out otherwise, as a table and as JSON: for `replay`, `diff` and whoever previews an edit."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TextIO

from forgewall.cli import table, when
from forgewall.cli.table import Cell, Column
from forgewall.model import Action
from forgewall.review.preview import Change, Outcome, Replayed
from forgewall.review.replay_changes import Turn, turn

COLUMNS = (
    Column(title="Change"),
    Column(title="Times", right=True),
    Column(title="Address", least=20),
    Column(title="Operation"),
    Column(title="Before", least=14),
    Column(title="After", least=14),
    Column(title="People", least=14),
    Column(title="Last seen", least=10),
    Column(title="Event"),
)
STYLES = {Turn.LETS_THROUGH: "yellow", Turn.BLOCKS: "red", Turn.MARKS: "dim"}
_ORDER = tuple(Turn)
_WORDS = {Action.BLOCK: "blocked", Action.LOG: "logged", Action.ALLOW: "allowed"}


def ordered(changes: Sequence[Change]) -> list[Change]:
    """What lets through first, then what blocks; within these as they stand."""
    return sorted(changes, key=lambda change: _ORDER.index(turn(change)))


def draw(changes: Sequence[Change], now: datetime, *, most: int = 0, stream: TextIO | None = None) -> None:
    """Prints the first `most` of `changes`, all if 0."""
    shown = ordered(changes)
    table.draw(COLUMNS, [_cells(change, now) for change in (shown[:most] if most else shown)], stream)


def summary(replayed: Replayed) -> str:
    """How many were judged, how fast, and how many come out otherwise."""
    rate = f", {int(replayed.judged / replayed.seconds):,}/s" if replayed.seconds > 0 else ""
    took = f"{replayed.judged:,} recorded decisions judged in {replayed.seconds:.1f} s{rate}"
    counted = dict.fromkeys(Turn, 0)
    for change in replayed.changes:
        counted[turn(change)] += change.count
    otherwise = ", ".join(f"{way} {count:,}" for way, count in counted.items() if count)
    return f"{took}: {otherwise or 'none comes out otherwise'}"


def remarks(replayed: Replayed) -> list[str]:
    """What wasn't judged and why, and what makes the result less certain."""
    said = list(replayed.warnings)
    if replayed.unjudged:
        causes = "; ".join(f"{count:,}: {cause}" for cause, count in replayed.why_unjudged)
        said.append(f"{replayed.unjudged:,} could not be judged from the log ({causes})")
    return said


def tell(replayed: Replayed, command: str, stream: TextIO | None = None) -> None:
    """Prints remarks for people on standard error, behind the command's name."""
    for remark in remarks(replayed):
        print(f"forgewall {command}: {remark}", file=stream or sys.stderr)


def words(outcome: Outcome) -> str:
    """What was or would be done, and why as a stable word."""
    done = "would-block" if outcome.would_block else _WORDS[outcome.action]
    return f"{done} ({outcome.code})"


def as_json(replayed: Replayed) -> dict[str, Any]:
    """All of it for programs; times are RFC 3339."""
    return {
        "judged": replayed.judged,
        "unjudged": replayed.unjudged,
        "why_unjudged": dict(replayed.why_unjudged),
        "changed": replayed.changed,
        "seconds": round(replayed.seconds, 3),
        "warnings": list(replayed.warnings),
        "changes": [_change_json(change) for change in ordered(replayed.changes)],
    }


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome for programs."""
    return {
        "action": outcome.action.value,
        "would_block": outcome.would_block,
        "code": outcome.code,
        "rule": outcome.rule,
        "reason": outcome.reason,
    }


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "turn": turn(change).value,
        "address": change.address,
        "operation": change.operation,
        "before": outcome_json(change.before),
        "after": outcome_json(change.after),
        "count": change.count,
        "people": list(change.people),
        "people_count": change.people_count,
        "first_seen": when.stamp(change.first_seen),
        "last_seen": when.stamp(change.last_seen),
        "event_id": change.event_id,
    }


def _cells(change: Change, now: datetime) -> list[Cell | str]:
    way = turn(change)
    others = change.people_count - len(change.people)
    return [
        Cell(text=way.value, style=STYLES[way]),
        f"{change.count:,}",
        Cell(text=change.address, style="bold"),
        change.operation,
        words(change.before),
        f"{words(change.after)} {change.after.rule}",
        ", ".join(change.people) + (f" and {others:,} more" if others else ""),
        when.relative(change.last_seen, now),
        change.event_id,
    ]

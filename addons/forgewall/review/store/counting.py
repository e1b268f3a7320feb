"""What is counted while events are taken in, so that nobody need count a million of them: cases, figures over time,
use of rules. `figures` reads it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from forgewall.review.store.cases_spread import subject
from forgewall.review.store.entry import Attempt, Entry
from forgewall.review.store.shared import Names

SLOT = 300
HOUR = 3600
DAY = 86400
LEVELS = (HOUR, DAY, 7 * DAY, 28 * DAY)
"""Seconds of the spans that are counted: a slot of buckets, and those of tallies; each holds whole ones of the last."""

ALL = 0
"""In place of a file: spans of more than a day are counted over all files."""

ADDRESS, PERSON, OPERATION, REASON, UPLOADED = DIMENSIONS = range(5)
"""What alerts are counted by, and uploads."""

WENT = frozenset({"complete", "would-cut", "refused"})
"""Outcomes of uploads whose bytes reached the forge."""

_SLOT = """
    INSERT INTO slot VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (start, file) DO UPDATE SET
        blocked = blocked + excluded.blocked, would = would + excluded.would, passed = passed + excluded.passed,
        uploads = uploads + excluded.uploads, bytes = bytes + excluded.bytes
"""
_TALLY = """
    INSERT INTO tally VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (level, dimension, start, name, file) DO UPDATE SET
        count = count + excluded.count, bytes = bytes + excluded.bytes, last = max(last, excluded.last)
"""
_USAGE = """
    INSERT INTO usage VALUES (?, ?, ?, ?, ?) ON CONFLICT (rule, file) DO UPDATE SET
        count = count + excluded.count, bytes = bytes + excluded.bytes, last = max(last, excluded.last)
"""


class Counts:
    """The sums of one batch of events of one file."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._cases: dict[str, list[int]] = {}
        self._subjects: dict[str, int] = {}
        self._slots: dict[int, list[int]] = {}
        self._tallies: dict[tuple[int, int, str], list[int]] = {}  # by hour; longer spans are summed up from these
        self._usage: dict[str, list[int]] = {}

    def add(self, entry: Entry, n: int) -> None:
        """Count one event, which stands at `n`."""
        dataset, outcome, alert = entry.ruling[:3]
        if dataset not in ("decision", "upload"):
            return
        moved = weight(dataset, outcome, entry.size)
        second = entry.at // 1000
        if entry.case_id:
            self._in_case(entry, n, moved, outcome)
        self._over_time(entry, second, moved)
        if alert or dataset == "upload":
            self._tally(entry, second // HOUR, moved)
        self._by_rule(entry, dataset, outcome, moved)

    def _tally(self, entry: Entry, hour: int, moved: int) -> None:
        dataset, outcome, alert = entry.ruling[:3]
        values = dimensions(
            dataset=dataset,
            outcome=outcome,
            alert=alert,
            address=entry.place[3] or entry.place[1],
            person=entry.asker[0] or entry.asker[1],
            operation=entry.place[6],
            reason=entry.ruling[5],
        )
        for dimension, value in values:
            key = (dimension, hour, value)
            sums = self._tallies.get(key)
            if sums is None:
                self._tallies[key] = [1, moved, entry.at]
            else:
                sums[0] += 1
                sums[1] += moved
                sums[2] = max(sums[2], entry.at)

    def case_ids(self) -> Iterable[str]:
        """The cases that there were events of."""
        return self._cases

    def cases(self) -> list[tuple[object, ...]]:
        """What there is to add to each."""
        return [(name, self._subjects[name], *sums) for name, sums in self._cases.items()]

    def store(self, connection: sqlite3.Connection, names: Names) -> None:
        """Add all but cases to the tables."""
        file = self._file
        connection.executemany(_SLOT, [(start * SLOT, file, *sums) for start, sums in self._slots.items()])
        tallies = {
            (dimension, start, names.number(connection, value)): sums
            for (dimension, start, value), sums in self._tallies.items()
        }
        level = HOUR
        for longer in (*LEVELS[1:], 0):
            connection.executemany(
                _TALLY,
                sorted(
                    (level, dimension, start * level, name, file if level <= DAY else ALL, *sums)
                    for (dimension, start, name), sums in tallies.items()
                ),
            )
            if longer:
                tallies, level = _summed(tallies, longer // level), longer
        connection.executemany(_USAGE, [(rule, file, *sums) for rule, sums in self._usage.items()])

    def _in_case(self, entry: Entry, n: int, moved: int, outcome: str) -> None:
        sums = self._cases.get(entry.case_id)
        if sums is None:
            sums = self._cases[entry.case_id] = [n, n, 0, 0, 0, 0, 0]
            self._subjects[entry.case_id] = subject(entry.asker[0], entry.asker[1])
        sums[0] = min(sums[0], n)
        sums[1] = max(sums[1], n)
        if entry.attempt != Attempt.NONE:
            sums[1 + entry.attempt] += 1
        sums[5] += moved
        sums[6] += outcome in ("blocked", "cut")

    def _over_time(self, entry: Entry, second: int, moved: int) -> None:
        column = slot_column(entry.ruling[0], entry.ruling[1], entry.place[7], bool(entry.place[0]))
        if column is None:
            return
        sums = self._slots.setdefault(second // SLOT, [0, 0, 0, 0, 0])
        sums[column] += 1
        if entry.ruling[0] == "upload":
            sums[4] += moved

    def _by_rule(self, entry: Entry, dataset: str, outcome: str, moved: int) -> None:
        sums = self._usage.setdefault(entry.ruling[6], [0, 0, 0])
        sums[0] += dataset == "decision" or outcome in ("cut", "would-cut")
        sums[1] += moved
        sums[2] = max(sums[2], entry.at)


def _summed(tallies: dict[tuple[int, int, int], list[int]], ratio: int) -> dict[tuple[int, int, int], list[int]]:
    """The same for spans that are `ratio` times as long."""
    found: dict[tuple[int, int, int], list[int]] = {}
    for (dimension, start, name), (count, moved, last) in tallies.items():
        sums = found.setdefault((dimension, start // ratio, name), [0, 0, 0])
        sums[0] += count
        sums[1] += moved
        sums[2] = max(sums[2], last)
    return found


def weight(dataset: str, outcome: str, size: int | None) -> int:
    """The bytes that an event stands for, so that a request's are counted once: what was announced where it was
    blocked, what went where it wasn't.
    """
    return 0 if size is None or (dataset == "decision" and outcome != "blocked") else min(size, 1 << 50)


def slot_column(dataset: str, outcome: str, effect: str, identified: bool) -> int | None:
    """Which number of `slot` counts the event: 0 blocked, 1 would, 2 passed, 3 uploads; None if none does."""
    if dataset == "upload":
        return 3 if outcome in WENT else None
    if dataset != "decision" or (identified and effect != "write"):
        return None
    return {"blocked": 0, "would-block": 1}.get(outcome, 2)


def dimensions(
    *, dataset: str, outcome: str, alert: bool, address: str, person: str, operation: str, reason: str
) -> list[tuple[int, str]]:
    """Under which values the event is tallied."""
    found = [(UPLOADED, address)] if dataset == "upload" and outcome in WENT else []
    if alert:
        found += [(ADDRESS, address), (PERSON, person), (OPERATION, operation), (REASON, reason)]
    return [(dimension, value) for dimension, value in found if value]

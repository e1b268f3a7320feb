"""The index of one event log: what all readers of the log ask. It only puts the parts beside it together, and sees
to it that a damaged index is made anew and that a failure is told as a sentence.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from forgewall.record.event import utc_now
from forgewall.review.case import Case, Others, Triage
from forgewall.review.figures import Statistics, Usage
from forgewall.review.filters import Filters
from forgewall.review.recorded import Recorded
from forgewall.review.row import Row
from forgewall.review.store import cases, cases_spread, figures, finding, judging, rows
from forgewall.review.store.conditions import conditions, span_of
from forgewall.review.store.database import Database
from forgewall.review.store.entry import milliseconds
from forgewall.review.store.errors import StoreError, is_broken, told
from forgewall.review.store.locating import document_at
from forgewall.review.store.logs import Logs
from forgewall.review.store.position import LAST, of_identifier
from forgewall.review.store.refreshing import Progress, Refreshing
from forgewall.review.store.stream import Stream

INDEX = "review.sqlite"
"""Its file in the log's directory."""
EACH = 5
"""Cases of one subject that a list shows where nothing else is asked for."""
_OF_REQUEST = 100
"""Events of one request that are told; the proxy writes three or four."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh did: events taken in, lines that are no event (`skipped`, of the whole log), seconds it took."""

    events: int
    skipped: int
    seconds: float


class Store:
    """The index of the log in `directory`. It may be used from several processes at once, and from several threads,
    which then wait for each other. `file` is where it is kept (`directory / INDEX` if None).

    All of it raises StoreError where the index can't be read or written. An index that may only be read answers from
    what it has: `refresh` takes nothing in.
    """

    def __init__(
        self, directory: Path, *, file: Path | None = None, clock: Callable[[], datetime] | None = None
    ) -> None:
        """Open or make it; reads no events yet."""
        if not os.path.isdir(directory):  # which never raises
            raise StoreError(f"there is no event log in `{directory}`; name its directory with --events DIR.")
        self._directory = directory
        self._clock = clock or utc_now
        self._lock = threading.RLock()
        self._logs = Logs(directory)
        self._database = Database(file if file is not None else directory / INDEX)
        self._refreshing = Refreshing(self._database, self._logs)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; it can't be used any more."""
        with self._lock:
            self._database.close()

    def refresh(self, progress: Progress | None = None) -> Refreshed:
        """Take in what the log has that the index lacks, and drop what the log lost. `progress(done, all)` in bytes."""
        start = time.monotonic()
        with self._lock:
            if self._database.replaced():
                self._refreshing.forget()
            events = 0 if self._database.readonly else self._mended(lambda: self._refreshing.run(progress))
            skipped = self._ask(_skipped)
        return Refreshed(events=events, skipped=skipped, seconds=time.monotonic() - start)

    def rebuild(self, progress: Progress | None = None) -> Refreshed:
        """Make it anew from the log; what people said of cases stays."""
        with self._lock:
            self._mended(self._empty)
            return self.refresh(progress)

    def skipped(self) -> int:
        """How many lines of the log are no event, as far as it was taken in."""
        return self._ask(_skipped)

    def events(self, filters: Filters, *, limit: int, before: str | None = None, after: str | None = None) -> list[Row]:
        """At most `limit` events, newest first; `before` and `after` are event ids between which they lie."""

        def ask(connection: sqlite3.Connection) -> list[Row]:
            low, high = span_of(filters)
            if before is not None:
                high = min(high, _border(connection, before, 0))
            if after is not None:
                low = max(low, _border(connection, after, LAST - 1) + 1)
            return rows.rows(
                connection, finding.places(connection, conditions(connection, filters, self._now()), (low, high), limit)
            )

        return self._ask(ask)

    def count(self, filters: Filters, *, most: int = 10_000) -> int:
        """How many events fit, counted up to `most`."""
        return self._ask(
            lambda connection: len(
                finding.places(connection, conditions(connection, filters, self._now()), span_of(filters), most)
            )
        )

    def row(self, identifier: str) -> Row | None:
        """The event with that id, in any case, or whose id is the only one that begins so (8 characters at least)."""

        def ask(connection: sqlite3.Connection) -> Row | None:
            place = rows.place_of(connection, identifier)
            found = rows.rows(connection, [place]) if place is not None else []
            return found[0] if found else None

        return self._ask(ask)

    def document(self, event_id: str) -> dict[str, Any] | None:
        """The whole event as it stands in the log; None if it is gone."""
        found = self._ask(
            lambda connection: connection.execute(
                "SELECT f.name, f.head, e.offset, e.length FROM event e JOIN file f ON f.id = e.file WHERE e.id = ?",
                (event_id,),
            ).fetchone()
        )
        if found is None:
            return None
        name, head, offset, length = found
        with self._lock:
            return document_at(
                self._directory, self._logs, name=name, head=head, offset=offset, length=length, event_id=event_id
            )

    def of_request(self, request_id: str) -> list[Row]:
        """The events of one request, oldest first; the first ones, should anybody have given its id to very many."""

        def ask(connection: sqlite3.Connection) -> list[Row]:
            if not request_id:
                return []
            found = connection.execute(
                "SELECT n FROM event WHERE request = ? ORDER BY n LIMIT ?", (request_id, _OF_REQUEST)
            ).fetchall()
            return rows.rows(connection, [n for (n,) in found])

        return self._ask(ask)

    def cases(self, filters: Filters, *, limit: int, offset: int = 0) -> list[Case]:
        """Cases with events that fit, the one seen last first. `since` and `until` mean their last event."""
        now = self._clock()
        return self._ask(
            lambda connection: cases.cases(connection, cases.numbers(connection, filters, now, limit, offset), now)
        )

    def spread_cases(
        self, filters: Filters, *, limit: int, offset: int = 0, each: int = EACH
    ) -> tuple[list[Case], list[Others]]:
        """Like `cases`, but at most `each` of one user, or of one client where no user is known; and what is left out
        of those whose last one stands among these.
        """
        now = self._clock()

        def ask(connection: sqlite3.Connection) -> tuple[list[Case], list[Others]]:
            listed = cases_spread.spread(connection, filters, now, each, limit, offset)
            told = cases.cases(connection, [one.number for one in listed], now)
            return told, cases_spread.others(connection, filters, now, listed, each)

        return self._ask(ask)

    def count_cases(self, filters: Filters, *, most: int = 10_000) -> int:
        """How many cases there are, counted up to `most`."""
        return self._ask(lambda connection: cases.count(connection, filters, self._clock(), most))

    def case(self, identifier: str) -> Case | None:
        """The case with that id, in any case and with or without `C-`, or the one that holds the event with that id."""

        def ask(connection: sqlite3.Connection) -> Case | None:
            number = cases.number_of(connection, identifier)
            if number is None and (place := rows.place_of(connection, identifier)) is not None:
                (number,) = connection.execute("SELECT cas FROM event WHERE n = ?", (place,)).fetchone()
            return cases.cases(connection, [number], self._clock())[0] if number is not None else None

        return self._ask(ask)

    def case_events(self, case_id: str, *, limit: int, before: str | None = None) -> list[Row]:
        """The events of a case, newest first."""

        def ask(connection: sqlite3.Connection) -> list[Row]:
            border = _border(connection, before, 0) if before is not None else LAST
            return rows.rows(connection, cases.places(connection, case_id, border, limit))

        return self._ask(ask)

    def triage(self, said: Triage) -> None:
        """Remember what somebody said of a case."""

        def write() -> None:
            with self._database.writing() as connection:
                judging.remember(connection, said)

        with self._lock:
            self._database.replaced()
            self._mended(write)

    def history(self, case_id: str) -> list[Triage]:
        """All that was said of a case, oldest first."""
        return self._ask(lambda connection: judging.history(connection, case_id))

    def statistics(self, since: datetime, until: datetime, *, buckets: int = 48, top: int = 10) -> Statistics:
        """Numbers about a span of time; bucket borders lie on round times."""
        return self._ask(
            lambda connection: figures.statistics(connection, since, until, now=self._clock(), buckets=buckets, top=top)
        )

    def usage(self) -> dict[str, Usage]:
        """How often each rule decided, by its id (`rule.id`)."""
        return self._ask(figures.usage)

    def recorded(self, filters: Filters, *, newest_first: bool = False) -> Iterator[Recorded]:
        """The decisions that fit (only events of `dataset` decision are asked), to be judged again.

        They are those of the moment in which the first one is asked for.
        """
        try:
            with closing(self._database.second()) as connection:
                connection.execute("BEGIN")
                yield from Stream(connection).fitting(
                    conditions(connection, filters, self._now()), span_of(filters), newest_first=newest_first
                )
        except sqlite3.Error as error:
            raise told(error, self._database.file) from error

    def recorded_of(self, event_ids: Sequence[str]) -> list[Recorded]:
        """The decisions with these ids, or behind the uploads with these ids."""

        def ask(connection: sqlite3.Connection) -> list[Recorded]:
            asked = [one.upper() for one in event_ids]
            return Stream(connection).at(rows.decisions(connection, asked))

        return self._ask(ask)

    def _now(self) -> int:
        return milliseconds(self._clock())

    def _empty(self) -> None:
        with self._database.writing():
            self._database.empty()
        self._refreshing.forget()

    def _ask[T](self, question: Callable[[sqlite3.Connection], T]) -> T:
        """What `question` finds, of one and the same moment."""

        def ask() -> T:
            connection = self._database.connection
            connection.execute("BEGIN")
            try:
                return question(connection)
            finally:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")

        with self._lock:
            return self._mended(ask)

    def _mended[T](self, work: Callable[[], T]) -> T:
        """What `work` gives; once more on a new index if this one turns out to be damaged."""
        try:
            try:
                return work()
            except sqlite3.DatabaseError as error:
                if not is_broken(error):
                    raise
            self._database.mend()
            self._refreshing.forget()
            self._refreshing.run(None)
            return work()
        except sqlite3.Error as error:
            raise told(error, self._database.file) from error


def _skipped(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(sum(skipped), 0) FROM file").fetchone()[0])


def _border(connection: sqlite3.Connection, identifier: str, unknown: int) -> int:
    """The place of an event that need not be there any more."""
    place = rows.place_of(connection, identifier)
    if place is None:
        place = of_identifier(identifier)
    return place if place is not None else unknown

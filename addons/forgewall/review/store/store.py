"""The index of one event log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from forgewall.errors import ForgewallError
from forgewall.review.case import Case, Triage
from forgewall.review.figures import Statistics, Usage
from forgewall.review.filters import Filters
from forgewall.review.recorded import Recorded
from forgewall.review.row import Row

INDEX = "review.sqlite"
"""Its file in the log's directory."""


class StoreError(ForgewallError):
    """The index can't be read or written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh did: events taken in, lines that are no event (`skipped`, of the whole log), seconds it took."""

    events: int
    skipped: int
    seconds: float


class Store:
    """The index of the log in `directory`. It may be used from several processes at once, and one at a time from
    several threads. `file` is where it is kept (`directory / INDEX` if None).
    """

    def __init__(
        self, directory: Path, *, file: Path | None = None, clock: Callable[[], datetime] | None = None
    ) -> None:
        """Open or make it; reads no events yet. Raises StoreError."""
        raise NotImplementedError

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        raise NotImplementedError

    def refresh(self, progress: Callable[[int, int], None] | None = None) -> Refreshed:
        """Take in what the log has that the index lacks, and drop what the log lost. `progress(done, all)` in bytes."""
        raise NotImplementedError

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> Refreshed:
        """Make it anew from the log; what people said of cases stays."""
        raise NotImplementedError

    def events(self, filters: Filters, *, limit: int, before: str | None = None, after: str | None = None) -> list[Row]:
        """At most `limit` events, newest first; `before` and `after` are event ids between which they lie."""
        raise NotImplementedError

    def count(self, filters: Filters, *, most: int = 10_000) -> int:
        """How many events fit, counted up to `most`."""
        raise NotImplementedError

    def row(self, identifier: str) -> Row | None:
        """The event with that id, in any case, or whose id is the only one that begins so (8 characters at least)."""
        raise NotImplementedError

    def document(self, event_id: str) -> dict[str, Any] | None:
        """The whole event as it stands in the log; None if it is gone."""
        raise NotImplementedError

    def of_request(self, request_id: str) -> list[Row]:
        """All events of one request, oldest first."""
        raise NotImplementedError

    def cases(self, filters: Filters, *, limit: int, offset: int = 0) -> list[Case]:
        """Cases with events that fit, the one seen last first. `since` and `until` mean their last event."""
        raise NotImplementedError

    def count_cases(self, filters: Filters, *, most: int = 10_000) -> int:
        raise NotImplementedError

    def case(self, identifier: str) -> Case | None:
        """The case with that id, in any case and with or without `C-`, or the one that holds the event with that id."""
        raise NotImplementedError

    def case_events(self, case_id: str, *, limit: int, before: str | None = None) -> list[Row]:
        """The events of a case, newest first."""
        raise NotImplementedError

    def triage(self, said: Triage) -> None:
        """Remember what somebody said of a case."""
        raise NotImplementedError

    def history(self, case_id: str) -> list[Triage]:
        """All that was said of a case, oldest first."""
        raise NotImplementedError

    def statistics(self, since: datetime, until: datetime, *, buckets: int = 48, top: int = 10) -> Statistics:
        """Numbers about a span of time; bucket borders lie on round times."""
        raise NotImplementedError

    def usage(self) -> dict[str, Usage]:
        """How often each rule decided, by its id (`rule.id`)."""
        raise NotImplementedError

    def recorded(self, filters: Filters, *, newest_first: bool = False) -> Iterator[Recorded]:
        """The decisions that fit (only events of `dataset` decision are asked), to be judged again."""
        raise NotImplementedError

    def recorded_of(self, event_ids: Sequence[str]) -> list[Recorded]:
        """The decisions with these ids, or behind the uploads with these ids."""
        raise NotImplementedError

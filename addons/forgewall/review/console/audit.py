"""What people did in the console, written to the event log. What strangers did is written too, but not without end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from forgewall.record.event import Deed, Event, Review
from forgewall.record.log import EventLog, EventLogError
from forgewall.review.person import Person

WINDOW = timedelta(minutes=1)
MOST = 20
"""Failures that are written in a window; the next one that is written tells how many were not."""

_log = logging.getLogger(__name__)


class Audit:
    """The console's pen. Whoever does something has to be written down first, or it isn't done."""

    def __init__(self, log: EventLog, clock: Callable[[], datetime]) -> None:
        self._events = log
        self._clock = clock
        self._since = clock()
        self._written = 0
        self._left_out = 0
        self._lock = threading.Lock()

    def write(self, event: Event) -> None:
        """Put `event` into the log. Raises EventLogError."""
        self._events.write(event)

    def deed(self, deed: Deed, person: Person, client: str, note: str = "") -> None:
        """Somebody who is known did something besides judging a case. Raises EventLogError."""
        self.write(
            Review(
                deed=deed,
                actor=person.name,
                actor_source=person.source,
                role=person.role.value,
                client=client,
                note=note,
                time=self._clock(),
            )
        )

    def turned_away(self, deed: Deed, client: str, note: str, person: Person | None = None) -> None:
        """Somebody failed to sign in or tried what he may not do; never raises, never floods the log."""
        left_out = self._admit()
        if left_out is None:
            return
        event = Review(
            deed=deed,
            actor=person.name if person else "",
            actor_source=person.source if person else "",
            role=person.role.value if person else "",
            client=client,
            note=f"{note} ({left_out} more were not written)" if left_out else note,
            time=self._clock(),
        )
        try:
            self._events.write(event)
        except EventLogError as error:
            _log.error("a refusal isn't in the log: %s", error)

    def _admit(self) -> int | None:
        """How many were left out before this one; None if this one is left out, too."""
        now = self._clock()
        with self._lock:
            if not timedelta(0) <= now - self._since < WINDOW:
                self._since, self._written = now, 0
            if self._written >= MOST:
                self._left_out += 1
                return None
            self._written += 1
            left_out, self._left_out = self._left_out, 0
            return left_out

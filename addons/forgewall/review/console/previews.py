"""Edits that were shown and not yet agreed to, each for the session that asked: what is applied is what was seen.

They are forgotten after a while, since what they tell of the log grows old. The policy itself may change meanwhile;
then `approval.apply` refuses.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from forgewall.review.preview import Preview

LIFETIME = timedelta(minutes=15)
MOST = 50
"""So many at once, of all sessions; the oldest is forgotten first. Each holds a whole policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A `preview` that `session` was shown under `number`. `reason` is why it's wanted, `back` the page it began on."""

    number: str
    session: str
    preview: Preview
    reason: str
    back: str
    made: datetime


class Previews:
    """All of one console; safe to use from several threads."""

    def __init__(self, clock: Callable[[], datetime], *, lifetime: timedelta = LIFETIME, most: int = MOST) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._most = most
        self._shown: OrderedDict[str, Shown] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, session: str, preview: Preview, reason: str, back: str) -> Shown:
        """Remember it under a new number."""
        number = secrets.token_hex(16)
        shown = Shown(number=number, session=session, preview=preview, reason=reason, back=back, made=self._clock())
        with self._lock:
            while len(self._shown) >= self._most:
                self._shown.popitem(last=False)
            self._shown[number] = shown
        return shown

    def find(self, session: str, number: str) -> Shown | None:
        """What the session was shown under this number; None if it's another's, too old, or forgotten."""
        with self._lock:
            shown = self._shown.get(number)
            if shown is None or shown.session != session:
                return None
            if not timedelta(0) <= self._clock() - shown.made < self._lifetime:
                del self._shown[number]
                return None
            return shown

    def take(self, session: str, number: str) -> Shown | None:
        """Like `find`, and nobody gets it again."""
        shown = self.find(session, number)
        with self._lock:
            return self._shown.pop(number, None) if shown is not None else None

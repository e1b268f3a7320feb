"""Who is signed in: sessions in memory, found by a random number that only the browser's cookie holds.

They end when nobody uses them, when they are old, at sign-out, and with the console. Not here: the cookie (`cookies`).
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from forgewall.review.person import Person

IDLE = timedelta(hours=1)
ABSOLUTE = timedelta(hours=12)
MOST = 1000
"""So many at once; the one that was used longest ago ends for a new one."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One sign-in. `id` is secret; `token_hash` is that of the token used, '' where a header told the name.

    `notices` are sentences to be shown once, on the next page.
    """

    id: str
    person: Person
    token_hash: str
    started: datetime
    seen: datetime
    notices: list[str] = field(default_factory=list)


class Sessions:
    """All sessions of one console; safe to use from several threads."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        idle: timedelta = IDLE,
        absolute: timedelta = ABSOLUTE,
        most: int = MOST,
    ) -> None:
        self._clock = clock
        self._idle = idle
        self._absolute = absolute
        self._most = most
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, person: Person, token_hash: str = "") -> Session:
        """A new session, with a number that nobody knew before."""
        now = self._clock()
        session = Session(id=secrets.token_hex(32), person=person, token_hash=token_hash, started=now, seen=now)
        with self._lock:
            while len(self._sessions) >= self._most:
                self._sessions.popitem(last=False)
            self._sessions[_key(session.id)] = session
        return session

    def find(self, number: str) -> Session | None:
        """The session with this number if it is still good; using it keeps it."""
        now, key = self._clock(), _key(number)
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            if now - session.seen >= self._idle or now - session.started >= self._absolute:
                del self._sessions[key]
                return None
            session.seen = now
            self._sessions.move_to_end(key)
            return session

    def end(self, number: str) -> None:
        """Sign out."""
        with self._lock:
            self._sessions.pop(_key(number), None)

    def __len__(self) -> int:
        return len(self._sessions)


def _key(number: str) -> bytes:
    """Sessions are kept by hash, so that the time a look-up takes tells nothing of a number."""
    return hashlib.sha256(number.encode("utf-8", "replace")).digest()

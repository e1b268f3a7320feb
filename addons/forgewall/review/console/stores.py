"""The index for many requests at once: each has a `Store` of its own while it runs; and a thread that takes new log
lines in, so that no page has to wait for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from forgewall.errors import ForgewallError
from forgewall.review.store import Store

INTERVAL = 1.0
"""Seconds between two looks at the log."""
KEPT = 8
"""So many are kept open while nobody needs them."""

_log = logging.getLogger(__name__)


class Stores:
    """Stores that `open_one` opens, given out one at a time."""

    def __init__(self, open_one: Callable[[], Store]) -> None:
        self._open = open_one
        self._idle: list[Store] = []
        self._lock = threading.Lock()
        self._closed = False

    def take(self) -> Store:
        """A store that nobody else uses until it's given back. Raises StoreError."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._open()

    def give_back(self, store: Store) -> None:
        """Whoever took it has done with it."""
        with self._lock:
            if not self._closed and len(self._idle) < KEPT:
                self._idle.append(store)
                return
        store.close()

    def close(self) -> None:
        """Close what isn't in use; the rest is closed as it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for store in idle:
            store.close()


class Refresher:
    """The thread that takes new log lines in. An error is told once, until it works again."""

    def __init__(self, stores: Stores, interval: float = INTERVAL) -> None:
        self._stores = stores
        self._interval = interval
        self._stop = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="forgewall-refresh", daemon=True)

    def start(self) -> None:
        """Begin at once."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """End it; waits for a refresh that runs, but not longer than `seconds`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._once()
            self._stop.wait(self._interval)

    def _once(self) -> None:
        try:
            store = self._stores.take()
            try:
                store.refresh()
            finally:
                self._stores.give_back(store)
        except Exception as error:  # the thread outlives whatever the log or the disk does
            if not self._failing:
                told = str(error) if isinstance(error, ForgewallError) else type(error).__name__
                _log.error("the index isn't kept up to date: %s", told)
            self._failing = True
        else:
            self._failing = False

"""How often a sign-in may fail: per client, and in all. Times are those of an injected clock; memory is bounded.

A token has 256 random bits and can't be guessed; this keeps guessing from costing anything, and from filling the log.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from forgewall.review.console.proxies import plain_address

WINDOW = timedelta(minutes=5)
PER_CLIENT = 10
IN_ALL = 200
MOST_CLIENTS = 4096
"""So many clients are remembered; the one that failed longest ago is forgotten first."""


@dataclass(slots=True)
class _Count:
    since: datetime
    failures: int = 0


class Throttle:
    """Counts failures in windows that begin with the first of them."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        window: timedelta = WINDOW,
        per_client: int = PER_CLIENT,
        in_all: int = IN_ALL,
        most_clients: int = MOST_CLIENTS,
    ) -> None:
        self._clock = clock
        self._window = window
        self._per_client = per_client
        self._in_all = in_all
        self._most = most_clients
        self._all = _Count(clock())
        self._clients: OrderedDict[str, _Count] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, client: str) -> int:
        """Seconds until this client may try again, 0 if it may now. A try that is allowed counts, until `succeeded`.

        So many tries at once can't all be allowed before the first has failed.
        """
        now = self._clock()
        with self._lock:
            mine = self._of(client, now)
            self._renew(self._all, now)
            waits = [
                count.since + self._window - now
                for count, most in ((mine, self._per_client), (self._all, self._in_all))
                if count.failures >= most
            ]
            if waits:
                return max(1, round(max(waits).total_seconds()))
            mine.failures += 1
            self._all.failures += 1
            return 0

    def succeeded(self, client: str) -> None:
        """The try that was just allowed was a good one: it doesn't count, and earlier failures are forgiven."""
        with self._lock:
            self._clients.pop(_group(client), None)
            self._all.failures = max(0, self._all.failures - 1)

    def _of(self, client: str, now: datetime) -> _Count:
        key = _group(client)
        count = self._clients.get(key)
        if count is None:
            while len(self._clients) >= self._most:
                self._clients.popitem(last=False)
            count = self._clients[key] = _Count(now)
        self._clients.move_to_end(key)
        self._renew(count, now)
        return count

    def _renew(self, count: _Count, now: datetime) -> None:
        if not timedelta(0) <= now - count.since < self._window:
            count.since, count.failures = now, 0

    def __len__(self) -> int:
        return len(self._clients)


def _group(client: str) -> str:
    """Who counts as one client: an IPv4 address, or an IPv6 network of 64 bits, which one machine has for itself."""
    address = plain_address(client)
    if address is None or address.version == 4:
        return str(address or client[:64])
    return str(int(address) >> 64)

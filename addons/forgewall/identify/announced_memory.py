"""What answers have announced, kept for the clients that asked; bounded, and no client evicts another's.

Theory. Each client has a cache of its own, in which an announcement lives as long as it said. A client's cache is
bounded, so a client that asks too much forgets its own oldest. All caches together are bounded too: when they are
full, whoever holds most forgets first.

What is *not* here: keeping time (the caller's clock), and what an announcement means (`announced`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cachetools import TLRUCache

from forgewall.identify.announced import Announcement, Place
from forgewall.identify.announced_places import places_of
from forgewall.model import Request

MAX_URLS = 100_000
MAX_URLS_PER_CLIENT = 25_000
MAX_HOSTS_PER_CLIENT = 64
MAX_CLIENTS = 10_000

type _Key = tuple[str, Place]


class _Client:
    """One client's announcements, by method and place, and until when each host was announced."""

    __slots__ = ("hosts", "urls")

    def __init__(self, now: Callable[[], float], most: int) -> None:
        self.urls: TLRUCache[_Key, Announcement] = TLRUCache(
            maxsize=most, ttu=lambda _key, value, now: now + value.seconds, timer=now
        )
        self.hosts: dict[str, float] = {}

    def live_hosts(self, now: float) -> dict[str, float]:
        self.hosts = {host: end for host, end in self.hosts.items() if end > now}
        return self.hosts


class Announcements:
    """All that is announced at the moment. `client` is whatever tells clients apart, such as an IP address."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        urls: int = MAX_URLS,
        per_client: int = MAX_URLS_PER_CLIENT,
        hosts: int = MAX_HOSTS_PER_CLIENT,
        clients: int = MAX_CLIENTS,
    ) -> None:
        """`clock` tells seconds that only grow; the numbers are the most that is kept."""
        self._clock = clock
        self._now = clock()
        self._most_urls = urls
        self._most_per_client = per_client
        self._most_hosts = hosts
        self._most_clients = clients
        self._clients: dict[str, _Client] = {}

    def remember(self, client: str, announcements: Iterable[Announcement]) -> str | None:
        """Keep what an answer announced to `client`; a sentence, and nothing kept, if it names too many hosts.

        A URL that is known keeps the repository that announced it first.
        """
        fresh = tuple(announcements)
        if not fresh:
            return None
        now = self._now = self._clock()
        known = self._clients.get(client)
        ends = dict(known.live_hosts(now)) if known else {}
        for announcement in fresh:
            host = announcement.place.host
            ends[host] = max(ends.get(host, 0.0), now + announcement.seconds)
        if len(ends) > self._most_hosts:
            return f"this client was told to upload to more than {self._most_hosts} hosts"
        if known is None:
            self._make_room_for_a_client(now)
            known = self._clients[client] = _Client(lambda: self._now, self._most_per_client)
        known.hosts = ends
        for announcement in fresh:
            for method in announcement.methods:
                key = (method, announcement.place)
                first = known.urls.get(key)
                if first is None or first.asker.key == announcement.asker.key:
                    known.urls[key] = announcement
        self._make_room()
        return None

    def find(self, client: str, request: Request) -> Announcement | None:
        """The announcement that covers `request` of `client`."""
        self._now = self._clock()
        known = self._clients.get(client)
        if known is None:
            return None
        for place in places_of(request):
            found = known.urls.get((request.method, place))
            if found is not None:
                return found
        return None

    def names(self, client: str, host: str) -> bool:
        """Whether something on `host` is announced to `client`, so that its requests there are to be read."""
        known = self._clients.get(client)
        return known is not None and known.hosts.get(host.lower().removesuffix("."), 0.0) > self._clock()

    def hosts(self, client: str) -> frozenset[str]:
        """The hosts on which something is announced to `client`."""
        known = self._clients.get(client)
        return frozenset(known.live_hosts(self._clock())) if known else frozenset()

    def __len__(self) -> int:
        """How many URLs are kept, counted once for each method."""
        return sum(len(known.urls) for known in self._clients.values())

    def _make_room_for_a_client(self, now: float) -> None:
        if len(self._clients) < self._most_clients:
            return
        gone = [name for name, known in self._clients.items() if not known.live_hosts(now)]
        nearest = min(self._clients, key=lambda name: max(self._clients[name].hosts.values(), default=now))
        for name in gone or [nearest]:
            del self._clients[name]

    def _make_room(self) -> None:
        """Forget what has expired, then the oldest of those who hold most."""
        if len(self) <= self._most_urls:
            return
        for known in self._clients.values():
            known.urls.expire()
        excess = len(self) - self._most_urls
        for known in sorted(self._clients.values(), key=lambda known: len(known.urls), reverse=True):
            for _ in range(min(excess, len(known.urls))):
                known.urls.popitem()
                excess -= 1

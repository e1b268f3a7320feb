"""Shares of something that all clients have in common, so that nobody can take all of it.

Theory. No client may hold more than it leaves free to the others. So one alone gets half of it, the next at least half
of what is left, and whoever fills up all that he can get never keeps the next from starting. (Choudhury and Hahne call
it a dynamic threshold: nobody has to be counted in advance.) Clients of one IPv6 network of 64 bits count as one, since
each of them may take any address in there.

Not here: what is shared (`proxy.spool`, `proxy.examiner`).
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache


class Shares:
    """`free` of `total` is left. Ask `fits`, then `take`; `give` it back."""

    __slots__ = ("_held", "free")

    def __init__(self, total: int) -> None:
        self._held: dict[str, int] = {}  # by client, none with nothing
        self.free = total

    def fits(self, client: str | None, size: int) -> bool:
        """Whether the client at this address may hold `size` more; None for one who may hold all there is."""
        left = self.free - size
        return left >= 0 if client is None else left >= self._held.get(_sharing(client), 0) + size

    def take(self, client: str | None, size: int) -> None:
        """The client holds `size` more."""
        self.free -= size
        if client is not None and size:
            name = _sharing(client)
            self._held[name] = self._held.get(name, 0) + size

    def give(self, client: str | None, size: int) -> None:
        """The client holds `size` less, which it has taken before."""
        self.free += size
        if client is not None and size:
            name = _sharing(client)
            self._held[name] -= size
            if not self._held[name]:
                del self._held[name]


@lru_cache(maxsize=4096)
def _sharing(client: str) -> str:
    """Who is one client with the one at this address."""
    if ":" not in client:
        return client
    try:
        return str(ipaddress.ip_network((client, 64), strict=False))
    except ValueError:
        return client

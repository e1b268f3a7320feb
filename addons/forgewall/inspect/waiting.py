"""Deltas that came before their base. git writes bases first; other clients needn't, and a thin pack lacks some.

Not here: applying them.
"""

from __future__ import annotations

from collections.abc import Iterator

from forgewall.inspect.inspector import Spool, SpoolFull
from forgewall.inspect.objects import PIECE

MEMORY = 4 * 1024 * 1024
"""Bytes of deltas held in memory; further ones go to the spool."""
COUNT = 16_384
"""So many may wait."""


class Delta:
    """A delta that was kept, in memory or in the spool, to be read in pieces of at most `PIECE` bytes."""

    __slots__ = ("_data", "_position", "_size", "_spool", "number")

    def __init__(self, number: int, data: bytes, spool: Spool | None = None, position: int = 0, size: int = 0) -> None:
        """`number` is the object's that it makes. `data` is all of it, or empty where it is in the spool."""
        self.number = number
        self._data = data
        self._spool = spool
        self._position = position
        self._size = size

    @property
    def size(self) -> int:
        """Bytes it holds in memory."""
        return len(self._data)

    def pieces(self) -> Iterator[bytes]:
        """All of it, in order."""
        if self._spool is None:
            yield self._data
            return
        position, left = self._position, self._size
        while left:
            some = self._spool.read(position, min(left, PIECE))
            if not some:
                return
            yield some
            position += len(some)
            left -= len(some)


class Waiting:
    """Deltas by what they wait for: an object's number in the pack, or its id."""

    __slots__ = ("_by_base", "_bytes", "_count", "_spool")

    def __init__(self, spool: Spool | None) -> None:
        self._spool = spool
        self._by_base: dict[int | bytes, list[Delta]] = {}
        self._bytes = 0
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._by_base)

    def add(self, base: int | bytes, number: int, data: bytes) -> bool:
        """Keep a delta; False if there is no room."""
        if self._bytes + len(data) <= MEMORY:
            return self._put(base, Delta(number, data))
        if self._spool is None:
            return False
        try:
            position = self._spool.append(data)
        except SpoolFull:
            return False
        return self.add_spooled(base, number, position, len(data))

    def add_spooled(self, base: int | bytes, number: int, position: int, size: int) -> bool:
        """Keep a delta that is in the spool already; False if there is no room."""
        return self._put(base, Delta(number, b"", self._spool, position, size))

    def take(self, base: int | bytes) -> list[Delta]:
        """Those that wait for this base, and wait no more."""
        found = self._by_base.pop(base, [])
        self._count -= len(found)
        self._bytes -= sum(delta.size for delta in found)
        return found

    def _put(self, base: int | bytes, delta: Delta) -> bool:
        if self._count >= COUNT:
            return False
        self._by_base.setdefault(base, []).append(delta)
        self._count += 1
        self._bytes += delta.size
        return True

"""What is kept of bytes that pass by: the last of them, some at a fixed place, and which needles stood among them.

Each takes chunks of any size and holds a bounded number of bytes. Not here: what they mean.
"""

from __future__ import annotations

from forgewall.inspect.patterns import Pattern


class Tail:
    """The last `limit` bytes."""

    __slots__ = ("_bytes", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        self._bytes += data[-self._limit :]
        if len(self._bytes) > 2 * self._limit:  # now and then, so that tiny chunks aren't moved about each time
            del self._bytes[: -self._limit]

    def bytes(self) -> bytes:
        """What is kept."""
        return bytes(self._bytes[-self._limit :])


class Spot:
    """The `size` bytes from `offset`."""

    __slots__ = ("_at", "_bytes", "_offset", "_size")

    def __init__(self, offset: int, size: int) -> None:
        self._offset = offset
        self._size = size
        self._at = 0
        self._bytes = b""

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        start = self._offset + len(self._bytes) - self._at
        if start < len(data) and len(self._bytes) < self._size:
            self._bytes += data[start : start + self._size - len(self._bytes)]
        self._at += len(data)

    def bytes(self) -> bytes:
        """What is kept."""
        return self._bytes


class Needle:
    """Whether `pattern` occurs. `reach` is the most bytes that a match of it has, and 2 at least."""

    __slots__ = ("_keep", "_pattern", "_rest", "met")

    def __init__(self, pattern: Pattern, reach: int) -> None:
        self.met = False
        self._pattern = pattern
        self._keep = reach - 1
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        if self.met:
            return
        across = self._rest + data[: self._keep]
        self.met = self._pattern.found(across) or self._pattern.found(data)
        self._rest = data[-self._keep :] if len(data) >= self._keep else across[-self._keep :]

"""The part of a body that is kept until its request is judged: in memory at first, on disk where it may grow further.

Not here: when it is enough, and what becomes of it (`proxy.stream`).
"""

from __future__ import annotations

from collections.abc import Iterator

from forgewall.proxy.spool import DiskSpool

MEMORY_BYTES = 256 * 1024
"""How much stays in memory where there is a spool."""

PIECE_BYTES = 256 * 1024
"""How much of a spool is read back at once."""


class Holding:
    """What one request has sent so far. Raises SpoolFull from `add` where it can't be kept."""

    def __init__(self, spool: DiskSpool | None = None) -> None:
        """`spool`: where it goes beyond `MEMORY_BYTES`; without one everything stays in memory."""
        self._spool = spool
        self._memory = bytearray()
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Keep `chunk`."""
        self.size += len(chunk)
        if self._spool is None or self.size <= MEMORY_BYTES:
            self._memory += chunk
            return
        if self._memory:
            self._spool.append(bytes(self._memory))
            self._memory.clear()
        self._spool.append(chunk)

    @property
    def on_disk(self) -> bool:
        """Whether it became more than memory may hold."""
        return self._spool is not None and self._spool.size > 0

    @property
    def body(self) -> bytes:
        """What is in memory: all of it, or nothing once it went to disk."""
        return bytes(self._memory)

    def pieces(self) -> Iterator[bytes]:
        """All of it, in order, in pieces; then it is closed."""
        try:
            if self._memory:
                yield bytes(self._memory)
            elif self._spool is not None:
                for position in range(0, self._spool.size, PIECE_BYTES):
                    yield self._spool.read(position, PIECE_BYTES)
        finally:
            self.close()

    def close(self) -> None:
        """Forget it."""
        self._memory.clear()
        if self._spool is not None:
            self._spool.close()

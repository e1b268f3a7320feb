"""Hashes of long streams, made on one thread of their own beside the event loop.

Hashing takes a third of the time that an examined upload costs, and none of it needs the interpreter: OpenSSL works on
while the loop encrypts and decrypts. Short streams are hashed where they are, since handing them over costs more.

Not here: what is hashed, and why.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor

from forgewall.inspect.hashes import Hash

SHORT = 1024 * 1024
"""Bytes of a stream that are hashed on the caller's thread."""

BATCH = 512 * 1024
"""Bytes that are collected before they are handed over."""

AHEAD = 4 * 1024 * 1024
"""Bytes of one stream that may wait for the other thread; then the caller waits."""

SMALL = 4096
"""Bytes; what is smaller is copied, because keeping half a million of tiny objects costs more than their bytes."""

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forgewall-hash")


class BackgroundHash:
    """Takes the place of a `hashlib` object."""

    __slots__ = ("_ahead", "_batch", "_batched", "_hash", "_running", "_size", "_small")

    def __init__(self, name: str) -> None:
        """`name` as `hashlib.new` takes it."""
        self._hash = hashlib.new(name)
        self._size = 0
        self._batch: list[bytes | memoryview] = []
        self._batched = 0
        self._small = bytearray()
        self._running: list[Future[None]] = []
        self._ahead = 0

    def update(self, data: bytes | memoryview) -> None:
        """The stream's next bytes. A memoryview must not change afterwards."""
        self._size += len(data)
        if self._size <= SHORT:
            self._hash.update(data)
            return
        self._batched += len(data)
        if len(data) < SMALL:
            self._small += data
        else:
            self._close_small()
            self._batch.append(data)
        if self._batched >= BATCH:
            self._hand_over()

    def digest(self) -> bytes:
        """The hash of all bytes so far; waits for the other thread."""
        self._settle()
        return self._hash.digest()

    def hexdigest(self) -> str:
        """As `digest`, in hex."""
        return self.digest().hex()

    def _close_small(self) -> None:
        if self._small:
            self._batch.append(bytes(self._small))
            self._small.clear()

    def _hand_over(self) -> None:
        self._close_small()
        if self._ahead + self._batched > AHEAD:
            self._wait()
        batch, self._batch = self._batch, []
        self._ahead += self._batched
        self._batched = 0
        self._running.append(_thread.submit(self._work, batch))

    def _work(self, batch: list[bytes | memoryview]) -> None:
        for data in batch:
            self._hash.update(data)

    def _wait(self) -> None:
        for future in self._running:
            future.result()
        self._running.clear()
        self._ahead = 0

    def _settle(self) -> None:
        self._close_small()
        self._wait()
        self._work(self._batch)
        self._batch.clear()
        self._batched = 0


class Borrowed:
    """Takes the place of a `hashlib` object whose stream somebody hashes already.

    It may be asked only once that one has been given all that this was.
    """

    __slots__ = ("_lender",)

    def __init__(self, lender: Hash) -> None:
        self._lender = lender

    def update(self, data: bytes | memoryview) -> None:
        """The lender gets the same bytes."""

    def digest(self) -> bytes:
        """The lender's."""
        return self._lender.digest()

    def hexdigest(self) -> str:
        """As `digest`, in hex."""
        return self._lender.hexdigest()

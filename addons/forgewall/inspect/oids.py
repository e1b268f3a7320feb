"""Object ids, numbered in the order they are first seen, in a fifth of the memory that a dict of bytes takes.

An open-addressed table of 4-byte slots over one bytearray of ids: about 30 bytes an id of SHA-1. Python's own hash of
bytes is salted, so nobody can choose ids that meet in one slot. Not here: what stands behind a number.
"""

from __future__ import annotations

from array import array


class OidIndex:
    """Numbers up to `limit` ids of `width` bytes each."""

    __slots__ = ("_ids", "_limit", "_mask", "_slots", "_width", "count")

    def __init__(self, width: int, limit: int) -> None:
        self._width = width
        self._limit = limit
        self._ids = bytearray()
        self._mask = 1023
        self._slots = array("I", bytes(4 * 1024))  # a number plus one, 0 for nothing
        self.count = 0

    def find(self, oid: bytes) -> int:
        """The number of `oid`, -1 if it has none."""
        slots, mask, ids, width = self._slots, self._mask, self._ids, self._width
        slot = hash(oid) & mask
        while taken := slots[slot]:
            start = (taken - 1) * width
            if ids[start : start + width] == oid:
                return taken - 1
            slot = (slot + 1) & mask
        return -1

    def number(self, oid: bytes) -> int:
        """The number of `oid`, a new one (which then is `count` - 1) if it had none; -1 if there is no more room."""
        slots, mask, ids, width = self._slots, self._mask, self._ids, self._width
        slot = hash(oid) & mask
        while taken := slots[slot]:
            start = (taken - 1) * width
            if ids[start : start + width] == oid:
                return taken - 1
            slot = (slot + 1) & mask
        if self.count >= self._limit:
            return -1
        ids += oid
        self.count += 1
        slots[slot] = self.count
        if self.count * 3 > self._mask * 2:
            self._grow()
        return self.count - 1

    def oid(self, number: int) -> bytes:
        """The id with this number."""
        return bytes(self._ids[number * self._width : (number + 1) * self._width])

    def _grow(self) -> None:
        self._mask = mask = self._mask * 2 + 1
        self._slots = slots = array("I", bytes(4 * (mask + 1)))
        for number in range(self.count):
            slot = hash(self.oid(number)) & mask
            while slots[slot]:
                slot = (slot + 1) & mask
            slots[slot] = number + 1

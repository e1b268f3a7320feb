"""The last version of each folder, so that of the next only what has changed is read.

A history holds a new tree for each folder that a commit touches, mostly with one entry changed of hundreds. Bytes that
two versions begin with, and end with, are told by comparing, which costs a thousandth of reading their entries.
Not here: what the entries mean.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable

MEMORY = 4 * 1024 * 1024
"""Bytes of trees that are kept."""

_COST = 512  # bytes that a version takes beside its own


class Versions:
    """Trees by the number of their folder; the least recently used are dropped."""

    __slots__ = ("_bytes", "_kept", "_limit")

    def __init__(self, limit: int = MEMORY) -> None:
        """`limit` in bytes."""
        self._kept: OrderedDict[int, tuple[bytes, array[int]]] = OrderedDict()
        self._bytes = 0
        self._limit = limit

    def changed(self, folder: int, data: bytes) -> tuple[int, int]:
        """From where to where `data` differs from the folder's last version, by whole entries of that.

        An entry of `data` may still reach beyond the end; then the rest can't be told from the old version.
        """
        kept = self._kept.get(folder)
        if kept is None:
            return 0, len(data)
        old, bounds = kept
        shift = len(data) - len(old)
        start = bounds[bisect_right(bounds, _common_start(old, data)) - 1]
        end = bisect_left(bounds, max(len(old) - _common_end(old, data), start, start - shift))
        return start, bounds[end] + shift

    def keep(self, folder: int, data: bytes, start: int, ends: Iterable[int], stop: int) -> None:
        """This is the folder's last version. `ends` are where its entries end from `start` to `stop`; the bytes before
        and behind are those of the version before.
        """
        kept = self._kept.pop(folder, None)
        bounds = array("I", (0,))
        if kept is not None:
            old, known = kept
            shift = len(data) - len(old)
            self._bytes -= _size(old, known)
            bounds = known[: bisect_right(known, start)]
            tail = known[bisect_right(known, stop - shift) :]
        else:
            shift, tail = 0, array("I")
        bounds.extend(ends)
        bounds.extend(bound + shift for bound in tail) if shift else bounds.extend(tail)
        size = _size(data, bounds)
        if size > self._limit:
            return
        self._kept[folder] = (data, bounds)
        self._bytes += size
        while self._bytes > self._limit:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= _size(*dropped)


def _size(data: bytes, bounds: array[int]) -> int:
    return len(data) + 4 * len(bounds) + _COST


def _common_start(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(one: bytes, other: bytes) -> int:
    """How many bytes both end with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low

"""The objects of a pack that later deltas may be made of: where each began, and its content while there is room.

Theory. Any object may be the base of any later one, and nothing tells which will. So all are kept: the last few in
memory, the others in a spool if there is one, which is written only when memory is full. git writes an object beside
its base, so that even without a spool few are missed. What each object takes beside its content is 27 bytes, and ids
30; of a pack with very many objects the oldest are forgotten.
Not here: applying deltas.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from enum import Enum, auto

from forgewall.inspect.inspector import Spool, SpoolFull
from forgewall.inspect.objects import WHOLE
from forgewall.inspect.oids import OidIndex

MEMORY = 16 * 1024 * 1024
"""Bytes of content held in memory."""
OBJECTS = 250_000
"""So many objects are known at a time; beyond, half of them are forgotten."""
LARGEST = 512 * 1024 * 1024
"""Most bytes of a base: git makes no deltas of files above its core.bigFileThreshold, which is this."""

_NOWHERE, _MEMORY = -1, -2  # as a place; others are positions in the spool
_UNSETTLED, _LOST = 0, 8  # as a kind
_OVERHEAD = 256  # bytes that a small object costs beside its content


class Absent(Enum):
    """Why a base can't be had."""

    UNKNOWN = auto()  # no object of the pack so far, which may still bring it
    NO_OBJECT = auto()  # an offset at which no object begins
    LOST = auto()  # it was there, and there was no room for it


class Base:
    """An object that deltas can be made of. `data` is its content if that is in memory, else `read` it."""

    __slots__ = ("_position", "_spool", "data", "depth", "kind", "size")

    def __init__(
        self, kind: int, depth: int, size: int, *, data: bytes | None, spool: Spool | None, position: int
    ) -> None:
        self.kind = kind
        self.depth = depth
        self.size = size
        self.data = data
        self._spool = spool
        self._position = position

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the content."""
        if self.data is not None:
            return self.data[offset : offset + size]
        assert self._spool is not None
        return self._spool.read(self._position + offset, size)


class Keeper:
    """Takes a large object's content piece by piece. `position` is where it stands in the spool."""

    __slots__ = ("_expected", "_parts", "_spool", "position")

    def __init__(self, spool: Spool | None) -> None:
        self._spool = spool
        self._parts = bytearray()
        self.position = _NOWHERE
        self._expected = _NOWHERE

    def add(self, data: bytes) -> bool:
        """The next bytes; False if there is no room, after which nothing more is taken."""
        if self._spool is None:
            self._parts += data
            return True
        try:
            position = self._spool.append(data)
        except SpoolFull:
            return False
        if self.position == _NOWHERE:
            self.position = position
        elif position != self._expected:  # somebody else writes there too: it isn't in one piece
            return False
        self._expected = position + len(data)
        return True

    def content(self) -> bytes | None:
        """All of it, if it was kept in memory."""
        return None if self._spool is not None else bytes(self._parts)


class Bases:
    """The objects so far, by number. An object is begun, and settled once its type and content are known."""

    __slots__ = (
        "_bytes",
        "_depths",
        "_first",
        "_ids",
        "_kinds",
        "_memory",
        "_named",
        "_objects",
        "_offsets",
        "_places",
        "_recent",
        "_sizes",
        "_spool",
    )

    def __init__(self, width: int, spool: Spool | None, *, memory: int = MEMORY, objects: int = OBJECTS) -> None:
        """`width` is an id's length in bytes; `memory` in bytes, `objects` a count: see `MEMORY`, `OBJECTS`."""
        self._spool = spool
        self._memory = memory
        self._objects = objects
        self._first = 0  # number of the first object that isn't forgotten
        self._offsets = array("Q")
        self._kinds = bytearray()
        self._depths = array("H")
        self._places = array("q")
        self._sizes = array("Q")
        self._recent: OrderedDict[int, bytes] = OrderedDict()  # by number, the least recently used first
        self._bytes = 0
        self._ids = OidIndex(width, 2 * objects)
        self._named = array("Q")  # by number of the id: number of the object

    def begin(self, offset: int) -> int:
        """An object begins at `offset` of the pack; its number."""
        if len(self._offsets) >= self._objects:
            self._forget(len(self._offsets) // 2)
        self._offsets.append(offset)
        self._kinds.append(_UNSETTLED)
        self._depths.append(0)
        self._places.append(_NOWHERE)
        self._sizes.append(0)
        return self._first + len(self._offsets) - 1

    def settle(self, number: int, oid: bytes, kind: int, depth: int, data: bytes) -> None:
        """A small object's type, the number of deltas it is made by, and its content."""
        index = self._know(number, oid, kind, depth, len(data))
        if index >= 0:
            self._places[index] = _MEMORY
            self._remember(number, data)

    def lose(self, number: int) -> None:
        """There was no room to find out what this object is."""
        index = number - self._first
        if index >= 0:
            self._kinds[index] = _LOST

    def keeper(self, size: int) -> Keeper | None:
        """Where a large object's content may be kept as it comes; None if there is no room for `size` bytes."""
        if size > LARGEST:
            return None
        if self._spool is not None:
            return Keeper(self._spool)
        if size > self._memory // 4:
            return None
        self._make_room(size)
        return Keeper(None)

    def settle_kept(self, number: int, oid: bytes, kind: int, depth: int, *, size: int, keeper: Keeper | None) -> None:
        """A large object has ended. `keeper` None: its content is lost."""
        content = keeper.content() if keeper is not None else None
        if content is not None:
            self.settle(number, oid, kind, depth, content)
            return
        index = self._know(number, oid, kind, depth, size)
        if index >= 0 and keeper is not None:
            self._places[index] = keeper.position

    def at(self, offset: int) -> Base | int | Absent:
        """The base that begins at `offset`; the object's number where it isn't settled yet."""
        index = bisect_left(self._offsets, offset)
        if index < len(self._offsets) and self._offsets[index] == offset:
            number = index + self._first
            return number if self._kinds[index] == _UNSETTLED else self.base(number)
        return Absent.LOST if index == 0 and self._first else Absent.NO_OBJECT

    def named(self, oid: bytes) -> Base | Absent:
        """The base with this id."""
        index = self._ids.find(oid)
        return Absent.UNKNOWN if index < 0 else self.base(self._named[index])

    def base(self, number: int) -> Base | Absent:
        """The settled object of this number; LOST if its content is gone."""
        index = number - self._first
        if index < 0 or self._places[index] == _NOWHERE:
            return Absent.LOST
        size, place = self._sizes[index], self._places[index]
        data = self._recent.get(number)
        if data is not None:
            self._recent.move_to_end(number)
        elif size <= WHOLE and self._spool is not None:
            data = self._spool.read(place, size)
            if len(data) < size:
                return Absent.LOST
            self._remember(number, data)
        return Base(self._kinds[index], self._depths[index], size, data=data, spool=self._spool, position=place)

    def _know(self, number: int, oid: bytes, kind: int, depth: int, size: int) -> int:
        """Where the object stands in the arrays, -1 if it was forgotten already."""
        if self._ids.number(oid) == len(self._named):
            self._named.append(number)
        index = number - self._first
        if index >= 0:
            self._kinds[index] = kind
            self._depths[index] = depth
            self._sizes[index] = size
        return index

    def _remember(self, number: int, data: bytes) -> None:
        self._recent[number] = data
        self._bytes += len(data) + _OVERHEAD
        if self._bytes > self._memory:
            self._make_room(0)

    def _make_room(self, wanted: int) -> None:
        """Move the least recently used content out of memory until `wanted` more bytes fit."""
        while self._bytes + wanted > self._memory and self._recent:
            number, data = self._recent.popitem(last=False)
            self._bytes -= len(data) + _OVERHEAD
            index = number - self._first
            if self._places[index] == _MEMORY:
                self._places[index] = self._write(data)

    def _write(self, data: bytes) -> int:
        if self._spool is None:
            return _NOWHERE
        try:
            return self._spool.append(data)
        except SpoolFull:
            return _NOWHERE

    def _forget(self, count: int) -> None:
        self._first += count
        for number in [number for number in self._recent if number < self._first]:
            self._bytes -= len(self._recent.pop(number)) + _OVERHEAD
        self._kinds = self._kinds[count:]
        self._offsets = self._offsets[count:]
        self._depths = self._depths[count:]
        self._places = self._places[count:]
        self._sizes = self._sizes[count:]

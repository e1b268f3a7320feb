"""Deltas become objects as soon as their base is there; a delta whose base has not come yet waits.

Two things are refused (NotPack): chains deeper than git makes, and data that inflates beyond all measure. Where only
room is short (a base that is gone, deltas that unfold to more than is worth the work), the object is lost, which is
told as `Unread`, and the rest goes on. Not here: the pack's format (`objects`), what objects mean (`contents`).
"""

from __future__ import annotations

from forgewall.inspect.bases import MEMORY, Absent, Base, Bases, Keeper
from forgewall.inspect.contents import Contents
from forgewall.inspect.delta import HEAD_BYTES, DeltaStream, TooManySteps, applied, sizes
from forgewall.inspect.inspector import Spool
from forgewall.inspect.objects import EACH, TURN, WHOLE, NotPack
from forgewall.inspect.waiting import Waiting
from forgewall.turns import Turns

DEPTH = 4095
"""Most deltas on deltas: more than git itself makes."""
GROWTH, ALLOWANCE = 256, 256 * 1024 * 1024
"""What a pack may unfold to: so many times its size and so many bytes more, by inflating, and again by deltas."""

STEPS_GROWTH, STEPS = 8, 1_000_000
"""The steps that all its deltas may have: so many for each byte of the pack, and so many more."""

_GATHER = 64 * 1024  # small pieces of a delta's result are handled together

_NO_ROOM = "the pack's deltas need more of its earlier objects than can be kept"
_THIN = "the pack holds deltas of objects that are not in it (git push --no-thin sends them)"
_UNFOLDS = "the pack's deltas unfold to more than is examined"


class Chains:
    """The `Sink` of a pack's stream."""

    __slots__ = (
        "_bases",
        "_contents",
        "_due",
        "_fresh",
        "_inflated",
        "_large",
        "_room",
        "_spool",
        "_steps",
        "_unfolded",
        "_waiting",
        "_work",
    )

    def __init__(self, contents: Contents, spool: Spool | None, *, memory: int = MEMORY) -> None:
        """`memory` is how many bytes of objects are kept in memory; the others go to `spool`, if there is one."""
        self._contents = contents
        self._spool = spool
        self._bases = Bases(contents.width, spool, memory=memory)
        self._waiting = Waiting(spool)
        self._due: list[Turns[None]] = []
        self._work = 0  # bytes since others had their turn
        self._fresh: list[tuple[int, bytes]] = []  # objects that became whole while deltas were waiting
        self._large: _Growing | _Unfolding | _Parking | None = None
        self._room = ALLOWANCE
        self._steps = STEPS
        self._inflated = 0
        self._unfolded = 0

    def allow(self, size: int) -> None:
        """`size` more bytes of pack have come."""
        self._room += GROWTH * size
        self._steps += STEPS_GROWTH * size

    def whole(self, offset: int, kind: int, base: int | bytes | None, data: bytes) -> None:
        """A small object, or a small delta."""
        self._count(len(data))
        number = self._bases.begin(offset)
        if base is None:
            self._object(number, kind, 0, data)
        else:
            found = self._find(base)
            if isinstance(found, Base):
                self._apply(number, found, data)
            elif isinstance(found, Absent) or not self._waiting.add(found, number, data):
                self.lose(number, _NO_ROOM)

    def begin(self, offset: int, kind: int, base: int | bytes | None, size: int) -> None:
        """A large object, or a large delta."""
        number = self._bases.begin(offset)
        if base is None:
            self._large = self.growing(number, kind, 0, size)
            return
        found = self._find(base)
        if isinstance(found, Base):
            self._large = _Unfolding(self, number, found)
        elif isinstance(found, Absent) or self._spool is None:
            self.lose(number, _NO_ROOM)
        else:
            self._large = _Parking(self, number, found, self._spool)

    def piece(self, data: bytes) -> None:
        """More of it."""
        self._count(len(data))
        if isinstance(self._large, _Unfolding):
            self._due.append(self._large.add(data))
        elif self._large is not None:
            self._large.add(data)

    def end(self) -> None:
        """All of it."""
        large, self._large = self._large, None
        if isinstance(large, _Unfolding):
            self._due.append(large.end())
        elif large is not None:
            large.end()

    def settle(self) -> Turns[None]:
        """Apply the deltas that can be applied now, in turns: a few bytes may unfold to hundreds of megabytes."""
        if self._contents.due:
            yield from self._contents.settle()
        while self._due or self._fresh:
            due, self._due = self._due, []
            for work in due:
                yield from work
                if self._contents.due:
                    yield from self._contents.settle()
            yield from self._resolve()
        if self.tired(0):
            yield

    def tired(self, work: int) -> bool:
        """Whether others may have their turn, after `work` more bytes."""
        self._work += work
        if self._work <= TURN:
            return False
        self._work = 0
        return True

    def finish(self) -> None:
        """The pack has ended: what still waits has its base elsewhere."""
        if self._waiting:
            self._contents.unread(_THIN)

    def admit(self, number: int, base: Base, expected: int, result: int) -> bool:
        """Whether a delta may be applied that expects a base and makes a result of so many bytes.

        Raises NotPack if it can't be, or its chain is too deep.
        """
        if expected != base.size:
            raise NotPack("has a delta for a base of another size")
        if base.depth >= DEPTH:
            raise NotPack(f"has a chain of more than {DEPTH} deltas")
        if self._unfolded + result > self._room:
            self.lose(number, _UNFOLDS)
            return False
        self._unfolded += result
        return True

    def growing(self, number: int, kind: int, depth: int, size: int) -> _Growing:
        """Where a large object's content goes."""
        return _Growing(self, self._contents, self._bases, number=number, kind=kind, depth=depth, size=size)

    def grown(self, number: int, oid: bytes) -> None:
        """An object is whole and settled."""
        if self._waiting:
            self._fresh.append((number, oid))

    def park(self, base: int | bytes, number: int, keeper: Keeper, size: int) -> None:
        """A large delta that waits for its base is in the spool."""
        if not self._waiting.add_spooled(base, number, keeper.position, size):
            self.lose(number, _NO_ROOM)

    def lose(self, number: int, reason: str = _NO_ROOM) -> None:
        """There is no room to make this object, nor those that are made of it."""
        self._contents.unread(reason)
        lost = [number]
        while lost:
            number = lost.pop()
            self._bases.lose(number)
            lost += [delta.number for delta in self._waiting.take(number)]

    def _count(self, size: int) -> None:
        self._inflated += size
        if self._inflated > self._room:
            raise NotPack("inflates to far more than a pack of its size holds")

    def _find(self, base: int | bytes) -> Base | Absent | int | bytes:
        """The base at an offset or of an id; what to wait for, if it may come."""
        if isinstance(base, int):
            found = self._bases.at(base)
            if found is Absent.NO_OBJECT:
                raise NotPack("has a delta whose base isn't the beginning of an object")
            return found
        named = self._bases.named(base)
        return base if named is Absent.UNKNOWN else named

    def _object(self, number: int, kind: int, depth: int, data: bytes) -> None:
        oid = self._contents.whole(kind, data)
        self._bases.settle(number, oid, kind, depth, data)
        if self._waiting:
            self._fresh.append((number, oid))

    def _apply(self, number: int, base: Base, delta: bytes) -> None:
        """Make the object of a small delta."""
        expected, result, _ = sizes(delta)
        if result <= WHOLE and base.data is not None:
            self._work += result
            if self.admit(number, base, expected, result):
                self._make(number, base, base.data, delta)
            return
        unfolding = _Unfolding(self, number, base)
        self._due += [unfolding.add(delta), unfolding.end()]

    def _make(self, number: int, base: Base, content: bytes, delta: bytes) -> None:
        try:
            data, steps = applied(content, delta, self._steps)
        except TooManySteps:
            self.lose(number, _UNFOLDS)
            return
        self._steps -= steps
        self._object(number, base.kind, base.depth + 1, data)

    def stream(self, base: Base, result: int) -> DeltaStream:
        """What makes `result` bytes of a base, with as many steps as are left."""
        return DeltaStream(base.size, base.read, result, self._steps)

    def made(self, steps: int) -> None:
        """A delta took so many steps."""
        self._steps -= steps

    def _resolve(self) -> Turns[None]:
        """Apply what waited for the objects that are whole now, and for those that this makes, and so on."""
        while self._fresh:
            number, oid = self._fresh.pop()
            for delta in [*self._waiting.take(number), *self._waiting.take(oid)]:
                base = self._bases.base(number)
                if not isinstance(base, Base):
                    self.lose(delta.number)
                    continue
                unfolding = _Unfolding(self, delta.number, base)
                for piece in delta.pieces():
                    yield from unfolding.add(piece)
                yield from unfolding.end()
                if self._contents.due:
                    yield from self._contents.settle()
                if self.tired(EACH):
                    yield


class _Growing:
    """A large object, of the pack or made by a delta: read and kept as it comes."""

    __slots__ = ("_bases", "_chains", "_depth", "_keeper", "_kind", "_number", "_object", "_size")

    def __init__(
        self, chains: Chains, contents: Contents, bases: Bases, *, number: int, kind: int, depth: int, size: int
    ) -> None:
        self._chains = chains
        self._bases = bases
        self._number = number
        self._kind = kind
        self._depth = depth
        self._size = size
        self._object = contents.large(kind, size)
        self._keeper = bases.keeper(size)

    def add(self, data: bytes) -> None:
        self._object.add(data)
        if self._keeper is not None and not self._keeper.add(data):
            self._keeper = None

    def end(self) -> None:
        oid = self._object.end()
        self._bases.settle_kept(self._number, oid, self._kind, self._depth, size=self._size, keeper=self._keeper)
        self._chains.grown(self._number, oid)


class _Unfolding:
    """A delta that is applied as it comes."""

    __slots__ = ("_base", "_chains", "_gathered", "_growing", "_head", "_number", "_stream")

    def __init__(self, chains: Chains, number: int, base: Base) -> None:
        self._chains = chains
        self._number = number
        self._base = base
        self._head: bytearray | None = bytearray()  # None once it is read
        self._gathered = bytearray()
        self._stream: DeltaStream | None = None  # None while there is no head, and where it may not be applied
        self._growing: _Growing | None = None

    def add(self, data: bytes) -> Turns[None]:
        if self._head is not None:
            self._head += data
            if len(self._head) < HEAD_BYTES:
                return
            data = self._begin(self._head)
        yield from self._feed(data)

    def end(self) -> Turns[None]:
        if self._head is not None:
            yield from self._feed(self._begin(self._head))
        if self._stream is None or self._growing is None:
            return
        self._chains.made(self._stream.steps)
        self._stream.finish()
        self._growing.add(bytes(self._gathered))
        self._growing.end()
        if self._chains.tired(len(self._gathered)):
            yield

    def _begin(self, head: bytearray) -> bytes:
        data = bytes(head)
        self._head = None
        expected, result, start = sizes(data)
        if self._chains.admit(self._number, self._base, expected, result):
            self._stream = self._chains.stream(self._base, result)
            self._growing = self._chains.growing(self._number, self._base.kind, self._base.depth + 1, result)
        return data[start:]

    def _feed(self, data: bytes) -> Turns[None]:
        if self._stream is None or self._growing is None:
            return
        try:
            for piece in self._stream.feed(data):
                self._gathered += piece
                if len(self._gathered) >= _GATHER:
                    self._growing.add(bytes(self._gathered))
                    tired = self._chains.tired(len(self._gathered))
                    self._gathered.clear()
                    if tired:
                        yield
        except TooManySteps:
            self._chains.made(self._stream.steps)
            self._stream = None
            self._chains.lose(self._number, _UNFOLDS)


class _Parking:
    """A large delta whose base has not come yet: it waits in the spool."""

    __slots__ = ("_base", "_chains", "_keeper", "_number", "_size")

    def __init__(self, chains: Chains, number: int, base: int | bytes, spool: Spool) -> None:
        self._chains = chains
        self._number = number
        self._base = base
        self._keeper: Keeper | None = Keeper(spool)
        self._size = 0

    def add(self, data: bytes) -> None:
        self._size += len(data)
        if self._keeper is not None and not self._keeper.add(data):
            self._keeper = None

    def end(self) -> None:
        if self._keeper is None:
            self._chains.lose(self._number)
        else:
            self._chains.park(self._base, self._number, self._keeper, self._size)

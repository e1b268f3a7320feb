"""A packfile as it streams: its header, each object's header, what each inflates to, and the checksum behind them.

gitformat-pack(5). Deltas come out as they stand, with what they name as their base; what objects mean, and what deltas
make of their bases, is the business of the `Sink`. Nothing is held but one object of at most `WHOLE` bytes, because
most objects are small and a small one is handled best in one piece; a larger one goes on in pieces.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from forgewall.inspect.hashes import NewHash, here
from forgewall.turns import Turns, at_once

WHOLE = 1024 * 1024
"""Objects up to this size, in bytes, come in one piece."""
PIECE = 256 * 1024
"""Most inflated bytes at a time of the others."""
TURN = 1024 * 1024
"""Inflated bytes after which others may have their turn."""
EACH = 4096
"""What an object costs beside its content, as bytes."""
LARGEST = 1 << 40
"""Most bytes that an object may announce."""

COMMIT, TREE, BLOB, TAG, OFS_DELTA, REF_DELTA = 1, 2, 3, 4, 6, 7

_SLICE = 64 * 1024  # compressed bytes shown to zlib at a time: it copies what it doesn't use
_HEAD = 12  # "PACK", version, number of objects
_SIZE_BYTES = 7  # of an object's size: 4 + 6 * 7 = 46 bits
_OFFSET_BYTES = 9  # of the way back to a delta's base


class NotPack(ValueError):
    """The bytes are no pack; the message is the end of a sentence that begins with "the pack"."""


class Sink(Protocol):
    """Where the objects go. Its methods may raise NotPack."""

    def whole(self, offset: int, kind: int, base: int | bytes | None, data: bytes) -> None:
        """An object of at most `WHOLE` bytes: where in the pack it begins, its type, its base if it is a delta.

        The base is an offset in the pack (OFS_DELTA) or an object id (REF_DELTA).
        """
        ...

    def begin(self, offset: int, kind: int, base: int | bytes | None, size: int) -> None:
        """A larger object begins; `size` is what it inflates to, in bytes."""
        ...

    def piece(self, data: bytes) -> None:
        """Its next bytes."""
        ...

    def end(self) -> None:
        """It has ended, at just the size that it announced."""
        ...

    def settle(self) -> Turns[None]:
        """What the calls above made possible, in turns; asked for after each object or piece."""
        ...


class PackStream:
    """Reads one pack. `count` is what the header announces, None before; `read` how many objects have ended."""

    __slots__ = (
        "_base",
        "_checksum",
        "_held",
        "_inflate",
        "_kind",
        "_left",
        "_offset",
        "_rest",
        "_seen",
        "_sink",
        "_size",
        "_width",
        "count",
        "read",
    )

    def __init__(self, sink: Sink, *, object_format: str = "sha1", new_hash: NewHash = here) -> None:
        """`object_format` is `sha1` or `sha256`: what ids and the checksum are made with."""
        self._sink = sink
        self._checksum = new_hash(object_format)
        self._width = len(here(object_format).digest())
        self.count: int | None = None
        self.read = 0
        self._rest = b""  # the beginning of a header, or of the trailer
        self._seen = 0  # bytes that were read, without the rest
        # Of the object at hand:
        self._inflate: zlib._Decompress | None = None
        self._kind = 0
        self._base: int | bytes | None = None
        self._offset = 0
        self._size = 0
        self._left = 0  # bytes that are still to be inflated
        self._held = bytearray()

    def feed(self, data: bytes) -> None:
        """The pack's next bytes. Raises NotPack where it can't go on like this."""
        at_once(self.turns(data))

    def turns(self, data: bytes) -> Turns[None]:
        """As `feed`, in turns of about `TURN` inflated bytes."""
        if self._rest:
            data = self._rest + data
            self._rest = b""
        view = memoryview(data)
        position = 0
        if self.count is None:
            if len(data) < _HEAD:
                self._begin(data)
                self._rest = data
                return
            self.count = self._begin(data)
            position = _HEAD
        end = len(data)
        done = 0
        while self.read < self.count and position < end:
            if self._inflate is None:
                after = self._header(data, position)
                if not after:
                    break
                position = after
            left = self._left
            position = self._content(view, position, end)
            yield from self._sink.settle()
            done += left - self._left + EACH
            if done > TURN:
                done = 0
                yield
        self._checksum.update(data[:position])
        self._seen += position
        self._rest = data[position:]
        if self.read == self.count and len(self._rest) > self._width:
            raise NotPack("goes on behind its checksum")

    def finish(self) -> None:
        """The pack has ended. Raises NotPack if it isn't complete, or not what its checksum says."""
        if self.count is None or self.read < self.count or len(self._rest) < self._width:
            raise NotPack("is cut short")
        if self._rest != self._checksum.digest():
            raise NotPack("doesn't match its checksum")

    def _begin(self, data: bytes) -> int:
        """The number of objects; of an incomplete header, only what is there is looked at."""
        if not b"PACK".startswith(data[:4]):
            raise NotPack("doesn't begin like one")
        version = data[4:8]
        if not any(known.startswith(version) for known in (b"\0\0\0\2", b"\0\0\0\3")):
            raise NotPack("has an unknown version")
        return int.from_bytes(data[8:12])

    def _header(self, data: bytes, start: int) -> int:
        """Read an object's header; where its content begins, 0 while the header isn't complete."""
        position, end = start, len(data)
        byte = data[position]
        kind = byte >> 4 & 7
        size = byte & 15
        shift = 4
        position += 1
        while byte & 0x80:
            if position == end:
                return 0
            if position - start == _SIZE_BYTES:
                raise NotPack("announces an object too large for any forge")
            byte = data[position]
            size |= (byte & 0x7F) << shift
            shift += 7
            position += 1
        if size > LARGEST:
            raise NotPack("announces an object too large for any forge")
        offset = self._seen + start
        base: int | bytes | None = None
        if kind == OFS_DELTA:
            back, position = self._way_back(data, position)
            if not position:
                return 0
            if back >= offset:
                raise NotPack("has a delta whose base would stand before the pack")
            base = offset - back
        elif kind == REF_DELTA:
            base = data[position : position + self._width]
            position += self._width
            if position > end:
                return 0
        elif not COMMIT <= kind <= TAG:
            raise NotPack(f"has an object of type {kind}")
        self._kind, self._base, self._offset, self._size, self._left = kind, base, offset, size, size
        self._inflate = zlib.decompressobj()
        if size > WHOLE:
            self._sink.begin(offset, kind, base, size)
        return position

    def _way_back(self, data: bytes, start: int) -> tuple[int, int]:
        """How far back the base stands, and what follows; (0, 0) while that isn't complete."""
        value = 0
        for position in range(start, min(start + _OFFSET_BYTES, len(data))):
            byte = data[position]
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                if not value:
                    raise NotPack("has a delta that is its own base")
                return value, position + 1
            value += 1
        if len(data) - start >= _OFFSET_BYTES:
            raise NotPack("has a delta whose base would stand before the pack")
        return 0, 0

    def _content(self, view: memoryview, position: int, end: int) -> int:
        """Inflate of the object at hand what is there, or a piece of it; where it stopped."""
        inflate, whole = self._inflate, self._size <= WHOLE
        if inflate is None:
            return position
        while True:
            left = self._left
            some = view[position : min(end, position + min(_SLICE, left + (left >> 10) + 64))]
            try:
                # One byte more than is left: an object that holds more than it announced is found out at once.
                out = inflate.decompress(some, left + 1 if whole else min(PIECE, left + 1))
            except zlib.error:
                raise NotPack("holds an object that can't be inflated") from None
            # At the end zlib may leave the same bytes in both.
            position += len(some) - len(inflate.unused_data if inflate.eof else inflate.unconsumed_tail)
            self._left = left = left - len(out)
            if left < 0:
                raise NotPack("holds an object that is larger than it announced")
            if inflate.eof:
                if left:
                    raise NotPack("holds an object that is smaller than it announced")
                self._ended(out, whole)
                return position
            if out and whole:
                self._held += out
            elif out:
                self._sink.piece(out)
                if position < end:
                    return position
            elif position == end:
                return position

    def _ended(self, out: bytes, whole: bool) -> None:
        self._inflate = None
        self.read += 1
        if whole:
            if self._held:
                self._held += out
                out = bytes(self._held)
                self._held = bytearray()
            self._sink.whole(self._offset, self._kind, self._base, out)
            return
        if out:
            self._sink.piece(out)
        self._sink.end()

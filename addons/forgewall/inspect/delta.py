"""git's deltas: how to make an object of another, its base, by copying from it and inserting (gitformat-pack(5)).

`applied` makes a small result in one go; `DeltaStream` makes one of any size in pieces, from a base that needn't be in
memory. Both check each step: that it stays in the base, and that the result gets just the size the delta announces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from forgewall.inspect.objects import LARGEST, PIECE, NotPack

_SIZE_BYTES = 7  # of a size in a delta's head, as much as an object's own header may have
HEAD_BYTES = 2 * _SIZE_BYTES

_BEYOND = "has a delta that copies from beyond its base"
_SIZE = "has a delta whose result isn't of the size it announces"
_SHORT = "has a delta that is cut short"


def sizes(delta: bytes) -> tuple[int, int, int]:
    """What a delta's head says: the sizes of base and result in bytes, and where the steps begin.

    Raises NotPack if `delta`, of which the first `HEAD_BYTES` will do, holds no whole head.
    """
    base, position = _size(delta, 0)
    result, position = _size(delta, position)
    return base, result, position


def _size(delta: bytes, start: int) -> tuple[int, int]:
    size = 0
    for index, byte in enumerate(delta[start : start + _SIZE_BYTES]):
        size |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            if size > LARGEST:
                break
            return size, start + index + 1
    raise NotPack("has a delta without a head")


class TooManySteps(Exception):
    """A delta has more steps than may be taken."""


def applied(base: bytes, delta: bytes, limit: int) -> tuple[bytes, int]:  # noqa: PLR0915 - one flat loop, as it runs for each step
    """The result of `delta` on `base`, and how many steps it took.

    Raises NotPack, and TooManySteps if there are more than `limit`. Never more than the announced size is built.
    """
    expected, left, position = sizes(delta)
    if expected != len(base):
        raise NotPack("has a delta for a base of another size")
    result = bytearray()
    end = len(delta)
    try:
        for taken in range(limit + 1):  # noqa: B007 - it is told at the end
            if position >= end:
                break
            step = delta[position]
            position += 1
            if step & 0x80:
                offset = size = 0
                if step & 0x01:
                    offset = delta[position]
                    position += 1
                if step & 0x02:
                    offset |= delta[position] << 8
                    position += 1
                if step & 0x04:
                    offset |= delta[position] << 16
                    position += 1
                if step & 0x08:
                    offset |= delta[position] << 24
                    position += 1
                if step & 0x10:
                    size = delta[position]
                    position += 1
                if step & 0x20:
                    size |= delta[position] << 8
                    position += 1
                if step & 0x40:
                    size |= delta[position] << 16
                    position += 1
                size = size or 0x10000
                if offset + size > expected:
                    raise NotPack(_BEYOND)
                left -= size
                if left < 0:
                    raise NotPack(_SIZE)
                result += base[offset : offset + size]
            elif step:
                left -= step
                if left < 0:
                    raise NotPack(_SIZE)
                result += delta[position : position + step]
                position += step
            else:
                raise NotPack("has a delta with an unknown step")
        else:
            raise TooManySteps
    except IndexError:
        raise NotPack(_SHORT) from None
    if position > end:
        raise NotPack(_SHORT)
    if left:
        raise NotPack(_SIZE)
    return bytes(result), taken


class DeltaStream:
    """Applies one delta that comes in pieces. It holds less than one step of it. `steps` is how many it took so far."""

    __slots__ = ("_base_size", "_insert", "_left", "_limit", "_read", "_rest", "steps")

    def __init__(self, base_size: int, read: Callable[[int, int], bytes], result: int, limit: int) -> None:
        """`read(offset, size)` gives bytes of the base, which has `base_size`; `result` is the announced size.

        At most `limit` steps are taken.
        """
        self._limit = limit
        self.steps = 0
        self._base_size = base_size
        self._read = read
        self._left = result
        self._insert = 0
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The steps' next bytes (without the delta's head): pieces of the result, none over `PIECE`.

        Raises NotPack and TooManySteps.
        """
        if self._rest:
            data = self._rest + data
            self._rest = b""
        position, end = 0, len(data)
        while position < end:
            if self._insert:
                piece = data[position : position + self._insert]
                self._insert -= len(piece)
                position += len(piece)
                yield piece
                continue
            step = data[position]
            self.steps += 1
            if self.steps > self._limit:
                raise TooManySteps
            if not step:
                raise NotPack("has a delta with an unknown step")
            if step & 0x80:
                after = position + 1 + (step & 0x7F).bit_count()
                if after > end:
                    self.steps -= 1  # it will be read again
                    self._rest = data[position:]
                    return
                yield from self._copy(step, data[position + 1 : after])
                position = after
            else:
                self._take(step)
                self._insert = step
                position += 1

    def finish(self) -> None:
        """The delta has ended. Raises NotPack if it should have gone on."""
        if self._rest or self._insert:
            raise NotPack(_SHORT)
        if self._left:
            raise NotPack(_SIZE)

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise NotPack(_SIZE)

    def _copy(self, step: int, arguments: bytes) -> Iterator[bytes]:
        values = iter(arguments)
        offset = size = 0
        for bit in range(4):
            if step >> bit & 1:
                offset |= next(values) << 8 * bit
        for bit in range(3):
            if step >> bit & 0x10:
                size |= next(values) << 8 * bit
        size = size or 0x10000
        if offset + size > self._base_size:
            raise NotPack(_BEYOND)
        self._take(size)
        while size:
            some = self._read(offset, min(size, PIECE))
            if not some:
                raise NotPack(_BEYOND)
            yield some
            offset += len(some)
            size -= len(some)

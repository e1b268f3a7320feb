from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inspect.packing import Pack, chunks, head, way_back

from forgewall.inspect.objects import BLOB, COMMIT, OFS_DELTA, PIECE, REF_DELTA, TREE, WHOLE, NotPack, PackStream
from forgewall.turns import Turns

MIB = 1024 * 1024


class Notes:
    """A sink that writes down what it gets."""

    def __init__(self) -> None:
        self.objects: list[tuple[int, int, int | bytes | None, bytes]] = []
        self.largest = 0
        self._large: tuple[int, int, int | bytes | None, int] | None = None
        self._content = bytearray()

    def whole(self, offset: int, kind: int, base: int | bytes | None, data: bytes) -> None:
        self.objects.append((offset, kind, base, data))

    def begin(self, offset: int, kind: int, base: int | bytes | None, size: int) -> None:
        self._large = (offset, kind, base, size)

    def piece(self, data: bytes) -> None:
        self.largest = max(self.largest, len(data))
        self._content += data

    def end(self) -> None:
        assert self._large is not None
        assert len(self._content) == self._large[3]
        self.objects.append((*self._large[:3], bytes(self._content)))
        self._content.clear()

    def settle(self) -> Turns[None]:
        yield from ()


def read(body: bytes, size: int, object_format: str = "sha1") -> Notes:
    notes = Notes()
    stream = PackStream(notes, object_format=object_format)
    for chunk in chunks(body, size):
        stream.feed(chunk)
    stream.finish()
    assert stream.read == stream.count == len(notes.objects)
    return notes


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize("size", [1, 3, 4096, 8 * MIB])
def test_objects_come_out_with_where_they_began(size: int, object_format: str) -> None:
    pack = Pack(object_format)
    width = 20 if object_format == "sha1" else 32
    first = pack.add(COMMIT, b"a commit")
    second = pack.add(BLOB, b"")
    third = pack.ofs(first, b"a delta")
    fourth = pack.ref(b"i" * width, b"another")
    assert read(bytes(pack), size, object_format).objects == [
        (first, COMMIT, None, b"a commit"),
        (second, BLOB, None, b""),
        (third, OFS_DELTA, first, b"a delta"),
        (fourth, REF_DELTA, b"i" * width, b"another"),
    ]


@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize("length", [WHOLE, WHOLE + 1, 3 * MIB])
def test_large_objects_come_in_pieces(length: int, level: int) -> None:
    data = bytes(range(251)) * (length // 251) + bytes(length % 251)
    pack = Pack()
    pack.add(TREE, b"before")
    at = pack.add(BLOB, data, level=level)
    pack.add(TREE, b"behind")
    for size in (1000, 1 << 16, 1 << 30):
        notes = read(bytes(pack), size)
        assert notes.objects[1] == (at, BLOB, None, data)
        assert notes.largest <= PIECE
        assert bool(notes.largest) == (length > WHOLE)


@given(st.integers(1, 1 << 40))
def test_sizes_and_ways_back_are_read_as_they_are_written(number: int) -> None:
    """Of an object that never comes: its header is enough to tell where it would end."""
    for cut in (1, 100):
        notes = Notes()
        stream = PackStream(notes)
        for chunk in chunks(b"PACK\0\0\0\2\0\0\0\1" + head(BLOB, number), cut):
            stream.feed(chunk)
        assert stream._size == number
    notes = Notes()
    stream = PackStream(notes)
    stream._seen = 2 * number  # as if so many bytes had gone before
    stream.count = 1
    stream.feed(head(OFS_DELTA, 1) + way_back(number))
    assert stream._base == number


def test_zlib_may_leave_its_rest_in_two_places() -> None:
    """After a piece that was cut by the room for its result, zlib gives the unused bytes twice."""
    pack = Pack()
    pack.add(BLOB, bytes(2 * MIB), level=9)
    for number in range(50):
        pack.add(BLOB, b"%d" % number)
    assert len(read(bytes(pack), 1 << 30).objects) == 51


def test_a_pack_of_nothing_and_bytes_of_none() -> None:
    assert read(bytes(Pack()), 1).objects == []
    with pytest.raises(NotPack):
        read(b"", 1)
    with pytest.raises(NotPack):
        read(zlib.compress(b"x"), 1)

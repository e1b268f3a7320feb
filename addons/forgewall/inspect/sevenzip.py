"""Whether a 7z archive is encrypted: its header, which stands at its end, names the coders of its members.

After 7zFormat.txt of the LZMA SDK (https://www.7-zip.org/sdk.html). Members are not unpacked, their names not read.
"""

from __future__ import annotations

import lzma

from forgewall.inspect.passing import Tail
from forgewall.inspect.signatures import ARCHIVE, Nature

TAIL = 256 * 1024
"""Bytes at an archive's end in which its header is looked for; a longer header isn't read."""
_START = 32  # size of the signature header
_ENCODED = 0x17
_AES = b"\x06\xf1\x07\x01"
_LZMA, _LZMA2 = b"\x03\x01\x01", b"\x21"
_UNPACKED = 1 << 20  # most bytes of a header that are unpacked, and so the dictionary that is needed at most


class SevenZip:
    """Watches an archive that begins with `head`."""

    __slots__ = ("_head", "_tail")

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._tail = Tail(TAIL)

    def feed(self, data: bytes) -> None:
        """The next bytes, from the first."""
        self._tail.feed(data)

    def finish(self, size: int) -> Nature:
        """An archive of `size` bytes; encrypted if a coder of it is AES.

        One whose header is out of reach, broken or packed by an unusual coder counts as not encrypted.
        """
        return Nature(kind=ARCHIVE.kind, encrypted=_encrypted(self._head, self._tail.bytes(), size))


def _encrypted(head: bytes, tail: bytes, size: int) -> bool:
    offset = int.from_bytes(head[12:20], "little")
    length = int.from_bytes(head[20:28], "little")
    begin = _START + offset - (size - len(tail))  # where the header stands in `tail`
    if len(head) < _START or not 0 <= begin < len(tail) or length == 0:
        return False
    header = tail[begin : begin + length]
    if _AES in header:
        return True
    if header[0] != _ENCODED:
        return False
    try:
        return _AES in _unpacked(_Cursor(header), tail, size)
    except (IndexError, ValueError, lzma.LZMAError):
        return False


def _unpacked(cursor: _Cursor, tail: bytes, size: int) -> bytes:
    """The header that the encoded header at `cursor` describes; IndexError or ValueError for what can't be read."""
    cursor.expect(_ENCODED)
    cursor.expect(0x06)  # pack info
    position = cursor.number() + _START - (size - len(tail))
    if cursor.number() != 1:
        raise ValueError("several streams")
    cursor.expect(0x09)
    packed_size = cursor.number()
    while cursor.byte() != 0x00:  # digests
        cursor.skip(5)
    cursor.expect(0x07)  # coders info
    cursor.expect(0x0B)
    if (cursor.number(), cursor.byte(), cursor.number()) != (1, 0, 1):
        raise ValueError("several folders or coders")
    flags = cursor.byte()
    coder = cursor.bytes(flags & 0x0F)
    properties = cursor.bytes(cursor.number()) if flags & 0x20 else b""
    if position < 0:
        raise ValueError("out of reach")
    return _decoder(coder, properties).decompress(tail[position : position + packed_size], _UNPACKED)


def _decoder(coder: bytes, properties: bytes) -> lzma.LZMADecompressor:
    if coder == _LZMA and len(properties) == 5 and properties[0] < 9 * 5 * 5:
        pb, rest = divmod(properties[0], 45)
        lp, lc = divmod(rest, 9)
        chain = {"id": lzma.FILTER_LZMA1, "dict_size": _UNPACKED, "lc": lc, "lp": lp, "pb": pb}
    elif coder == _LZMA2:
        chain = {"id": lzma.FILTER_LZMA2, "dict_size": _UNPACKED}
    else:
        raise ValueError("unusual coder")
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain])


class _Cursor:
    """Reads the format's numbers from some bytes; IndexError at the end of them, ValueError at a surprise."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def bytes(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise IndexError
        self._at += count
        return self._data[self._at - count : self._at]

    def skip(self, count: int) -> None:
        self.bytes(count)

    def expect(self, value: int) -> None:
        if self.byte() != value:
            raise ValueError("unexpected property")

    def number(self) -> int:
        """UINT64: the first byte's leading ones tell how many bytes follow, its other bits are the highest."""
        first = self.byte()
        extra = 0
        while extra < 8 and first & (0x80 >> extra):
            extra += 1
        low = int.from_bytes(self.bytes(extra), "little")
        return low | ((first & (0x7F >> extra)) << (8 * extra))

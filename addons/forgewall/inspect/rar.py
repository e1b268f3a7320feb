"""Whether a RAR archive is encrypted, by its block headers as they pass by: RAR 4 and RAR 5.

After https://www.rarlab.com/technote.htm and RAR 4's own technote. Members are not unpacked.
"""

from __future__ import annotations

from forgewall.inspect.signatures import ARCHIVE, Nature

SIGNATURE_4, SIGNATURE_5 = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"
MOST_BLOCKS = 4096
"""Blocks that are looked at: an archive's first members tell."""
_LEAST, _HEADER = 7, 65536  # least and most bytes of one header; the least tell its size
_MAIN, _FILE = 0x73, 0x74
_FILE_5, _SERVICE_5, _ENCRYPTION_5 = 2, 3, 4


class Rar:
    """Walks through one archive. `encrypted` is True once a header says so."""

    __slots__ = ("_blocks", "_buffer", "_fifth", "_skip", "_wanted", "encrypted")

    def __init__(self, head: bytes) -> None:
        """`head`, the archive's first bytes, tells its version; it is fed as well."""
        self.encrypted = False
        self._fifth = head.startswith(SIGNATURE_5)
        self._skip = len(SIGNATURE_5 if self._fifth else SIGNATURE_4)
        self._buffer = bytearray()
        self._wanted = _LEAST
        self._blocks = 0

    @property
    def done(self) -> bool:
        """Nothing more will be learned."""
        return self.encrypted or self._blocks >= MOST_BLOCKS

    def feed(self, data: bytes) -> None:
        """The archive's next bytes."""
        at = 0
        while at < len(data) and not self.done:
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            step = min(self._wanted - len(self._buffer), len(data) - at)
            self._buffer += data[at : at + step]
            at += step
            if len(self._buffer) == self._wanted:
                self._advance(bytes(self._buffer))

    def finish(self, size: int) -> Nature:
        """The archive has ended."""
        return Nature(kind=ARCHIVE.kind, encrypted=self.encrypted)

    def _advance(self, header: bytes) -> None:
        """`header` is as long as was wanted: want more of it, or judge it and go to the next."""
        size = _size_5(header) if self._fifth else int.from_bytes(header[5:7], "little")
        if not _LEAST <= size <= _HEADER:
            self._blocks = MOST_BLOCKS  # not an archive any more
        elif len(header) < size:
            self._wanted = size
        else:
            self._skip = self._judge_5(header) if self._fifth else self._judge_4(header)
            self._blocks += 1
            self._buffer.clear()
            self._wanted = _LEAST

    def _judge_4(self, header: bytes) -> int:
        """Read a header of RAR 4; the size of the data behind it."""
        kind, flags = header[2], int.from_bytes(header[3:5], "little")
        self.encrypted = (kind == _MAIN and bool(flags & 0x0080)) or (kind == _FILE and bool(flags & 0x0004))
        if not flags & 0x8000 and kind != _FILE:
            return 0
        high = header[32:36] if kind == _FILE and flags & 0x0100 else b""
        return int.from_bytes(header[7:11] + high, "little")

    def _judge_5(self, header: bytes) -> int:
        """Read a header of RAR 5; the size of the data behind it."""
        _, at = _number(header, 4)
        kind, at = _number(header, at)
        flags, at = _number(header, at)
        extra, at = _number(header, at) if flags & 0x0001 else (0, at)
        data, at = _number(header, at) if flags & 0x0002 else (0, at)
        if kind == _ENCRYPTION_5:
            self.encrypted = True
        elif kind in (_FILE_5, _SERVICE_5):
            self.encrypted = _has_encryption_record(header[max(at, len(header) - extra) :] if extra else b"")
        return data


def _has_encryption_record(area: bytes) -> bool:
    """Whether a file header's extra area holds a record of type 1."""
    at = 0
    while at < len(area):
        size, start = _number(area, at)
        kind, _ = _number(area, start)
        if kind == 1:
            return True
        if size == 0:
            return False
        at = start + size
    return False


def _size_5(header: bytes) -> int:
    """The whole size of a RAR 5 header: CRC, the size itself, and what it counts."""
    size, at = _number(header, 4)
    return at + size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A vint: seven bits a byte, lowest first; and where it ends. What is missing at the end counts as 0."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at] if at < len(data) else 0
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    return value, at

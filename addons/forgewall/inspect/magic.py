"""What a file is by its bytes, never by its name. First version: the most common kinds by the first bytes.

Not here: opening archives, and judging what a kind means.
"""

from __future__ import annotations

from dataclasses import dataclass

from forgewall.evidence import FileKind

HEAD = 4096
"""Bytes at a file's beginning that are looked at."""

_SIGNATURES: tuple[tuple[bytes, FileKind], ...] = (
    (b"PK\x03\x04", FileKind.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", FileKind.ARCHIVE),
    (b"Rar!\x1a\x07", FileKind.ARCHIVE),
    (b"\x1f\x8b", FileKind.ARCHIVE),
    (b"%PDF-", FileKind.PDF),
    (b"SQLite format 3\0", FileKind.DATABASE),
    (b"!BDN", FileKind.MAIL_STORE),
    (b"KDMV", FileKind.DISK_IMAGE),
    (b"\x7fELF", FileKind.EXECUTABLE),
    (b"\x89PNG\r\n", FileKind.MEDIA),
)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What a file is: its kind, and whether its contents can't be read without a key."""

    kind: FileKind
    encrypted: bool = False


class Sniffer:
    """Tells one file's nature. Feed it all bytes in order, then ask `finish`."""

    __slots__ = ("_head",)

    def __init__(self) -> None:
        self._head = bytearray()

    def feed(self, data: bytes | memoryview) -> None:
        """Look at the next bytes."""
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]

    def finish(self) -> Nature:
        """The file has ended: what it is."""
        head = bytes(self._head)
        for signature, kind in _SIGNATURES:
            if head.startswith(signature):
                return Nature(kind=kind)
        return Nature(kind=FileKind.TEXT if head and head.translate(None, _CONTROL) == head else FileKind.OTHER)

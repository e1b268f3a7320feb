"""What is looked for in a file that its first bytes put in no box of its own: an archive or a disk image by its end.

A ZIP archive may follow anything: a program (then it unpacks itself), a picture, a text. Disk images may begin with
32 KiB of nothing, or say what they are in their last sector only.
"""

from __future__ import annotations

from forgewall.inspect import ziparchive
from forgewall.inspect.passing import Spot, Tail
from forgewall.inspect.signatures import ARCHIVE, DISK_IMAGE, EXECUTABLE, OTHER, Nature

TAIL, SECTOR = 1024, 512
"""Bytes kept of a file's end, for an archive's end with a comment; and where a disk image's trailer begins in them."""
_VOLUME = 0x8001  # ECMA-119 section 8.1: where the first volume descriptor has its identifier
_VOLUMES = {b"CD001", b"BEA01", b"NSR02", b"NSR03"}
_TRAILERS = (b"koly\x00\x00\x00\x04", b"conectix")  # DMG, VHD of fixed size


class Trailer:
    """Watches a file that its first bytes take for `first`."""

    __slots__ = ("_first", "_locked", "_tail", "_volume")

    def __init__(self, first: Nature) -> None:
        self._first = first
        self._locked = ziparchive.locked_member()
        self._tail = Tail(TAIL)
        self._volume = Spot(_VOLUME, 5)

    def feed(self, data: bytes) -> None:
        """The next bytes, from the first."""
        self._locked.feed(data)
        self._tail.feed(data)
        self._volume.feed(data)

    def finish(self, size: int) -> Nature:
        """What it is after all."""
        tail = self._tail.bytes()
        if ziparchive.ends_here(tail):
            kind = EXECUTABLE.kind if self._first.kind is EXECUTABLE.kind else ARCHIVE.kind
            return Nature(kind=kind, encrypted=self._first.encrypted or self._locked.met)
        if self._first is OTHER and (tail[-SECTOR:].startswith(_TRAILERS) or self._volume.bytes() in _VOLUMES):
            return DISK_IMAGE
        return self._first

"""What can be told of a ZIP archive as it passes by: whether it is an office document, and whether it is encrypted.

After APPNOTE.TXT 6.3.10 (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). Members are not unpacked, but
for an OpenDocument's manifest. Local headers are found by their signature wherever they stand, since with data
descriptors nothing tells where a member ends; a stored archive inside an archive is therefore seen too.
"""

from __future__ import annotations

import re
import zlib

from forgewall.inspect.passing import Needle, Tail
from forgewall.inspect.patterns import Pattern
from forgewall.inspect.signatures import ARCHIVE, OFFICE, Nature

HEADER, END = b"PK\x03\x04", b"PK\x05\x06"
REACH = 10
"""Bytes of a local header that tell whether its member is encrypted."""
TAIL = 16 * 1024
"""Bytes at an archive's end in which its members' names are looked for."""
_END_SIZE = 22
_MANIFEST = 65536  # most bytes of an OpenDocument's manifest that are looked at

# Version needed (4.4.3), general purpose flags with bit 0 set (4.4.4), compression method (4.4.5; 99 is AES)
_LOCKED = Pattern(
    r"(?s)PK\x03\x04[\x0a-\x3f][\x00-\x13]["
    + "".join(rf"\x{byte:02x}" for byte in range(1, 256, 2))
    + r"].[\x00-\x0e\x10-\x14\x5d-\x63]\x00"
)
_NAMES = re.compile(
    rb"PK(?:\x03\x04.{26}|\x01\x02.{42})"
    rb"(\[Content_Types\]\.xml|_rels/\.rels|docProps/|word/|xl/|ppt/|visio/|Index/Document\.iwa|encrypted-package)",
    re.DOTALL,
)
_PARTS = {b"word/", b"xl/", b"ppt/", b"visio/"}
_PACKAGE = {b"[Content_Types].xml", b"_rels/.rels", b"docProps/"}
_OPENDOCUMENT = re.compile(
    rb"PK\x03\x04.{26}mimetype(?:.{0,64}?)application/vnd\.(?:oasis\.opendocument|sun\.xml)", re.DOTALL
)


class Zip:
    """Watches an archive that begins with `head`."""

    __slots__ = ("_head", "_locked", "_tail")

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._locked = locked_member()
        self._tail = Tail(TAIL)

    def feed(self, data: bytes) -> None:
        """The next bytes, from the first."""
        self._locked.feed(data)
        self._tail.feed(data)

    def finish(self, size: int) -> Nature:
        """Archive or office document, by the names of members that stand in its first and last bytes."""
        tail = self._tail.bytes()
        if _OPENDOCUMENT.match(self._head):
            return Nature(kind=OFFICE.kind, encrypted=self._locked.met or _locked_opendocument(tail))
        names = {*_NAMES.findall(self._head), *_NAMES.findall(tail)}
        office = (names & _PARTS and names & _PACKAGE) or b"Index/Document.iwa" in names
        return Nature(kind=OFFICE.kind if office else ARCHIVE.kind, encrypted=self._locked.met)


def locked_member() -> Needle:
    """Looks for the local header of an encrypted member."""
    return Needle(_LOCKED, REACH)


def ends_here(tail: bytes) -> bool:
    """Whether `tail`, the last bytes of a file, ends with an archive's end record and its comment (section 4.3.16)."""
    at = tail.rfind(END)
    rest = len(tail) - at - _END_SIZE
    return at >= 0 and rest >= 0 and int.from_bytes(tail[at + 20 : at + 22], "little") == rest


def _locked_opendocument(tail: bytes) -> bool:
    """OpenDocument encrypts each member by itself and says so in its manifest, the last member as a rule."""
    if b"encrypted-package" in tail:
        return True
    found = re.search(rb"PK\x03\x04.{4}(..).{16}(..)(..)META-INF/manifest\.xml", tail, re.DOTALL)
    if found is None:
        return False
    method, name, extra = (int.from_bytes(part, "little") for part in found.groups())
    packed = tail[found.start() + 30 + name + extra :]
    try:
        text = packed[:_MANIFEST] if method == 0 else zlib.decompressobj(-15).decompress(packed, _MANIFEST)
    except zlib.error:
        return False
    return b"encryption-data" in text

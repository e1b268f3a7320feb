"""What a Compound File ([MS-CFB]) holds, by the names of its streams: documents, a mail, or an encrypted document.

Names are UTF-16 and may stand in any sector, so they are looked for in all bytes. Streams are not read.
"""

from __future__ import annotations

from forgewall.inspect.passing import Needle
from forgewall.inspect.patterns import Pattern
from forgewall.inspect.signatures import EXECUTABLE, MAIL_STORE, OFFICE, Nature

REACH = 48
"""Most bytes of a name that is looked for."""


def _name(*names: str) -> Pattern:
    """Any of `names`, as the directory has them."""
    return Pattern("|".join("".join(rf"\x{byte:02x}" for byte in name.encode("utf-16-le")) for name in names))


_LOCKED = _name("EncryptedPackage", "EncryptedSummary")  # [MS-OFFCRYPTO] 2.3.4 and, for PowerPoint 97, 2.3.5.4
_MAIL = _name("__properties_version1.0")  # [MS-OXMSG] 2.4
_INSTALLER = _name("\u4840\u3f3f\u4577\u446c\u3b6a\u45e4\u4824")  # how Windows Installer packs `_StringData`


class Compound:
    """Watches a Compound File that begins with `head`."""

    __slots__ = ("_head", "_installer", "_locked", "_mail")

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._locked = Needle(_LOCKED, REACH)
        self._mail = Needle(_MAIL, REACH)
        self._installer = Needle(_INSTALLER, REACH)

    def feed(self, data: bytes) -> None:
        """The next bytes, from the first."""
        for needle in (self._locked, self._mail, self._installer):
            needle.feed(data)

    def finish(self, size: int) -> Nature:
        """What it is, by the names of its streams."""
        if self._mail.met:
            return MAIL_STORE
        if self._installer.met:
            return EXECUTABLE
        locked = self._locked.met or _locked_by_head(self._head)
        return Nature(kind=OFFICE.kind, encrypted=locked)


def _locked_by_head(head: bytes) -> bool:
    """By the first stream, mostly in the first sector: Word's fEncrypted ([MS-DOC] 2.5.2), Excel's FilePass record."""
    sector = head[512:]
    if sector[:2] == b"\xec\xa5":
        return bool(sector[11:12]) and bool(sector[11] & 0x01)
    if sector[:2] != b"\x09\x08":
        return False
    second = 4 + int.from_bytes(sector[2:4], "little")
    return sector[second : second + 2] == b"\x2f\x00"

"""Whether a PDF is encrypted: its trailer has an `/Encrypt` entry then, uncompressed (ISO 32000-1 section 7.6.1)."""

from __future__ import annotations

from forgewall.inspect.passing import Needle
from forgewall.inspect.patterns import Pattern
from forgewall.inspect.signatures import PDF, Nature

REACH = 32
_ENTRY = Pattern(r"/Encrypt\s{0,16}(?:[0-9]|<<)")


class Pdf:
    """Watches a document that begins with `head`."""

    __slots__ = ("_locked",)

    def __init__(self, head: bytes) -> None:
        self._locked = Needle(_ENTRY, REACH)

    def feed(self, data: bytes) -> None:
        """The next bytes, from the first."""
        self._locked.feed(data)

    def finish(self, size: int) -> Nature:
        """The document has ended."""
        return Nature(kind=PDF.kind, encrypted=self._locked.met)

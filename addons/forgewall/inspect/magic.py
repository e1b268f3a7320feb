"""What a file is by its bytes, never by its name: its kind, and whether it can be read without a key.

The first 4 KiB tell the kind (`signatures`). What they leave open is looked for as the rest passes by, by the module
for that format. Nothing is unpacked but a 7z archive's header and an OpenDocument's manifest. Of the bytes that passed,
some 40 KiB are kept (half a MiB of a 7z archive).
"""

from __future__ import annotations

from typing import Protocol

from forgewall.inspect.compound import Compound
from forgewall.inspect.pdf import Pdf
from forgewall.inspect.rar import SIGNATURE_4, SIGNATURE_5, Rar
from forgewall.inspect.sevenzip import SevenZip
from forgewall.inspect.signatures import HEAD, OTHER, PDF, TEXT, Nature, by_head
from forgewall.inspect.trailer import Trailer
from forgewall.inspect.ziparchive import END, HEADER, Zip

_SEVENZIP, _COMPOUND = b"7z\xbc\xaf\x27\x1c", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Watch(Protocol):
    """Looks at a file of one format as it passes by. `feed` is given all bytes, `finish` is called once."""

    def feed(self, data: bytes, /) -> None: ...
    def finish(self, size: int, /) -> Nature: ...


class Sniffer:
    """Tells one file's nature. Feed it all bytes in order, then ask `finish`, once."""

    __slots__ = ("_head", "_size", "_watch")

    def __init__(self) -> None:
        self._head = b""
        self._size = 0
        self._watch: Watch | None = None

    def feed(self, data: bytes) -> None:
        """Look at the next bytes."""
        self._size += len(data)
        if self._watch is None:
            before = self._head
            self._head += data[: HEAD - len(before)]
            if len(self._head) < HEAD:
                return
            self._watch = _watch(self._head)
            self._watch.feed(before)
        self._watch.feed(data)

    def finish(self) -> Nature:
        """The file has ended: what it is."""
        if self._watch is None:
            if END not in self._head and by_head(self._head) is TEXT:
                return TEXT  # by far the most files
            self._watch = _watch(self._head)
            self._watch.feed(self._head)
        return self._watch.finish(self._size)


def _watch(head: bytes) -> Watch:
    """What looks at a file that begins with `head`."""
    if head.startswith((HEADER, END)):
        return Zip(head)
    if head.startswith(_SEVENZIP):
        return SevenZip(head)
    if head.startswith((SIGNATURE_4, SIGNATURE_5)):
        return Rar(head)
    if head.startswith(_COMPOUND):
        return Compound(head)
    first = by_head(head) or OTHER
    return Pdf(head) if first is PDF else Trailer(first)

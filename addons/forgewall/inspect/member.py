"""One text of an API body that may be a file: as it stands, or as the base64 it may be.

Which of both it is may be told before it (by the route or an `encoding` beside it), behind it, or not at all. So while
it isn't known both are read: the text as it stands, and its decoding for as long as it is base64 without a fault.
`settle` then says which of them is the file. Secrets of both readings are facts.

The rules: declared base64 is a file if it decodes, else it is unread. Undeclared text of more than `LONG` bytes that
is wholly base64 is the file it decodes to. Any other text is the file as it stands if its name says that it is one
(`content`), else it is no file. Not here: how a text's name and neighbours are found.
"""

from __future__ import annotations

from collections.abc import Iterable

from forgewall.evidence import Fact, File, Unread
from forgewall.inspect.base64 import Base64Decoder
from forgewall.inspect.content import FileReader
from forgewall.inspect.plain_text import PlainText
from forgewall.inspect.secrets import Scanner

LONG = 256
"""Bytes; a shorter text may look like base64 by chance."""

_BLOCK = 16384  # bytes worked on at once, counted from the text's beginning: so chunks make no difference

BASE64 = frozenset({"base64", "base64encoded"})
_NOT_BASE64 = Unread(reason="file content that is declared as base64 holds something else")


class Member:
    """Reads one text. `named`: its name says that it is a file; `certain`: it is declared to be base64."""

    __slots__ = ("_as_text", "_certain", "_decoder", "_file", "_held", "_held_size", "_plain", "_size", "path")

    def __init__(
        self, *, named: bool, certain: bool, scanner: Scanner | None, plain: PlainText, likely: str | None = None
    ) -> None:
        """`plain` gets a text that is no file. `likely` is the path by which secrets are told until it is certain."""
        self.path: str | None = None
        self._certain = certain
        self._plain = plain
        self._size = 0
        self._held: list[bytes] = []
        self._held_size = 0
        self._decoder = Base64Decoder()
        self._file: FileReader | None = FileReader(path=likely, scanner=scanner)
        self._as_text = FileReader(path=likely, scanner=scanner) if named and not certain else None

    def feed(self, piece: bytes) -> list[Fact]:
        """The text's next bytes."""
        self._held.append(piece)
        self._held_size += len(piece)
        if self._held_size < _BLOCK:
            return []
        held = b"".join(self._held)
        whole = len(held) - len(held) % _BLOCK
        self._held, self._held_size = [held[whole:]], len(held) - whole
        return [fact for start in range(0, whole, _BLOCK) for fact in self._read(held[start : start + _BLOCK])]

    def end(self) -> list[Fact]:
        """The text has ended; what it is may be known later."""
        facts = self._read(b"".join(self._held))
        self._held = []
        if self._file is None:
            return facts
        facts += self._file.feed(self._decoder.finish())
        return facts if self._decoder.valid else facts + self._drop()

    def _read(self, block: bytes) -> list[Fact]:
        facts: list[Fact] = []
        self._size += len(block)
        if self._file is not None:
            facts += self._file.feed(self._decoder.feed(block))
            if not self._decoder.valid:
                facts += self._drop()
        if self._as_text is not None:
            facts += self._as_text.feed(block)
        elif self._file is None or not self._certain:
            self._plain.feed(block)
        return facts

    @property
    def may_be_file(self) -> bool:
        """Whether `settle` may give a file."""
        return self._certain or self._as_text is not None or (self._file is not None and self._size > LONG)

    def settle(self, path: str | None, encoding: str | None) -> Iterable[Fact]:
        """The file, once all is known that will be: `path` and the declared `encoding` (None if there is none)."""
        declared = self._certain or encoding in BASE64
        if declared and self._file is None:
            yield _NOT_BASE64
        decoded = self._file is not None and (declared or (self._size > LONG and encoding is None))
        for reader, chosen in ((self._file, decoded), (self._as_text, not decoded)):
            if reader is not None:
                reader.path = path if self.path is None else self.path
                yield from (fact for fact in reader.finish() if chosen or not isinstance(fact, File))

    def abandon(self) -> list[Fact]:
        """The body can't be read on: the secrets found so far, and no file."""
        facts = self._read(b"".join(self._held))
        self._held = []
        for reader in (self._file, self._as_text):
            if reader is not None:
                facts += (fact for fact in reader.finish() if not isinstance(fact, File))
        return facts

    def _drop(self) -> list[Fact]:
        file, self._file = self._file, None
        return [fact for fact in file.finish() if not isinstance(fact, File)] if file is not None else []

"""The inspector of a body that is one document: JSON, NDJSON or an urlencoded form.

What can't be read as what it claims to be is `Unread`, and the rest of it is searched for secrets as it stands. It is
not `Malformed`: most such bodies the forge refuses itself, and some are no API call at all but a file somebody gave the
wrong type; the policy says what becomes of what was not read.

Not here: what the members mean (`document`), and multipart (`multipart_body`).
"""

from __future__ import annotations

from typing import Protocol

from forgewall.evidence import Fact, Unread
from forgewall.inspect.document import Document
from forgewall.inspect.fields import Fields
from forgewall.inspect.form import FormReader, NotForm
from forgewall.inspect.json_stream import NotJson


class Reader(Protocol):
    """Reads a document and tells its events; raises NotJson or NotForm, and what it didn't read is `rest` then."""

    @property
    def rest(self) -> bytes:
        """The last fed data from where it can't be read."""
        ...

    def feed(self, data: bytes) -> None:
        """Read `data`."""
        ...

    def finish(self) -> None:
        """The document has ended."""
        ...


class DocumentInspector:
    """Reads one document by `reader`, which tells its events to `document`."""

    def __init__(self, document: Document, reader: Reader) -> None:
        self._document = document
        self._reader: Reader | None = reader
        self._begun = False

    def feed(self, data: bytes) -> list[Fact]:
        """See `Inspector`."""
        self._begun = self._begun or bool(data)
        if self._reader is None:
            self._document.plain.feed(data)
            return self._document.take()
        try:
            self._reader.feed(data)
        except (NotJson, NotForm) as error:
            return self._fallen(self._reader, error)
        return self._document.take()

    def finish(self) -> list[Fact]:
        """See `Inspector`."""
        facts: list[Fact] = []
        if self._reader is not None:
            try:
                self._reader.finish()
            except (NotJson, NotForm) as error:
                facts = self._fallen(self._reader, error)
        return facts + self._document.finish()

    def _fallen(self, reader: Reader, error: ValueError) -> list[Fact]:
        self._reader = None
        if self._begun:
            self._document.abandon()
        self._document.plain.feed(reader.rest)
        return [*self._document.take(), Unread(reason=str(error))]


class UrlencodedReader:
    """A form as a `Reader` (and its `FormEvents`): the last field's object ends with the form."""

    def __init__(self, document: Document, *, paths: bool, strict: bool) -> None:
        """`paths`: fields are named after files; `strict` as in `FormReader`."""
        self._document = document
        self._fields = Fields(document, paths=paths)
        self._reader = FormReader(self, strict=strict)

    @property
    def rest(self) -> bytes:
        """See `Reader`."""
        return self._reader.rest

    def feed(self, data: bytes) -> None:
        """Read `data`. Raises NotForm."""
        self._reader.feed(data)

    def finish(self) -> None:
        """The form has ended."""
        self._reader.finish()
        self._fields.end()

    def name(self, name: str) -> None:
        """A field begins."""
        self._fields.begin(name)

    def value(self, piece: bytes, more: bool) -> None:
        """The next piece of its value."""
        self._document.text(piece, more)

"""The inspector of a multipart form: parts with a filename are files, others are fields; those of JSON are both a field
and a document, for most servers take them as any field.

A form that two servers could cut into different parts is `Malformed`. Not here: the parser (`multipart`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from forgewall.evidence import Fact, File, Malformed, NamedFile, Unread
from forgewall.identify.multipart import MultipartReader, NotMultipart, Part
from forgewall.inspect.content import FileReader
from forgewall.inspect.document import Document
from forgewall.inspect.document_body import DocumentInspector
from forgewall.inspect.fields import Fields
from forgewall.inspect.heading import Heading
from forgewall.inspect.json_stream import JsonReader
from forgewall.inspect.secrets import Scanner
from forgewall.model import Operation

_CODED = Unread(reason="a part of the form has a Content-Transfer-Encoding, which servers treat differently")


class MultipartInspector:
    """Reads one form; it is `MultipartEvents`."""

    def __init__(self, boundary: str, heading: Heading, operation: Operation, scanner: Scanner | None) -> None:
        self._reader = MultipartReader(boundary, self)
        self._heading = heading
        self._operation = operation
        self._scanner = scanner
        # The part `operations` is a document of its own, and nothing else in the form is one.
        self._document = Document(replace(heading, graphql=False), operation, scanner)
        self._fields = Fields(self._document, paths=heading.paths)
        self._part: FileReader | DocumentInspector | None = None
        self._field = False
        self._facts: list[Fact] = []

    def feed(self, data: bytes) -> list[Fact]:
        """See `Inspector`."""
        return self._step(lambda: self._reader.feed(data)) or self._told()

    def finish(self) -> list[Fact]:
        """See `Inspector`."""
        return self._step(self._end) or [*self._told(), *self._document.finish()]

    def part(self, part: Part) -> None:
        """A part begins."""
        if part.coded:
            self._facts.append(_CODED)
        self._field = part.filename is None
        if self._field:
            self._fields.begin(part.name)
        if part.filename is not None:
            path = part.name if self._heading.paths and part.name not in ("", "files") else part.filename
            if part.other_filename is not None:
                self._facts.append(NamedFile(path=part.other_filename))
            self._part = FileReader(path=path or self._heading.path, scanner=self._scanner)
        elif part.content_type == "application/json" or part.name == "operations":
            heading = replace(self._heading, refs=(), default=False, forced=False)
            document = Document(heading, self._operation, self._scanner)
            self._part = DocumentInspector(document, JsonReader(document, lenient=True))

    def data(self, piece: bytes) -> None:
        """The next bytes of a part."""
        if self._part is not None:
            self._facts += self._part.feed(piece)
        if self._field:
            self._document.text(piece, True)

    def part_end(self) -> None:
        """A part ends."""
        if self._part is not None:
            self._facts += self._part.finish()
            self._part = None
        if self._field:
            self._document.text(b"", False)

    def _end(self) -> None:
        self._reader.finish()
        self._fields.end()

    def _told(self) -> list[Fact]:
        facts, self._facts = self._facts, []
        return facts + self._document.take()

    def _step(self, step: Callable[[], None]) -> list[Fact]:
        """Nothing if `step` went well, else all facts there will be."""
        try:
            step()
        except NotMultipart as error:
            facts = self._told()
            if self._part is not None:
                facts += (fact for fact in self._part.finish() if not isinstance(fact, File))
            return [*facts, *self._document.finish(), Malformed(reason=str(error))]
        return []

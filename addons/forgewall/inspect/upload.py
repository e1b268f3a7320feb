"""The inspectors that need no parser: a body that is one file, and a body of which only the head is looked at.

Not here: bodies in which a file stands encoded (`document_body`, `multipart_body`).
"""

from __future__ import annotations

from forgewall.evidence import Fact, File, NamedFile, Unread
from forgewall.inspect.content import FileReader
from forgewall.inspect.hashes import NewHash, here
from forgewall.inspect.heading import DEFAULT_BRANCH, Heading
from forgewall.inspect.secrets import Scanner

CODED_FILE = Unread(reason="the file has a Content-Encoding, which some servers undo and others keep")


class FileInspector:
    """A body that is one file."""

    def __init__(
        self, heading: Heading, scanner: Scanner | None, new_hash: NewHash = here, *, unread: Unread | None = None
    ) -> None:
        """`unread`: why what is read here may not be all that the forge gets."""
        self._facts: list[Fact] = list(heading.refs)
        if heading.default:
            self._facts.append(DEFAULT_BRANCH)  # to a server that reads it otherwise it may name any
        if unread is not None:
            self._facts.append(unread)
        self._file = FileReader(path=heading.path, scanner=scanner, digest=new_hash("sha256"))

    def feed(self, data: bytes) -> list[Fact]:
        """See `Inspector`."""
        facts, self._facts = self._facts, []
        return facts + self._file.feed(data)

    def finish(self) -> list[Fact]:
        """See `Inspector`."""
        return self._facts + self._file.finish()


class HeadInspector:
    """Tells what stands in the request's head, and reads no byte of the body."""

    def __init__(self, heading: Heading, size: int | None) -> None:
        """`size` in bytes is what the head announces, None if nothing."""
        self._facts: list[Fact] = list(heading.refs)
        if heading.path is not None:
            whole = heading.raw and size is not None
            self._facts.append(File(path=heading.path, size=size or 0) if whole else NamedFile(path=heading.path))

    def feed(self, data: bytes) -> list[Fact]:
        """See `Inspector`."""
        facts, self._facts = self._facts, []
        return facts

    def finish(self) -> list[Fact]:
        """See `Inspector`."""
        return self._facts

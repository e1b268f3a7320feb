"""The fields of a form as members of a document: `actions[][content]` is a `content` beside an `actions[][file_path]`.

Rails and Grape write nested parameters so; a repeated name begins the next element of an array. Rack up to 2.2 takes
`[name]`, `name]` and ` name` for `name`. Not here: how a form is cut into fields.
"""

from __future__ import annotations

from forgewall.inspect.document import Document

_PLAIN_FIELDS = frozenset({"message", "author", "parents", "files", "branch"})
"""What Bitbucket takes beside the files of a `src` form."""


class Fields:
    """Tells a document of fields, one after the other."""

    __slots__ = ("_document", "_names", "_open", "_paths", "_prefix")

    def __init__(self, document: Document, *, paths: bool) -> None:
        """`paths`: a field is named after the file in it."""
        self._document = document
        self._paths = paths
        self._open = False
        self._prefix = ""
        self._names: set[str] = set()

    def begin(self, name: str) -> None:
        """A field begins; its value goes to the document's `text`."""
        if self._paths and name not in _PLAIN_FIELDS:
            self._object("")
            self._document.file(name)
            return
        bare = name.strip(" []")
        prefix, _, key = bare.rpartition("[")
        if not self._open or prefix != self._prefix or (prefix and key in self._names):
            self.end()
            self._object(prefix)
        self._names.add(key)
        self._document.key(key)

    def end(self) -> None:
        """The form has ended."""
        if self._open:
            self._document.close()
        self._open = False

    def _object(self, prefix: str) -> None:
        if not self._open:
            self._document.open(False)
            self._open, self._prefix, self._names = True, prefix, set()

"""The fields of a form that was held: a multipart form (RFC 7578), or its skim, or a URL-encoded one.

Only names and short texts, never files' contents. A multipart form is read by `multipart`, which takes only what
servers read alike. What is *not* here: what a field means, and nesting by brackets; `fields` and the modules of the
kinds read names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from forgewall.identify.body import MAX_BODY, has_document
from forgewall.identify.multipart import MultipartReader, NotMultipart, Part, boundary_of
from forgewall.identify.query import parameters
from forgewall.model import BodyState, Request

MEDIA_TYPE = "multipart/form-data"
URL_ENCODED = "application/x-www-form-urlencoded"
MAX_PARTS = 1000
"""Parts of a form that is read; Rack takes 4096, GitLab's own forms have a few dozen."""

_PLAIN_TEXT = re.compile(r"text/plain(?:\s*;\s*charset=\"?utf-?8\"?)?", re.IGNORECASE)


class File:
    """Stands for an uploaded file: something is given, but no text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "FILE"


FILE: Final = File()


type Pairs = tuple[tuple[str, object], ...]


def form_fields(request: Request) -> Mapping[str, object] | None:
    """Each field of a form by its name, as in `form_pairs`; None if a name stands twice."""
    pairs = form_pairs(request)
    found = None if pairs is None else dict(pairs)
    return found if found is not None and pairs is not None and len(found) == len(pairs) else None


def form_pairs(request: Request) -> Pairs | None:
    """Name and text of each field of a form, in order and as often as they stand; `FILE` for an uploaded file.

    None for what is no form, and for one that servers could read differently: with a content coding, with more than
    `MAX_BODY` bytes or `MAX_PARTS` parts, with an empty name, with a text that isn't UTF-8 or says that it is something
    other than plain text, and with separators that not all servers know.
    """
    kind = media_type(request)
    if kind == MEDIA_TYPE:
        return _multipart_pairs(request)
    if kind != URL_ENCODED or request.body_state is not BodyState.COMPLETE or not _plain(request):
        return None
    text = request.body.decode("latin-1")
    # Rack drops spaces behind a separator, other servers keep them in the name.
    if not text.isascii() or ";" in text or "& " in text or text.lstrip()[:1] in ("{", "["):
        return None
    return parameters(text)


def media_type(request: Request) -> str:
    """The body's media type in lower case, without parameters; empty if it doesn't say."""
    return (request.header("content-type") or "").partition(";")[0].strip().lower()


def _multipart_pairs(request: Request) -> Pairs | None:
    if not has_document(request) or not _plain(request):
        return None
    collector = _Collector()
    try:
        reader = MultipartReader(boundary_of(request.header("content-type") or ""), collector)
        reader.feed(request.body)
        reader.finish()
    except NotMultipart:
        return None
    return tuple(collector.found)


def _plain(request: Request) -> bool:
    coding = (request.header("content-encoding") or "").strip().lower()
    return coding in ("", "identity") and len(request.body) <= MAX_BODY


class _Collector:
    """Keeps what it is told; it is `MultipartEvents`."""

    def __init__(self) -> None:
        self.found: list[tuple[str, object]] = []
        self._name = ""
        self._is_file = False
        self._data: list[bytes] = []

    def part(self, part: Part) -> None:
        """See `MultipartEvents`."""
        if not part.name or len(self.found) >= MAX_PARTS or "\ufffd" in part.name:
            raise NotMultipart("a field of the form has no certain name")
        self._name, self._is_file, self._data = part.name, part.filename is not None, []
        said = next((value for name, value in part.head if name.lower() == "content-type"), "")
        if not self._is_file and (part.coded or (said and not _PLAIN_TEXT.fullmatch(said.strip()))):
            raise NotMultipart("a field of the form is no plain text")

    def data(self, piece: bytes) -> None:
        """See `MultipartEvents`."""
        if not self._is_file:
            self._data.append(piece)

    def part_end(self) -> None:
        """See `MultipartEvents`."""
        if self._is_file:
            self.found.append((self._name, FILE))
            return
        try:
            self.found.append((self._name, b"".join(self._data).decode("utf-8")))
        except UnicodeDecodeError:
            raise NotMultipart("a field of the form is not UTF-8") from None

"""Chooses the inspector for the body of an API request: by what the request says the body is, as the forge would.

GitHub ignores most types. So a type that is neither JSON nor a form is decided by the first byte that is no white
space: `{` and `[` begin JSON. Where the body is a file (a package), only types that say nothing are; on a route that
takes any file as it is (a release asset, a generic package), none. Not here: git pushes and LFS objects, which have
inspectors of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from forgewall.evidence import Fact, Malformed, Unread
from forgewall.identify.multipart import NotMultipart, boundary_of
from forgewall.inspect.document import Document
from forgewall.inspect.document_body import DocumentInspector, UrlencodedReader
from forgewall.inspect.hashes import NewHash, here
from forgewall.inspect.heading import BODY_IS_FILE, Heading, heading_of, read_as
from forgewall.inspect.inspector import Inspector
from forgewall.inspect.json_stream import JsonReader
from forgewall.inspect.multipart_body import MultipartInspector
from forgewall.inspect.ndjson import NdjsonReader
from forgewall.inspect.query_fields import told_by_query
from forgewall.inspect.secrets import Scanner
from forgewall.inspect.upload import CODED_FILE, FileInspector, HeadInspector
from forgewall.model import GROUPS, Depth, Kind, Operation, Request, Target

FORM = "application/x-www-form-urlencoded"
_NDJSON = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
_JSON_TYPES = frozenset({"application/json", "text/json", "application/x-amz-json-1.0", "application/x-amz-json-1.1"})
_MAYBE_JSON = frozenset({"", FORM, "text/plain", "application/octet-stream"})
_WEBDAV = Unread(reason="a push by WebDAV can't be read")
_SPACE = b" \t\r\n"
_MAX_SPACE = 65536  # bytes of white space in front of a document
_WITH_FILES = frozenset(
    {
        Operation.CONTENTS,
        Operation.RELEASE,
        Operation.PACKAGE,
        Operation.ATTACHMENT,
        Operation.SNIPPET,
        Operation.WIKI,
        Operation.UNIDENTIFIED,
    }
)


def inspector_for(
    request: Request, target: Target, *, depth: Depth, scanner: Scanner | None, new_hash: NewHash = here
) -> Inspector | None:
    """The inspector for the body of `request` after Content-Encoding; None where nothing is to be read.

    `scanner` None: no search for secrets. With Depth.HEADERS only what the head tells is a fact. `new_hash` is for a
    body that is one file.
    """
    if depth is Depth.OFF:
        return None
    heading, target = heading_of(request, target), replace(target, operation=read_as(target))
    if depth is Depth.HEADERS:
        if not heading.refs and (heading.path is None or target.operation not in _WITH_FILES):
            return None
        return HeadInspector(heading, announced(request))
    inspector = _full(request, target, heading, scanner, new_hash)
    told = told_by_query(request, target.operation, heading, scanner)
    return _Behind(told, inspector) if told else inspector


def _full(request: Request, target: Target, heading: Heading, scanner: Scanner | None, new_hash: NewHash) -> Inspector:
    media_type = media_type_of(request)
    coded = (request.header("content-encoding") or "identity").strip().lower() != "identity"
    if target.operation is Operation.PUSH:
        return FileInspector(heading, scanner, new_hash, unread=_WEBDAV)
    if media_type == "multipart/form-data":
        form = _multipart(request, target, heading, scanner)
        return _Both(FileInspector(heading, scanner, new_hash), form) if heading.raw else form
    if heading.raw:
        return FileInspector(heading, scanner, new_hash, unread=CODED_FILE if coded else None)
    if media_type in _NDJSON:
        document = Document(heading, target.operation, scanner)
        return DocumentInspector(document, NdjsonReader(document, lenient=True))
    if says_json(media_type):
        return _json(target, heading, scanner)
    if media_type == FORM and target.kind is not Kind.GITHUB:
        return _form(target, heading, scanner)
    if target.operation in BODY_IS_FILE and media_type not in _MAYBE_JSON:
        return FileInspector(heading, scanner, new_hash, unread=CODED_FILE if coded else None)
    return _Sniffed(target, heading, scanner, new_hash, form=media_type == FORM, coded=coded)


def announced(request: Request) -> int | None:
    """The body's size in bytes as Content-Length announces it, None where it doesn't or the body is coded."""
    length = (request.header("content-length") or "").strip()
    coded = (request.header("content-encoding") or "identity").strip().lower() != "identity"
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 and not coded else None


def media_type_of(request: Request) -> str:
    """The Content-Type without parameters, folded; empty if there is none."""
    return (request.header("content-type") or "").partition(";")[0].strip().lower()


def says_json(media_type: str) -> bool:
    """Whether a media type is JSON of some kind (RFC 6839 section 3.1, and what AWS calls it)."""
    return media_type in _JSON_TYPES or media_type.endswith("+json")


def _json(target: Target, heading: Heading, scanner: Scanner | None) -> Inspector:
    document = Document(heading, target.operation, scanner)
    return DocumentInspector(document, JsonReader(document, lenient=True))


def _form(target: Target, heading: Heading, scanner: Scanner | None) -> Inspector:
    document = Document(heading, target.operation, scanner)
    return DocumentInspector(
        document, UrlencodedReader(document, paths=heading.paths, strict=target.operation not in GROUPS["text"])
    )


def _multipart(request: Request, target: Target, heading: Heading, scanner: Scanner | None) -> Inspector:
    try:
        boundary = boundary_of(request.header("content-type") or "")
    except NotMultipart as error:
        return _Unreadable(str(error))
    return MultipartInspector(boundary, heading, target.operation, scanner)


class _Sniffed:
    """Waits for the first byte that is no white space: it tells whether the body is JSON."""

    def __init__(
        self,
        target: Target,
        heading: Heading,
        scanner: Scanner | None,
        new_hash: NewHash,
        *,
        form: bool,
        coded: bool,
    ) -> None:
        self._target = target
        self._heading = heading
        self._scanner = scanner
        self._new_hash = new_hash
        self._form = form
        self._unread = CODED_FILE if coded else None
        self._chosen: Inspector | None = None
        self._held: list[bytes] = []
        self._room = _MAX_SPACE

    def feed(self, data: bytes) -> Iterable[Fact]:
        """See `Inspector`."""
        if self._chosen is not None:
            return self._chosen.feed(data)
        head = data[: self._room].lstrip(_SPACE)[:1]
        self._held.append(data)
        self._room -= min(len(data), self._room)
        if not head and self._room:
            return []
        return self._choose(head)

    def finish(self) -> Iterable[Fact]:
        """See `Inspector`."""
        facts = [] if self._chosen is not None else [*self._choose(b"")]
        assert self._chosen is not None
        return [*facts, *self._chosen.finish()]

    def _choose(self, head: bytes) -> Iterable[Fact]:
        if head in (b"{", b"["):
            self._chosen = _json(self._target, self._heading, self._scanner)
        elif self._form:
            self._chosen = _form(self._target, self._heading, self._scanner)
        else:
            self._chosen = FileInspector(self._heading, self._scanner, self._new_hash, unread=self._unread)
        held, self._held = b"".join(self._held), []
        return self._chosen.feed(held)


class _Both:
    """A body that some forges take for a form, and others for the file."""

    def __init__(self, *inspectors: Inspector) -> None:
        self._inspectors = inspectors

    def feed(self, data: bytes) -> list[Fact]:
        """See `Inspector`."""
        return [fact for inspector in self._inspectors for fact in inspector.feed(data)]

    def finish(self) -> list[Fact]:
        """See `Inspector`."""
        return [fact for inspector in self._inspectors for fact in inspector.finish()]


class _Behind:
    """Tells first what is known before the body."""

    def __init__(self, facts: list[Fact], inspector: Inspector) -> None:
        self._facts = facts
        self._inspector = inspector

    def feed(self, data: bytes) -> Iterable[Fact]:
        """See `Inspector`."""
        facts, self._facts = self._facts, []
        return [*facts, *self._inspector.feed(data)]

    def finish(self) -> Iterable[Fact]:
        """See `Inspector`."""
        return [*self._facts, *self._inspector.finish()]


class _Unreadable:
    """A body of which nothing can be read for certain."""

    def __init__(self, reason: str) -> None:
        self._malformed = Malformed(reason=reason)

    def feed(self, data: bytes) -> list[Fact]:
        """See `Inspector`."""
        return [self._malformed]

    def finish(self) -> list[Fact]:
        """See `Inspector`."""
        return [self._malformed]

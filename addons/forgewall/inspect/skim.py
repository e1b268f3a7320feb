"""A short document that means to `identify` what a long body means, or something stricter.

Theory. What tells a request's target in a body are names and short texts; what makes it long is file contents. So a
skim is the same document with each text longer than `LONG` replaced by `MARKER`: names, order, repeated names, numbers
and short texts stay, so that the strict reader of `identify.body` refuses what it would refuse in the whole. A GraphQL
document (a member `query`) stays up to `MAX_QUERY`.

The marker must never make a target laxer than the text it stands for. It holds U+0000, which no name, id, path or
direction may hold; a colon, behind which `head: OWNER:BRANCH` names another owner; and a line `/move`, which is a quick
action that copies an issue elsewhere. So each place where a long text could matter takes the marker for the worst.

What is broken, nested deeper than `json_stream` reads, of another kind, or has a skim longer than `MAX_SKIM` has no
skim. A text outside of JSON's own types that holds `&` or `;` has none either: some servers could take it for a form.

Not here: reading the skim, and keeping the body.
"""

from __future__ import annotations

import json
from typing import Self

from forgewall.identify.multipart import MultipartReader, NotMultipart, Part, boundary_of
from forgewall.inspect.body import media_type_of, says_json
from forgewall.inspect.json_stream import JsonReader, NotJson
from forgewall.inspect.ndjson import NdjsonReader
from forgewall.model import Request

MAX_SKIM = 256 * 1024  # bytes; what identify.body reads
LONG = 1024  # bytes of a text that is kept
MAX_QUERY = 128 * 1024  # bytes of a GraphQL document that is kept, alone or with its variables in a form
MARKER = "\x00:\n/move \x00"

_MARKER_JSON = json.dumps(MARKER).encode()
_NDJSON = frozenset({"application/x-ndjson", "application/ndjson"})
_MAYBE_JSON = frozenset({"", "application/x-www-form-urlencoded", "text/plain", "application/octet-stream"})


class Skimmer:
    """Feed the body after Content-Encoding, then `finish`. Once `failed` says why there is no skim, it stays so."""

    __slots__ = ("_guard", "_out", "_reader", "failed")

    def __init__(self, reader: JsonReader | NdjsonReader | MultipartReader, out: _Output, *, guard: bool) -> None:
        """Use `of`. `guard`: a form parser could read the body, too."""
        self._reader = reader
        self._out = out
        self._guard = guard
        self.failed = ""

    @classmethod
    def of(cls, request: Request) -> Self | None:
        """The skimmer for the body of `request`, None for a kind of body that has no skim."""
        media_type = media_type_of(request)
        out = _Output()
        if media_type == "multipart/form-data":
            try:
                boundary = boundary_of(request.header("content-type") or "")
            except NotMultipart:
                return None
            return cls(MultipartReader(boundary, _FormSkim(out, boundary.encode())), out, guard=False)
        if media_type in _NDJSON:
            return cls(NdjsonReader(_JsonSkim(out, lines=True)), out, guard=False)
        said = says_json(media_type)
        if not said and media_type not in _MAYBE_JSON:
            return None
        return cls(JsonReader(_JsonSkim(out)), out, guard=not said)

    def feed(self, data: bytes) -> None:
        """The body's next bytes."""
        if self.failed:
            return
        if self._guard and (b"&" in data or b";" in data):
            self.failed = "the body could be read as a form, too"
            return
        self._try(data)

    def finish(self) -> bytes | None:
        """The body has ended: its skim, None if there is none."""
        if not self.failed:
            self._try(None)
        if self.failed:
            return None
        return b"".join(self._out.pieces)

    def _try(self, data: bytes | None) -> None:
        try:
            if data is None:
                self._reader.finish()
                if isinstance(self._reader, MultipartReader):
                    self._out.write(self._out.end)
            else:
                self._reader.feed(data)
        except (NotJson, NotMultipart, _TooLong) as error:
            self.failed = str(error)
            self._out.pieces = []


class _TooLong(Exception):
    pass


class _Output:
    """The skim so far; raises _TooLong beyond `MAX_SKIM`."""

    __slots__ = ("_room", "end", "pieces")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.end = b""
        self._room = MAX_SKIM

    def write(self, piece: bytes) -> None:
        """The next bytes."""
        self._room -= len(piece)
        if self._room < 0:
            raise _TooLong("the body's names and short texts are more than can be held")
        self.pieces.append(piece)


class _JsonSkim:
    """Writes what it is told as JSON again; it is `JsonEvents`."""

    def __init__(self, out: _Output, *, lines: bool = False) -> None:
        self._out = out
        self._lines = lines
        self._open: list[bytes] = []  # the bracket that closes each open one
        self._comma = False
        self._text: list[bytes] = []
        self._size = 0
        self._limit = LONG

    def open(self, array: bool) -> None:
        """See `JsonEvents`."""
        self._value(b"[" if array else b"{")
        self._open.append(b"]" if array else b"}")
        self._comma = False

    def close(self) -> None:
        """See `JsonEvents`."""
        self._out.write(self._open.pop())
        self._ended()

    def key(self, name: str) -> None:
        """See `JsonEvents`."""
        self._value(json.dumps(name).encode() + b":")
        self._comma = False
        self._limit = MAX_QUERY if name == "query" else LONG

    def text(self, piece: bytes, more: bool) -> None:
        """See `JsonEvents`."""
        self._size += len(piece)
        if self._size <= self._limit:
            self._text.append(piece)
        else:
            self._text = []
        if more:
            return
        if self._size <= self._limit:
            text = b"".join(self._text).decode("utf-8", "surrogatepass")
            self._value(json.dumps(text).encode())
        else:
            self._value(_MARKER_JSON)
        self._text, self._size = [], 0
        self._ended()

    def scalar(self, token: bytes) -> None:
        """See `JsonEvents`."""
        self._value(token)
        self._ended()

    def _value(self, written: bytes) -> None:
        self._out.write(b"," + written if self._comma else written)

    def _ended(self) -> None:
        self._comma = bool(self._open)
        self._limit = LONG
        if self._lines and not self._open:
            self._out.write(b"\n")


class _FormSkim:
    """Writes what it is told as multipart again; it is `MultipartEvents`."""

    def __init__(self, out: _Output, boundary: bytes) -> None:
        self._out = out
        self._delimiter = b"--" + boundary
        out.end = self._delimiter + b"--\r\n"
        self._data: list[bytes] = []
        self._size = 0
        self._limit = LONG

    def part(self, part: Part) -> None:
        """See `MultipartEvents`."""
        self._limit = MAX_QUERY if part.name == "operations" and part.filename is None else LONG
        fields = (field for field in part.head if field[0].lower() != "content-length")  # it may not be true any more
        head = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in fields)
        self._out.write(self._delimiter + b"\r\n" + head + b"\r\n")

    def data(self, piece: bytes) -> None:
        """See `MultipartEvents`."""
        self._size += len(piece)
        if self._size <= self._limit:
            self._data.append(piece)
        else:
            self._data = []

    def part_end(self) -> None:
        """See `MultipartEvents`."""
        kept = b"".join(self._data) if self._size <= self._limit else MARKER.encode()
        self._out.write(kept + b"\r\n")
        self._data, self._size = [], 0

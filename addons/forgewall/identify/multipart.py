"""Reads multipart/form-data (RFC 7578, RFC 2046 section 5.1) as it streams, as strictly as two servers agree on it.

The work is done by `multipart` (defnull): its push parser is sans-io, refuses bare line breaks, junk behind a boundary
and folded headers, and bounds headers. python-multipart, the other kept one, is a state machine with callbacks that
takes junk behind a boundary for data and skips what it doesn't like. What is added here: nothing may stand before the
first boundary or behind the last (servers differ in whether they look there), one Content-Disposition for each part,
RFC 5987 names, and the same outcome however the body is cut into chunks.

Not here: what the parts mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote_to_bytes

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

MAX_BOUNDARY = 200  # characters; RFC 2046 allows 70
MAX_FIELD = 4096  # bytes of one header field of a part
_SLICE = 65536
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]*[0-9A-Za-z'()+_,./:=?-]")
_EXTENDED = re.compile(r";[ \t]*filename\*[ \t]*=[ \t]*([A-Za-z0-9-]*)'[^']*'([^;\s]*)", re.IGNORECASE)
_BREAK = re.compile(r"[\r\n\0]")
_ILL_FORMED = "the form is not well formed"
_AS_IT_IS = frozenset({"", "7bit", "8bit", "binary"})


class NotMultipart(ValueError):
    """The bytes are no multipart body that all servers read alike; the message is a sentence without a full stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part's head. `filename` is None for a plain field; `other_filename` is a second, different one.

    `content_type` is without parameters, empty if there is none. `coded`: a Content-Transfer-Encoding was applied,
    which some servers undo and others don't. `head` is its header fields, as they are written.
    """

    name: str
    filename: str | None
    other_filename: str | None
    content_type: str
    coded: bool
    head: tuple[tuple[str, str], ...]


class MultipartEvents(Protocol):
    """Who is told of the parts, in order."""

    def part(self, part: Part) -> None:
        """A part begins."""
        ...

    def data(self, piece: bytes) -> None:
        """The next bytes of its content."""
        ...

    def part_end(self) -> None:
        """The part ends."""
        ...


def boundary_of(content_type: str) -> str:
    """The boundary in a Content-Type. Raises NotMultipart if there isn't exactly one that is well formed."""
    _, options = parse_options_header(content_type)
    boundary = str(options.get("boundary", ""))
    if content_type.lower().count("boundary") - boundary.lower().count("boundary") != 1:
        raise NotMultipart("the form's Content-Type doesn't name one boundary")
    if len(boundary) > MAX_BOUNDARY or not _BOUNDARY.fullmatch(boundary):
        raise NotMultipart("the form's boundary is not well formed")
    return boundary


class MultipartReader:
    """Reads one form."""

    __slots__ = ("_delimiter", "_ended", "_events", "_parser", "_start", "_tail")

    def __init__(self, boundary: str, events: MultipartEvents) -> None:
        """`boundary` as `boundary_of` gives it."""
        self._events = events
        # Latin-1 keeps bytes as they are: a filename that isn't UTF-8 is no reason to refuse.
        self._parser = PushMultipartParser(boundary, header_charset="latin-1", strict=True)
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        self._start = b""  # what came before the first boundary was seen whole
        self._tail: bytes | None = None
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Read `data`. Raises NotMultipart, after which it must not be fed again."""
        for start in range(0, len(data), _SLICE):
            self._read(data[start : start + _SLICE])

    def finish(self) -> None:
        """The form has ended. Raises NotMultipart if it should have gone on."""
        if not self._ended:
            raise NotMultipart("the form ends before its last boundary")

    def _read(self, data: bytes) -> None:
        if self._ended:
            self._behind(data)
            return
        if self._tail is None:
            self._start += data
            head = self._start.removeprefix(b"\r\n")
            first = self._delimiter[2:]
            if self._start == b"\r":
                return
            if not head.startswith(first[: len(head)]):
                raise NotMultipart("the form doesn't begin with its boundary")
            if len(head) < len(first) + 2:
                return
            data, self._start, self._tail = head, b"", b"\r\n"
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        assert self._tail is not None
        window = self._tail + data
        last = window.find(self._delimiter + b"--")
        behind = b""
        if last >= 0:
            end = last + len(self._delimiter) + 2
            behind = window[end:]
            data = data[: end - len(self._tail)]
        self._tail = window[-(len(self._delimiter) + 1) :]
        try:
            for event in self._parser.parse(data):
                if event is None:
                    self._events.part_end()
                elif isinstance(event, MultipartSegment):
                    self._events.part(_part(event))
                else:
                    self._events.data(event)
            if last >= 0:
                self._parser.close()
        except MultipartError:
            raise NotMultipart(_ILL_FORMED) from None
        if last >= 0:
            self._ended = True
            self._behind(behind)

    def _behind(self, data: bytes) -> None:
        if data.strip(b" \t\r\n"):
            raise NotMultipart("the form goes on behind its last boundary")


def _part(segment: MultipartSegment) -> Part:
    names = [name.lower() for name, _ in segment.headerlist]
    if names.count("content-disposition") != 1 or names.count("content-type") > 1:
        raise NotMultipart("a part of the form has a header field twice")
    # The parser sees some of these only where a chunk ends.
    if any(len(name) + len(value) > MAX_FIELD or _BREAK.search(value) for name, value in segment.headerlist):
        raise NotMultipart(_ILL_FORMED)
    disposition = str(segment.header("Content-Disposition", ""))
    extended = _extended(disposition)
    plain = None if segment.filename is None else _text(segment.filename)
    filename = plain if plain is not None else extended
    return Part(
        name=_text(segment.name or ""),
        filename=filename,
        other_filename=extended if extended != filename else None,
        content_type=segment.content_type or "",
        coded=str(segment.header("Content-Transfer-Encoding", "")).strip().lower() not in _AS_IT_IS,
        head=tuple(segment.headerlist),
    )


def _extended(disposition: str) -> str | None:
    """The `filename*` of RFC 5987, None if there is none that can be read."""
    found = _EXTENDED.search(disposition)
    if found is None:
        return None
    return unquote_to_bytes(found[2]).decode("latin-1" if found[1].lower() == "iso-8859-1" else "utf-8", "replace")


def _text(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "replace")

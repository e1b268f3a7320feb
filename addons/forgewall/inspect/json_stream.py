"""Reads JSON (RFC 8259) of any size as it streams, in constant memory: texts are handed on in pieces.

ijson gives a text only when it has ended, so a file of a gigabyte in base64 would stand in memory whole; hence this.

Theory. Outside of texts one regular expression takes token after token. Inside, the next quote is found by a search in
C and what lies before it goes on as one piece, so a long text costs a copy and a check for control characters. Where
a backslash stands before the quote, a second expression takes the longest run of whole escapes, and `json` decodes
it. What is cut by the border of a chunk (a number, an escape, half a surrogate pair, part of a UTF-8 sequence) is
carried over: at most `MAX_SCALAR` bytes. So work is linear in the bytes, whatever the chunks.

What it costs: about a microsecond for each token of any kind beside what the events do with it, and less than a
nanosecond for a byte of text without escapes.

Not here: what the members mean, and whether a name stands twice.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Protocol

MAX_DEPTH = 64
MAX_KEY = 4096  # bytes of a member's name, UTF-8
MAX_SCALAR = 1024  # characters of a number
_SLICE = 65536  # input worked on at once: its copies stay small

_TOKEN = re.compile(rb'[ \t\n\r]*+(?:(")|([\[{])|([\]}])|(,)|(:)|([-+.0-9A-Za-z]++))')
_SPACE = re.compile(rb"[ \t\n\r]*+")
_SCALAR = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null")
# Whole characters and whole escapes.
_RUN = re.compile(rb'[^"\\]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\]*+)*+')
_HIGH = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}")  # half of a surrogate pair
_HIGH_SIZE = 6
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?")  # the beginning of one that is cut
_BLANK = b" \t\n\r"
_CONTROL = bytes(range(32))
_BOM = codecs.BOM_UTF8
_STRICT = json.JSONDecoder(strict=True)
_LENIENT = json.JSONDecoder(strict=False)

# What may come next.
_VALUE, _VALUE_OR_END, _KEY, _KEY_OR_END, _COLON, _COMMA_OR_END, _NOTHING = range(7)
_NO_TEXT, _IN_VALUE, _IN_KEY = range(3)


class NotJson(ValueError):
    """The bytes are no JSON, or beyond a cap; the message is a sentence without a full stop."""


class JsonEvents(Protocol):
    """Who is told of what is read, in the order of the document."""

    def open(self, array: bool) -> None:
        """An array or an object begins."""
        ...

    def close(self) -> None:
        """The innermost array or object ends."""
        ...

    def key(self, name: str) -> None:
        """A member begins. Lone surrogates may stand in `name`."""
        ...

    def text(self, piece: bytes, more: bool) -> None:
        """The next piece of a text, UTF-8 (a lone surrogate as three bytes); `more`: it goes on.

        Pieces end anywhere between two characters.
        """
        ...

    def scalar(self, token: bytes) -> None:
        """A number, `true`, `false` or `null`, as it is written."""
        ...


class JsonReader:
    """Reads one document. `lenient` admits what some servers admit: a BOM, bad UTF-8 and control characters in texts.

    Bad UTF-8 is then handed on as U+FFFD, and a name is cut at `MAX_KEY` instead of refused. After NotJson `rest` is
    the last fed data from where it is no JSON; of a lenient reader it doesn't depend on how the document is cut.
    """

    __slots__ = (
        "_at",
        "_begun",
        "_carry",
        "_decoder",
        "_errors",
        "_events",
        "_expect",
        "_inside",
        "_key",
        "_key_size",
        "_lenient",
        "_objects",
        "rest",
    )

    def __init__(self, events: JsonEvents, *, lenient: bool = False) -> None:
        self._events = events
        self._lenient = lenient
        self._errors = "replace" if lenient else "strict"
        self._decoder = _LENIENT if lenient else _STRICT
        self._expect = _VALUE
        self._objects: list[bool] = []  # for each open one: whether it is an object
        self._inside = _NO_TEXT
        self._key: list[bytes] = []
        self._key_size = 0
        self._carry = b""
        self._begun = False
        self._at = 0  # where in the input the reader stands
        self.rest = b""

    def feed(self, data: bytes) -> None:
        """Read `data` and tell the events. Raises NotJson, after which it must not be fed again."""
        for start in range(0, len(data), _SLICE):
            piece = data[start : start + _SLICE] if len(data) > _SLICE else data
            if self._carry:
                piece = self._carry + piece
            if not self._begun and self._lenient:
                if len(piece) < len(_BOM) and _BOM.startswith(piece):
                    self._carry = piece
                    continue
                piece = piece.removeprefix(_BOM)
            self._begun = True
            try:
                self._carry = piece[self._read(piece) :]
            except NotJson:
                self.rest = piece[self._at :].lstrip(_BLANK) + data[start + _SLICE :]
                raise

    def finish(self) -> None:
        """The document has ended. Raises NotJson if it should have gone on."""
        self.rest = self._carry
        if self._inside == _NO_TEXT and self._carry:
            self._read(self._carry + b" ")
        if self._expect != _NOTHING or self._inside:
            raise NotJson("the JSON ends too early")

    def _read(self, data: bytes) -> int:
        """Reads what is complete; how many bytes that is."""
        position, size = 0, len(data)
        match_token, events = _TOKEN.match, self._events
        while position < size:
            self._at = position
            if self._inside:
                position = self._text(data, position)
                if self._inside:
                    return position
                continue
            found = match_token(data, position)
            if found is None:
                return self._space(data, position)
            position, which = found.end(), found.lastindex
            expect = self._expect
            if which == 1:
                if expect <= _VALUE_OR_END:
                    self._inside = _IN_VALUE
                elif expect <= _KEY_OR_END:
                    self._inside = _IN_KEY
                else:
                    raise NotJson("the JSON has a text in a wrong place")
            elif which == 4:
                if expect != _COMMA_OR_END or not self._objects:
                    raise NotJson("the JSON has a comma in a wrong place")
                self._expect = _KEY if self._objects[-1] else _VALUE
            elif which == 5:
                if expect != _COLON:
                    raise NotJson("the JSON has a colon in a wrong place")
                self._expect = _VALUE
            elif which == 6:
                if position - found.start(6) > MAX_SCALAR:
                    raise NotJson("the JSON has an overlong number")
                if position == size:
                    return found.start(6)
                self._scalar(found[6])
            elif which == 2:
                self._open(found[2] == b"[")
            else:
                self._close(found[3] == b"]")
                events.close()
        return position

    def _space(self, data: bytes, position: int) -> int:
        found = _SPACE.match(data, position)
        if found is None or found.end() < len(data):
            raise NotJson("the body is no JSON")
        return len(data)

    def _scalar(self, token: bytes) -> None:
        if self._expect > _VALUE_OR_END or not _SCALAR.fullmatch(token):
            raise NotJson("the JSON has a word in it that is no value")
        self._expect = _COMMA_OR_END if self._objects else _NOTHING
        self._events.scalar(token)

    def _open(self, array: bool) -> None:
        if self._expect > _VALUE_OR_END:
            raise NotJson("the JSON has a bracket in a wrong place")
        if len(self._objects) >= MAX_DEPTH:
            raise NotJson(f"the JSON is nested more than {MAX_DEPTH} deep")
        self._objects.append(not array)
        self._expect = _VALUE_OR_END if array else _KEY_OR_END
        self._events.open(array)

    def _close(self, array: bool) -> None:
        allowed = (_COMMA_OR_END, _VALUE_OR_END if array else _KEY_OR_END)
        if not self._objects or self._objects[-1] is array or self._expect not in allowed:
            raise NotJson("the JSON has a closing bracket in a wrong place")
        self._objects.pop()
        self._expect = _COMMA_OR_END if self._objects else _NOTHING

    def _text(self, data: bytes, start: int) -> int:
        """Hands on what is complete of a text from `start`; where the rest begins."""
        quote = data.find(b'"', start)
        end = quote if quote >= 0 else len(data)
        broken = False
        if data.find(b"\\", start, end) < 0:
            closed = quote >= 0
            piece, taken = self._plain(data[start:end], closed)
        else:
            found = _RUN.match(data, start)
            assert found is not None  # it matches nothing, too
            end = found.end()
            closed = data[end : end + 1] == b'"'
            escape = _ESCAPE.match(data, end)
            broken = escape is not None and escape.end() < len(data)
            if not (closed or broken) and _ends_in_half(data, start, end):
                end -= _HIGH_SIZE
            piece, taken = self._escaped(data[start:end], closed or broken)
        end = start + taken
        if self._inside == _IN_KEY:
            self._name(piece, closed)
        elif piece or closed:
            self._events.text(piece, not closed)
        if broken:
            self._at = end
            raise NotJson("the JSON has an escape that is none")
        if closed:
            if self._inside == _IN_KEY:
                self._expect = _COLON
            else:
                self._expect = _COMMA_OR_END if self._objects else _NOTHING
            self._inside = _NO_TEXT
            end += 1
        return end

    def _plain(self, raw: bytes, closed: bool) -> tuple[bytes, int]:
        """A run without escapes, and how much of it was taken: a UTF-8 sequence may be cut at its end."""
        if not self._lenient and len(raw.translate(None, _CONTROL)) != len(raw):
            raise NotJson("the JSON has a control character in a text")
        if raw.isascii():
            return raw, len(raw)
        text, taken = self._decoded(raw, closed)
        return (text.encode() if self._lenient else raw[:taken]), taken

    def _escaped(self, raw: bytes, closed: bool) -> tuple[bytes, int]:
        text, taken = self._decoded(raw, closed)
        try:
            value: str = self._decoder.raw_decode(f'"{text}"')[0]
        except ValueError:
            raise NotJson("the JSON has an escape or a control character that may not stand in a text") from None
        return value.encode("utf-8", "surrogatepass"), taken

    def _decoded(self, raw: bytes, closed: bool) -> tuple[str, int]:
        try:
            return codecs.utf_8_decode(raw, self._errors, closed)
        except UnicodeDecodeError:
            raise NotJson("the JSON is not UTF-8") from None

    def _name(self, piece: bytes, closed: bool) -> None:
        room = MAX_KEY - self._key_size
        if len(piece) > room:
            if not self._lenient:
                raise NotJson(f"the JSON has a member's name of more than {MAX_KEY} bytes")
            piece = piece[:room]
        self._key_size += len(piece)
        if piece:
            self._key.append(piece)
        if closed:
            name = b"".join(self._key)
            self._key, self._key_size = [], 0
            # Not final: a character may be cut.
            self._events.key(codecs.utf_8_decode(name, "surrogatepass", False)[0])


def _ends_in_half(data: bytes, start: int, end: int) -> bool:
    """Whether the last escape of a run stands at its end and waits for the other half of a surrogate pair."""
    at = end - _HIGH_SIZE
    if at < start or not _HIGH.fullmatch(data, at, end):
        return False
    before = data[start:at]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 0  # else the backslash is itself escaped

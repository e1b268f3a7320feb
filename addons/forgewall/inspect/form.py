"""Reads application/x-www-form-urlencoded (WHATWG URL, section 5) as it streams: names whole, values in pieces.

`;` separates fields to Rack up to 2.2 and is text to all others, so a form with a bare one has two readings. Clients
encode it. Not here: what the fields mean.
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import unquote_to_bytes

MAX_NAME = 4096  # bytes, before decoding
_SLICE = 65536


class NotForm(ValueError):
    """The bytes are no form, or beyond a cap; the message is a sentence without a full stop."""


class FormEvents(Protocol):
    """Who is told of the fields, in order."""

    def name(self, name: str) -> None:
        """A field begins."""
        ...

    def value(self, piece: bytes, more: bool) -> None:
        """The next piece of its value, decoded; each field ends with a piece that has no `more`."""
        ...


class FormReader:
    """Reads one form. After NotForm `rest` is the last fed data from where it can't be read."""

    __slots__ = ("_carry", "_events", "_in_value", "_strict", "rest")

    def __init__(self, events: FormEvents, *, strict: bool = True) -> None:
        """`strict`: a form with two readings is none."""
        self._events = events
        self._strict = strict
        self._carry = b""
        self._in_value = False
        self.rest = b""

    def feed(self, data: bytes) -> None:
        """Read `data`. Raises NotForm, after which it must not be fed again."""
        for start in range(0, len(data), _SLICE):
            some = data[start : start + _SLICE]
            clear, semicolon, behind = some.partition(b";") if self._strict else (some, b"", b"")
            try:
                self._read(self._carry + clear)
            except NotForm:
                self.rest += semicolon + behind + data[start + _SLICE :]
                raise
            if semicolon:
                self.rest = self._carry + semicolon + behind + data[start + _SLICE :]
                raise NotForm("the form holds a bare `;`, at which some servers cut it")

    def finish(self) -> None:
        """The form has ended."""
        rest, self._carry = self._carry, b""
        if self._in_value:
            self._events.value(_decoded(rest), False)
        elif rest:
            self._whole(rest)

    def _read(self, data: bytes) -> None:
        position = 0
        while position < len(data):
            if self._in_value:
                position = self._value(data, position)
                if self._in_value:
                    break
                continue
            end = data.find(b"&", position)
            field = end if end >= 0 else len(data)
            equals = data.find(b"=", position, field)
            if (equals if equals >= 0 else field) - position > MAX_NAME:
                self.rest = data[position:]
                raise NotForm(f"the form has a field's name of more than {MAX_NAME} bytes")
            if equals >= 0:
                self._name(data[position:equals])
                self._in_value = True
                position = equals + 1
            elif end >= 0:
                if end > position:
                    self._whole(data[position:end])
                position = end + 1
            else:
                break
        self._carry = data[position:]

    def _value(self, data: bytes, position: int) -> int:
        end = data.find(b"&", position)
        if end >= 0:
            self._events.value(_decoded(data[position:end]), False)
            self._in_value = False
            return end + 1
        percent = data.rfind(b"%", max(position, len(data) - 2))
        end = percent if percent >= 0 else len(data)
        if end > position:
            self._events.value(_decoded(data[position:end]), True)
        return end

    def _whole(self, name: bytes) -> None:
        """A field without a value."""
        self._name(name)
        self._events.value(b"", False)

    def _name(self, raw: bytes) -> None:
        self._events.name(_decoded(raw).decode("utf-8", "replace"))


def _decoded(raw: bytes) -> bytes:
    raw = raw.replace(b"+", b" ")
    return unquote_to_bytes(raw) if b"%" in raw else raw

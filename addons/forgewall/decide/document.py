"""YAML text -> a small tree of nodes that know their line and column. What the words mean is not decided here.

Only what a policy needs of YAML 1.2 (https://yaml.org/spec/1.2.2/): plain data, one document. Anchors, aliases and
tags are refused, keys may not repeat, and scalars stay text, so that `off` is the word off and `1e3` no number. The
tree is built straight from parser events: depth and size are bounded, and most of the time is the YAML parser's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn, Protocol

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from forgewall.decide.complaints import Complaints, Place, quote
from forgewall.errors import PolicyError, Problem

MAX_BYTES = 32 * 1024 * 1024
"""The largest policy that is read; 100,000 entries with every field need about 20 MB."""
MAX_DEPTH = 12
"""How deep lists and mappings may nest; the deepest a policy needs is 5."""


class Mark(Protocol):
    """Where an event of the YAML parser begins; both count from 0."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


@dataclass(slots=True)
class Placed:
    """Something that begins at a place in the file; line and column count from 1 and are worked out when asked for."""

    mark: Mark | None

    @property
    def line(self) -> int:
        return self.mark.line + 1 if self.mark is not None else 1

    @property
    def column(self) -> int:
        return self.mark.column + 1 if self.mark is not None else 1


@dataclass(slots=True)
class Scalar(Placed):
    """One word or text. `plain` tells that it stands without quotes."""

    text: str
    plain: bool

    @property
    def empty(self) -> bool:
        """Whether nothing stands here, as after `forbidden:` with only comments below."""
        return self.plain and self.text in {"", "~", "null"}


@dataclass(slots=True)
class Listing(Placed):
    """A YAML sequence."""

    items: list[Node]


@dataclass(slots=True)
class Mapping(Placed):
    """A YAML mapping whose keys are all scalars, each at most once."""

    pairs: dict[str, tuple[Scalar, Node]]


type Node = Scalar | Listing | Mapping

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN_CHARACTER = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BIDI = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def decode(data: bytes, file: str) -> str:
    """The text of policy file `file`. Raises PolicyError when it is too large or isn't UTF-8."""
    if len(data) > MAX_BYTES:
        raise _error(file, 1, 1, f"the file is larger than {MAX_BYTES // 2**20} MiB", "this is no policy file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = _line_column(before, len(before))
        found = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise _error(file, line, column, found, "save the file as UTF-8") from None


def compose(text: str, complaints: Complaints) -> Node | None:
    """The tree of `text`; None when there is nothing but comments. Raises PolicyError when it can't be read as YAML.

    Refused constructs that leave the rest readable (a repeated key, an anchor) are added to `complaints`.
    """
    _check_characters(text, complaints)
    try:
        return _Builder(_LOADER(text.removeprefix("\ufeff")).get_event, complaints).document()
    except yaml.MarkedYAMLError as error:
        _refuse_syntax(text, error, complaints)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        _stop(complaints, (1, 1), f"this is not YAML: {quote(str(error))}")


class _Builder:
    """Puts events together to one tree. `take` gives the next event, None after the last.

    Collections are read by recursion, which `MAX_DEPTH` bounds.
    """

    def __init__(self, take: Callable[[], Event | None], complaints: Complaints) -> None:
        self.take = take
        self.complaints = complaints
        self.depth = 0

    def document(self) -> Node | None:
        """The root of the only document, None if there is no document."""
        root, documents = None, 0
        while (event := self.take()) is not None:
            if isinstance(event, NodeEvent):
                root = self._node(event)
            elif isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(event, "a second YAML document begins here", "a policy is one document")
        return root

    def _node(self, event: Event | None) -> Node:
        if isinstance(event, ScalarEvent):
            if event.anchor is not None or event.tag is not None:
                self._refuse_node(event)
            return Scalar(event.start_mark, event.value, not event.style)
        if isinstance(event, CollectionStartEvent):
            return self._collection(event)
        assert isinstance(event, AliasEvent)
        self._refuse_node(event)
        return Scalar(event.start_mark, "", True)

    def _key(self, event: Event | None) -> Scalar:
        if isinstance(event, CollectionStartEvent):
            self._begin(event)
            self._stop(event, "a list or mapping can't be a key", "write a word before the `:`")
        key = self._node(event)
        assert isinstance(key, Scalar)
        return key

    def _collection(self, event: CollectionStartEvent) -> Listing | Mapping:
        self._begin(event)
        self.depth += 1
        mark, sequence = event.start_mark, isinstance(event, SequenceStartEvent)
        node = Listing(mark, self._items()) if sequence else Mapping(mark, self._pairs())
        self.depth -= 1
        return node

    def _begin(self, event: CollectionStartEvent) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse_node(event)
        if self.depth >= MAX_DEPTH:
            self._stop(event, f"lists and mappings are nested more than {MAX_DEPTH} deep")
        if not self.depth and isinstance(event, SequenceStartEvent):  # told before megabytes of it are read
            self._stop(event, "the policy is a list, but a mapping is wanted", "begin with version: 1")

    def _items(self) -> list[Node]:
        items: list[Node] = []
        while type(event := self.take()) is not SequenceEndEvent:
            items.append(self._node(event))
        return items

    def _pairs(self) -> dict[str, tuple[Scalar, Node]]:
        pairs: dict[str, tuple[Scalar, Node]] = {}
        while type(event := self.take()) is not MappingEndEvent:
            key = self._key(event)
            event = self.take()
            if key.text in pairs:  # told before the value is read, which may be the end
                first = pairs[key.text][0].line
                message = f"{quote(key.text)} stands here a second time, first in line {first}"
                self.complaints.add(key, message, "join the two, or remove one")
            pairs.setdefault(key.text, (key, self._node(event)))
        return pairs

    def _refuse_node(self, event: NodeEvent) -> None:
        place = Placed(event.start_mark)
        if isinstance(event, AliasEvent):
            self.complaints.add(place, f"{quote(f'*{event.anchor}')} is a YAML alias", "write the value out here")
        elif event.anchor is not None:
            self.complaints.add(place, f"{quote(f'&{event.anchor}')} is a YAML anchor", "remove it")
        else:
            self.complaints.add(place, f"{quote(str(getattr(event, 'tag', '')))} is a YAML tag", "remove it")

    def _stop(self, event: Event, message: str, hint: str = "") -> NoReturn:
        _stop(self.complaints, Placed(event.start_mark), message, hint)


def _check_characters(text: str, complaints: Complaints) -> None:
    for number, found in enumerate(_invisible(text)):
        if number == 10:
            break
        line, column = _line_column(text, found.start())
        complaints.add((line, column), f"the invisible character U+{ord(found.group()):04X} stands here", "remove it")
    if complaints.problems and _FORBIDDEN_CHARACTER.search(text.removeprefix("\ufeff")):
        complaints.raise_if_any()


def _invisible(text: str) -> Iterator[re.Match[str]]:
    start = 1 if text.startswith("\ufeff") else 0
    yield from _FORBIDDEN_CHARACTER.finditer(text, start)
    if not text.isascii():
        yield from _BIDI.finditer(text, start)


def _refuse_syntax(text: str, error: yaml.MarkedYAMLError, complaints: Complaints) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.removeprefix("\ufeff").splitlines()
    start = lines[line - 1] if line <= len(lines) else ""
    indent = start[: len(start) - len(start.lstrip())]
    if "\t" in indent:
        _stop(complaints, (line, indent.index("\t") + 1), "a tab stands in the indentation", "YAML wants spaces")
    said = (error.problem or "unreadable").replace("\n", " ")
    context = f" {error.context.replace(chr(10), ' ')}" if error.context else ""
    hint = next((hint for words, hint in _SYNTAX_HINTS.items() if words in said), "")
    _stop(complaints, (line, column), f"this is not YAML: {said}{context}", hint)


_SYNTAX_HINTS = {
    "mapping values are not allowed": "a value that holds `: ` needs quotes; or the line is indented too far",
    "expected <block end>": "the line is indented differently from those above",
    "did not find expected '-' indicator": "the line is indented differently from those above",
    "did not find expected key": "the line is indented differently from those above, or a `:` is missing",
    "could not find expected ':'": "a `:` is missing after the word",
    "expected ',' or": "a comma or a closing bracket is missing",
    "cannot start any token": "put the value in quotes",
    "alphabetic or numeric character": "a word that begins with `*` or `&` needs quotes",
}


def _stop(complaints: Complaints, place: Place | tuple[int, int], message: str, hint: str = "") -> NoReturn:
    complaints.add(place, message, hint)
    complaints.raise_if_any()
    raise AssertionError


def _line_column(text: str, index: int) -> tuple[int, int]:
    head = text[:index].removeprefix("\ufeff")
    return head.count("\n") + 1, len(head) - (head.rfind("\n") + 1) + 1


def _error(file: str, line: int, column: int, message: str, hint: str = "") -> PolicyError:
    return PolicyError([Problem(file=file, line=line, column=column, message=message, hint=hint)])

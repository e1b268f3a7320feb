"""Where things stand in a policy's text: its sections, the entries of `approved`, and all its words in order.

One pass over the YAML parser's events (https://yaml.org/spec/1.2.2/). Two texts with equal tokens mean the same,
however they are laid out. What the words mean is `decide`'s business, where new ones go is `amend_place`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as the parser breaks lines; YAML 1.2 would know only the first
_BREAKS = "\n\r\x85\u2028\u2029"


class Token(NamedTuple):
    """A word (`plain` or `quoted`), or the beginning or end of a list or mapping (`[`, `]`, `{`, `}`)."""

    kind: str
    text: str = ""


_OPEN_LIST, _CLOSE_LIST, _OPEN_MAPPING, _CLOSE_MAPPING = map(Token, "[]{}")


@dataclass(slots=True)
class Place:
    """A node of the text: characters `start` to `end`, without what follows it on its last line.

    `column` counts from 0. `first` and `last` bound its tokens. `children` are kept of the root (keys and values in
    turn) and of the list `approved` only.
    """

    start: int
    column: int
    first: int
    flow: bool = False
    listing: bool = False
    quoted: str = ""
    end: int = 0
    last: int = 0
    children: list[Place] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outline:
    """A policy's text without a byte order mark, its `tokens`, and where its `root` mapping stands."""

    text: str
    tokens: list[Token]
    root: Place

    @property
    def json(self) -> bool:
        """Whether the file is written as JSON, which wants quotes everywhere."""
        return self.root.flow and bool(self.root.children) and self.root.children[0].quoted == '"'

    @property
    def newline(self) -> str:
        """How the file ends its lines: as it does the first time."""
        found = _BREAK.search(self.text)
        return found.group() if found and found.group() in ("\r\n", "\r") else "\n"

    def pair(self, key: str) -> tuple[Place, Place] | None:
        """The key and the value of the section `key`."""
        children = self.root.children
        for name, value in zip(children[::2], children[1::2], strict=True):
            if self.tokens[name.first].text == key:
                return name, value
        return None

    def tokens_of(self, entry: int) -> list[Token]:
        """The words of the entry with this place in the list `approved`."""
        pair = self.pair("approved")
        assert pair is not None
        place = pair[1].children[entry]
        return self.tokens[place.first : place.last]

    def line(self, index: int) -> int:
        """The number of the line that character `index` is in, from 1."""
        return line_of(self.text, index)

    def line_start(self, index: int) -> int:
        """Where the line of character `index` begins."""
        while index and self.text[index - 1] not in _BREAKS:
            index -= 1
        return index

    def line_end(self, index: int) -> int:
        """Where the line after that of `index` begins; behind a line break that is here, where a kept one belongs."""
        if index and self.text[index - 1] in _BREAKS:
            return index
        found = _BREAK.search(self.text, index)
        return found.end() if found else len(self.text)


def line_of(text: str, index: int) -> int:
    """The number of the line that character `index` of `text` is in, from 1."""
    return sum(1 for _ in _BREAK.finditer(text, 0, index)) + 1


def lines(text: str) -> list[str]:
    """The lines of `text`, without their breaks."""
    return _BREAK.split(text)


def ends_with_break(text: str) -> bool:
    """Whether the last line of `text` is ended."""
    return text.endswith(tuple(_BREAKS))


def outline(text: str) -> Outline:
    """The outline of `text`, which is a policy that `decide.document` could read.

    Raises ValueError with a sentence for what can't be outlined: anchors, tags, another root than a mapping.
    """
    take = _LOADER(text).get_event
    tokens: list[Token] = []
    root: Place | None = None
    open_places: list[Place | None] = []
    end = 0
    try:
        while (event := take()) is not None:
            if isinstance(event, NodeEvent):
                if isinstance(event, AliasEvent) or event.anchor is not None or getattr(event, "tag", None) is not None:
                    raise ValueError("an anchor, an alias or a tag stands in it")
                parent = open_places[-1] if open_places else None
                wanted = not open_places or (parent is not None and _keeps(parent, tokens, len(open_places)))
                mark = event.start_mark
                assert mark is not None
                place = Place(mark.index, mark.column, len(tokens)) if wanted else None
                if place is not None and parent is not None:
                    parent.children.append(place)
                if root is None:
                    root = place
                if isinstance(event, ScalarEvent):
                    tokens.append(Token("quoted" if event.style else "plain", event.value))
                    end = _scalar_end(text, event)
                    if place is not None:
                        place.quoted, place.end, place.last = event.style or "", end, len(tokens)
                elif isinstance(event, CollectionStartEvent):
                    listing = isinstance(event, SequenceStartEvent)
                    tokens.append(_OPEN_LIST if listing else _OPEN_MAPPING)
                    if place is not None:
                        place.listing, place.flow = listing, bool(event.flow_style)
                    open_places.append(place)
            elif isinstance(event, CollectionEndEvent):
                tokens.append(_CLOSE_LIST if "Sequence" in type(event).__name__ else _CLOSE_MAPPING)
                assert event.start_mark is not None
                assert event.end_mark is not None
                if event.end_mark.index > event.start_mark.index:  # a bracket; a block ends only where the next begins
                    end = event.end_mark.index
                if (closed := open_places.pop()) is not None:
                    closed.end, closed.last = max(end, closed.start), len(tokens)
    except yaml.YAMLError as error:
        raise ValueError(f"this is not YAML: {' '.join(str(error).split())}") from None
    if root is None or root.listing or tokens[0].kind != "{":
        raise ValueError("it is no mapping")
    return Outline(text, tokens, root)


def _keeps(parent: Place, tokens: list[Token], depth: int) -> bool:
    """Whether the children of `parent` are wanted: those of the root, and those of its `approved`."""
    return depth == 1 or (depth == 2 and parent.listing and tokens[parent.first - 1].text == "approved")


def _scalar_end(text: str, event: ScalarEvent) -> int:
    """Where a scalar ends; the parser counts the empty lines below a block scalar as its own, though few are."""
    assert event.start_mark is not None
    assert event.end_mark is not None
    start, end = event.start_mark.index, event.end_mark.index
    if event.style not in ("|", ">") or "+" in text[start : start + 3]:
        return end
    return start + len(text[start:end].rstrip(_BREAKS))

"""Values as YAML text, in the house form: short things on one line, quotes where YAML or a reader needs them.

It only writes (https://yaml.org/spec/1.2.2/#73-flow-scalar-styles); that what was written is read back as meant is
proven in `amend`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from forgewall.review.amend_outline import Token

WIDTH = 110
"""Columns after which an entry is broken into lines."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word or text. `plain`: it stands without quotes, as a number, a date or `true` does."""

    text: str
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A list."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping."""

    pairs: tuple[tuple[Word, Item], ...]


type Item = Word | Row | Table

_FIRST = frozenset("-?:,[]{}#&*!|>'\"%@`")
_FLOW = frozenset(",?[]{}")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z|0[ox][0-9a-fA-F]+\Z|[yYnN]\Z")
_LITERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?\Z|(?:true|false|null)\Z")


def matters(text: str) -> bool:
    """Whether it makes a difference to a policy if `text` stands in quotes."""
    return text in {"", "~"} or bool(_LITERAL.match(text))


def tokens(item: Item) -> Iterator[Token]:
    """What the parser should make of the text for `item`."""
    match item:
        case Word():
            yield Token("plain" if item.plain else "quoted", item.text)
        case Row():
            yield Token("[")
            for one in item.items:
                yield from tokens(one)
            yield Token("]")
        case Table():
            yield Token("{")
            for key, value in item.pairs:
                yield from tokens(key)
                yield from tokens(value)
            yield Token("}")


def item_of(found: Sequence[Token]) -> Item:
    """The value that these tokens of one node spell."""
    item, rest = _take(found, 0)
    assert rest == len(found)
    return item


def _take(found: Sequence[Token], at: int) -> tuple[Item, int]:
    kind, text = found[at]
    if kind not in ("[", "{"):
        empty = kind == "plain" and text in {"", "~"}
        return Word("null" if empty else text, kind == "plain"), at + 1
    items: list[Item] = []
    at += 1
    while found[at].kind not in ("]", "}"):
        item, at = _take(found, at)
        items.append(item)
    if kind == "[":
        return Row(tuple(items)), at + 1
    keys = [key for key in items[::2] if isinstance(key, Word)]
    return Table(tuple(zip(keys, items[1::2], strict=True))), at + 1


def word(text: str, *, plain: bool = False, flow: bool = True, json: bool = False) -> str:
    """`text` as YAML. `flow`: within brackets, where more characters need quotes. `json`: always in quotes."""
    if json and not (plain and _LITERAL.match(text)):
        return _quoted(text)
    if not _can_be_plain(text, flow):
        return _quoted(text)
    return text if plain or _reads_as_text(text) else _quoted(text)


def flow(item: Item, *, json: bool = False) -> str:
    """`item` on one line, to stand within brackets."""
    match item:
        case Word():
            return word(item.text, plain=item.plain, json=json)
        case Row():
            return f"[{', '.join(flow(one, json=json) for one in item.items)}]"
        case Table():
            pairs = (f"{flow(key, json=json)}: {flow(value, json=json)}" for key, value in item.pairs)
            return f"{{{', '.join(pairs)}}}"


def block(item: Item, column: int) -> list[str]:
    """`item` as an entry of a block list whose dashes stand in `column`, without that indentation."""
    if isinstance(item, Word):
        return [f"- {word(item.text, plain=item.plain, flow=False)}"]
    line = f"- {flow(item)}"
    if column + len(line) <= WIDTH or isinstance(item, Row):
        return [line]
    lines: list[str] = []
    for key, value in item.pairs:
        lines += _pair(flow(key), value, column + 2)
    return ["- " + lines[0], *("  " + line for line in lines[1:])]


def _pair(key: str, value: Item, column: int) -> list[str]:
    if isinstance(value, Word):
        return [f"{key}: {word(value.text, plain=value.plain, flow=False)}"]
    line = f"{key}: {flow(value)}"
    if column + len(line) <= WIDTH or not isinstance(value, Row):
        return [line]
    return [f"{key}:", *(f"  - {flow(one)}" for one in value.items)]


def _can_be_plain(text: str, flow: bool) -> bool:
    return (
        text.isprintable()
        and text == text.strip()
        and text[:1] not in _FIRST
        and ": " not in text
        and " #" not in text
        and not text.endswith(":")
        and not (flow and not _FLOW.isdisjoint(text))
        and text != ""
    )


def _reads_as_text(text: str) -> bool:
    """Whether other readers of YAML, 1.1 or 1.2, take the plain `text` for a text too."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    candidates = [*resolvers.get(text[0], ()), *resolvers.get(None, ())]
    return not _NUMBER.match(text) and not any(pattern.match(text) for _, pattern in candidates)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in escaped) + '"'

"""What the document of a GraphQL request says of each name in its answer.

Not here: the way through an answer, and what its values teach (`graphql`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql.language import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from forgewall.identify.graphql.document import Parsed
from forgewall.learn.answers import Document
from forgewall.learn.schema import Field, Schema, Word

MAX_VISITS = 100_000
"""Selections and values that are looked at; the rest of an answer teaches nothing."""

type Selections = tuple[tuple[str, SelectionSetNode], ...]
"""Sets of selections on the same object, each with the type it is made on."""


class Contradiction(Exception):
    """An object says two different things of itself, so the document isn't what it was taken for."""


@dataclass(slots=True)
class Inquiry:
    """The document that was asked, the schema of the forge, and how much was looked at."""

    schema: Schema
    parsed: Parsed
    visits: int = 0

    def visit(self) -> bool:
        """Whether there is still time for one more."""
        self.visits += 1
        return self.visits <= MAX_VISITS

    def text(self, value: ValueNode) -> str | None:
        """The text of an argument, written out or given as a variable; None if it is none."""
        match value:
            case StringValueNode():
                return value.value
            case VariableNode():
                found = self.parsed.variables.get(value.name.value)
                return found if isinstance(found, str) else None
            case _:
                return None


class Entry:
    """What the document says of one name in an answer."""

    __slots__ = ("_inquiry", "_made", "_selections", "arguments", "field", "name")

    def __init__(self, inquiry: Inquiry, name: str, found: Field | None, arguments: Mapping[str, ValueNode]) -> None:
        self._inquiry = inquiry
        self._selections: list[tuple[str, SelectionSetNode]] = []
        self._made: Plan | None = None
        self.name = name
        self.field = found or Field()
        self.arguments = arguments

    def add(self, selections: SelectionSetNode | None) -> None:
        """Other selections on the same objects."""
        if selections is not None:
            self._selections.append((self.field.type, selections))

    @property
    def plan(self) -> Plan:
        """What the document says of the objects below."""
        if self._made is None:
            self._made = Plan(self._inquiry, tuple(self._selections))
        return self._made


class Plan:
    """What the document says of the names in one object."""

    __slots__ = ("_entries", "_inquiry")

    def __init__(self, inquiry: Inquiry, selections: Selections) -> None:
        self._inquiry = inquiry
        self._entries: dict[str, Entry | None] = {}
        for on, one in selections:
            self._collect(on, one, frozenset())

    def read(self, found: Document) -> tuple[Mapping[Word, object], list[tuple[Entry, object]]]:
        """The scalars and the objects of `found` that mean something."""
        words: dict[Word, object] = {}
        children = []
        for name, entry in self._entries.items():
            if entry is None or name not in found:
                continue
            value = found[name]
            if entry.field.word is None:
                children.append((entry, value))
            elif entry.field.word not in words:
                words[entry.field.word] = value
            elif words[entry.field.word] != value:
                raise Contradiction
        return words, children

    def _collect(self, on: str, selections: SelectionSetNode, seen: frozenset[str]) -> None:
        for one in selections.selections:
            if not self._inquiry.visit():
                self._entries.clear()
                return
            match one:
                case FieldNode():
                    self._add(on, one)
                case InlineFragmentNode():
                    inner = one.type_condition.name.value if one.type_condition else on
                    self._collect(inner, one.selection_set, seen)
                case FragmentSpreadNode():
                    name = one.name.value
                    fragment = self._inquiry.parsed.fragments.get(name)
                    if fragment is not None and name not in seen:
                        self._collect(fragment.type_condition.name.value, fragment.selection_set, seen | {name})
                case _:
                    pass

    def _add(self, on: str, one: FieldNode) -> None:
        name = one.name.value
        key = one.alias.value if one.alias else name
        found = self._inquiry.schema.get((on, name))
        arguments = {argument.name.value: argument.value for argument in one.arguments or ()}
        if key not in self._entries:
            means = found is not None and not (found.word is not None and arguments)
            self._entries[key] = Entry(self._inquiry, name, found, arguments) if means else None
        entry = self._entries[key]
        if entry is None or found != entry.field or name != entry.name or arguments != entry.arguments:
            self._entries[key] = None
        else:
            entry.add(one.selection_set)

"""The tables of mutations: what each does, and which of its input's fields say whose repository it concerns.

The rows are data (`data/<name>.mutations`). What is *not* here: finding out whom an id names (`locators`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from forgewall.identify.graphql.inputs import Place
from forgewall.model import Operation


class Naming(StrEnum):
    """How a field names something."""

    NODE = "node"  # by a node id or a gid
    NUMBER = "number"  # by the number of a repository
    NAME = "name"  # `owner/name`
    PATH = "path"  # the full path of a project
    GROUP = "group"  # the full path of a group
    SPACE = "space"  # the full path of a project, a group or a user
    LOGIN = "login"  # the name of an owner
    URL = "url"  # the address of a page below a repository
    HEAD = "head"  # `owner:branch`, or a branch of the same repository, which names nothing


class Otherwise(StrEnum):
    """Where a mutation goes if its input names nothing."""

    INSTANCE = "instance"  # it concerns the whole forge
    SNIPPETS = "snippets"  # the personal snippets of whoever asks


ROLES = frozenset({"source", "parent", "destination", "second"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Locator:
    """A field that names something. `role` is None for what is written to, else as in `model.Also`."""

    naming: Naming
    place: Place
    role: str | None = None
    operation: Operation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One row.

    `locators` without a role name what is written to: at least one of them must be there. `new` are the fields with
    the owner's node id and the name of a repository that is made, `renamed` is the new name of the one that is written
    to. `visibility` is the field that says who will see it.
    `turns` are fields whose presence makes it another operation. `beside` are fields that never say where it goes,
    although they are called as if they could.
    """

    name: str
    operation: Operation
    locators: tuple[Locator, ...] = ()
    new: tuple[Place, Place] | None = None
    renamed: Place | None = None
    visibility: Place | None = None
    turns: tuple[tuple[Place, Operation], ...] = ()
    otherwise: Otherwise | None = None
    beside: frozenset[Place] = frozenset()

    @property
    def known(self) -> frozenset[Place]:
        """All fields whose meaning the row tells."""
        places = [*(one.place for one in self.locators), *(place for place, _ in self.turns), *(self.new or ())]
        return self.beside.union(places, () if self.visibility is None else (self.visibility,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All mutations of a kind of forge. `beside` are names of fields that never say where something goes."""

    rows: Mapping[str, Mutation]
    beside: frozenset[str]


@cache
def table(name: str) -> Table:
    """The table `data/<name>.mutations`. Raises ValueError naming file and line if a row can't be read."""
    source = f"{name}.mutations"
    return parse_table(resources.files("forgewall.identify").joinpath("data", source).read_text("utf-8"), source)


def parse_table(text: str, source: str) -> Table:
    """The table that `text` writes. Raises ValueError naming `source` and line if a row can't be read."""
    rows: dict[str, Mutation] = {}
    beside: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if words[0] == "beside":
            beside.update(words[1:])
            continue
        try:
            row = _row(words)
        except ValueError as error:
            raise ValueError(f"{source}:{number}: {error}") from None
        if row.name in rows:
            raise ValueError(f"{source}:{number}: two rows for {row.name}")
        rows[row.name] = row
    return Table(rows=rows, beside=frozenset(beside))


def _row(words: list[str]) -> Mutation:
    if len(words) < 2:
        raise ValueError("a row is `mutation operation [word…]`")
    locators, turns, beside = [], [], []
    new = renamed = visibility = otherwise = None
    for word in words[2:]:
        what, colon, rest = word.partition(":")
        if not colon or not rest:
            raise ValueError(f"`{word}` has no field")
        field, _, second = rest.partition("/")
        match what:
            case "new":
                new = (_place(field), _place(second))
            case "renamed":
                renamed = _place(rest)
            case "visibility":
                visibility = _place(rest)
            case "if":
                turns.append((_place(field), Operation(second)))
            case "beside":
                beside.append(_place(rest))
            case "else":
                otherwise = Otherwise(rest)
            case _:
                locators.append(_locator(what, rest))
    return Mutation(
        name=words[0],
        operation=Operation(words[1]),
        locators=tuple(locators),
        new=new,
        renamed=renamed,
        visibility=visibility,
        turns=tuple(turns),
        otherwise=otherwise,
        beside=frozenset(beside),
    )


def _locator(what: str, field: str) -> Locator:
    said, equals, naming = what.rpartition("=")
    role, _, operation = said.partition("/")
    if equals and role not in ROLES:
        raise ValueError(f"`{role}` is no role")
    return Locator(
        naming=Naming(naming),
        place=_place(field),
        role=role or None,
        operation=Operation(operation) if operation else None,
    )


def _place(field: str) -> Place:
    if not field:
        raise ValueError("a field is missing")
    return tuple(field.split("."))

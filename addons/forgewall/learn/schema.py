"""What the objects of a forge's GraphQL schema say, by type and field: a table as package data (`data/*-schema.txt`).

It holds only what facts may be learned from. What is *not* here: documents and answers (`graphql`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources


class Word(StrEnum):
    """What a scalar field says of its object."""

    ID = "id"  # the object's own id
    PATH = "path"  # the repository's whole name, `owner/name`
    NAME = "name"  # the repository's name without its owner
    OWNER = "owner"  # a group's whole path
    LOGIN = "login"  # the name of a user or an organisation
    URL = "url"  # the object's own page, which lies below its repository's or its owner's
    PRIVATE = "private"
    VISIBILITY = "visibility"
    NUMBER = "number"  # a repository's, as REST writes it
    OWNER_NUMBER = "owner-number"


class Link(StrEnum):
    """How the object below a field stands to the object that has the field."""

    OTHER = ""
    BELOW = "+"  # it lies in the same repository, or is the same owner's
    ABOVE = "^"  # it is what the object lies in
    OWNER = "%"  # it is the owner of the object, which is a repository
    ASKED = "?"  # the field's arguments name it


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field: a scalar (`word`), or objects of `type`."""

    word: Word | None = None
    type: str = ""
    link: Link = Link.OTHER


type Schema = Mapping[tuple[str, str], Field]
"""The fields by the names of type and field."""


@cache
def schema(name: str) -> Schema:
    """The table `data/<name>-schema.txt`. Raises ValueError for a row that can't be read, which a test would tell."""
    text = resources.files("forgewall.learn").joinpath("data", f"{name}-schema.txt").read_text("utf-8")
    return dict(_rows(text))


def _rows(text: str) -> Iterator[tuple[tuple[str, str], Field]]:
    for line in text.splitlines():
        name, *words = line.partition("#")[0].split() or ("",)
        if name.startswith("!"):
            mutation = name[1:]
            name = f"{mutation[:1].upper()}{mutation[1:]}Payload"
            yield ("Mutation", mutation), Field(type=name)
        for word in words:
            key, equals, value = word.partition("=")
            if not equals:
                raise ValueError(f"`{word}` is no field")
            yield from _field(name, key, value)


def _field(owner: str, key: str, value: str) -> Iterator[tuple[tuple[str, str], Field]]:
    if value.startswith("@"):
        yield (owner, key), Field(word=Word(value[1:]))
        return
    link = Link(value[0]) if value[0] in "+^%?" else Link.OTHER
    name = value[len(link.value) :]
    if not name.endswith("[]"):
        yield (owner, key), Field(type=name, link=link)
        return
    name = name[:-2]
    yield (owner, key), Field(type=f"{name}Connection", link=link)
    yield (f"{name}Connection", "nodes"), Field(type=name, link=Link.BELOW)
    yield (f"{name}Connection", "edges"), Field(type=f"{name}Edge", link=Link.BELOW)
    yield (f"{name}Edge", "node"), Field(type=name, link=Link.BELOW)

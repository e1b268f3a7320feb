"""Reads a forge's JSON answer strictly, and makes facts of what it says: the ground that all kinds of lessons stand on.

What is *not* here: which fields of which answers are the forge's own words; `github`, `gitlab`, `bitbucket` and
`graphql` say that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from forgewall.identify.directory import Id, IdKind, Named
from forgewall.identify.paths import is_name, namespace
from forgewall.identify.registry import ForgeHost, fold_host
from forgewall.identify.targets import fold
from forgewall.learn.lesson import MAX_ANSWER, Fact, Headers, IdFact, Lesson, MoveFact, Opening, VisibilityFact
from forgewall.model import Move, Target, Visibility

type Document = Mapping[str, object]
type Reading = Callable[[object], Iterable[Fact]]
"""What a JSON value that a forge answered with teaches."""

_EMPTY: Document = MappingProxyType({})
_MAX_NUMBER = 2**63
_MAX_URL = 2048
_NODE = re.compile(r"[A-Za-z0-9_=+/:-]{2,200}")
_GUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?")
_VISIBILITIES: Mapping[str, Visibility] = MappingProxyType({one.value: one for one in Visibility})


@dataclass(frozen=True, slots=True)
class JsonLesson:
    """The lesson of one JSON answer: `reading` is told the value that it holds, if that can be read in one way only."""

    reading: Reading

    def reads(self, status: int, headers: Headers) -> bool:
        """Whether an answer with this head is a whole one of success that says of itself that it is JSON."""
        return 200 <= status < 300 and status != 206 and _is_json(headers)

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """What the answer teaches; nothing if it can't be read, or if objects stand too deep in one another."""
        if not body or not self.reads(status, headers):
            return ()
        found = document(body)
        try:
            return () if found is None else tuple(self.reading(found))
        except RecursionError:
            return ()


@dataclass(frozen=True, slots=True)
class Lessons:
    """Several lessons of one answer."""

    lessons: tuple[Lesson, ...]

    def reads(self, status: int, headers: Headers) -> bool:
        """Whether one of them needs the body."""
        return any(lesson.reads(status, headers) for lesson in self.lessons)

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """What all of them teach."""
        return tuple(fact for lesson in self.lessons for fact in lesson.facts(status, headers, body))


def opening_of(lesson: Lesson) -> Opening | None:
    """How much of an answer `lesson` needs; None for all of it."""
    parts = lesson.lessons if isinstance(lesson, Lessons) else (lesson,)
    return next((part for part in parts if isinstance(part, Opening)), None)


def document(body: bytes) -> object | None:
    """The JSON value (RFC 8259, UTF-8) that is all of `body`; None if it isn't one.

    Nor if a key stands twice, whatever its case, or if it holds NaN or is too long or too deep.
    """
    if len(body) > MAX_ANSWER:
        return None
    try:
        found: object = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return found


def header(headers: Headers, name: str) -> str | None:
    """The value of header `name` (lower case) if it stands exactly once."""
    found = [value for key, value in headers if key == name]
    return found[0] if len(found) == 1 else None


def _is_json(headers: Headers) -> bool:
    # A raw file may come as `application/vnd.github.raw+json`, so nothing but the plain type is taken for the forge's.
    kind, _, parameters = (header(headers, "content-type") or "").lower().partition(";")
    return kind.strip() == "application/json" and parameters.replace('"', "").strip() in ("", "charset=utf-8")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs) or len({key.casefold() for key in found}) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def child(value: object, key: str) -> Document:
    """The object below `key` of the object `value`; an empty one if there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else _EMPTY


def rows(value: object) -> Iterator[Document]:
    """The objects of the list `value`."""
    if isinstance(value, list):
        yield from (row for row in value if isinstance(row, dict))


def each(read: Callable[[Document], Iterable[Fact]]) -> Reading:
    """`read` for the one object that an answer is, or for each of a list."""

    def reading(found: object) -> Iterator[Fact]:
        for row in rows(found if isinstance(found, list) else [found]):
            yield from read(row)

    return reading


def text(found: Document, key: str) -> str | None:
    """The text below `key`."""
    value = found.get(key)
    return value if isinstance(value, str) else None


def number(value: object) -> str | None:
    """`value` as an id is written, if it is a whole positive number."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MAX_NUMBER:
        return str(value)
    return None


def guid(value: object) -> str | None:
    """`value` in lower case and without braces, if it is a GUID."""
    match = _GUID.fullmatch(value.lower()) if isinstance(value, str) else None
    return match[1] if match else None


def node(value: object) -> str | None:
    """`value` if it can be a GraphQL node id."""
    return value if isinstance(value, str) and _NODE.fullmatch(value) else None


def visibility(value: object) -> Visibility | None:
    """The visibility of this name, in whatever case."""
    return _VISIBILITIES.get(value.lower()) if isinstance(value, str) else None


def owner_named(forge_host: ForgeHost, path: str | None) -> Named | None:
    """The owner (or group) with this path; None if it can't be one."""
    if path is None or namespace(path) is None:
        return None
    return Named(address=f"{forge_host.forge}/{path}", owner=path)


def repository_named(forge_host: ForgeHost, path: str | None) -> Named | None:
    """The repository `owner/name` (`group/sub/name`); None if `path` can't be one."""
    owner, slash, name = (path or "").rpartition("/")
    if not slash or namespace(owner) is None or not is_name(name):
        return None
    return Named(address=f"{forge_host.forge}/{owner}/{name}", owner=owner, repository=name)


def asked_for(target: Target) -> Named | None:
    """The repository that a request names; None if it names none."""
    if target.address is None or target.repository is None:
        return None
    return Named(address=target.address, owner=target.owner, repository=target.repository)


def segments_of(url: str | None, host: str) -> tuple[str, ...]:
    """The decoded path segments of an absolute URL on `host`; empty if it isn't one that all read alike."""
    if url is None or len(url) > _MAX_URL or not url.isascii() or "\\" in url:
        return ()
    try:
        parts = urlsplit(url)
        named = parts.hostname
    except ValueError:
        return ()
    if parts.scheme not in ("http", "https") or parts.username is not None or fold_host(named or "") != host:
        return ()
    found = tuple(unquote(segment) for segment in parts.path.strip("/").split("/"))
    return () if any(segment in ("", ".", "..") or "/" in segment for segment in found) else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Makes facts of what one forge says at one time."""

    forge_host: ForgeHost
    now: datetime

    def key(self, named: Named) -> str:
        """The folded address of `named`."""
        return fold(self.forge_host.kind, named.address)

    def id(self, kind: IdKind, value: str | None, named: Named | None) -> Iterator[IdFact]:
        """`value` names `named`, if both are known."""
        if value is not None and named is not None:
            yield IdFact(id=Id(forge=self.forge_host.forge, kind=kind, text=value), named=named)

    def seen_by(self, named: Named, said: Visibility | None) -> Iterator[VisibilityFact]:
        """Who can see `named`, if that was said."""
        if said is not None:
            yield VisibilityFact(key=self.key(named), visibility=said)

    def moved(self, asked: Named | None, named: Named) -> Iterator[MoveFact]:
        """Who asked for the repository `asked` was told about `named`: if that is another, the first is there now."""
        if asked is not None and self.key(asked) != self.key(named):
            move = Move(address=named.address, key=self.key(named), seen=self.now)
            yield MoveFact(key=self.key(asked), move=move)

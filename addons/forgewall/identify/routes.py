"""Route tables: rows of `METHOD path operation` as package data, and a trie that finds the row for a request.

What is *not* here: whom a route's captures name; the kind modules say that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources

from forgewall.identify.paths import is_name
from forgewall.model import Operation

REST = "{**}"
_PLAIN = frozenset({"{owner}", "{repo}", "{workspace}"})
_PLACEHOLDER = re.compile(r"\{(\w+|\*\*?)\}")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row. `pattern` holds literal segments and placeholders; `role` is the optional fourth word of the row.

    `{owner}`, `{repo}` and `{workspace}` take one plain name, any other placeholder any one segment, and `{**}`, which
    stands last, zero or more segments.
    """

    methods: frozenset[str]
    pattern: tuple[str, ...]
    operation: Operation
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The row found and the decoded segments it was found for."""

    route: Route
    segments: tuple[str, ...]

    @property
    def operation(self) -> Operation:
        """What the request does."""
        return self.route.operation

    @property
    def captures(self) -> Mapping[str, str]:
        """Placeholder names without braces to decoded segments; `**` holds the rest, joined by slashes."""
        found: dict[str, str] = {}
        for index, part in enumerate(self.route.pattern):
            if part == REST:
                found["**"] = "/".join(self.segments[index:])
            elif part.startswith("{"):
                found[part[1:-1]] = self.segments[index]
        return found


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    plain: _Node | None = None
    any: _Node | None = None
    ends: dict[str, Route] = field(default_factory=dict)
    rest: dict[str, Route] = field(default_factory=dict)


class RouteTable:
    """Finds the row for a method and segments in time proportional to the path; built once."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Raises ValueError if two rows stand for the same method and path."""
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for part in route.pattern:
            if part == REST:
                break
            if part in _PLAIN:
                node.plain = node.plain or _Node()
                node = node.plain
            elif part.startswith("{"):
                node.any = node.any or _Node()
                node = node.any
            else:
                node = node.literal.setdefault(part, _Node())
        ends = node.rest if route.pattern and route.pattern[-1] == REST else node.ends
        for method in route.methods:
            if method in ends:
                raise ValueError(f"two rows for {method} /{'/'.join(route.pattern)}")
            ends[method] = route

    def match(self, method: str, segments: tuple[str, ...]) -> Match | None:
        """The row for `method` and decoded `segments`; None if nobody listed it. HEAD is matched as GET.

        A literal segment wins over a placeholder, a plain name over any segment, one segment over `{**}`. A path that
        is listed for other methods only matches nothing: it never falls back to a wider row.
        """
        ends = _descend(self._root, segments, 0)
        if ends is None:
            return None
        route = ends.get(method)
        if route is None and method == "HEAD":
            route = ends.get("GET")
        return Match(route=route, segments=segments) if route is not None else None


def _descend(node: _Node, segments: tuple[str, ...], index: int) -> Mapping[str, Route] | None:
    # Each trie node is reached by one way only, so going back costs at most the size of the trie, not 2^n.
    if index == len(segments):
        return node.ends or node.rest or None
    segment = segments[index]
    found: Mapping[str, Route] | None = None
    child = node.literal.get(segment)
    if child is not None:
        found = _descend(child, segments, index + 1)
    if found is None and node.plain is not None and is_name(segment):
        found = _descend(node.plain, segments, index + 1)
    if found is None and node.any is not None:
        found = _descend(node.any, segments, index + 1)
    if found is None and node.rest:
        found = node.rest
    return found


def parse_routes(text: str, source: str) -> tuple[Route, ...]:
    """The rows of a table's `text`. Raises ValueError naming `source` and line if a row can't be read."""
    rows, below = [], ""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if words[0] == "below" and len(words) == 2:
            below = words[1].rstrip("/")  # what the rows that follow stand below
            continue
        if len(words) > 1 and words[1].startswith("/"):
            words[1] = below + words[1]
        try:
            rows.append(_row(words))
        except ValueError as error:
            raise ValueError(f"{source}:{number}: {error}") from None
    return tuple(rows)


def load_routes(name: str) -> tuple[Route, ...]:
    """The rows of package data `data/<name>.routes`. Raises ValueError naming file and line if one can't be read."""
    source = f"{name}.routes"
    return parse_routes(resources.files("forgewall.identify").joinpath("data", source).read_text("utf-8"), source)


def _row(words: list[str]) -> Route:
    if len(words) not in (3, 4):
        raise ValueError("a row is METHOD[|METHOD] /path operation [role]")
    methods = frozenset(words[0].split("|"))
    if not methods <= _METHODS:
        raise ValueError(f"unknown method in {words[0]}")
    if not words[1].startswith("/"):
        raise ValueError("the path must begin with a slash")
    pattern = tuple(part for part in words[1].split("/") if part)
    for index, part in enumerate(pattern):
        if part == REST and index != len(pattern) - 1:
            raise ValueError("{**} may only stand last")
        if ("{" in part or "}" in part) and not _PLACEHOLDER.fullmatch(part):
            raise ValueError(f"`{part}` is neither a literal nor a placeholder")
    return Route(
        methods=methods,
        pattern=pattern,
        operation=Operation(words[2]),
        role=words[3] if len(words) == 4 else None,
    )

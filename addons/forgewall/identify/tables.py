"""The route tables that ship with the package, each built once, and a second look at paths with two readings."""

from __future__ import annotations

from functools import cache

from forgewall.identify.paths import Path
from forgewall.identify.routes import Match, RouteTable, load_routes


@cache
def table(name: str) -> RouteTable:
    """The table `data/<name>.routes`. Raises ValueError if it can't be read, which a test would have told."""
    return RouteTable(load_routes(name))


def listed(name: str, method: str, path: Path) -> Match | None:
    """The row of table `name` for `path`, if servers agree on it.

    One that takes encoded slashes for separators before it routes must find the same operation on the same repository,
    or nothing. Neither may a format that Rails cuts off the last segment (`transfer.json`) lead to another operation.
    """
    match = table(name).match(method, path.segments)
    if match is not None and not path.splits_alike:
        second = table(name).match(method, path.pieces)
        if second is not None and _means(second) != _means(match):
            return None
    stem = path.segments[-1].rpartition(".")[0] if path.segments else ""
    if match is not None and stem:
        second = table(name).match(method, (*path.segments[:-1], stem))
        if second is not None and _does(second) != _does(match):
            return None
    return match


def _does(match: Match) -> tuple[object, ...]:
    return match.operation, match.route.role


def _means(match: Match) -> tuple[object, ...]:
    captures = match.captures
    return (*_does(match), *(captures.get(name) for name in ("owner", "repo", "workspace")))

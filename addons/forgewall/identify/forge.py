"""What a kind of forge tells about itself: how its requests are read. One value for each kind, in `forges/<kind>.py`.

What is *not* here: the values themselves (`kinds` lists them), and hosts (`data/forges.hosts`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from forgewall.identify.directory import Directory
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository
from forgewall.model import Kind, Request, Target

type Reader = Callable[[Request, ForgeHost, Path, Directory], Target]
"""The target of a request to a host of the kind; the path is without an instance's prefix and not odd, and it is no
git, LFS or GraphQL request. Never raises."""

type RepositoryOf = Callable[[ForgeHost, tuple[str, ...], Directory], Repository | None]
"""The repository that decoded segments are the git path of; None if they certainly or maybe aren't. The role of the
host is `WEB` or `GIST`, and there is at least one segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """How requests to forges of one kind are read.

    `names_oddly` tells whether segments are a git path whose names can't stand in an address: enough to read.
    `graphql` are the places of GraphQL endpoints; `mutations` names the table of their mutations
    (`data/<name>.mutations`), None where all are unidentified. `complete`: all paths of its own hosts are known, so
    that an announcement can't explain one that isn't.
    """

    kind: Kind
    read: Reader
    repository_of: RepositoryOf
    names_oddly: Callable[[ForgeHost, tuple[str, ...]], bool] = lambda _forge_host, _names: False
    graphql: frozenset[tuple[Role, tuple[str, ...]]] = frozenset()
    mutations: str | None = None
    complete: bool = False

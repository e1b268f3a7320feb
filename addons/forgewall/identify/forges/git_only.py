"""Forges of which only git is understood: SourceForge, sourcehut, Launchpad, Gitee, Gerrit and any other.

Every write that isn't git or LFS is unidentified. `data/git-only-paths.txt` tells of hosts whose git paths begin with a
word that no address holds, or where one name is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from forgewall.identify import plain
from forgewall.identify.body import unread
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.graphql.document import parse_request, reads_only
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.repository import Repository, found
from forgewall.identify.targets import plain_read, unidentified
from forgewall.model import Kind, Request, Target


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind git-only."""
    if request.method == "POST" and path.segments == ("query",) and _is_sourcehut(forge_host):
        return _query(request, forge_host, path)
    return plain.identify(request, forge_host, path)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """Two names or more, the last of which is the repository's; Launchpad writes projects with a `+`.

    One name is a repository without an owner where the table says so. Gerrit's `/a/`, by which a
    client says that it signs in, is dropped.
    """
    words = paths().get(forge_host.host) or paths().get(_parent(forge_host.host)) or frozenset()
    for word in ("r", "a"):
        if word in words and names[:1] == (word,):
            names = names[1:]
    if not names or not all(is_name(name.replace("+", "_")) for name in names):
        return None
    last = names[-1].removesuffix(".git")
    if not is_name(last) or any(name.lower().endswith(".git") for name in (*names[:-1], last)):
        return None
    if len(names) == 1:
        return found(forge_host, None, last, f"{forge_host.forge}/{last}") if ONE_NAME in words else None
    return found(forge_host, "/".join(names[:-1]), last)


ONE_NAME = "*"
"""The word of the table for "one name is enough"."""


@cache
def paths() -> Mapping[str, frozenset[str]]:
    """The words of each host in `data/git-only-paths.txt`; `*.example` stands for one label before `.example`."""
    source = resources.files("forgewall.identify").joinpath("data/git-only-paths.txt").read_text("utf-8")
    rows = (line.split() for line in source.splitlines() if line and not line.startswith("#"))
    return {host: frozenset(words) for host, *words in rows}


def _parent(host: str) -> str:
    return f"*.{host.partition('.')[2]}"


def _is_sourcehut(forge_host: ForgeHost) -> bool:
    return forge_host.instance is None and (forge_host.host == "sr.ht" or forge_host.host.endswith(".sr.ht"))


def _query(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """A GraphQL request to one of sourcehut's services: a read if it certainly only reads."""
    if unread(request):
        return unidentified(forge_host, "GraphQL: the document was not read yet", wants_body=True)
    parsed = parse_request(request, path)
    if parsed and reads_only(parsed):
        return plain_read(forge_host, "GraphQL: the document holds queries only")
    return unidentified(forge_host, "GraphQL: the document is not understood as queries only")


FORGE = Forge(kind=Kind.GIT_ONLY, read=read, repository_of=repository_of)

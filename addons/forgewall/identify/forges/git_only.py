"""Forges of which only git is understood: SourceForge, sourcehut, Launchpad, Gitee, Gerrit and any other.

Every write that isn't git or LFS is unidentified.
"""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.repository import Repository, found
from forgewall.model import Kind, Request, Target


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind git-only."""
    return plain.identify(request, forge_host, path)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """Two names or more, the last of which is the repository's; Launchpad writes projects with a `+`."""
    if len(names) < 2 or not all(is_name(name.replace("+", "_")) for name in names):
        return None
    last = names[-1].removesuffix(".git")
    if not is_name(last) or any(name.lower().endswith(".git") for name in (*names[:-1], last)):
        return None
    return found(forge_host, "/".join(names[:-1]), last)


FORGE = Forge(kind=Kind.GIT_ONLY, read=read, repository_of=repository_of)

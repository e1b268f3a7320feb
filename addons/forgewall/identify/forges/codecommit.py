"""AWS CodeCommit: git below `/v1/repos/NAME`."""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.repository import Repository, found
from forgewall.model import Kind, Request, Target


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind codecommit."""
    return plain.identify(request, forge_host, path)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`v1/repos/NAME`; a name keeps its case and may not end in `.git`."""
    if len(names) != 3 or names[:2] != ("v1", "repos") or not is_name(names[2]) or names[2].lower().endswith(".git"):
        return None
    return found(forge_host, None, names[2], f"{forge_host.forge}/v1/repos/{names[2]}")


FORGE = Forge(kind=Kind.CODECOMMIT, read=read, repository_of=repository_of)

"""Azure DevOps: whose repository a request to dev.azure.com or `ORG.visualstudio.com` is about."""

from __future__ import annotations

import re

from forgewall.identify import plain
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository, found
from forgewall.model import Kind, Operation, Request, Target

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind azure-devops."""
    target = plain.identify(request, forge_host, path)
    if target.operation is not Operation.FETCH or forge_host.role is not Role.WEB or "_git" not in path.segments:
        return target
    repository = repository_of(forge_host, path.segments[: path.segments.index("_git") + 2], directory)
    return target if repository is None else repository.target(Operation.FETCH, target.evidence)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`ORG/PROJECT/_git/NAME`, or `ORG/_git/NAME` where the project has the repository's name."""
    if names.count("_git") != 1:
        return None
    at = names.index("_git")
    before, after = names[:at], names[at + 1 :]
    if after[:1] in (("_full",), ("_optimized",)):
        after = after[1:]
    if forge_host.label:
        if before[:1] == ("DefaultCollection",):
            before = before[1:]
        before = (forge_host.label, *before)
    if len(before) not in (1, 2) or len(after) != 1:
        return None
    organisation, project = before[0], before[1] if len(before) == 2 else after[0]
    # A GUID stands for a name that the path doesn't tell; a space is legal in names here.
    parts = (organisation, project, after[0])
    if any(_GUID.fullmatch(part) or not is_name(part.replace(" ", "_")) for part in parts):
        return None
    return found(forge_host, f"{organisation}/{project}", after[0])


def names_oddly(forge_host: ForgeHost, names: tuple[str, ...]) -> bool:
    """Whether `names` are a git path with names like `My Project (old)` or `Übung`."""
    if forge_host.role is not Role.WEB or names.count("_git") != 1:
        return False
    before = len(names) - 2 + bool(forge_host.label)
    return names[-2] == "_git" and before in (1, 2) and not any(map(_GUID.fullmatch, names))


FORGE = Forge(kind=Kind.AZURE_DEVOPS, read=read, repository_of=repository_of, names_oddly=names_oddly)

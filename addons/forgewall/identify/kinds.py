"""The kinds of forges that are understood, one line each; a new kind is a module in `forges/` and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from forgewall.identify.directory import EMPTY, Directory
from forgewall.identify.forge import Forge
from forgewall.identify.forges import (
    azure_devops,
    bitbucket,
    codecommit,
    git_only,
    gitea,
    github,
    gitlab,
    huggingface,
)
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository
from forgewall.model import Kind

FORGES: Mapping[Kind, Forge] = MappingProxyType(
    {
        forge.kind: forge
        for forge in (
            github.FORGE,
            gitlab.FORGE,
            bitbucket.FORGE,
            azure_devops.FORGE,
            gitea.FORGE,
            huggingface.FORGE,
            codecommit.FORGE,
            git_only.FORGE,
        )
    }
)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory = EMPTY) -> Repository | None:
    """The repository that the decoded segments `names` are the git path of; None if they certainly or maybe aren't.

    One `.git` at the end is dropped; a wiki, a design repository and a project's snippet are their repository.
    """
    if forge_host.role not in (Role.WEB, Role.GIST) or not names:
        return None
    return FORGES[forge_host.kind].repository_of(forge_host, names, directory)

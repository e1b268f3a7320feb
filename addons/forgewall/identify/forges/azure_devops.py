"""Azure DevOps Services and Server: which repository a git path names, and who reads all other requests.

The REST API, feeds and pages are `azure_devops_api`; names and GUIDs are `azure_devops_place`.
"""

from __future__ import annotations

from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.forges import azure_devops_api
from forgewall.identify.forges.azure_devops_place import fold, guid, place_of, repository_of_git, scope, split
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository, found
from forgewall.model import Kind

_KEYWORDS = frozenset({"_full", "_optimized"})


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`ORG/PROJECT/_git/NAME`, or `ORG/_git/NAME` where the project has the repository's name; names or GUIDs."""
    before, after = _git_path(names)
    # A team may stand before a page's `_git`, but not before a repository's.
    if len(after) != 1 or len(scope(forge_host, before)) > 2:
        return None
    place = place_of(forge_host, before, directory)
    if isinstance(place, str):
        return None
    repository = repository_of_git(place, after, directory)
    return None if isinstance(repository, str) else found(forge_host, repository.owner, repository.repository)


def names_oddly(forge_host: ForgeHost, names: tuple[str, ...]) -> bool:
    """Whether `names` are a git path with names like `My Project (old)` or `Übung`."""
    before, after = _git_path(names)
    whole = scope(forge_host, before)
    return (
        forge_host.role is Role.WEB
        and len(after) == 1
        and len(whole) in (1, 2)
        and not any(guid(name) for name in (*whole, *after))
    )


def _git_path(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before `_git`, and the names behind it; nothing behind it if it is no git path."""
    before, rest = split(names)
    if not rest or fold(rest[0]) != "_git":
        return before, ()
    after = rest[1:]
    return before, after[1:] if after and fold(after[0]) in _KEYWORDS else after


FORGE = Forge(
    kind=Kind.AZURE_DEVOPS, read=azure_devops_api.identify, repository_of=repository_of, names_oddly=names_oddly
)

"""Gitea, Forgejo and Codeberg: whose repository a request is about."""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost
from forgewall.identify.repository import Repository, pair
from forgewall.model import Kind, Operation, Request, Target

# fmt: off
_PAGES = frozenset({
    "-", "admin", "api", "assets", "attachments", "avatars", "explore", "issues", "login", "metrics", "milestones",
    "notifications", "org", "pulls", "repo", "search", "user", "users", "v2",
})
# fmt: on


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind gitea."""
    target = plain.identify(request, forge_host, path)
    names = path.segments[3:5] if path.segments[:3] == ("api", "v1", "repos") else path.segments[:2]
    if target.operation is not Operation.FETCH or not names or names[0].lower() in _PAGES:
        return target
    repository = repository_of(forge_host, names, directory)
    return target if repository is None else repository.target(Operation.FETCH, target.evidence)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`owner/name`, or `owner/name.wiki`."""
    return pair(forge_host, names, (".wiki",))


FORGE = Forge(kind=Kind.GITEA, read=read, repository_of=repository_of)

"""GitLab, gitlab.com and self-managed: which of its hosts and paths mean the API, a page, an image or git.

git, LFS and GraphQL are understood before a request comes here. What is *not* here: the API (`gitlab_api`), pages
(`gitlab_web`) and images (`gitlab_images`).
"""

from __future__ import annotations

import re

from forgewall.identify import plain
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.forges.gitlab_api import identify_api, read_place
from forgewall.identify.forges.gitlab_images import identify_registry, identify_token
from forgewall.identify.forges.gitlab_place import Finder
from forgewall.identify.forges.gitlab_web import identify_web
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository, bare, found
from forgewall.identify.targets import personal_snippets, plain_read
from forgewall.model import Kind, Request, Target

_DIGITS = re.compile(r"[0-9]{1,20}")


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind gitlab; `path` is without an instance's prefix and not odd."""
    if forge_host.role is Role.REGISTRY:
        return identify_registry(request, forge_host, path)
    if forge_host.role is not Role.WEB:
        return plain.identify(request, forge_host, path)
    match path.segments:
        case ("jwt", "auth"):
            return identify_token(request, forge_host, path)
        case ("api", "v4", *_) if request.method not in plain.READS:
            return identify_api(request, forge_host, path.from_segment(2), directory)
        case ("api", "v4", *rest):
            place = read_place(Finder(forge_host=forge_host, directory=directory), tuple(rest))
            owner, repository = (place.owner, place.repository) if place is not None else (None, None)
            return plain_read(forge_host, f"{request.method} without a body", owner=owner, repository=repository)
        case _:
            return identify_web(request, forge_host, path, directory)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """A project below its groups, its wiki or its design repository, and snippets."""
    if (
        not all(is_name(name) for name in names)
        or "-" in names
        or any(name.lower().endswith(".git") for name in names[:-1])
    ):
        return None
    if len(names) >= 2 and names[-2] == "snippets" and _DIGITS.fullmatch(names[-1].removesuffix(".git")):
        if len(names) == 2:
            address = personal_snippets(forge_host)
            return Repository(forge_host=forge_host, owner=None, name=None, address=address)
        return _project(forge_host, names[:-2])
    last = bare(names[-1], (".wiki", ".design"))
    if last is None:
        return None
    if len(names) == 1:
        is_wiki = names[0].removesuffix(".git").endswith(".wiki")
        return found(forge_host, last, None) if is_wiki else None
    return _project(forge_host, (*names[:-1], last))


def _project(forge_host: ForgeHost, names: tuple[str, ...]) -> Repository | None:
    return found(forge_host, "/".join(names[:-1]), names[-1]) if len(names) >= 2 else None


FORGE = Forge(
    kind=Kind.GITLAB,
    read=read,
    repository_of=repository_of,
    graphql=frozenset({(Role.WEB, ("api", "graphql"))}),
    mutations="gitlab",
    complete=True,
)

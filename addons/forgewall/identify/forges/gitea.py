"""Gitea, Forgejo and Codeberg: whose repository a request is about.

git and LFS are understood before a request comes here. The REST API is `gitea_api`, the web pages are `gitea_web`,
packages are `gitea_packages`, runners `gitea_actions`.
"""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.directory import Directory, Id, IdKind
from forgewall.identify.forge import Forge
from forgewall.identify.forges.gitea_actions import identify_actions
from forgewall.identify.forges.gitea_api import identify_api
from forgewall.identify.forges.gitea_call import bare
from forgewall.identify.forges.gitea_packages import identify_image, identify_package
from forgewall.identify.forges.gitea_web import identify_web
from forgewall.identify.pages import pages
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository, pair
from forgewall.identify.targets import plain_read, unidentified
from forgewall.model import Kind, Request, Target


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind gitea."""
    if forge_host.role not in (Role.WEB, Role.REGISTRY):
        return plain.identify(request, forge_host, path)
    segments = path.segments
    match segments:
        case ("v2", *_):
            return identify_image(request, forge_host, path)
        case ("api", "packages", *_):
            return identify_package(request, forge_host, path.from_segment(2))
        case ("api", "v1", *_) if request.method not in plain.READS:
            return identify_api(request, forge_host, path.from_segment(2), directory)
        case ("api", "v1", *rest):
            return _read_api(request, forge_host, tuple(rest), directory)
        case ("api", "actions" | "actions_pipeline", *_) | ("twirp", *_):
            found = identify_actions(request, forge_host, path, directory)
        case ("api", *_):
            found = None
        case _:
            found = identify_web(request, forge_host, path, directory)
    if found is not None:
        return found
    if request.method not in plain.READS:
        return unidentified(forge_host, f"this kind of {request.method} request is not understood")
    if plain.may_write(request.path):
        return unidentified(forge_host, f"this {request.method} may open a write")
    at_home = segments[:1] and segments[0].lower() in pages("gitea")
    return _read(request, forge_host, () if at_home else segments)


def _read_api(request: Request, forge_host: ForgeHost, segments: tuple[str, ...], directory: Directory) -> Target:
    match segments:
        case ("repos", "search" | "issues", *_) | ("users", "search", *_):
            return _read(request, forge_host, ())
        case ("repos", *names) | ("user", "starred", *names):
            return _read(request, forge_host, tuple(names))
        case ("orgs" | "org" | "users" | "packages", owner, *_):
            return _read(request, forge_host, (owner,))
        case ("repositories" | "teams" as first, number, *_):
            kind = IdKind.TEAM if first == "teams" else IdKind.REPOSITORY
            known = directory.find(Id(forge=forge_host.forge, kind=kind, text=number))
            evidence = f"{request.method} without a body"
            if known is None:
                return plain_read(forge_host, evidence)
            return plain_read(forge_host, evidence, owner=known.owner, repository=known.repository)
        case _:
            return _read(request, forge_host, ())


def _read(request: Request, forge_host: ForgeHost, names: tuple[str, ...]) -> Target:
    """A plain read of `owner/repository/…`, of an owner, or of nothing that has an address."""
    evidence = f"{request.method} without a body"
    if not names or not is_name(names[0]):
        return plain_read(forge_host, evidence)
    if len(names) == 1 or names[1] == "-":
        return plain_read(forge_host, evidence, owner=names[0])
    name = bare(names[1].removesuffix(".git").removesuffix(".wiki"))
    if name is None:
        return plain_read(forge_host, evidence)
    return plain_read(forge_host, evidence, owner=names[0], repository=name)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`owner/name`, or `owner/name.wiki`."""
    return pair(forge_host, names, (".wiki",))


FORGE = Forge(kind=Kind.GITEA, read=read, repository_of=repository_of, complete=True)

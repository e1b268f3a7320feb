"""GitHub, Enterprise Server and ghe.com: which of their hosts and paths mean the API, a web page, a gist or a package.

git, LFS and GraphQL are understood before a request comes here. What is *not* here: the routes (`data/github-*.routes`)
and what bodies add to them (`github_api`, `github_web`), Actions (`github_actions`) and MCP (`github_mcp`).
"""

from __future__ import annotations

import re

from forgewall.identify import plain
from forgewall.identify.directory import Directory, IdKind
from forgewall.identify.forge import Forge
from forgewall.identify.forges.github_actions import identify_actions
from forgewall.identify.forges.github_api import answer, by_name, identify_api, unlisted
from forgewall.identify.forges.github_call import Call, bare, known_as, row_of
from forgewall.identify.forges.github_mcp import identify_mcp
from forgewall.identify.forges.github_packages import identify_package, identify_registry
from forgewall.identify.pages import pages
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository, found, pair
from forgewall.identify.routes import Match
from forgewall.identify.targets import plain_read, unidentified
from forgewall.model import Kind, Request, Target

_HEX = re.compile(r"[0-9a-fA-F]{1,64}")
_DOTCOM = "github.com"
_OWNER_PAGES = frozenset({"orgs", "organizations", "users", "sponsors"})


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind github; `path` is without an instance's prefix and not odd."""
    match forge_host.role:
        case Role.API:
            return _api(request, forge_host, path, directory)
        case Role.UPLOADS:
            return _listed("github-uploads", request, forge_host, path, directory)
        case Role.GIST:
            return _gist(request, forge_host, path, directory)
        case Role.WEB:
            return _web(request, forge_host, path, directory)
        case Role.REGISTRY:
            return identify_registry(request, forge_host, path)
        case Role.PACKAGES:
            return identify_package(request, forge_host, path)
        case Role.ACTIONS:
            return identify_actions(request, forge_host, path, directory)
        case Role.COPILOT if path.segments[:1] == ("mcp",):
            return identify_mcp(request, forge_host, directory)
        case Role.COPILOT if request.method not in plain.READS:
            return _listed("github-copilot", request, forge_host, path, directory)
        case Role.RAW | Role.CODELOAD if request.method in plain.READS:
            return _read(request, forge_host, path.segments)
        case _:
            return plain.identify(request, forge_host, path)


def _api(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    if request.method not in plain.READS:
        return identify_api(request, forge_host, path, directory)
    named = by_name(request.method, forge_host, path, directory)
    match path.segments if isinstance(named, str) else named.segments:
        case (
            ("repos" | "networks", *names)
            | ("user", "starred", *names)
            | ("orgs", _, "teams", _, "repos", *names)
            | ("teams", _, "repos", *names)
            | ("agents", "repos", *names)
        ) if len(names) > 1:
            return _read(request, forge_host, tuple(names))
        case ("orgs" | "users", owner, *_) | ("user", "memberships", "orgs", owner):
            return _read(request, forge_host, (owner,))
        case ("organizations", owner, *_) | ("scim", "v2", "organizations", owner, *_) if not owner.isdigit():
            return _read(request, forge_host, (owner,))
        case ("enterprises", name, *_) | ("scim", "v2", "enterprises", name, *_) if is_name(name):
            return plain_read(forge_host, f"{request.method} without a body", owner=f"enterprises/{name}")
        case ("gists", number, *_):
            known = known_as(forge_host, directory, IdKind.GIST, number.lower())
            return _read(request, forge_host.gists, (known.owner,) if known and known.owner else ())
        case ("teams" | "user" as first, number, *_):
            known = known_as(forge_host, directory, IdKind.TEAM if first == "teams" else IdKind.OWNER, number)
            return _read(request, forge_host, (known.owner,) if known and known.owner else ())
        case ("gists",):
            return _read(request, forge_host.gists, ())
        case _:
            return _read(request, forge_host, ())


def _web(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    segments = path.segments
    if forge_host.forge != _DOTCOM:
        match segments:
            case ("api", "v3", *_):
                return _api(request, forge_host, path.from_segment(2), directory)
            case ("manage", "v1", *_):
                return _api(request, forge_host, path, directory)
            case ("api", "uploads", *_):
                return _listed("github-uploads", request, forge_host, path.from_segment(2), directory)
            case ("gist", *_):
                return _gist(request, forge_host.gists, path.from_segment(1), directory)
            case ("raw" | "codeload", *names) if request.method in plain.READS:
                return _read(request, forge_host, tuple(names))
            case _:
                pass
    return _listed("github-web", request, forge_host, path, directory)


def _gist(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    if request.method in plain.READS:
        # The last of one or two names is the gist's number; an owner stands before it.
        owner = path.segments[:1] if len(path.segments) > 1 else ()
        return _read(request, forge_host, owner)
    return _listed("github-gist", request, forge_host, path, directory)


def _listed(table: str, request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    segments = path.segments
    if request.method in plain.READS:
        if segments[:1] and segments[0].lower() in _OWNER_PAGES:
            return _read(request, forge_host, segments[1:2])
        return _read(request, forge_host, () if segments[:1] and segments[0].lower() in pages("github") else segments)
    match = row_of(table, request, path)
    if not isinstance(match, Match):
        return unlisted(request, forge_host, doubt=match)
    owner, repository = match.captures.get("owner"), match.captures.get("repo")
    if repository is not None:
        repository = bare(repository)
    if (owner or "").lower() in pages("github") or (repository is None and "repo" in match.captures):
        return unidentified(forge_host, "the path names no repository")
    return answer(
        Call(
            request=request,
            forge_host=forge_host,
            path=path,
            match=match,
            owner=owner,
            repository=repository,
            directory=directory,
        )
    )


def _read(request: Request, forge_host: ForgeHost, names: tuple[str, ...]) -> Target:
    """A plain read of `owner/repository/…`, of an owner, or of nothing that has an address."""
    evidence = f"{request.method} without a body"
    if not names or not is_name(names[0]):
        return plain_read(forge_host, evidence)
    repository = None
    if len(names) > 1 and not forge_host.forge.startswith("gist."):
        repository = bare(names[1])
        if repository is None:
            return plain_read(forge_host, evidence)
    return plain_read(forge_host, evidence, owner=names[0], repository=repository)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`owner/name`, `owner/name.wiki`, and on gist hosts the number of a gist, behind its owner or not."""
    if forge_host.role is Role.GIST:
        return _gist_of(forge_host, names, directory)
    if forge_host.instance is not None and names[0] == "gist":
        return _gist_of(forge_host.gists, names[1:], directory)
    return pair(forge_host, names, (".wiki",))


def _gist_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    number = names[-1].removesuffix(".git") if names else ""
    if len(names) not in (1, 2) or not is_name(names[0]) or not _HEX.fullmatch(number):
        return None
    known = known_as(forge_host, directory, IdKind.GIST, number.lower())
    owner = known.owner if known else None
    # GitHub finds a gist by its number alone, whoever's name stands before it.
    if len(names) == 2 and owner is not None and owner.lower() != names[0].lower():
        return None
    return found(forge_host, owner, None)


FORGE = Forge(
    kind=Kind.GITHUB,
    read=read,
    repository_of=repository_of,
    graphql=frozenset({(Role.API, ("graphql",)), (Role.WEB, ("_graphql",)), (Role.WEB, ("api", "graphql"))}),
    mutations="github",
    complete=True,
)

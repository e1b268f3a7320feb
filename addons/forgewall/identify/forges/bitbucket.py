"""Bitbucket Cloud: whose repository a request to bitbucket.org or api.bitbucket.org is about.

git and LFS are understood before a request comes here; Data Center is `bitbucket_dc`. The routes are data
(`data/bitbucket-*.routes`), what bodies add to them stands in `bitbucket_body`.
"""

from __future__ import annotations

from dataclasses import replace

from forgewall.identify import plain
from forgewall.identify.directory import Directory
from forgewall.identify.forge import Forge
from forgewall.identify.forges import bitbucket_dc
from forgewall.identify.forges.bitbucket_body import BODIES
from forgewall.identify.forges.bitbucket_call import Call
from forgewall.identify.forges.bitbucket_place import Finder, Place
from forgewall.identify.pages import pages
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository, found, pair
from forgewall.identify.tables import listed
from forgewall.identify.targets import personal_snippets, plain_read, unidentified
from forgewall.model import Kind, Request, Target

_API = {("!api", "2.0"): "bitbucket-api", ("api", "2.0"): "bitbucket-api", ("!api", "internal"): "bitbucket-internal"}
# Collections whose members a workspace is named behind; a repository's name follows the first.
_REPOSITORIES = "repositories"
_WORKSPACES = frozenset({"workspaces", "teams", "snippets"})


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind bitbucket; `path` is without an instance's prefix and not odd."""
    if forge_host.instance is not None:
        return bitbucket_dc.identify(request, forge_host, path, directory)
    finder = Finder(forge_host=forge_host, directory=directory)
    if forge_host.role is Role.API and path.segments[:1] == ("2.0",):
        return _api("bitbucket-api", request, path.from_segment(1), finder)
    if forge_host.role is not Role.WEB:
        return plain.identify(request, forge_host, path)
    table = _API.get((*path.segments[:2], "", "")[:2])  # type: ignore[arg-type]
    if table is not None:
        return _api(table, request, path.from_segment(2), finder)
    at_home = path.segments[:1] and path.segments[0].lower() in pages("bitbucket")
    place = None if at_home else _place(finder, path.segments)
    return _row("bitbucket-web", request, path if at_home else _spelled(path, 0, place), place, finder)


def _api(table: str, request: Request, path: Path, finder: Finder) -> Target:
    segments = path.segments
    place: Place | str | None = None
    if segments[:1] == (_REPOSITORIES,):
        place = _place(finder, segments[1:])
    elif segments[:1] and segments[0] in _WORKSPACES and len(segments) > 1:
        place = finder.workspace(segments[1])
    return _row(table, request, _spelled(path, 1, place), place, finder)


def _place(finder: Finder, segments: tuple[str, ...]) -> Place | str | None:
    """The workspace or the repository that segments begin with; a sentence if it isn't certain."""
    if len(segments) > 1:
        return finder.repository(segments[0], segments[1])
    return finder.workspace(segments[0]) if segments else None


def _spelled(path: Path, at: int, place: Place | str | None) -> Path:
    """`path` with names instead of ids from segment `at` on, as the tables have them."""
    if not isinstance(place, Place):
        return path
    names = (place.owner,) if place.repository is None else (place.owner, place.repository)
    return replace(path, segments=(*path.segments[:at], *names, *path.segments[at + len(names) :]))


def _row(table: str, request: Request, path: Path, place: Place | str | None, finder: Finder) -> Target:
    forge_host = finder.forge_host
    match = listed(table, request.method, path)
    if match is None or ("{workspace}" in match.route.pattern and not isinstance(place, Place)):
        known = place if isinstance(place, Place) else None
        owner, repository = (known.owner, known.repository) if known else (None, None)
        if request.method in plain.READS:
            evidence = f"{request.method} without a body"
            address = f"{personal_snippets(forge_host)}/{owner}" if owner and path.segments[0] == "snippets" else None
            return plain_read(forge_host, evidence, owner=owner, repository=repository, address=address)
        if isinstance(place, str) and any(segment.startswith("{") for segment in path.segments[:3]):
            return unidentified(forge_host, place)
        evidence = f"this kind of {request.method} request is not understood"
        if repository is None or table == "bitbucket-web":
            return unidentified(forge_host, evidence)
        return unidentified(forge_host, evidence, owner=owner, repository=repository)
    here = place if isinstance(place, Place) and "{workspace}" in match.route.pattern else None
    call = Call(request=request, forge_host=forge_host, path=path, route=match.route, place=here, finder=finder)
    handler = BODIES.get(match.route.role or "")
    return handler(call) if handler else call.plain()


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`workspace/name`, its wiki, and snippets; on Data Center `scm/KEY/name`."""
    if forge_host.instance is None and len(names) == 2 and any(name.startswith("{") for name in names):
        place = Finder(forge_host=forge_host, directory=directory).repository(names[0], names[1].removesuffix(".git"))
        return None if isinstance(place, str) else found(forge_host, place.owner, place.repository)
    if not all(is_name(name) for name in names):
        return None
    if forge_host.instance is not None:
        return pair(forge_host, names[1:]) if names[0] in ("scm", "git") else None
    if names[0] == "snippets":
        if len(names) not in (3, 4):
            return None
        return found(forge_host, names[1], None, f"{personal_snippets(forge_host)}/{names[1]}")
    if len(names) == 3 and names[2] in ("wiki", "wiki.git"):
        names = names[:2]
    return pair(forge_host, names)


FORGE = Forge(
    kind=Kind.BITBUCKET,
    read=read,
    repository_of=repository_of,
    graphql=frozenset({(Role.WEB, ("gateway", "api", "graphql"))}),
)

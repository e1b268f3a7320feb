"""Bitbucket Data Center: projects, personal projects (`~user`) and their repositories, behind `/rest/NAME/VERSION`.

git and LFS are understood before a request comes here. The routes are data (`data/bitbucket-dc-*.routes`), what bodies
add to them stands in `bitbucket_dc_body`.
"""

from __future__ import annotations

from forgewall.identify import plain
from forgewall.identify.directory import Directory
from forgewall.identify.forges.bitbucket_call import Call
from forgewall.identify.forges.bitbucket_dc_body import BODIES
from forgewall.identify.forges.bitbucket_place import Finder, Place
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Match
from forgewall.identify.tables import table
from forgewall.identify.targets import plain_read, unidentified
from forgewall.model import Request, Target

_VERSIONS = frozenset({"latest", "1.0", "2.0"})


def identify(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a Data Center instance; `path` is without the instance's prefix and not odd."""
    segments, match = _match(request.method, path.segments)
    place = _place(segments, match)
    owner, repository = (place.owner, place.repository) if isinstance(place, Place) else (None, None)
    if request.method in plain.READS:
        return plain_read(forge_host, f"{request.method} without a body", owner=owner, repository=repository)
    if match is None or isinstance(place, str) or (not path.splits_alike and "{**}" not in match.route.pattern):
        evidence = f"this kind of {request.method} request is not understood"
        return unidentified(forge_host, evidence, owner=owner, repository=repository)
    finder = Finder(forge_host=forge_host, directory=directory)
    call = Call(request=request, forge_host=forge_host, path=path, route=match.route, place=place, finder=finder)
    handler = BODIES.get(match.route.role or "")
    return handler(call) if handler else call.plain()


def _match(method: str, whole: tuple[str, ...]) -> tuple[tuple[str, ...], Match | None]:
    """The segments that name a place, and the row of the request."""
    segments = _projects(whole)
    match = table("bitbucket-dc-web").match(method, segments)
    if match is None and segments[:1] == ("rest",) and len(segments) > 3 and segments[2] in _VERSIONS:
        segments = _projects((segments[1], *segments[3:]))
        match = table("bitbucket-dc-api").match(method, segments)
    return segments, match


def _place(segments: tuple[str, ...], match: Match | None) -> Place | str | None:
    """The project or repository that segments name; a sentence if that isn't certain.

    Numbers, as mirrors use them, name nobody: a project's key begins with a letter.
    """
    at = segments.index("projects") if "projects" in segments[:3] else len(segments)
    owner = segments[at + 1] if len(segments) > at + 1 else None
    repository = segments[at + 3] if segments[at + 2 : at + 3] == ("repos",) and len(segments) > at + 3 else None
    if match is not None and "repo" in match.captures:
        owner, repository = match.captures["owner"], match.captures["repo"]
    repository = repository.removesuffix(".git") if repository else None
    if not all(name is None or is_name(name) for name in (owner, repository)):
        return "no certain project or repository is named"
    return None if owner is None or owner.isdigit() else Place(owner=owner, repository=repository)


def _projects(segments: tuple[str, ...]) -> tuple[str, ...]:
    """`…users/NAME/repos/…` as `…projects/~NAME/repos/…`, which is the same place."""
    for at in (0, 1):
        if segments[at : at + 1] == ("users",) and segments[at + 2 : at + 3] == ("repos",):
            return (*segments[:at], "projects", f"~{segments[at + 1]}", *segments[at + 2 :])
    return segments

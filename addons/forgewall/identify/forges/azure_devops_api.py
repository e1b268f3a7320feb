"""The REST API, the package feeds and the pages of Azure DevOps: which place a listed route writes to, or is read.

The routes are data (`data/azure-devops-*.routes`), what bodies add to them is `azure_devops_roles`. What is *not* here:
git and LFS, which are understood before a request comes here.
"""

from __future__ import annotations

from dataclasses import dataclass

from forgewall.identify.directory import Directory
from forgewall.identify.forges.azure_devops_call import Call
from forgewall.identify.forges.azure_devops_place import (
    Place,
    fold,
    place_of,
    project_in,
    repository_in,
    repository_of_git,
    split,
)
from forgewall.identify.forges.azure_devops_roles import ROLES
from forgewall.identify.paths import Path
from forgewall.identify.plain import READS
from forgewall.identify.query import base_name, parameters
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Match, Route
from forgewall.identify.tables import table
from forgewall.identify.targets import named, plain_read, unidentified
from forgewall.model import Effect, Request, Target

_CAPTURES = ("repository", "project")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, and its path in two parts: what names the place, and the rest from the first `_` on."""

    request: Request
    forge_host: ForgeHost
    directory: Directory
    path: Path
    before: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def place(self) -> Place | str:
        """The organisation or project that the path names; else a sentence why not."""
        return place_of(self.forge_host, self.before, self.directory)


def identify(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request that is neither git nor LFS; `path` is without an instance's prefix and not odd."""
    before, rest = split(path.segments)
    asked = Asked(request=request, forge_host=forge_host, directory=directory, path=path, before=before, rest=rest)
    match fold(rest[0]) if rest else "":
        case "_apis":
            name, wanted = "azure-devops-api", rest[1:]
        case "_packaging":
            name, wanted = "azure-devops-packages", rest[1:]
        case "":
            name, wanted = "azure-devops-web", before
        case _:
            name, wanted = "azure-devops-web", rest
    found = listed(name, request.method, wanted, path)
    if found is not None:
        return _row(asked, found)
    if request.method in READS:
        return _read(asked)
    return _unlisted(asked)


def listed(name: str, method: str, segments: tuple[str, ...], path: Path) -> Match | None:
    """The row of table `name` for `segments`, without regard to case.

    Where a slash is encoded, a server that takes it for a separator must find the same or nothing.
    """
    found = _matched(name, method, segments)
    if found is not None and not path.splits_alike:
        second = _matched(name, method, tuple("/".join(segments).split("/")))
        if second is not None and _means(second) != _means(found):
            return None
    return found


def _matched(name: str, method: str, segments: tuple[str, ...]) -> Match | None:
    found = table(name).match(method, tuple(fold(segment) for segment in segments))
    return None if found is None else Match(route=found.route, segments=segments)


def _means(match: Match) -> tuple[object, ...]:
    captures = match.captures
    return (match.operation, match.route.role, *(captures.get(name) for name in _CAPTURES))


def _row(asked: Asked, found: Match) -> Target:
    effect = found.operation.effect
    place = _captured(asked, found)
    if effect is Effect.READ and found.route.role is None:
        return _read(asked, None if isinstance(place, str) else place)
    if effect in (Effect.AUTH, Effect.TELEMETRY):
        return _nobody(asked, found)
    if isinstance(place, str) and effect is Effect.READ:
        place = asked.place  # whatever the project is, it stays a read
    if not isinstance(place, str):
        place = _unless_elsewhere(asked, found.route, place)
    if isinstance(place, str):
        return _nobody(asked, found) if effect is Effect.PERSONAL else unidentified(asked.forge_host, place)
    call = Call(
        request=asked.request, forge_host=asked.forge_host, directory=asked.directory, route=found.route, place=place
    )
    handler = ROLES.get(found.route.role or "")
    return handler(call) if handler else call.target()


def _captured(asked: Asked, found: Match) -> Place | str:
    """The place of a row: what stands before the API's path, or below that the project or repository in it."""
    place = asked.place
    captures = found.captures
    if isinstance(place, str):
        return place
    if "repository" in captures:
        return repository_in(place, captures["repository"], asked.directory)
    if "project" in captures:
        return project_in(place.whole, captures["project"], asked.directory)
    return place


def _unless_elsewhere(asked: Asked, route: Route, place: Place) -> Place | str:
    """`place`, unless the query names another project: some routes take that from there too."""
    if route.role == "org":
        return place
    for name, value in parameters(asked.path.query):
        if base_name(name) in ("project", "projectid"):
            said = project_in(place.whole, value, asked.directory)
            if isinstance(said, str):
                return said
            if place.project is None or fold(said.owner) != fold(place.owner):
                return "the query names another project than the path"
    return place


def _nobody(asked: Asked, found: Match) -> Target:
    """A listed route that carries nothing which is anybody's: signing in, telemetry, stars."""
    forge_host = asked.forge_host
    evidence = f"{asked.request.method} /{'/'.join(found.route.pattern)}"
    return named(forge_host, None, None, found.operation, evidence, address=forge_host.forge)


def _read(asked: Asked, place: Place | None = None) -> Target:
    """A read, with as much of its place as is certain."""
    method = asked.request.method
    evidence = f"{method} without a body" if method in READS else f"{method} on a route that only reads"
    if place is None or place.repository is None:
        place = _place_read(asked)
    if place is None:
        return plain_read(asked.forge_host, evidence)
    return plain_read(asked.forge_host, evidence, owner=place.owner, repository=place.repository)


def _place_read(asked: Asked) -> Place | None:
    """The place of a page or of an answer of the API."""
    place, rest = asked.place, asked.rest
    if isinstance(place, str):
        return None
    word = fold(rest[0]) if rest else ""
    row = listed("azure-devops-reads", "GET", rest[1:], asked.path) if word == "_apis" else None
    if word == "_git":
        found = repository_of_git(place, rest[1:], asked.directory)
    else:
        found = _captured(asked, row) if row is not None else place
    return place if isinstance(found, str) else found


def _unlisted(asked: Asked) -> Target:
    evidence = f"this kind of {asked.request.method} request is not understood"
    place = asked.place
    # An LFS answer may announce such a path; it has to name nobody then (`engine`). A path that is no page of a known
    # kind may begin with something else than an organisation.
    if isinstance(place, str) or not asked.rest or "lfs" in (fold(segment) for segment in asked.rest):
        return unidentified(asked.forge_host, evidence)
    return unidentified(asked.forge_host, evidence, owner=place.owner)

"""What the answers of Azure DevOps teach: the GUIDs of its projects and repositories, who can see them, and renames.

Only routes that are known to answer with such objects are read, and of those only what the forge itself writes: ids,
names, visibility, and the repository's URL, which has to agree with the names and with the organisation that was asked.
A whole project is public or private, so its repositories are. What is *not* here: contents of files, pull requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from forgewall.identify import paths
from forgewall.identify.directory import IdKind, Named
from forgewall.identify.forges.azure_devops_place import Place, fold, is_own_name, scope, split
from forgewall.identify.registry import ForgeHost, Role
from forgewall.learn.answers import Document, Teller, asked_for, child, document, guid, header, rows, text
from forgewall.learn.lesson import Fact, Headers, Lesson
from forgewall.model import Request, Target, Visibility

_SUCCESS = frozenset({200, 201})
_PARAMETERS = ("", "charset=utf-8", "api-version=")
_VISIBILITIES: Mapping[str | None, Visibility] = MappingProxyType(
    {"private": Visibility.PRIVATE, "organization": Visibility.INTERNAL, "public": Visibility.PUBLIC}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request whose answer teaches: of which organisation, and the one repository that it asked for, if it did."""

    teller: Teller
    whole: Place
    repository: Named | None
    reading: Callable[[_Asked, object], Iterator[Fact]]

    def reads(self, status: int, headers: Headers) -> bool:
        """Whether an answer with this head says of itself that it is JSON, versioned or not."""
        kind, *parameters = (part.strip() for part in (header(headers, "content-type") or "").lower().split(";"))
        plain = all(part in _PARAMETERS or part.startswith(_PARAMETERS[2]) for part in parameters)
        return status in _SUCCESS and kind == "application/json" and plain

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """What the answer teaches; nothing if it can't be read in one way only."""
        found = document(body) if body and self.reads(status, headers) else None
        return () if found is None else tuple(self.reading(self, found))


def lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> Lesson | None:
    """The lesson of the answer to `request`; None if it has none."""
    whole_path = paths.parse(request.path)
    path = paths.below(whole_path, forge_host.prefix)
    if path is None or path.odd or not path.splits_alike or forge_host.role is not Role.WEB:
        return None
    before, rest = split(path.segments)
    names = scope(forge_host, before)
    reading = _reading(request.method, tuple(fold(segment) for segment in rest))
    if reading is None or not 0 < len(names) <= 3 or not is_own_name(names[0]):
        return None
    asked = asked_for(target) if reading is _repository else None
    whole = Place(forge=forge_host.forge, organisation=names[0])
    return _Asked(teller=Teller(forge_host=forge_host, now=now), whole=whole, repository=asked, reading=reading)


def _reading(method: str, rest: tuple[str, ...]) -> Callable[[_Asked, object], Iterator[Fact]] | None:
    """How the answer to a route is read: the REST API's, and what git tools ask for beside a repository."""
    match method, rest:
        case ("GET", ("_apis", "git", "repositories")) | ("GET", ("_apis", "projects")):
            return _list
        case ("POST", ("_apis", "git", "repositories")):
            return _created
        case ("GET" | "PATCH", ("_apis", "git", "repositories", _)):
            return _repository
        case ("GET", ("_apis", "projects", _)):
            return _project
        case ("GET", ("_git", _, "vsts", "info")):
            return _info
        case _:
            return None


def _list(asked: _Asked, found: object) -> Iterator[Fact]:
    for row in rows(found.get("value") if isinstance(found, dict) else None):
        yield from _of_repository(asked, row, None) if "project" in row else _of_project(asked, row, whole=True)


def _created(asked: _Asked, found: object) -> Iterator[Fact]:
    if isinstance(found, dict):
        yield from _of_repository(asked, found, None)


def _repository(asked: _Asked, found: object) -> Iterator[Fact]:
    if isinstance(found, dict):
        yield from _of_repository(asked, found, asked.repository)


def _project(asked: _Asked, found: object) -> Iterator[Fact]:
    if isinstance(found, dict):
        yield from _of_project(asked, found, whole=True)


def _info(asked: _Asked, found: object) -> Iterator[Fact]:
    yield from _of_repository(asked, child(found, "repository"), None)


def _of_repository(asked: _Asked, found: Document, wanted: Named | None) -> Iterator[Fact]:
    project, name = child(found, "project"), text(found, "name") or ""
    place = _place(asked, project)
    if place is None or not is_own_name(name) or not _agrees(asked, text(found, "remoteUrl"), place, name):
        return
    named = Named(address=f"{place.address}/{name}", owner=place.owner, repository=name)
    yield from asked.teller.id(IdKind.GUID, guid(found.get("id")), named)
    yield from asked.teller.seen_by(named, _VISIBILITIES.get(text(project, "visibility")))
    yield from asked.teller.moved(wanted, named)
    yield from _of_project(asked, project, whole=False)


def _of_project(asked: _Asked, found: Document, *, whole: bool) -> Iterator[Fact]:
    """Facts of a project; if it is the `whole` answer, its URL has to agree with the organisation that was asked."""
    place = _place(asked, found)
    if place is None or (whole and not _is_of(asked, text(found, "url"), guid(found.get("id")))):
        return
    named = Named(address=place.address, owner=place.owner)
    yield from asked.teller.id(IdKind.GUID, guid(found.get("id")), named)
    yield from asked.teller.seen_by(named, _VISIBILITIES.get(text(found, "visibility")))


def _place(asked: _Asked, project: Document) -> Place | None:
    name = text(project, "name") or ""
    if not is_own_name(name):
        return None
    return Place(forge=asked.whole.forge, organisation=asked.whole.organisation, project=name)


def _agrees(asked: _Asked, url: str | None, place: Place, name: str) -> bool:
    """Whether a repository's `remoteUrl` is `ORG/PROJECT/_git/NAME`, or the same with the project left out."""
    before, rest = _split(asked, url)
    if len(rest) != 2 or fold(rest[0]) != "_git" or fold(rest[1]) != fold(name) or not before:
        return False
    project = before[1] if len(before) == 2 else name
    same = fold(before[0]) == fold(place.organisation) and fold(project) == fold(place.project or "")
    return same and len(before) <= 2


def _is_of(asked: _Asked, url: str | None, id_: str | None) -> bool:
    """Whether a project's `url` is the API's, in the organisation that was asked."""
    before, rest = _split(asked, url)
    words = tuple(fold(segment) for segment in rest)
    return before != () and fold(before[0]) == fold(asked.whole.organisation) and words == ("_apis", "projects", id_)


def _split(asked: _Asked, url: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Organisation and project, and the rest of the path, of a URL of the same forge; empty if it is another's."""
    nothing: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    try:
        parts = urlsplit(url or "")
        host = parts.hostname or ""
    except ValueError:
        return nothing
    forge_host = asked.teller.forge_host
    path = paths.parse(parts.path or "/")
    path_below = paths.below(path, forge_host.prefix)
    if path_below is None or path_below.odd or not path_below.splits_alike or parts.query:
        return nothing
    before, rest = split(path_below.segments)
    if host == forge_host.forge:
        return before, rest
    organisation = asked.whole.organisation
    if forge_host.instance is None and host == f"{fold(organisation)}.visualstudio.com":
        shorter = before[1:] if before and fold(before[0]) == "defaultcollection" else before
        return (organisation, *shorter), rest
    return nothing

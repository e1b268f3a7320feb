"""What the answers of Bitbucket teach: the UUIDs of repositories, workspaces and projects on Bitbucket Cloud, the
numbers of repositories and projects on Data Center; and visibilities.

Only routes that are known to answer with such an object are read, and of that only what Bitbucket itself writes. What
is *not* here: redirects (`git`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from forgewall.identify.directory import IdKind, Named
from forgewall.identify.paths import is_name, parse
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.routes import RouteTable, parse_routes
from forgewall.learn.answers import (
    Document,
    JsonLesson,
    Teller,
    asked_for,
    child,
    guid,
    number,
    owner_named,
    repository_named,
    rows,
    text,
)
from forgewall.learn.lesson import Fact, Lesson
from forgewall.model import Request, Target, Visibility

# Bitbucket Cloud's swagger.json (API 2.0): the fourth word says what the answer is.
_CLOUD = RouteTable(
    parse_routes(
        """
GET|POST|PUT /repositories/{space}/{name} fetch repository
GET /repositories/{space} fetch repositories
GET /repositories fetch repositories
GET|POST /repositories/{space}/{name}/forks fetch repositories
GET|POST /repositories/{space}/{name}/pullrequests fetch pull-requests
GET|PUT /repositories/{space}/{name}/pullrequests/{id} fetch pull-requests
GET /workspaces fetch workspaces
GET /workspaces/{space} fetch workspaces
GET /user/permissions/workspaces fetch memberships
GET /user/permissions/repositories fetch memberships
GET /user/workspaces fetch memberships
GET /workspaces/{space}/projects fetch projects
GET /workspaces/{space}/projects/{key} fetch projects
POST /workspaces/{space}/projects fetch projects
""",
        "bitbucket",
    )
)
# Bitbucket Data Center 9.4's swagger, below `/rest/api/VERSION`.
_DATA_CENTER = RouteTable(
    parse_routes(
        """
GET /projects fetch projects
GET|PUT /projects/{owner} fetch projects
POST /projects fetch projects
GET|PUT|POST /projects/{owner}/repos/{repo} fetch repositories
GET|POST /projects/{owner}/repos fetch repositories
GET|POST /users/{owner}/repos fetch repositories
GET|PUT|POST /users/{owner}/repos/{repo} fetch repositories
GET /projects/{owner}/repos/{repo}/forks fetch repositories
GET /repos fetch repositories
GET|POST /projects/{owner}/repos/{repo}/pull-requests fetch pull-requests
GET|PUT /projects/{owner}/repos/{repo}/pull-requests/{id} fetch pull-requests
""",
        "bitbucket-dc",
    )
)
_VERSIONS = frozenset({"latest", "1.0"})


@dataclass(frozen=True, slots=True)
class _Cloud:
    """The answer to one request. `asked` is the repository that its path names."""

    teller: Teller
    asked: Named | None

    def repository(self, found: Document) -> Iterator[Fact]:
        """A repository, which may be another than the one asked for: a fork, a row of a list."""
        named = repository_named(self.teller.forge_host, text(found, "full_name"))
        if named is None or found.get("type") != "repository":
            return
        yield from self.teller.id(IdKind.GUID, guid(found.get("uuid")), named)
        if isinstance(private := found.get("is_private"), bool):
            yield from self.teller.seen_by(named, Visibility.PRIVATE if private else Visibility.PUBLIC)
        workspace = owner_named(self.teller.forge_host, named.owner)
        if child(found, "project").get("type") == "project":
            yield from self.teller.id(IdKind.GUID, guid(child(found, "project").get("uuid")), workspace)
        yield from self.workspace(child(found, "workspace"))
        yield from self.repository(child(found, "parent"))

    def asked_repository(self, found: Document) -> Iterator[Fact]:
        """The repository that was asked for."""
        yield from self.repository(found)
        named = repository_named(self.teller.forge_host, text(found, "full_name"))
        if named is not None and found.get("type") == "repository":
            yield from self.teller.moved(self.asked, named)

    def workspace(self, found: Document) -> Iterator[Fact]:
        """A workspace."""
        slug = text(found, "slug")
        if found.get("type") in ("workspace", "workspace_base") and slug is not None and is_name(slug):
            named = owner_named(self.teller.forge_host, slug)
            yield from self.teller.id(IdKind.GUID, guid(found.get("uuid")), named)

    def project(self, found: Document) -> Iterator[Fact]:
        """A project, which lies in a workspace and is no part of addresses."""
        workspace = child(found, "workspace")
        slug = text(workspace, "slug")
        if found.get("type") == "project" and slug is not None and is_name(slug):
            yield from self.teller.id(IdKind.GUID, guid(found.get("uuid")), owner_named(self.teller.forge_host, slug))
            yield from self.workspace(workspace)

    def membership(self, found: Document) -> Iterator[Fact]:
        """What somebody has rights in."""
        yield from self.workspace(child(found, "workspace"))
        yield from self.repository(child(found, "repository"))

    def pull_request(self, found: Document) -> Iterator[Fact]:
        """A pull request, and the two repositories that it is between."""
        for end in ("source", "destination"):
            yield from self.repository(child(child(found, end), "repository"))


@dataclass(frozen=True, slots=True)
class _DataCenter:
    """The answer of a Data Center server to one request."""

    teller: Teller

    def project(self, found: Document) -> Iterator[Fact]:
        """A project, which is the owner in addresses."""
        key = text(found, "key")
        if key is not None and is_name(key):
            named = owner_named(self.teller.forge_host, key)
            yield from self.teller.id(IdKind.OWNER, number(found.get("id")), named)

    def repository(self, found: Document) -> Iterator[Fact]:
        """A repository. One of a public project is public whatever it says itself."""
        project, slug = child(found, "project"), text(found, "slug")
        key = text(project, "key")
        named = repository_named(self.teller.forge_host, f"{key}/{slug}") if key and is_name(key) else None
        if named is None or named.owner != key:
            return
        yield from self.teller.id(IdKind.REPOSITORY, number(found.get("id")), named)
        yield from self.project(project)
        own, inherited = found.get("public"), project.get("public")
        if own is True or inherited is True:
            yield from self.teller.seen_by(named, Visibility.PUBLIC)
        elif own is False and inherited is False:
            yield from self.teller.seen_by(named, Visibility.PRIVATE)
        yield from self.repository(child(found, "origin"))

    def pull_request(self, found: Document) -> Iterator[Fact]:
        """A pull request, and the two repositories that it is between."""
        for end in ("fromRef", "toRef"):
            yield from self.repository(child(child(found, end), "repository"))


def _all(read: Callable[[Document], Iterator[Fact]]) -> Callable[[object], Iterator[Fact]]:
    """`read` for the one object of an answer, or for each of its page."""

    def facts(found: object) -> Iterator[Fact]:
        page = found.get("values", [found]) if isinstance(found, dict) else None
        for row in rows(page):
            yield from read(row)

    return facts


_READINGS: Mapping[str, Callable[[_Cloud], Callable[[Document], Iterator[Fact]]]] = MappingProxyType(
    {
        "repository": lambda answer: answer.asked_repository,
        "repositories": lambda answer: answer.repository,
        "pull-requests": lambda answer: answer.pull_request,
        "workspaces": lambda answer: answer.workspace,
        "memberships": lambda answer: answer.membership,
        "projects": lambda answer: answer.project,
    }
)


def lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> Lesson | None:
    """The lesson of the answer to a request to the REST API; None if it is none, or has none. `now` is aware."""
    path = parse(request.path)
    if path.odd or not path.splits_alike:
        return None
    teller = Teller(forge_host=forge_host, now=now)
    if forge_host.instance is not None:
        return _data_center(request, path.segments, teller)
    if forge_host.role is Role.API and path.segments[:1] == ("2.0",):
        names = path.segments[1:]
    elif forge_host.role is Role.WEB and path.segments[:2] in (("!api", "2.0"), ("api", "2.0")):
        names = path.segments[2:]
    else:
        return None
    match = _CLOUD.match(request.method, names)
    if match is None or match.route.role is None:
        return None
    # A UUID is no name that could have moved.
    asked = asked_for(target) if is_name(match.captures.get("space", "")) else None
    return JsonLesson(_all(_READINGS[match.route.role](_Cloud(teller, asked))))


def _data_center(request: Request, names: tuple[str, ...], teller: Teller) -> Lesson | None:
    root = teller.forge_host.root("rest", "api")
    if names[: len(root)] != root or names[len(root) : len(root) + 1] not in {(one,) for one in _VERSIONS}:
        return None
    match = _DATA_CENTER.match(request.method, names[len(root) + 1 :])
    if match is None:
        return None
    answer = _DataCenter(teller)
    readings = {"projects": answer.project, "repositories": answer.repository, "pull-requests": answer.pull_request}
    return JsonLesson(_all(readings[match.route.role or ""]))

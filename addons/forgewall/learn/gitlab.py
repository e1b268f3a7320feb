"""What the answers of GitLab's REST API teach: numbers of projects, groups, namespaces, users, snippets and CI jobs,
and their global ids; visibilities; and moves, where another project is shown than the one that was asked for.

Only routes that are known to answer with such an object are read, and of that only what GitLab itself writes. A global
id is the number behind the name of its model (`gid://gitlab/Project/1`). What is *not* here: redirects (`git`) and
GraphQL (`graphql`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from forgewall.identify.directory import IdKind, Named
from forgewall.identify.paths import parse
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.routes import RouteTable, parse_routes
from forgewall.identify.targets import personal_snippets
from forgewall.learn.answers import (
    Document,
    JsonLesson,
    Teller,
    asked_for,
    child,
    each,
    number,
    owner_named,
    repository_named,
    text,
    visibility,
)
from forgewall.learn.lesson import Fact, Lesson
from forgewall.model import Request, Target

# GitLab 18, doc/api: the fourth word says what the answer is.
_ROUTES = RouteTable(
    parse_routes(
        """
GET|PUT /projects/{project} fetch project
POST /projects fetch other-project
POST /projects/user/{user} fetch other-project
POST /projects/{project}/fork fetch other-project
POST /projects/import fetch other-project
PUT /projects/{project}/transfer fetch project
POST /projects/{project}/archive fetch project
POST /projects/{project}/unarchive fetch project
GET /projects fetch projects
GET /projects/{project}/forks fetch projects
GET /users/{user}/projects fetch projects
GET /users/{user}/contributed_projects fetch projects
GET /groups/{project}/projects fetch projects
GET|PUT /groups/{project} fetch group
POST /groups fetch group
POST /groups/{project}/transfer fetch group
GET /groups fetch group
GET /groups/{project}/subgroups fetch group
GET /groups/{project}/descendant_groups fetch group
GET /namespaces fetch namespace
GET /namespaces/{namespace} fetch namespace
GET /user fetch user
GET /users fetch user
GET /users/{user} fetch user
GET|POST /projects/{project}/merge_requests fetch merge-request
GET|PUT /projects/{project}/merge_requests/{iid} fetch merge-request
PUT /projects/{project}/merge_requests/{iid}/merge fetch merge-request
GET /merge_requests fetch merge-request
GET /groups/{project}/merge_requests fetch merge-request
GET|POST /projects/{project}/issues fetch issue
GET|PUT /projects/{project}/issues/{iid} fetch issue
GET /issues fetch issue
GET /groups/{project}/issues fetch issue
GET|POST /snippets fetch snippet
GET|PUT /snippets/{id} fetch snippet
GET /snippets/public fetch snippet
GET|POST /projects/{project}/snippets fetch snippet
GET|PUT /projects/{project}/snippets/{id} fetch snippet
GET /search fetch found
GET /groups/{project}/search fetch found
POST /jobs/request fetch job
""",
        "gitlab",
    )
)
_REFERENCE = re.compile(r"([A-Za-z0-9._~/-]+)[!#][0-9]+")
_PAGE = "/-/"


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer to one request. `asked` is the project that its path names."""

    teller: Teller
    asked: Named | None

    def project(self, found: Document, asked: Named | None = None) -> Iterator[Fact]:
        """A project as it is written wherever it stands."""
        named = repository_named(self.teller.forge_host, text(found, "path_with_namespace"))
        if named is None:
            return
        yield from self.numbered(IdKind.REPOSITORY, found.get("id"), named, "Project")
        yield from self.teller.seen_by(named, visibility(found.get("visibility")))
        yield from self.teller.moved(asked, named)
        yield from self.namespace(child(found, "namespace"))
        yield from self.project(child(found, "forked_from_project"))

    def namespace(self, found: Document) -> Iterator[Fact]:
        """A group's or a user's namespace. The number is the group's own, but not the user's."""
        named = owner_named(self.teller.forge_host, text(found, "full_path"))
        match found.get("kind"):
            case "group":
                yield from self.numbered(IdKind.OWNER, found.get("id"), named, "Group")
            case "user":
                yield from self.numbered(IdKind.OWNER, found.get("id"), named, "Namespaces::UserNamespace")
            case _:
                pass

    def group(self, found: Document) -> Iterator[Fact]:
        """A group."""
        named = owner_named(self.teller.forge_host, text(found, "full_path"))
        yield from self.numbered(IdKind.OWNER, found.get("id"), named, "Group")

    def user(self, found: Document) -> Iterator[Fact]:
        """A user, whose namespace has the same name."""
        named = owner_named(self.teller.forge_host, text(found, "username"))
        yield from self.numbered(IdKind.USER, found.get("id"), named, "User")

    def merge_request(self, found: Document) -> Iterator[Fact]:
        """A merge request, which lies in its target project."""
        yield from self.below(found, "MergeRequest", "target_project_id")

    def issue(self, found: Document) -> Iterator[Fact]:
        """An issue, which GitLab also calls a work item."""
        yield from self.below(found, "Issue", "project_id")
        yield from self.below(found, "WorkItem", "project_id")

    def below(self, found: Document, model: str, project: str) -> Iterator[Fact]:
        """Something in a project, whose full reference (`group/project!1`) says in which one."""
        match = _REFERENCE.fullmatch(text(child(found, "references"), "full") or "")
        named = repository_named(self.teller.forge_host, match[1]) if match else None
        if named is not None:
            yield from self.numbered(IdKind.REPOSITORY, found.get(project), named, "Project")
            if (value := number(found.get("id"))) is not None:
                yield from self.teller.id(IdKind.NODE, f"gid://gitlab/{model}/{value}", named)

    def snippet(self, found: Document) -> Iterator[Fact]:
        """A snippet, whose page says whether it is a person's or in which project."""
        page = self.path(text(found, "web_url")).strip("/")
        owner, mark, rest = f"/{page}".partition(_PAGE)
        value = number(found.get("id"))
        if value is None or not mark or rest != f"snippets/{value}":
            return
        if found.get("project_id") is None and not owner:
            named: Named | None = Named(address=personal_snippets(self.teller.forge_host), owner=None)
            model = "PersonalSnippet"
        else:
            named, model = repository_named(self.teller.forge_host, owner.strip("/")), "ProjectSnippet"
            yield from self.numbered(IdKind.REPOSITORY, found.get("project_id"), named, "Project")
        yield from self.numbered(IdKind.GIST, found.get("id"), named, model)

    def job(self, found: Document) -> Iterator[Fact]:
        """A CI job that a runner was given, with the repository that it is to clone."""
        path = self.path(text(child(found, "git_info"), "repo_url"))
        named = repository_named(self.teller.forge_host, path.strip("/").removesuffix(".git"))
        if (value := number(found.get("id"))) is not None:
            yield from self.teller.id(IdKind.RUN, f"job/{value}", named)
        yield from self.numbered(IdKind.REPOSITORY, child(found, "job_info").get("project_id"), named, "Project")

    def found(self, found: Document) -> Iterator[Fact]:
        """A row of a search: which kind of object it is, its keys tell."""
        if "path_with_namespace" in found:
            yield from self.project(found)
        elif "target_project_id" in found:
            yield from self.merge_request(found)

    def path(self, url: str | None) -> str:
        """The path of a URL of the forge, without its prefix; empty if it isn't a URL."""
        try:
            return urlsplit(url or "").path.removeprefix(self.teller.forge_host.prefix)
        except ValueError:
            return ""

    def numbered(self, kind: IdKind, value: object, named: Named | None, model: str) -> Iterator[Fact]:
        """An id as REST and as GraphQL write it."""
        if (found := number(value)) is not None:
            yield from self.teller.id(kind, found, named)
            yield from self.teller.id(IdKind.NODE, f"gid://gitlab/{model}/{found}", named)


_READINGS: Mapping[str, Callable[[_Answer], Callable[[Document], Iterator[Fact]]]] = MappingProxyType(
    {
        "project": lambda answer: lambda found: answer.project(found, answer.asked),
        "other-project": lambda answer: answer.project,
        "projects": lambda answer: answer.project,
        "group": lambda answer: answer.group,
        "namespace": lambda answer: answer.namespace,
        "user": lambda answer: answer.user,
        "merge-request": lambda answer: answer.merge_request,
        "issue": lambda answer: answer.issue,
        "snippet": lambda answer: answer.snippet,
        "found": lambda answer: answer.found,
        "job": lambda answer: answer.job,
    }
)


def lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> Lesson | None:
    """The lesson of the answer to a request to the REST API; None if it is none, or has none. `now` is aware."""
    path = parse(request.path)
    root = forge_host.root("api", "v4")
    if forge_host.role is not Role.WEB or path.odd or path.segments[: len(root)] != root:
        return None
    match = _ROUTES.match(request.method, path.segments[len(root) :])
    if match is None or match.route.role is None:
        return None
    # A path with a number is not asked for by a name, so no name has moved.
    by_name = "/" in match.captures.get("project", "")
    answer = _Answer(Teller(forge_host=forge_host, now=now), asked_for(target) if by_name else None)
    return JsonLesson(each(_READINGS[match.route.role](answer)))

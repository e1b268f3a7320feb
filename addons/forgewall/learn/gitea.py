"""What the answers of Gitea's and Forgejo's REST API teach: numbers of repositories, accounts, teams and CI runs,
visibilities; and moves, where another repository is shown than the one that was asked for.

Only routes that are known to answer with such an object are read, and of that only what the forge itself writes: a
user's `full_name` is a text of the user's own, a repository's is its address. What is *not* here: redirects (`git`).
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
    number,
    owner_named,
    repository_named,
    rows,
    text,
    visibility,
)
from forgewall.learn.lesson import Fact, Lesson
from forgewall.model import Request, Target, Visibility

# Gitea 1.27 and Forgejo 15, published API descriptions: the fourth word says what the answer is.
_ROUTES = RouteTable(
    parse_routes(
        """
GET|PATCH /repos/{owner}/{repo} fetch asked
POST /repos/{owner}/{repo}/generate fetch repository
POST /repos/{owner}/{repo}/transfer fetch repository
POST /repos/{owner}/{repo}/transfer/accept fetch repository
POST /repos/{owner}/{repo}/transfer/reject fetch repository
GET|POST /repos/{owner}/{repo}/forks fetch repository
GET /repos/{owner}/{repo}/teams fetch team
GET /repos/{owner}/{repo}/actions/runs fetch runs
GET /repos/{owner}/{repo}/actions/runs/{run} fetch run
GET|POST /repos/{owner}/{repo}/pulls fetch pull
GET|PATCH /repos/{owner}/{repo}/pulls/{index} fetch pull
POST /repos/migrate fetch repository
GET /repos/search fetch found
GET /repositories/{id} fetch repository
GET|POST /orgs/{owner}/repos fetch repository
POST /org/{owner}/repos fetch repository
GET|POST /user/repos fetch repository
POST /admin/users/{owner}/repos fetch repository
GET /users/{owner}/repos fetch repository
GET /user/starred fetch repository
GET /user/subscriptions fetch repository
GET /teams/{team}/repos fetch repository
GET /user fetch user
GET /users/{owner} fetch user
GET /users/search fetch found-users
GET|POST /orgs fetch organization
GET|PATCH /orgs/{owner} fetch organization
GET /user/orgs fetch organization
GET /users/{owner}/orgs fetch organization
GET|POST /orgs/{owner}/teams fetch team
GET /orgs/{owner}/teams/search fetch found-teams
GET|PATCH /teams/{team} fetch team
GET /user/teams fetch team
""",
        "gitea",
    )
)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer to one request. `asked` is the repository, `owner` the owner that its path names."""

    teller: Teller
    asked: Named | None
    owner: Named | None

    def repository(self, found: Document, asked: Named | None = None) -> Iterator[Fact]:
        """A repository as it is written wherever it stands."""
        named = repository_named(self.teller.forge_host, text(found, "full_name"))
        if named is None or named.owner is None or "/" in named.owner:
            return
        yield from self.teller.id(IdKind.REPOSITORY, number(found.get("id")), named)
        yield from self.teller.seen_by(named, _seen_by(found))
        yield from self.teller.moved(asked, named)
        yield from self.user(child(found, "owner"))
        yield from self.repository(child(found, "parent"))

    def user(self, found: Document) -> Iterator[Fact]:
        """A user or an organisation, as an owner."""
        yield from self.account(found, "login")

    def organization(self, found: Document) -> Iterator[Fact]:
        """An organisation, whose `name` is absent from old versions."""
        yield from self.account(found, "username")

    def account(self, found: Document, key: str) -> Iterator[Fact]:
        """Users and organisations share one row of numbers."""
        named = owner_named(self.teller.forge_host, text(found, key))
        if named is not None and is_name(named.owner or ""):
            yield from self.teller.id(IdKind.USER, number(found.get("id")), named)

    def team(self, found: Document) -> Iterator[Fact]:
        """A team of the organisation that it names, or else the path."""
        organization = child(found, "organization")
        said = text(organization, "username") or text(organization, "name")
        owner = owner_named(self.teller.forge_host, said) if organization else self.owner
        if owner is not None and is_name(owner.owner or ""):
            yield from self.teller.id(IdKind.TEAM, number(found.get("id")), owner)
        yield from self.organization(organization)

    def pull(self, found: Document) -> Iterator[Fact]:
        """A pull request, with the repositories at its two ends."""
        for end in ("base", "head"):
            yield from self.repository(child(child(found, end), "repo"))

    def run(self, found: Document) -> Iterator[Fact]:
        """A run of CI, in the repository that it names."""
        repository = child(found, "repository")
        named = repository_named(self.teller.forge_host, text(repository, "full_name"))
        yield from self.teller.id(IdKind.RUN, number(found.get("id")), named)
        yield from self.repository(repository)


def _seen_by(found: Document) -> Visibility | None:
    """A public repository of an owner who isn't is seen by fewer than all."""
    private, internal = found.get("private"), found.get("internal")
    if private is True:
        return Visibility.PRIVATE
    owner = visibility(child(found, "owner").get("visibility"))
    if private is not False or internal not in (True, False, None):
        return None
    hidden = internal is True or text(child(found, "owner"), "visibility") == "limited" or owner is Visibility.PRIVATE
    return Visibility.INTERNAL if hidden else Visibility.PUBLIC


_READINGS: Mapping[str, Callable[[_Answer], Callable[[Document], Iterator[Fact]]]] = MappingProxyType(
    {
        "asked": lambda answer: lambda found: answer.repository(found, answer.asked),
        "repository": lambda answer: answer.repository,
        "user": lambda answer: answer.user,
        "organization": lambda answer: answer.organization,
        "team": lambda answer: answer.team,
        "pull": lambda answer: answer.pull,
        "run": lambda answer: answer.run,
    }
)
# Answers that wrap their list: the member that holds it, and what its rows are.
_WRAPPED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "found": ("data", "repository"),
        "found-users": ("data", "user"),
        "found-teams": ("data", "team"),
        "runs": ("workflow_runs", "run"),
    }
)


def lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> Lesson | None:
    """The lesson of the answer to a request to the REST API; None if it is none, or has none. `now` is aware."""
    path = parse(request.path)
    root = forge_host.root("api", "v1")
    if forge_host.role is not Role.WEB or path.odd or not path.splits_alike or path.segments[: len(root)] != root:
        return None
    segments = path.segments[len(root) :]
    teller = Teller(forge_host=forge_host, now=now)
    asked = asked_for(target) if segments[:1] == ("repos",) else None
    match = _ROUTES.match(request.method, segments)
    if match is None or match.route.role is None:
        return None
    owner = owner_named(forge_host, match.captures.get("owner"))
    return JsonLesson(_reading(_Answer(teller, asked, owner), match.route.role))


def _reading(answer: _Answer, role: str) -> Callable[[object], Iterator[Fact]]:
    member, row = _WRAPPED.get(role, ("", role))
    read = _READINGS[row](answer)

    def reading(found: object) -> Iterator[Fact]:
        listed = found.get(member) if member and isinstance(found, dict) else found
        for one in rows(listed if isinstance(listed, list) else [listed]):
            yield from read(one)

    return reading

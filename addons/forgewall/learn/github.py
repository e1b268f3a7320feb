"""What the answers of GitHub's REST API teach: numbers and node ids of repositories, owners, teams, gists, and of what
lies in a repository; visibilities; and moves, where another repository is shown than the one that was asked for.

Only routes that are known to answer with such an object are read, and of that only what GitHub itself writes. What is
*not* here: redirects (`git`), GraphQL (`graphql`), and upload policies (`github_stores`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from forgewall.identify.directory import IdKind, Named
from forgewall.identify.paths import parse
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.routes import RouteTable, parse_routes
from forgewall.learn.answers import (
    Document,
    JsonLesson,
    Reading,
    Teller,
    asked_for,
    child,
    each,
    node,
    number,
    owner_named,
    repository_named,
    segments_of,
    text,
    visibility,
)
from forgewall.learn.lesson import Fact, Lesson
from forgewall.model import Request, Target, Visibility

# github/rest-api-description, api.github.com 2022-11-28: the fourth word says what the answer is.
_ROUTES = RouteTable(
    parse_routes(
        """
GET|PATCH /repos/{owner}/{repo} fetch repository
GET|PATCH /repositories/{id} fetch repository
POST /user/repos fetch repository
POST /orgs/{owner}/repos fetch repository
POST /repos/{owner}/{repo}/forks fetch other-repository
POST /repos/{owner}/{repo}/generate fetch other-repository
POST /repos/{owner}/{repo}/transfer fetch repository
GET /user/repos fetch repositories
GET /orgs/{owner}/repos fetch repositories
GET /users/{owner}/repos fetch repositories
GET /repositories fetch repositories
GET /repos/{owner}/{repo}/forks fetch repositories
GET /organizations/{id}/repos fetch repositories
GET /user/{id}/repos fetch repositories
GET /user/starred fetch repositories
GET /user/subscriptions fetch repositories
GET /search/repositories fetch found-repositories
GET /search/issues fetch found-below
GET /user fetch owner
GET /user/{id} fetch owner
GET /users/{owner} fetch owner
GET|PATCH /orgs/{owner} fetch owner
GET /organizations/{id} fetch owner
GET /user/orgs fetch organisations
GET /users/{owner}/orgs fetch organisations
GET /orgs/{owner}/members fetch owners
GET|PATCH /orgs/{owner}/teams/{slug} fetch team
POST /orgs/{owner}/teams fetch team
GET /orgs/{owner}/teams fetch teams
GET /organizations/{id}/team/{number} fetch team
GET /user/teams fetch teams
GET|POST /gists fetch gists
GET /gists/public fetch gists
GET /gists/starred fetch gists
GET|PATCH /gists/{id} fetch gists
POST /gists/{id}/forks fetch gists
GET /users/{owner}/gists fetch gists
GET|POST /repos/{owner}/{repo}/pulls fetch pulls
GET|PATCH /repos/{owner}/{repo}/pulls/{number} fetch pulls
GET|POST /repos/{owner}/{repo}/issues fetch below
GET|PATCH /repos/{owner}/{repo}/issues/{number} fetch below
GET|POST /repos/{owner}/{repo}/issues/{number}/comments fetch below
GET /repos/{owner}/{repo}/issues/comments fetch below
GET|PATCH /repos/{owner}/{repo}/issues/comments/{number} fetch below
GET|POST /repos/{owner}/{repo}/pulls/{number}/reviews fetch below
GET|POST /repos/{owner}/{repo}/pulls/{number}/comments fetch below
GET|PATCH /repos/{owner}/{repo}/pulls/comments/{number} fetch below
GET|POST /repos/{owner}/{repo}/labels fetch below
GET|PATCH /repos/{owner}/{repo}/labels/{name} fetch below
GET|POST /repos/{owner}/{repo}/milestones fetch below
GET|PATCH /repos/{owner}/{repo}/milestones/{number} fetch below
GET|POST /repos/{owner}/{repo}/releases fetch below
GET|PATCH /repos/{owner}/{repo}/releases/{number} fetch below
GET /repos/{owner}/{repo}/releases/latest fetch below
GET /repos/{owner}/{repo}/releases/tags/{tag} fetch below
GET|POST /repos/{owner}/{repo}/deployments fetch below
GET /repos/{owner}/{repo}/actions/runs/{number} fetch below
GET /repos/{owner}/{repo}/git/ref/{**} fetch below
POST /repos/{owner}/{repo}/git/refs fetch below
""",
        "github",
    )
)
_OWNERS = frozenset({"User", "Organization"})  # no bots: `dependabot` is another name among users


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer to one request. `asked` is the repository that its path names; `host` and `root` are the API's."""

    teller: Teller
    asked: Named | None
    host: str
    root: tuple[str, ...]

    def repository(self, found: Document, asked: Named | None = None) -> Iterator[Fact]:
        """A repository as it is written wherever it stands."""
        named = repository_named(self.teller.forge_host, text(found, "full_name"))
        if named is None:
            return
        yield from self.teller.id(IdKind.REPOSITORY, number(found.get("id")), named)
        yield from self.teller.id(IdKind.NODE, node(found.get("node_id")), named)
        yield from self.teller.seen_by(named, _visibility(found))
        yield from self.teller.moved(asked, named)
        yield from self.owner(child(found, "owner"))
        for key in ("parent", "source", "template_repository"):
            yield from self.repository(child(found, key))

    def owner(self, found: Document) -> Iterator[Fact]:
        """A user or an organisation."""
        login = text(found, "login")
        named = owner_named(self.teller.forge_host, login) if text(found, "type") in _OWNERS else None
        if named is not None and "/" not in named.address.partition("/")[2]:
            yield from self.teller.id(IdKind.OWNER, number(found.get("id")), named)
            yield from self.teller.id(IdKind.NODE, node(found.get("node_id")), named)

    def organisation(self, found: Document) -> Iterator[Fact]:
        """An organisation where the answer doesn't say what it is, since it can be nothing else."""
        yield from self.owner({**found, "type": "Organization"})

    def team(self, found: Document) -> Iterator[Fact]:
        """A team, whose page says which organisation it is of."""
        names = segments_of(text(found, "html_url"), self.teller.forge_host.forge)
        if len(names) == 4 and names[0] == "orgs" and names[2] == "teams":
            named = owner_named(self.teller.forge_host, names[1])
            yield from self.teller.id(IdKind.TEAM, number(found.get("id")), named)
            yield from self.teller.id(IdKind.NODE, node(found.get("node_id")), named)

    def gist(self, found: Document) -> Iterator[Fact]:
        """A gist and its owner."""
        owner = child(found, "owner")
        gists = Teller(forge_host=self.teller.forge_host.gists, now=self.teller.now)
        named = owner_named(gists.forge_host, text(owner, "login")) if text(owner, "type") in _OWNERS else None
        found_id = text(found, "id")
        if found_id is not None and found_id.isalnum():
            yield from gists.id(IdKind.GIST, found_id.lower(), named)
        yield from self.owner(owner)

    def pull(self, found: Document) -> Iterator[Fact]:
        """A pull request, and the two repositories that it is between."""
        yield from self.below(found)
        yield from self.repository(child(child(found, "base"), "repo"), self.asked)
        yield from self.repository(child(child(found, "head"), "repo"))

    def below(self, found: Document) -> Iterator[Fact]:
        """Something in a repository, whose own address in the API says in which one."""
        names = segments_of(text(found, "url"), self.host)
        if names[: len(self.root)] != self.root:
            return
        match names[len(self.root) :]:
            case ("repos", owner, name, _, *_):
                named = repository_named(self.teller.forge_host, f"{owner}/{name}")
                yield from self.teller.id(IdKind.NODE, node(found.get("node_id")), named)
            case _:
                pass


def _visibility(found: Document) -> Visibility | None:
    """What `visibility` says, or else `private`; None where the two don't agree."""
    said, private = visibility(found.get("visibility")), found.get("private")
    if not isinstance(private, bool):
        return said
    if said is None:
        return (Visibility.PRIVATE if private else Visibility.PUBLIC) if "visibility" not in found else None
    return said if private is (said is not Visibility.PUBLIC) else None


def _one(read: Callable[[Document], Iterator[Fact]]) -> Reading:
    return lambda found: read(found) if isinstance(found, dict) else iter(())


def _found(read: Callable[[Document], Iterator[Fact]]) -> Reading:
    every = each(read)
    return lambda found: every(found.get("items")) if isinstance(found, dict) else iter(())


_READINGS: Mapping[str, Callable[[_Answer], Reading]] = MappingProxyType(
    {
        "repository": lambda answer: _one(lambda found: answer.repository(found, answer.asked)),
        "other-repository": lambda answer: _one(answer.repository),
        "repositories": lambda answer: each(answer.repository),
        "found-repositories": lambda answer: _found(answer.repository),
        "found-below": lambda answer: _found(answer.below),
        "owner": lambda answer: _one(answer.owner),
        "owners": lambda answer: each(answer.owner),
        "organisations": lambda answer: each(answer.organisation),
        "team": lambda answer: _one(answer.team),
        "teams": lambda answer: each(answer.team),
        "gists": lambda answer: each(answer.gist),
        "pulls": lambda answer: each(answer.pull),
        "below": lambda answer: each(answer.below),
    }
)


def lesson(request: Request, target: Target, forge_host: ForgeHost, now: datetime) -> Lesson | None:
    """The lesson of the answer to a request to the REST API; None if it is none, or has none. `now` is aware."""
    path = parse(request.path)
    root: tuple[str, ...] = ()
    if forge_host.role is Role.WEB and forge_host.instance is not None:
        root = forge_host.root("api", "v3")
    elif forge_host.role is not Role.API:
        return None
    if path.odd or not path.splits_alike or path.segments[: len(root)] != root:
        return None
    match = _ROUTES.match(request.method, path.segments[len(root) :])
    if match is None or match.route.role is None:
        return None
    asked = asked_for(target) if "repo" in match.captures else None
    answer = _Answer(Teller(forge_host=forge_host, now=now), asked, forge_host.host, root)
    return JsonLesson(_READINGS[match.route.role](answer))

"""A request on a listed route of Gitea or Forgejo, and the targets it can turn into.

Not here: the routes, and what a body adds to them (`gitea_api`, `gitea_web`).
"""

from __future__ import annotations

from dataclasses import dataclass

from forgewall.identify.body import unread
from forgewall.identify.directory import Directory, Id, IdKind, Named
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Match
from forgewall.identify.targets import named, other, unidentified
from forgewall.model import Also, Effect, Operation, Request, Target

# What Gitea cuts off the end of a repository's name in web paths, in this order; no name may end so.
_ENDINGS = (".git", ".rss", ".atom")
_DOUBTFUL = (*_ENDINGS, ".wiki")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on a listed route, and the names that its path holds; None where it holds none."""

    request: Request
    forge_host: ForgeHost
    path: Path
    match: Match
    directory: Directory
    owner: str | None
    repository: str | None

    @property
    def evidence(self) -> str:
        """The row that was found."""
        return f"{self.request.method} /{'/'.join(self.match.route.pattern)}"

    @property
    def unread(self) -> bool:
        """Whether the body may be asked for still."""
        return unread(self.request)

    def target(self, operation: Operation | None = None, *, also: tuple[Also, ...] = ()) -> Target:
        """The target of `operation`, or of the route's own one, in the place that the path names."""
        return self.at(self.owner, self.repository, operation, also=also)

    def at(
        self,
        owner: str | None,
        repository: str | None,
        operation: Operation | None = None,
        *,
        also: tuple[Also, ...] = (),
    ) -> Target:
        """The target of `operation`, or of the route's own one, elsewhere."""
        return named(
            self.forge_host,
            owner,
            repository,
            operation or self.match.operation,
            self.evidence,
            also=also,
            wants_body=self.unread,
        )

    def plain(self) -> Target:
        """The target of a route whose path says all: without an owner it has an address only if it is nobody's data."""
        operation = self.match.operation
        nobodys = self.owner is None and operation.effect is not Effect.WRITE and operation.effect is not Effect.READ
        address = self.forge_host.forge if nobodys else None
        return named(self.forge_host, self.owner, self.repository, operation, self.evidence, address=address)

    def doubtful(self, evidence: str) -> Target:
        """The target where the body, or a number, leaves something unknown."""
        return unidentified(
            self.forge_host, evidence, owner=self.owner, repository=self.repository, wants_body=self.unread
        )

    def other(self, owner: str, repository: str | None, role: str) -> tuple[Also, ...]:
        """A second repository, unless it is the one that the path names."""
        if (owner.lower(), (repository or "").lower()) == ((self.owner or "").lower(), (self.repository or "").lower()):
            return ()
        return (other(self.forge_host, owner, repository, role),)

    def find(self, kind: IdKind, text: str) -> Named | None:
        """Whom a number names, if the forge has said so."""
        return self.directory.find(Id(forge=self.forge_host.forge, kind=kind, text=text))

    def unknown(self, kind: IdKind, text: str) -> str:
        """Why a number names nobody yet, and the GET that tells it."""
        place = {
            IdKind.REPOSITORY: ("repository", "repos/OWNER/NAME"),
            IdKind.USER: ("account", "orgs/NAME, or …/user for your own,"),
            IdKind.TEAM: ("team", "orgs/NAME/teams"),
        }
        what, path = place[kind]
        return f"nobody has said yet whose {what} {text[:20]} is; GET {self.forge_host.base}/api/v1/{path} tells it"


def bare(name: str) -> str | None:
    """The repository that a segment names; None if it could be read otherwise still, or names none."""
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name if is_name(name) and name != "-" and not name.lower().endswith(_DOUBTFUL) else None

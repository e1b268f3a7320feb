"""A request on a listed route of Azure DevOps, and the targets it can turn into.

What is *not* here: the routes, and what a body adds to them (`azure_devops_roles`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from forgewall.identify.body import unread
from forgewall.identify.directory import Directory
from forgewall.identify.forges.azure_devops_place import Place
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Route
from forgewall.identify.targets import fold, named, unidentified
from forgewall.model import Also, Operation, Request, Target, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on a listed route, and the place that its path names."""

    request: Request
    forge_host: ForgeHost
    directory: Directory
    route: Route
    place: Place

    @property
    def evidence(self) -> str:
        """The row that was found."""
        return f"{self.request.method} /{'/'.join(self.route.pattern)}"

    def target(
        self,
        operation: Operation | None = None,
        *,
        place: Place | None = None,
        also: tuple[Also, ...] = (),
        wants_body: bool = False,
        visibility: Visibility | None = None,
    ) -> Target:
        """The target of `operation`, if not the row's, in `place`, if not the path's.

        `visibility` is what the request wants; else a repository is seen by whom its project is seen.
        """
        place = place or self.place
        found = named(
            self.forge_host,
            place.owner,
            place.repository,
            operation or self.route.operation,
            self.evidence,
            also=also,
            wants_body=wants_body,
        )
        return replace(found, visibility=visibility or self.seen_by(place))

    def nowhere(self) -> Target:
        """The target of the row's operation in a place that only the body tells."""
        return named(self.forge_host, None, None, self.route.operation, self.evidence, wants_body=unread(self.request))

    def doubtful(self, evidence: str) -> Target:
        """The target where the body leaves something unknown."""
        place = self.place
        return unidentified(
            self.forge_host,
            evidence,
            owner=place.owner,
            repository=place.repository,
            wants_body=unread(self.request),
        )

    def seen_by(self, place: Place) -> Visibility | None:
        """Who can see `place`, as far as the forge has said it: a project is public or private as a whole."""
        project = replace(place, repository=None)
        return self.directory.visibility(fold(self.forge_host.kind, project.address))


def also_in(place: Place, role: str) -> Also:
    """A second place of the same request."""
    return Also(address=place.address, owner=place.owner, repository=place.repository, role=role)

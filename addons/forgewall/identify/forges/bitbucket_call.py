"""A request on a listed route of Bitbucket, Cloud or Data Center, and the targets it can turn into.

Not here: the routes, and what a body adds to them (`bitbucket_body`, `bitbucket_dc_body`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from forgewall.identify.body import unread
from forgewall.identify.fields import json_fields
from forgewall.identify.forges.bitbucket_place import Finder, Place
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Route
from forgewall.identify.targets import named, other, unidentified
from forgewall.model import Also, Effect, Operation, Request, Target, Visibility

UNCERTAIN = "the body doesn't tell certainly which repositories it is about"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on a listed route; `place` is what its path names, None where it names nothing."""

    request: Request
    forge_host: ForgeHost
    path: Path
    route: Route
    place: Place | None
    finder: Finder

    @property
    def operation(self) -> Operation:
        """What the row says."""
        return self.route.operation

    @property
    def evidence(self) -> str:
        """The row that was found."""
        return f"{self.request.method} /{'/'.join(self.route.pattern)}"

    @property
    def unread(self) -> bool:
        """Whether the body was not read yet."""
        return unread(self.request)

    @property
    def owner(self) -> str | None:
        """The workspace or the project of the place."""
        return self.place.owner if self.place is not None else None

    @property
    def repository(self) -> str | None:
        """The repository of the place."""
        return self.place.repository if self.place is not None else None

    def at(self, place: Place | None) -> Call:
        """The same call, about another place."""
        return replace(self, place=place)

    def fields(self, *names: str) -> Mapping[str, object] | None:
        """The JSON object in the body, see `json_fields`."""
        return json_fields(self.request, self.path, *names)

    def target(
        self,
        operation: Operation | None = None,
        *,
        also: tuple[Also, ...] = (),
        wants_body: bool = False,
        visibility: Visibility | None = None,
        address: str | None = None,
    ) -> Target:
        """The target of `operation`, by default the row's, in this place or at `address`."""
        target = named(
            self.forge_host,
            self.owner,
            self.repository,
            operation or self.operation,
            self.evidence,
            also=also,
            wants_body=wants_body,
            address=address,
        )
        return replace(target, visibility=visibility) if visibility else target

    def plain(self) -> Target:
        """The target of a row without a role: with the host's address if it carries nothing that is anybody's."""
        bare = self.place is None and self.operation.effect not in (Effect.WRITE, Effect.READ)
        return self.target(address=self.forge_host.forge if bare else None)

    def new(
        self,
        place: Place | str | None,
        repository: str | None = None,
        *,
        also: tuple[Also, ...] = (),
        visibility: Visibility | None = None,
    ) -> Target:
        """The target of what creates `repository` at `place`, which may be a sentence why nobody knows where."""
        if isinstance(place, Place):
            here = self.at(Place(owner=place.owner, repository=repository))
            return here.target(also=also, visibility=visibility)
        target = self.at(None).target(also=also, wants_body=self.unread, visibility=visibility)
        evidence = place if place is not None else self.evidence
        return replace(target, repository=repository, evidence=evidence)

    def doubtful(self, evidence: str = UNCERTAIN) -> Target:
        """The target where the body, or an id, leaves something unknown."""
        return unidentified(
            self.forge_host, evidence, owner=self.owner, repository=self.repository, wants_body=self.unread
        )

    def also(self, place: Place, role: str) -> Also:
        """A second place of the same request."""
        return other(self.forge_host, place.owner, place.repository, role)


def visibility_of(fields: Mapping[str, object], key: str, *, public: bool) -> Visibility | None:
    """Who shall see a repository, by the boolean `key`, which means public if it equals `public`."""
    value = fields.get(key)
    if not isinstance(value, bool):
        return None
    return Visibility.PUBLIC if value is public else Visibility.PRIVATE

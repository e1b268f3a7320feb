"""A request on a listed route of Bitbucket, Cloud or Data Center, and the targets it can turn into.

Not here: the routes, and what a body adds to them (`bitbucket`, `bitbucket_dc`).
"""

from __future__ import annotations

from dataclasses import dataclass

from forgewall.identify.body import unread
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Route
from forgewall.identify.targets import named, unidentified
from forgewall.model import Also, Operation, Request, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on a listed route, and the place its path names; None where it names none."""

    request: Request
    forge_host: ForgeHost
    path: Path
    route: Route
    owner: str | None
    repository: str | None

    @property
    def evidence(self) -> str:
        """The row that was found."""
        return f"{self.request.method} /{'/'.join(self.route.pattern)}"

    def target(self, operation: Operation, *, also: tuple[Also, ...] = (), wants_body: bool = False) -> Target:
        """The target of `operation` in this place."""
        return named(
            self.forge_host,
            self.owner,
            self.repository,
            operation,
            self.evidence,
            also=also,
            wants_body=wants_body,
        )

    def doubtful(self, evidence: str) -> Target:
        """The target where the body, or a number, leaves something unknown."""
        wants = unread(self.request)
        return unidentified(self.forge_host, evidence, owner=self.owner, repository=self.repository, wants_body=wants)

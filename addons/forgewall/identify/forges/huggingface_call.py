"""One request on a listed route of Hugging Face, and the targets that can come of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from forgewall.identify.body import unread
from forgewall.identify.forges.huggingface_place import Place
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Match
from forgewall.identify.targets import named, unidentified
from forgewall.model import Also, Operation, Request, Target, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, the row that was found for it, and the repository in its path. `path` is what the row was found for.

    `prefix` stands before the row's path in the evidence; `owner` is an account that the path names without a
    repository.
    """

    request: Request
    forge_host: ForgeHost
    path: Path
    match: Match
    prefix: str = ""
    place: Place | None = None
    owner: str | None = None

    @property
    def evidence(self) -> str:
        """The row that was found."""
        return f"{self.request.method} {self.prefix}/{'/'.join(self.match.route.pattern)}".rstrip("/")

    @property
    def operation(self) -> Operation:
        """What the row says."""
        return self.match.operation

    def on(
        self,
        where: Place,
        operation: Operation,
        *,
        also: tuple[Also, ...] = (),
        wants_body: bool = False,
        visibility: Visibility | None = None,
    ) -> Target:
        """The target of `operation` on the repository `where`."""
        target = named(
            self.forge_host,
            where.owner,
            where.name,
            operation,
            self.evidence,
            also=also,
            address=where.address(self.forge_host),
            wants_body=wants_body,
        )
        return replace(target, visibility=visibility)

    def of_owner(self, owner: str, operation: Operation, also: tuple[Also, ...] = ()) -> Target:
        """The target of `operation` in an account."""
        return named(self.forge_host, owner, None, operation, self.evidence, also=also)

    def doubtful(self, evidence: str) -> Target:
        """The target where a repository stays unknown; what the path names beyond doubt stands in it."""
        wants = unread(self.request)
        if self.place is None:
            return unidentified(self.forge_host, evidence, owner=self.owner, wants_body=wants)
        address = self.place.address(self.forge_host)
        owner, name = self.place.owner, self.place.name
        return unidentified(self.forge_host, evidence, owner=owner, repository=name, address=address, wants_body=wants)

"""One request on a listed route of GitHub, and what the modules that read such requests share: rows, names, ids.

What is *not* here: which body fields count (`github_bodies`, `github_web`), and the routes (`data/github-*.routes`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from forgewall.identify.body import unread
from forgewall.identify.directory import Directory, Id, IdKind, Named
from forgewall.identify.form import said_method
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Match
from forgewall.identify.tables import listed
from forgewall.identify.targets import named, unidentified
from forgewall.model import Also, Effect, Operation, Request, Target, Visibility

NUMBER = re.compile(r"[1-9][0-9]{0,18}")
"""An id of GitHub's REST API."""

_DOTCOM = "github.com"
_SEEN: Mapping[str, Visibility] = MappingProxyType({known.value: known for known in Visibility})
_POSTED = ("PUT", "PATCH", "DELETE")  # what `_method` in a form can make of a POST


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on a listed route, with the names that the path holds."""

    request: Request
    forge_host: ForgeHost
    path: Path
    match: Match
    owner: str | None
    repository: str | None
    directory: Directory

    @property
    def evidence(self) -> str:
        """The row that was found."""
        return f"{self.request.method} /{'/'.join(self.match.route.pattern)}"

    def target(self, *, also: tuple[Also, ...] = (), operation: Operation | None = None) -> Target:
        """The target of the path's owner and repository; the row's operation unless another is given."""
        return named(
            self.forge_host,
            self.owner,
            self.repository,
            operation or self.match.operation,
            self.evidence,
            also=also,
            wants_body=unread(self.request) and bool(also),
        )

    def nameless(self, evidence: str) -> Target:
        """The target of a write whose repository nobody has told; a read of one isn't certain either."""
        if self.match.operation.effect is not Effect.WRITE:
            return unidentified(self.forge_host, evidence, wants_body=unread(self.request))
        wants = unread(self.request)
        return named(self.forge_host, None, None, self.match.operation, evidence, wants_body=wants)

    def doubtful(self, evidence: str) -> Target:
        """The target of a request to the path's owner and repository whose meaning isn't certain."""
        return unidentified(
            self.forge_host, evidence, owner=self.owner, repository=self.repository, wants_body=unread(self.request)
        )


def row_of(table: str, request: Request, path: Path) -> Match | str | None:
    """The row of `table` for `request`, None if nobody listed it, or a sentence why that isn't certain.

    A form may say by its field `_method` that it means another method than POST.
    """
    method = said_method(request)
    if method is not None:
        return listed(table, method, path)
    match = listed(table, "POST", path)
    others = [listed(table, other, path) for other in _POSTED]
    if all(other is None or (match is not None and _alike(match, other)) for other in others):
        return match
    return "a form's `_method` may stand for another method"


def _alike(one: Match, other: Match) -> bool:
    return one.operation is other.operation and one.route.role == other.route.role


def bare(repository: str) -> str | None:
    """`repository` without one `.git`; None if what is left could be read otherwise still."""
    name = repository.removesuffix(".git")
    return name if is_name(name) and not name.lower().endswith(".git") else None


def plain(call: Call) -> Target:
    """The target of a route whose path says all."""
    address = None
    if call.owner is None and call.match.operation.effect not in (Effect.WRITE, Effect.READ):
        address = call.forge_host.forge
    return named(call.forge_host, call.owner, call.repository, call.match.operation, call.evidence, address=address)


def known_as(forge_host: ForgeHost, directory: Directory, kind: IdKind, text: str) -> Named | None:
    """Whom an id of this forge names; of a gist, on the gist host. None if nobody has said it, or it is no id."""
    forge = forge_host.gists.forge if kind is IdKind.GIST else forge_host.forge
    found = directory.find(Id(forge=forge, kind=kind, text=text))
    if found is None or found.owner is None or not is_name(found.owner):
        return None
    return None if found.repository is not None and not is_name(found.repository) else found


def known_repository(call: Call, text: str) -> tuple[str, str] | None:
    """Owner and name of the repository with the number `text`; None if nobody has said it."""
    if not NUMBER.fullmatch(text):
        return None
    found = known_as(call.forge_host, call.directory, IdKind.REPOSITORY, text)
    return (found.owner, found.repository) if found is not None and found.owner and found.repository else None


def unknown(forge_host: ForgeHost, what: str, read: str) -> str:
    """The evidence for an id that nobody knows: `what` it is, and the path of the API whose answer tells it."""
    return f"nobody has said yet whose {what[:80]} is; GET {api_of(forge_host)}{read} tells it"


def api_of(forge_host: ForgeHost) -> str:
    """The beginning of REST URLs of the forge."""
    forge = forge_host.forge.removeprefix("gist.")
    if forge == _DOTCOM or forge.endswith(".ghe.com"):
        return f"https://api.{forge}"
    return f"{replace(forge_host, forge=forge).base}/api/v3"


def seen_by(target: Target, fields: object) -> Target:
    """`target` with the visibility that a request's fields `visibility` or `private` give a repository."""
    wanted = visibility_in(fields)
    return target if wanted is None else replace(target, visibility=wanted)


def visibility_in(fields: object) -> Visibility | None:
    """What `visibility` or `private` say; None if neither says it, or they disagree."""
    if not isinstance(fields, dict):
        return None
    said: set[Visibility | None] = set()
    word = fields.get("visibility")
    if word is not None:
        said.add(_SEEN.get(word) if isinstance(word, str) else None)
    private = fields.get("private")
    if private is not None:
        word = {True: Visibility.PRIVATE, False: Visibility.PUBLIC}.get(private) if isinstance(private, bool) else None
        said.add(word)
    # Internal repositories are private ones, too.
    if said == {Visibility.INTERNAL, Visibility.PRIVATE}:
        return Visibility.INTERNAL
    return said.pop() if len(said) == 1 else None

"""The REST API of GitHub: whose repository a listed route writes to, and which second repository its body names.

The routes are data (`data/github-api.routes`). What is *not* here: reads, web pages, package registries (`github`,
`github_packages`) and GraphQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forgewall.identify.body import unread
from forgewall.identify.fields import given, json_fields, plain_name, text
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Match
from forgewall.identify.tables import listed
from forgewall.identify.targets import named, other, unidentified
from forgewall.model import Also, Effect, Operation, Request, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on a listed route, with the names that the path holds."""

    request: Request
    forge_host: ForgeHost
    path: Path
    match: Match
    owner: str | None
    repository: str | None

    @property
    def evidence(self) -> str:
        """The row that was found."""
        return f"{self.request.method} /{'/'.join(self.match.route.pattern)}"


def identify_api(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """The target of a request to the REST API that isn't a plain read; `path` is without `/api/v3`."""
    match = listed("github-api", request.method, path)
    if match is None:
        return unlisted(request, forge_host, path.segments[1:3] if path.segments[:1] == ("repos",) else ())
    owner, repository = match.captures.get("owner"), match.captures.get("repo")
    if repository is not None:
        repository = bare(repository)
        if repository is None:
            return unidentified(forge_host, "the repository's name can be read in two ways")
    call = Call(request=request, forge_host=forge_host, path=path, match=match, owner=owner, repository=repository)
    return answer(call)


def answer(call: Call) -> Target:
    """The target of a listed route, by the role of its row."""
    handler = _BY_ROLE.get(call.match.route.role or "")
    return handler(call) if handler else plain(call)


def unlisted(request: Request, forge_host: ForgeHost, names: tuple[str, ...] = ()) -> Target:
    """The target of a route that nobody listed, below `owner/repository` if the path says so beyond doubt."""
    evidence = f"this kind of {request.method} request is not understood"
    if len(names) == 2 and all(is_name(name) for name in names) and (repository := bare(names[1])):
        return unidentified(forge_host, evidence, owner=names[0], repository=repository)
    return unidentified(forge_host, evidence)


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


def _fork(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "organization", "name")
    owner = repository = None
    if fields is not None:
        owner = plain_name(fields, "organization")
        repository = plain_name(fields, "name") if given(fields, "name") else call.repository
    return _created(call, owner, repository, "parent")


def _template(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "owner", "name")
    owner = None if fields is None else plain_name(fields, "owner")
    return _created(call, owner, None if fields is None else plain_name(fields, "name"), "source")


def _create(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "name")
    return _created(call, call.owner, None if fields is None else plain_name(fields, "name"), None)


def _created(call: Call, owner: str | None, repository: str | None, role: str | None) -> Target:
    also = () if role is None else (other(call.forge_host, call.owner, call.repository, role),)
    wants = unread(call.request)
    return named(call.forge_host, owner, repository, call.match.operation, call.evidence, also=also, wants_body=wants)


def _transfer(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "new_owner", "new_name")
    if fields is None or (given(fields, "new_owner") and plain_name(fields, "new_owner") is None):
        return _doubtful(call, "the body doesn't tell certainly who gets the repository")
    owner = plain_name(fields, "new_owner")
    repository = plain_name(fields, "new_name") if given(fields, "new_name") else call.repository
    also = (other(call.forge_host, owner, repository, "destination"),) if owner else ()
    return named(call.forge_host, call.owner, call.repository, Operation.TRANSFER, call.evidence, also=also)


def _settings(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "private", "visibility")
    known = bool(fields) and not ({"private", "visibility"} & set(fields or ()))  # no body: the stricter reading
    return named(
        call.forge_host,
        call.owner,
        call.repository,
        Operation.OTHER_WRITE if known else Operation.VISIBILITY,
        call.evidence,
        wants_body=unread(call.request),
    )


def _head(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "head", "head_repo")
    if fields is None and not unread(call.request):
        return _doubtful(call, "the body doesn't tell certainly where the changes come from")
    also: tuple[Also, ...] = ()
    if fields:
        head_owner, colon, _ = (text(fields, "head") or "").partition(":")
        owner = head_owner if colon else call.owner
        repository = text(fields, "head_repo") or call.repository
        if not (is_name(owner or "") and is_name(repository or "")):
            return _doubtful(call, "the body doesn't tell certainly where the changes come from")
        if (owner, repository) != (call.owner, call.repository):
            also = (other(call.forge_host, owner, repository, "source"),)
    return named(
        call.forge_host,
        call.owner,
        call.repository,
        Operation.PULL_REQUEST,
        call.evidence,
        also=also,
        wants_body=unread(call.request),
    )


def _doubtful(call: Call, evidence: str) -> Target:
    return unidentified(
        call.forge_host, evidence, owner=call.owner, repository=call.repository, wants_body=unread(call.request)
    )


def _gist(call: Call) -> Target:
    gists = call.forge_host.gists
    address = gists.forge if call.match.operation.effect is Effect.PERSONAL else None
    return named(gists, None, None, call.match.operation, call.evidence, address=address)


def _enterprise(call: Call) -> Target:
    name = call.match.captures["enterprise"]
    if not is_name(name):
        return unidentified(call.forge_host, "the enterprise's name can be read in two ways")
    return named(call.forge_host, f"enterprises/{name}", None, call.match.operation, call.evidence)


def _instance(call: Call) -> Target:
    forge = call.forge_host
    return named(forge, None, None, call.match.operation, call.evidence, address=forge.forge)


def _by_id(call: Call) -> Target:
    return unidentified(
        call.forge_host, "the number in the path doesn't tell whose it is; use the path that names the owner"
    )


_BY_ROLE: Mapping[str, Callable[[Call], Target]] = {
    "fork": _fork,
    "template": _template,
    "create": _create,
    "transfer": _transfer,
    "settings": _settings,
    "head": _head,
    "gist": _gist,
    "enterprise": _enterprise,
    "instance": _instance,
    "id": _by_id,
}

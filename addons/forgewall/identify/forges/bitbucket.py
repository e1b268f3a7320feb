"""Bitbucket Cloud: whose repository a request to bitbucket.org or api.bitbucket.org is about.

git and LFS are understood before a request comes here; Data Center is `bitbucket_dc`. The routes are data
(`data/bitbucket-*.routes`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forgewall.identify import plain
from forgewall.identify.body import unread
from forgewall.identify.directory import Directory
from forgewall.identify.fields import below, given, json_fields, plain_name, text
from forgewall.identify.forge import Forge
from forgewall.identify.forges import bitbucket_dc
from forgewall.identify.forges.bitbucket_call import Call
from forgewall.identify.pages import pages
from forgewall.identify.paths import Path, is_name, namespace
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.repository import Repository, found, pair
from forgewall.identify.tables import listed
from forgewall.identify.targets import named, other, personal_snippets, plain_read, unidentified
from forgewall.model import Also, Effect, Kind, Operation, Request, Target

_API = frozenset({("!api", "2.0"), ("api", "2.0")})


def read(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to a host of kind bitbucket; `path` is without an instance's prefix and not odd."""
    if forge_host.instance is not None:
        return bitbucket_dc.identify(request, forge_host, path)
    if forge_host.role is Role.API and path.segments[:1] == ("2.0",):
        return _api(request, forge_host, path.from_segment(1))
    if forge_host.role is not Role.WEB:
        return plain.identify(request, forge_host, path)
    if path.segments[:2] in _API:
        return _api(request, forge_host, path.from_segment(2))
    found = _row("bitbucket-web", request, forge_host, path)
    if found is not None:
        return found
    if request.method in plain.READS:
        at_home = path.segments[:1] and path.segments[0].lower() in pages("bitbucket")
        return _read(request, forge_host, () if at_home else path.segments)
    return unidentified(forge_host, f"this kind of {request.method} request is not understood")


def _api(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    segments = path.segments
    if request.method in plain.READS:
        return _read(request, forge_host, segments[1:3] if segments[:1] == ("repositories",) else ())
    found = _row("bitbucket-api", request, forge_host, path)
    if found is not None:
        return found
    if any(segment.startswith("{") for segment in segments[1:3]):
        return unidentified(
            forge_host, "an id in braces doesn't tell whose it is; use the names of workspace and repository instead"
        )
    evidence = f"this kind of {request.method} request is not understood"
    if segments[:1] == ("repositories",) and len(segments) > 2 and all(is_name(name) for name in segments[1:3]):
        return unidentified(forge_host, evidence, owner=segments[1], repository=segments[2])
    return unidentified(forge_host, evidence)


def _row(name: str, request: Request, forge_host: ForgeHost, path: Path) -> Target | None:
    match = listed(name, request.method, path)
    if match is None:
        return None
    owner, repository = match.captures.get("workspace"), match.captures.get("repo")
    if repository is not None:
        repository = repository.removesuffix(".git")
        if repository.lower().endswith(".git") or not is_name(repository):
            return None
    if name == "bitbucket-web" and (owner or "").lower() in pages("bitbucket"):
        return None
    call = Call(
        request=request, forge_host=forge_host, path=path, route=match.route, owner=owner, repository=repository
    )
    handler = _BY_ROLE.get(match.route.role or "")
    return handler(call) if handler else _plain(call)


def _plain(call: Call) -> Target:
    operation = call.route.operation
    address = None
    if call.owner is None and operation.effect not in (Effect.WRITE, Effect.READ):
        address = call.forge_host.forge
    return named(call.forge_host, call.owner, call.repository, operation, call.evidence, address=address)


def _fork(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "workspace", "name")
    owner = repository = None
    if fields is not None:
        owner = plain_name(below(fields, "workspace"), "slug")
        repository = plain_name(fields, "name") if given(fields, "name") else call.repository
    also = (other(call.forge_host, call.owner, call.repository, "parent"),)
    wants = unread(call.request)
    return named(call.forge_host, owner, repository, Operation.FORK, call.evidence, also=also, wants_body=wants)


def _source(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "source", "destination")
    here = f"{call.owner}/{call.repository}".lower()
    also: tuple[Also, ...] = ()
    certain = fields is not None or unread(call.request)
    for key in ("source", "destination") if fields else ():
        repository = below(below(fields or {}, key), "repository")
        if not repository:
            continue
        names = namespace(text(repository, "full_name") or "")
        if names is None or len(names) != 2 or (key == "destination" and "/".join(names).lower() != here):
            certain = False
        elif "/".join(names).lower() != here:
            also = (other(call.forge_host, names[0], names[1], "source"),)
    wants = unread(call.request)
    if not certain:
        evidence = "the body doesn't tell certainly between which repositories"
        return unidentified(call.forge_host, evidence, owner=call.owner, repository=call.repository)
    operation = call.route.operation
    return named(call.forge_host, call.owner, call.repository, operation, call.evidence, also=also, wants_body=wants)


def _snippet(call: Call) -> Target:
    address = personal_snippets(call.forge_host)
    if call.owner is not None:
        address = f"{address}/{call.owner}"
    return named(call.forge_host, call.owner, None, call.route.operation, call.evidence, address=address)


def _account(call: Call) -> Target:
    return named(call.forge_host, None, None, call.route.operation, call.evidence)


_BY_ROLE: Mapping[str, Callable[[Call], Target]] = {
    "fork": _fork,
    "source": _source,
    "snippet": _snippet,
    "account": _account,
}


def _read(request: Request, forge_host: ForgeHost, names: tuple[str, ...]) -> Target:
    evidence = f"{request.method} without a body"
    if not names or not all(is_name(name) for name in names[:2]):
        return plain_read(forge_host, evidence)
    repository = names[1].removesuffix(".git") if len(names) > 1 else None
    if repository is not None and not is_name(repository):
        return plain_read(forge_host, evidence)
    return plain_read(forge_host, evidence, owner=names[0], repository=repository)


def repository_of(forge_host: ForgeHost, names: tuple[str, ...], directory: Directory) -> Repository | None:
    """`workspace/name`, its wiki, and snippets; on Data Center `scm/KEY/name`."""
    if not all(is_name(name) for name in names):
        return None
    if forge_host.instance is not None:
        return pair(forge_host, names[1:]) if names[0] in ("scm", "git") else None
    if names[0] == "snippets":
        if len(names) not in (3, 4):
            return None
        return found(forge_host, names[1], None, f"{personal_snippets(forge_host)}/{names[1]}")
    if len(names) == 3 and names[2] in ("wiki", "wiki.git"):
        names = names[:2]
    return pair(forge_host, names)


FORGE = Forge(
    kind=Kind.BITBUCKET,
    read=read,
    repository_of=repository_of,
    graphql=frozenset({(Role.WEB, ("gateway", "api", "graphql"))}),
)

"""Bitbucket Data Center: projects, personal projects (`~user`) and their repositories, behind `/rest/NAME/VERSION`.

git and LFS are understood before a request comes here. The routes are data (`data/bitbucket-dc-*.routes`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forgewall.identify import plain
from forgewall.identify.body import unread
from forgewall.identify.fields import below, given, json_fields, plain_name
from forgewall.identify.forges.bitbucket_call import Call
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.tables import table
from forgewall.identify.targets import named, other, plain_read, unidentified
from forgewall.model import Also, Effect, Operation, Request, Target

_VERSIONS = frozenset({"latest", "1.0", "2.0"})


def identify(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """The target of a request to a Data Center instance; `path` is without the instance's prefix and not odd."""
    segments = _projects(path.segments)
    match = table("bitbucket-dc-web").match(request.method, segments)
    if match is None and segments[:1] == ("rest",) and len(segments) > 3 and segments[2] in _VERSIONS:
        segments = _projects((segments[1], *segments[3:]))
        match = table("bitbucket-dc-api").match(request.method, segments)
    at = segments.index("projects") if "projects" in segments[:2] else len(segments)
    owner = segments[at + 1] if len(segments) > at + 1 else None
    repository = segments[at + 3] if segments[at + 2 : at + 3] == ("repos",) and len(segments) > at + 3 else None
    if match is not None and "repo" in match.captures:
        owner, repository = match.captures["owner"], match.captures["repo"]
    repository = repository.removesuffix(".git") if repository else None
    known = all(name is None or is_name(name) for name in (owner, repository))
    if request.method in plain.READS:
        evidence = f"{request.method} without a body"
        if not known:
            return plain_read(forge_host, evidence)
        return plain_read(forge_host, evidence, owner=owner, repository=repository)
    if match is None or not known or (not path.splits_alike and "{**}" not in match.route.pattern):
        evidence = f"this kind of {request.method} request is not understood"
        return (
            unidentified(forge_host, evidence, owner=owner, repository=repository)
            if known
            else unidentified(forge_host, evidence)
        )
    call = Call(
        request=request, forge_host=forge_host, path=path, route=match.route, owner=owner, repository=repository
    )
    handler = _BY_ROLE.get(match.route.role or "")
    return handler(call) if handler else _plain(call)


def _projects(segments: tuple[str, ...]) -> tuple[str, ...]:
    """`…users/NAME/repos/…` as `…projects/~NAME/repos/…`, which is the same place."""
    for at in (0, 1):
        if segments[at : at + 1] == ("users",) and segments[at + 2 : at + 3] == ("repos",):
            return (*segments[:at], "projects", f"~{segments[at + 1]}", *segments[at + 2 :])
    return segments


def _plain(call: Call) -> Target:
    operation = call.route.operation
    if call.owner is None and operation.effect not in (Effect.WRITE, Effect.READ):
        return _instance(call)
    return call.target(operation)


def _fork(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "project", "name", "slug")
    owner = repository = None
    if fields is not None:
        owner = plain_name(below(fields, "project"), "key")
        repository = _slug(fields) if given(fields, "name") or given(fields, "slug") else call.repository
    also = (other(call.forge_host, call.owner, call.repository, "parent"),)
    wants = unread(call.request)
    return named(call.forge_host, owner, repository, Operation.FORK, call.evidence, also=also, wants_body=wants)


def _create(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "name", "slug")
    repository = None if fields is None else _slug(fields)
    wants = unread(call.request)
    return named(call.forge_host, call.owner, repository, Operation.CREATE_REPO, call.evidence, wants_body=wants)


def _project(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "key")
    owner = None if fields is None else plain_name(fields, "key")
    wants = unread(call.request)
    return named(call.forge_host, owner, None, Operation.CREATE_REPO, call.evidence, wants_body=wants)


def _settings(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "public", "project")
    if fields is None:
        return call.doubtful("the body doesn't tell certainly what changes")
    moves, publishes = given(fields, "project"), "public" in fields
    if moves:
        owner = plain_name(below(fields, "project"), "key")
        if publishes or owner is None:
            return call.doubtful("the body doesn't tell certainly what changes")
        also = (other(call.forge_host, owner, call.repository, "destination"),)
        return call.target(Operation.TRANSFER, also=also)
    return call.target(Operation.VISIBILITY if publishes or not fields else Operation.OTHER_WRITE)


def _source(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "fromRef", "toRef")
    if fields is None and not unread(call.request):
        return call.doubtful("the body doesn't tell certainly between which repositories")
    also: tuple[Also, ...] = ()
    here = f"{call.owner}/{call.repository}".lower()
    for key in ("fromRef", "toRef"):
        repository = below(below(fields or {}, key), "repository")
        if not repository:
            continue
        owner, slug = plain_name(below(repository, "project"), "key"), plain_name(repository, "slug")
        same = f"{owner}/{slug}".lower() == here
        if owner is None or slug is None or (key == "toRef" and not same):
            return call.doubtful("the body doesn't tell certainly between which repositories")
        if not same:
            also = (other(call.forge_host, owner, slug, "source"),)
    return call.target(call.route.operation, also=also, wants_body=unread(call.request))


def _slug(fields: Mapping[str, object]) -> str | None:
    return plain_name(fields, "slug" if given(fields, "slug") else "name")


def _account(call: Call) -> Target:
    return named(call.forge_host, None, None, call.route.operation, call.evidence)


def _instance(call: Call) -> Target:
    forge = call.forge_host
    return named(forge, None, None, call.route.operation, call.evidence, address=forge.forge)


def _by_id(call: Call) -> Target:
    return call.doubtful("a number or a commit in the request doesn't tell whose it is")


_BY_ROLE: Mapping[str, Callable[[Call], Target]] = {
    "fork": _fork,
    "create": _create,
    "project": _project,
    "settings": _settings,
    "source": _source,
    "account": _account,
    "instance": _instance,
    "id": _by_id,
}

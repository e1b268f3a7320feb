"""The REST API of GitLab: which project or group a listed route writes to, and what its parameters add.

GitLab merges query and body, JSON or form. The routes are data (`data/gitlab-api.routes`). What is *not* here: reads,
web pages (`gitlab`) and GraphQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from forgewall.identify.body import unread
from forgewall.identify.fields import given, merged_fields, plain_name, text
from forgewall.identify.paths import Path, is_name, namespace
from forgewall.identify.query import base_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Route
from forgewall.identify.tables import table
from forgewall.identify.targets import named, other, personal_snippets, unidentified
from forgewall.model import Also, Effect, Operation, Request, Target

_ID = re.compile(r"-?[0-9]+")
_PUBLIC = frozenset(
    {
        "enforce_auth_checks_on_uploads",
        "ip_restriction_ranges",
        "prevent_forking_outside_group",
        "prevent_sharing_groups_outside_hierarchy",
        "public",
        "public_builds",
        "public_jobs",
        "request_access_enabled",
        "share_with_group_lock",
        "visibility",
        "visibility_level",
    }
)
_FORMATS = (".json", ".txt", ".xml")  # Grape cuts them off the last segment
# Quick actions that copy an issue to another project. GitLab drops carriage returns before it looks for them.
_LEAVES = re.compile(r"^\s*/(?:move|clone)\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project, or a group if `repository` is None. `owner` is the full group path."""

    owner: str
    repository: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on a listed route; `place` is None where the path names none."""

    request: Request
    forge_host: ForgeHost
    path: Path
    route: Route
    place: Place | None

    @property
    def evidence(self) -> str:
        """The row that was found."""
        return f"{self.request.method} /{'/'.join(self.route.pattern)}"

    def target(self, operation: Operation, *, wants_body: bool = False) -> Target:
        """The target of `operation` in this place."""
        owner, repository = (self.place.owner, self.place.repository) if self.place else (None, None)
        return named(self.forge_host, owner, repository, operation, self.evidence, wants_body=wants_body)

    def doubtful(self, evidence: str) -> Target:
        """The target where a second place stays unknown."""
        owner, repository = (self.place.owner, self.place.repository) if self.place else (None, None)
        wants = unread(self.request)
        return unidentified(self.forge_host, evidence, owner=owner, repository=repository, wants_body=wants)


def identify_api(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """The target of a request to the REST API that isn't a plain read; `path` is without `/api/v4`."""
    match = table("gitlab-api").match(request.method, path.segments)
    if match is None:
        where = place_of(path.segments[1], path.segments[0]) if len(path.segments) > 1 else None
        evidence = f"this kind of {request.method} request is not understood"
        if where is None:
            return unidentified(forge_host, evidence)
        return unidentified(forge_host, evidence, owner=where.owner, repository=where.repository)
    call = Call(request=request, forge_host=forge_host, path=path, route=match.route, place=None)
    project = match.captures.get("project")
    if project is not None:
        where = place_of(project, match.route.pattern[0])
        if where is None or (match.route.pattern[-1] == "{project}" and project.lower().endswith(_FORMATS)):
            return _nowhere(call, project)
        call = Call(request=request, forge_host=forge_host, path=path, route=match.route, place=where)
    return answer(call)


def answer(call: Call) -> Target:
    """The target of a listed route, by the role of its row."""
    handler = _BY_ROLE.get(call.route.role or "")
    if handler is not None:
        return handler(call)
    return call.target(call.route.operation) if call.place else _homeless(call)


def place_of(text_: str, collection: str) -> Place | None:
    """The project or group that a decoded `group/sub/repo` names below `projects` or `groups`; None for an id."""
    names = namespace(text_)
    if names is None or collection not in ("projects", "groups") or _ID.fullmatch(text_) or "-" in names:
        return None
    if collection == "groups":
        return Place(owner=text_, repository=None)
    return project_of(names)


def project_of(names: tuple[str, ...]) -> Place | None:
    """The project that the names of groups and, last, its own make; one `.git` is dropped."""
    last = names[-1].removesuffix(".git") if names else ""
    if len(names) < 2 or not all(is_name(name) for name in (*names, last)) or last.lower().endswith(".git"):
        return None
    return Place(owner="/".join(names[:-1]), repository=last)


def _homeless(call: Call) -> Target:
    """A listed route whose path names no place: with an address only if it carries nothing that is anybody's."""
    operation = call.route.operation
    address = call.forge_host.forge if operation.effect not in (Effect.WRITE, Effect.READ) else None
    return named(call.forge_host, None, None, operation, call.evidence, address=address)


def _nowhere(call: Call, project: str) -> Target:
    if call.route.operation.effect is not Effect.WRITE:
        return _homeless(call)
    if _ID.fullmatch(project):
        group = call.route.pattern[0] == "groups"
        what, example = ("group", "group%2Fsubgroup") if group else ("project", "group%2Fproject")
        evidence = f"the number {project} doesn't tell whose {what} it is; use the {what}'s path ({example}) instead"
        return unidentified(call.forge_host, evidence)
    return unidentified(call.forge_host, "the path names no certain project or group")


def _namespace(fields: Mapping[str, object], *names: str) -> str | None:
    """The group path that exactly one of the parameters `names` gives; None if none does, or it is an id."""
    found = [name for name in names if given(fields, name)]
    value = text(fields, found[0]) if len(found) == 1 else None
    return value if value is not None and namespace(value) and not _ID.fullmatch(value) else None


def _created(call: Call, owner: str | None, repository: str | None, *, forked: bool = False) -> Target:
    also: tuple[Also, ...] = ()
    if forked and call.place:
        also = (other(call.forge_host, call.place.owner, call.place.repository, "parent"),)
    return named(
        call.forge_host,
        owner,
        repository,
        call.route.operation,
        call.evidence,
        also=also,
        wants_body=unread(call.request),
    )


def _fork(call: Call) -> Target:
    keys = ("namespace_path", "namespace", "namespace_id")
    fields = merged_fields(call.request, call.path, "path", *keys)
    if fields is None or call.place is None:
        return _created(call, None, None, forked=True)
    repository = plain_name(fields, "path") if given(fields, "path") else call.place.repository
    return _created(call, _namespace(fields, *keys), repository, forked=True)


def _create(call: Call) -> Target:
    fields = merged_fields(call.request, call.path, "path")
    return _created(call, None, None if fields is None else plain_name(fields, "path"))


def _import(call: Call) -> Target:
    keys = ("target_namespace", "namespace_path", "namespace", "namespace_id")
    fields = merged_fields(call.request, call.path, "new_name", "path", *keys)
    if fields is None:
        return _created(call, None, None)
    owner = _namespace(fields, *keys)
    return _created(call, owner, plain_name(fields, "new_name" if given(fields, "new_name") else "path"))


def _transfer(call: Call) -> Target:
    keys = ("namespace", "new_namespace_id", "group_id")
    fields = merged_fields(call.request, call.path, *keys)
    if fields is None or call.place is None:
        return call.doubtful("the parameters don't tell certainly where it moves")
    destination = _namespace(fields, *keys)
    if destination is None and any(given(fields, key) for key in keys):
        return call.doubtful("the number of the new namespace doesn't tell whose it is; use its path instead")
    also = (other(call.forge_host, destination, call.place.repository, "destination"),) if destination else ()
    place = call.place
    return named(call.forge_host, place.owner, place.repository, call.route.operation, call.evidence, also=also)


def _settings(call: Call) -> Target:
    fields = merged_fields(call.request, call.path)
    operation = Operation.OTHER_WRITE
    if not fields or any(base_name(key) in _PUBLIC or "access_level" in key.lower() for key in fields):
        operation = Operation.VISIBILITY
    elif any("import_url" in key.lower() or "mirror" in key.lower() for key in fields):
        operation = Operation.MIRROR
    return call.target(operation, wants_body=unread(call.request))


def _target(call: Call) -> Target:
    fields = merged_fields(call.request, call.path)
    if fields is None:
        return call.doubtful("the parameters don't tell certainly where the merge request goes")
    # `merge_request[target_project_id]` is how the web form writes it.
    if any("target_project" in key.lower() for key in fields) or isinstance(fields.get("merge_request"), dict):
        return call.doubtful("the number of the target project doesn't tell whose it is")
    return call.target(call.route.operation)


def _remark(call: Call) -> Target:
    """A text of an issue that exists: GitLab carries out the quick actions in it, and some copy the issue elsewhere."""
    if unread(call.request):
        return call.target(call.route.operation, wants_body=True)
    fields = merged_fields(call.request, call.path)
    if fields is None:
        return call.doubtful("the parameters can't be searched for quick actions")
    if any(_LEAVES.search(found.replace("\r", "")) for found in _texts(fields)):
        return call.doubtful("a quick action may copy the issue to another project")
    return call.target(call.route.operation)


def _texts(fields: Mapping[str, object]) -> Iterator[str]:
    left: list[object] = [fields]
    while left:
        match left.pop():
            case str(found):
                yield found
            case dict(found):
                left += found.values()
            case list(found):
                left += found
            case _:
                pass


def _snippet(call: Call) -> Target:
    address = personal_snippets(call.forge_host)
    return named(call.forge_host, None, None, call.route.operation, call.evidence, address=address)


def _instance(call: Call) -> Target:
    forge = call.forge_host
    return named(forge, None, None, call.route.operation, call.evidence, address=forge.forge)


def _by_id(call: Call) -> Target:
    return call.doubtful("a number in the request doesn't tell whose it is")


_BY_ROLE: Mapping[str, Callable[[Call], Target]] = {
    "fork": _fork,
    "create": _create,
    "import": _import,
    "transfer": _transfer,
    "settings": _settings,
    "target": _target,
    "remark": _remark,
    "snippet": _snippet,
    "instance": _instance,
    "id": _by_id,
}

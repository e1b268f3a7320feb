"""GitLab's routes after which a project or a group is there that wasn't: create, fork, import, and groups.

The new place stands in the parameters. Without one it comes to be in the caller's own namespace, whose name the request
doesn't tell: then there is no address. What an import reads from is no second repository: nothing is sent there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from forgewall.identify.fields import given, plain_name, text
from forgewall.identify.forges.gitlab_call import UNREADABLE, Call, Fields, visibility_in
from forgewall.identify.forges.gitlab_place import Place
from forgewall.identify.paths import namespace
from forgewall.identify.targets import fold
from forgewall.model import Also, Operation, Target, Visibility

# What Rails' `parameterize` leaves as it is, but for case, so that a name alone tells the path.
_SLUG = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")


def _new(
    call: Call,
    owner: Place | str | None,
    repository: str | None,
    *,
    operation: Operation | None = None,
    also: tuple[Also, ...] = (),
    visibility: Visibility | None = None,
) -> Target:
    """The target of what creates `repository` at `owner`, which may be a sentence why nobody knows whom that is."""
    if isinstance(owner, Place):
        place = Place(owner=owner.path, repository=repository)
        return call.at(place).target(operation, also=also, visibility=visibility)
    target = call.at(None).target(operation, also=also, wants_body=call.unread, visibility=visibility)
    evidence = owner if isinstance(owner, str) else call.evidence
    return replace(target, repository=repository, evidence=evidence)


def _one(call: Call, fields: Fields, *names: str) -> Place | str | None:
    """The namespace that exactly one of the parameters `names` names; None if none is given."""
    found = [name for name in names if given(fields, name)]
    if len(found) > 1:
        return f"{found[0]} and {found[1]} may name different namespaces"
    return call.finder.namespace(fields[found[0]]) if found else None


def _path(fields: Fields, path: str, name: str) -> str | None:
    if given(fields, path):
        return plain_name(fields, path)
    said = text(fields, name)
    return said if said is not None and _SLUG.fullmatch(said) else None


def create(call: Call) -> Target:
    """`POST /projects`."""
    return _create(call, "", call.fields("path", "name", "namespace_id", "visibility", *_TEMPLATES))


def create_in_browser(call: Call) -> Target:
    """`POST /projects` of the web pages."""
    return _create(call, "project", call.nested(*_named("project", "path", "name", "namespace_id", *_TEMPLATES)))


_TEMPLATES = ("template_project_id", "group_with_project_templates_id", "import_url", "visibility_level")


def _named(model: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{model}[{name}]" if model else name for name in names)


def _create(call: Call, model: str, fields: Fields | None) -> Target:
    if fields is None:
        return _new(call, None, None)
    path, name, space, project, group, url, level, word = _named(
        model, "path", "name", "namespace_id", *_TEMPLATES, "visibility"
    )
    also: list[Also] = []
    for key, find in ((project, call.finder.project), (group, call.finder.group)):
        if given(fields, key):
            source = find(fields[key])
            if isinstance(source, str):
                return _new(call, source, _path(fields, path, name))
            also.append(call.also(source, "source"))
    operation = Operation.IMPORT if given(fields, url) else None
    return _new(
        call,
        _one(call, fields, space),
        _path(fields, path, name),
        operation=operation,
        also=tuple(also),
        visibility=visibility_in(fields, level, word),
    )


def create_for(call: Call) -> Target:
    """`POST /projects/user/:user_id`."""
    owner = call.finder.user(call.match.captures["user"])
    fields = call.fields("path", "name", "visibility")
    if fields is None:
        return _new(call, owner if isinstance(owner, str) else UNREADABLE, None)
    operation = Operation.IMPORT if given(fields, "import_url") else None
    visibility = visibility_in(fields, "visibility")
    return _new(call, owner, _path(fields, "path", "name"), operation=operation, visibility=visibility)


def fork(call: Call) -> Target:
    """`POST /projects/:id/fork`: the new project stands in the parameters, its parent in the path."""
    keys = ("namespace_path", "namespace", "namespace_id")
    fields = call.fields("path", "visibility", *keys)
    target = _fork(call, fields, *keys)
    silent = fields is not None and not any(given(fields, name) for name in ("visibility", "visibility_level"))
    return replace(target, visibility=_inherited(call)) if silent else target


def fork_in_browser(call: Call) -> Target:
    """`POST /-/forks` of the web pages, where `namespace_key` is a namespace's number."""
    return _fork(call, call.nested("path", "namespace_key", "project[path]"), "namespace_key")


def _fork(call: Call, fields: Fields | None, *keys: str) -> Target:
    also = (call.also(call.place, "parent"),) if call.place else ()
    if fields is None or call.place is None:
        return _new(call, None, None, also=also)
    repository = plain_name(fields, "path") if given(fields, "path") else call.place.repository
    return _new(call, _one(call, fields, *keys), repository, also=also, visibility=visibility_in(fields, "visibility"))


def _inherited(call: Call) -> Visibility | None:
    """What a fork will be whose parameters don't say it: as its parent, or less if the namespace is less visible."""
    if call.place is None:
        return None
    seen = call.finder.directory.visibility(fold(call.forge_host.kind, f"{call.forge_host.forge}/{call.place.path}"))
    return seen if seen is Visibility.PRIVATE else None


def import_project(call: Call) -> Target:
    """Imports of one project, from an archive or another forge."""
    keys = ("target_namespace", "new_namespace", "namespace_path", "namespace", "namespace_id")
    names = ("new_name", "path", "name", "new_slug")
    fields = call.fields(*names, *keys)
    if fields is None:
        return _new(call, None, None)
    path = next((name for name in ("new_slug", "new_name", "path") if given(fields, name)), "path")
    return _new(call, _one(call, fields, *keys), _path(fields, path, "name"))


def import_relation(call: Call) -> Target:
    """`POST /projects/import-relation`: `path` is the whole path of a project that exists."""
    fields = call.fields("path")
    place = None if fields is None else call.finder.project(text(fields, "path"))
    if not isinstance(place, Place):
        return _new(call, place, None)
    return call.at(place).target()


def create_group(call: Call) -> Target:
    """`POST /groups` and imports of one group: below `parent_id`, else at the top."""
    return _group(call, call.fields("path", "parent_id", "visibility"), "path", "parent_id", "visibility")


def create_group_in_browser(call: Call) -> Target:
    """`POST /groups` of the web pages."""
    names = ("group[path]", "group[parent_id]", "group[visibility_level]")
    return _group(call, call.nested(*names), *names)


def import_group_in_browser(call: Call) -> Target:
    """`POST /import/gitlab_group`: the names stand bare."""
    return _group(call, call.nested("path", "parent_id"), "path", "parent_id", "visibility")


def _group(call: Call, fields: Fields | None, path: str, parent: str, level: str) -> Target:
    name = None if fields is None else plain_name(fields, path)
    if fields is None or name is None:
        return _new(call, None if fields is None else "no certain group is named", None)
    above = _one(call, fields, parent)
    if isinstance(above, str):
        return _new(call, above, None)
    owner = name if above is None else f"{above.path}/{name}"
    return _new(call, Place(owner=owner, repository=None), None, visibility=visibility_in(fields, level))


def import_many(call: Call) -> Target:
    """`POST /bulk_imports` and its like: a list of groups and projects, each with its own destination."""
    fields = call.fields("entities", "bulk_import")
    if fields is None:
        return _new(call, None, None)
    rows = fields.get("entities") if given(fields, "entities") else fields.get("bulk_import")
    if not isinstance(rows, list) or not rows or (given(fields, "entities") and given(fields, "bulk_import")):
        return _new(call, UNREADABLE, None)
    places = [_entity(row) for row in rows]
    if any(place is None for place in places):
        return _new(call, UNREADABLE, None)
    first, *rest = [place for place in places if place is not None]
    return call.at(first).target(also=tuple(call.also(place, "destination") for place in rest if place != first))


def _entity(row: object) -> Place | None:
    if not isinstance(row, dict):
        return None
    name = next((row[key] for key in ("destination_slug", "destination_name") if given(row, key)), None)
    above = row.get("destination_namespace")
    if not isinstance(name, str) or not isinstance(above, str):
        return None
    names = namespace(f"{above}/{name}" if above else name)
    if names is None or "-" in names or (not above and len(names) > 1):
        return None
    return Place(owner="/".join(names), repository=None)


NEW: Mapping[str, Callable[[Call], Target]] = {
    "create": create,
    "create-in-browser": create_in_browser,
    "create-for": create_for,
    "create-group": create_group,
    "create-group-in-browser": create_group_in_browser,
    "fork": fork,
    "fork-in-browser": fork_in_browser,
    "import": import_project,
    "import-relation": import_relation,
    "import-group-in-browser": import_group_in_browser,
    "import-many": import_many,
}
"""What the roles of rows that bring something into being do."""

"""What the bodies of Hugging Face's API add to a listed route: repositories that are created, copied, moved or mounted.

The Hub reads JSON by the exact names of its keys, and NDJSON for files of buckets. What is *not* here: the routes, and
whom paths name (`huggingface`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from forgewall.identify.body import json_object, unread
from forgewall.identify.fields import below, given, json_fields, text
from forgewall.identify.forges.huggingface_call import Call
from forgewall.identify.forges.huggingface_lines import json_lines
from forgewall.identify.forges.huggingface_place import PREFIXES, Place, is_account, place, place_of, said_visibility
from forgewall.identify.paths import Path
from forgewall.identify.query import values
from forgewall.identify.targets import named
from forgewall.model import Also, Operation, Target

_VISIBILITY = ("private", "visibility")
# What in a repository's settings changes nothing about who can read it; all else is taken for a change of that.
_HARMLESS = frozenset(
    {"cdnRegions", "discussionsDisabled", "discussionsSorting", "gatedNotificationsEmail", "gatedNotificationsMode"}
)
_LINES = frozenset({"addFile", "deleteFile"})
_SITE = "huggingface.co"
_UNKNOWN = Also(address=None, owner=None, repository=None, role="source")


def create(call: Call) -> Target:
    """`repos/create`: without `organization` it is in the account of whoever asks."""
    fields = json_fields(call.request, call.path, "name", "organization", "type", *_VISIBILITY)
    if fields is None:
        return call.doubtful("the body doesn't tell certainly which repository is created")
    where = _named(fields)
    if where is None and not given(fields, "organization") and text(fields, "name"):
        return call.doubtful("the request doesn't say in whose account; name the repository with its owner, acme/name")
    if where is None:
        return call.doubtful("the body names no certain repository to create")
    also = tuple(_beside(call, where, fields))
    return call.on(where, call.operation, also=also, visibility=said_visibility(fields))


def delete(call: Call) -> Target:
    """`repos/delete`."""
    fields = json_fields(call.request, call.path, "name", "organization", "type")
    where = None if fields is None else _named(fields)
    if where is None:
        return call.doubtful("the body doesn't tell certainly which repository is deleted")
    return call.on(where, call.operation)


def move(call: Call) -> Target:
    """`repos/move`: a new name or another owner."""
    fields = json_fields(call.request, call.path, "fromRepo", "toRepo", "type")
    if fields is None:
        return call.doubtful("the body doesn't tell certainly which repository moves")
    kind = fields.get("type", "model")
    source, destination = place_of(kind, fields.get("fromRepo")), place_of(kind, fields.get("toRepo"))
    if source is None or destination is None:
        return call.doubtful("the body doesn't tell certainly which repository moves where")
    return call.on(source, call.operation, also=(destination.also(call.forge_host, "destination"),))


def duplicate(call: Call) -> Target:
    """`…/duplicate`: a copy of the repository in the path, of the same type."""
    fields = json_fields(call.request, call.path, "repository", *_VISIBILITY)
    said = None if fields is None else text(fields, "repository")
    names = tuple(said.split("/")) if said else ()
    where = place(call.place.prefix, names) if call.place and len(names) == 2 else None
    if where is None or fields is None or call.place is None:
        return call.doubtful("the body doesn't tell certainly where the copy goes")
    also = (call.place.also(call.forge_host, "parent"), *_beside(call, where, fields))
    return call.on(where, call.operation, also=also, visibility=said_visibility(fields))


def copy(call: Call) -> Target:
    """`lfs-files/duplicate`: files of the repository in the path get into the one that `target` names."""
    fields = json_fields(call.request, call.path, "target")
    target = {} if fields is None else below(fields, "target")
    where = place_of(target.get("type", "model"), target.get("name"))
    if where is None or call.place is None:
        return call.doubtful("the body doesn't tell certainly where the files are copied to")
    return call.on(where, call.operation, also=(call.place.also(call.forge_host, "source"),))


def settings(call: Call) -> Target:
    """`…/settings`: anything that isn't known to be harmless counts as a change of who can read the repository."""
    if call.place is None:
        return call.doubtful("the path names no repository")
    fields = json_fields(call.request, call.path, *_VISIBILITY)
    if fields and fields.keys() <= _HARMLESS:
        return call.on(call.place, Operation.OTHER_WRITE)
    visibility = said_visibility(fields) if fields else None
    return call.on(call.place, call.operation, wants_body=unread(call.request), visibility=visibility)


def bucket(call: Call) -> Target:
    """A bucket that is created by its path."""
    if call.place is None:
        return call.doubtful("the path names no repository")
    fields = json_fields(call.request, call.path, *_VISIBILITY) or {}
    visibility = said_visibility(fields)
    return call.on(call.place, call.operation, wants_body=unread(call.request), visibility=visibility)


def discussion(call: Call) -> Target:
    """A new discussion, or with `pullRequest` a pull request."""
    if call.place is None:
        return call.doubtful("the path names no repository")
    if unread(call.request):
        return call.on(call.place, Operation.PULL_REQUEST, wants_body=True)
    fields = json_fields(call.request, call.path, "pullRequest")
    said = False if fields is None else fields.get("pullRequest", False)
    if fields is None or not (said is None or isinstance(said, bool)):
        return call.doubtful("the body doesn't tell certainly whether it is a pull request")
    return call.on(call.place, Operation.PULL_REQUEST if said else Operation.DISCUSSION)


def lines(call: Call) -> Target:
    """`…/batch` of a bucket: one file on each line, and it may be copied from elsewhere."""
    found = json_lines(call.request)
    if found is None or call.place is None:
        return call.doubtful("the lines of the body don't tell certainly where files are copied from")
    also: dict[Also, None] = {}
    for line in found:
        kind = line.get("type")
        if kind == "copyFile":
            source = place_of(line.get("sourceRepoType"), line.get("sourceRepoId"))
            also[_UNKNOWN if source is None else source.also(call.forge_host, "source")] = None
        elif kind not in _LINES or any(name.lower().startswith("source") for name in line):
            return call.doubtful("a line of the body isn't known to add, copy or delete a file")
    return call.on(call.place, call.operation, also=tuple(also))


def volumes(call: Call) -> Target:
    """Repositories that become folders of a space."""
    fields = json_fields(call.request, call.path, "volumes")
    if fields is None or call.place is None:
        return call.doubtful("the body doesn't tell certainly which repositories become folders")
    return call.on(call.place, call.operation, also=tuple(_volumes(call, fields)))


def job(call: Call) -> Target:
    """A job: commands that run in the owner's name, with repositories for folders, perhaps in a space's image."""
    fields = json_fields(call.request, call.path, "volumes", "spaceId", "jobSpec")
    if fields is None or call.owner is None:
        return call.doubtful("the body doesn't tell certainly which repositories become folders")
    spec = below(fields, "jobSpec") if "jobSpec" in fields else fields
    also = [*_volumes(call, spec)]
    if given(spec, "spaceId"):
        also.append(_source(call, "space", spec.get("spaceId")))
    return call.of_owner(call.owner, call.operation, also=tuple(also))


def model(call: Call) -> Target:
    """An inference endpoint: its model is only read."""
    fields = json_fields(call.request, call.path, "model")
    if fields is None or call.owner is None:
        return call.doubtful("the body doesn't tell certainly whose model is run")
    said = below(fields, "model")
    also = (_source(call, "model", said.get("repository")),) if given(said, "repository") else ()
    return call.of_owner(call.owner, call.operation, also=also)


def hooks(call: Call) -> Target:
    """A new webhook: it tells somebody else what happens in all that is `watched`."""
    fields = json_fields(call.request, call.path, "watched", "job", "jobSourceId")
    watched = None if fields is None else fields.get("watched")
    if fields is None or not isinstance(watched, list) or not watched:
        return call.doubtful("the body doesn't tell certainly what the webhook watches")
    if given(fields, "job") or given(fields, "jobSourceId"):
        return call.doubtful("the request doesn't say in whose account the webhook's job runs")
    targets = [_watched(call, entry) for entry in watched]
    if any(target is None for target in targets):
        return call.doubtful("the body doesn't tell certainly what the webhook watches")
    first, *others = (target for target in targets if target is not None)
    also = tuple(
        Also(address=one.address, owner=one.owner, repository=one.repository, role="second", operation=call.operation)
        for one in others
    )
    return replace(first, also=also)


def collection(call: Call) -> Target:
    """A new collection, whose owner stands in `namespace`."""
    fields = json_fields(call.request, call.path, "namespace")
    owner = None if fields is None else text(fields, "namespace")
    if owner is None or not is_account(owner):
        return call.doubtful("the body doesn't tell certainly whose collection it is")
    return call.of_owner(owner, call.operation)


def jwt(call: Call) -> Target:
    """A token for a repository; one that may write is not only read."""
    if call.place is None:
        return call.doubtful("the path names no repository")
    return call.on(call.place, Operation.TOKEN if may_write(call.path) else call.operation)


def may_write(path: Path) -> bool:
    """Whether the query asks for a token that may write."""
    return any(value.lower() != "false" for value in values(path.query, "write"))


def _named(fields: Mapping[str, object]) -> Place | None:
    kind, owner, name = fields.get("type"), text(fields, "organization"), text(fields, "name")
    kind = "model" if kind is None else kind
    if not isinstance(kind, str) or kind not in PREFIXES or owner is None or name is None:
        return None
    return place(PREFIXES[kind], (owner, name))


def _beside(call: Call, where: Place, fields: Mapping[str, object]) -> Iterator[Also]:
    """What else a new repository gets: secrets, first files, folders, the files of a template."""
    if fields.get("files"):
        yield where.also(call.forge_host, "second", Operation.CONTENTS)
    if fields.get("secrets") or fields.get("variables"):
        yield where.also(call.forge_host, "second", Operation.SECRET)
    if given(fields, "template"):
        yield _source(call, "space", fields.get("template"))
    yield from _volumes(call, fields)


def _volumes(call: Call, fields: Mapping[str, object]) -> Iterator[Also]:
    found = fields.get("volumes")
    if not found:
        return
    for entry in found if isinstance(found, list) else [found]:
        volume = entry if isinstance(entry, dict) else {}
        where = place_of(volume.get("type"), volume.get("source"))
        if where is None:
            yield _UNKNOWN
        elif volume.get("readOnly", where.prefix != "buckets") is True:
            yield where.also(call.forge_host, "source")
        else:
            yield where.also(call.forge_host, "destination", Operation.CONTENTS)


def _source(call: Call, kind: str, text: object) -> Also:
    where = place_of(kind, text)
    return _UNKNOWN if where is None else where.also(call.forge_host, "source")


def _watched(call: Call, entry: object) -> Target | None:
    if not isinstance(entry, dict):
        return None
    kind, name = entry.get("type"), entry.get("name")
    if kind in ("user", "org"):
        return call.of_owner(name, call.operation) if isinstance(name, str) and is_account(name) else None
    where = place_of(kind, name)
    return None if where is None else call.on(where, call.operation)


def page_view(call: Call) -> Target:
    """`/api/event`: a page was looked at. Plausible counts it for the site that the body names, maybe a stranger's."""
    found = json_object(call.request)
    if found is None or found.get("d") != _SITE or "domain" in found:
        return call.doubtful("the body doesn't tell certainly that it is for the Hub's own statistics")
    return named(call.forge_host, None, None, call.operation, call.evidence, address=call.forge_host.forge)


BY_ROLE: Mapping[str, Callable[[Call], Target]] = MappingProxyType(
    {
        "create": create,
        "delete": delete,
        "move": move,
        "duplicate": duplicate,
        "copy": copy,
        "settings": settings,
        "bucket": bucket,
        "discussion": discussion,
        "lines": lines,
        "volumes": volumes,
        "job": job,
        "model": model,
        "hooks": hooks,
        "collection": collection,
        "jwt": jwt,
        "page-view": page_view,
    }
)
"""What to do with a row of this role. Each takes a request whose body may be unread."""

"""GitLab's settings of a project or a group, its mirrors and its exports: what is changed, and where data will go.

What is *not* here: settings with routes of their own (hooks, members, keys); the tables name those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from forgewall.identify.fields import given, text
from forgewall.identify.forges.gitlab_call import Call, visibility_in
from forgewall.identify.forges.gitlab_place import project_of
from forgewall.identify.paths import is_name, namespace
from forgewall.identify.query import base_name, last_name
from forgewall.model import Also, Operation, Target

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
_PATHS = ("path", "project[path]", "group[path]")
# A git URL of a mirror: `https://user:secret@host:port/path`, or `ssh://` and `git://` the same.
_URL = re.compile(
    r"(?:https?|ssh|git)://(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?(?P<host>[A-Za-z0-9.-]+)(?::[0-9]+)?/(?P<path>[^?#\s]+)",
    re.ASCII,
)


def settings(call: Call) -> Target:
    """`PUT /projects/:id`, `PUT /groups/:id`, and the same of the web pages with nested names."""
    fields = call.nested(*_PATHS)
    place = call.place
    if not fields or place is None:
        return call.target(Operation.VISIBILITY, wants_body=call.unread)
    names = {_plain(name): name for name in fields}
    shown = any(base_name(name) in _PUBLIC or last_name(name) in _PUBLIC or "access_level" in name for name in names)
    mirrors = any("import_url" in name or "mirror" in name for name in names)
    # Whoever knows the token registers a runner of their own, which is given the code.
    runs = any("runners_token" in name for name in names)
    changes = [
        operation
        for operation, named in (
            (Operation.VISIBILITY, shown),
            (Operation.MIRROR, mirrors),
            (Operation.RUNNER, runs),
        )
        if named
    ]
    also: list[Also] = []
    renamed = next((name for name in _PATHS if name in names), None)
    if renamed is not None and given(fields, names[renamed]):
        path = fields[names[renamed]]
        if not isinstance(path, str) or not is_name(path):
            return call.doubtful("the new path is no certain name")
        if path.lower() != place.name.lower():
            also.append(call.also(place.below(place.path.rpartition("/")[0], path), "destination"))
    for name, value in fields.items():
        if last_name(name) == "url" and "mirror" in name and given(fields, name):
            also.append(_mirrored(value))
    also += (call.also(place, "second", operation) for operation in changes[1:])
    operation = changes[0] if changes else Operation.OTHER_WRITE
    levels = [f"{model}{name}" for model in ("", "project", "group") for name in ("visibility", "visibility_level")]
    wanted = visibility_in({_plain(name).replace("[", "").replace("]", ""): fields[name] for name in fields}, *levels)
    return call.target(operation, also=tuple(also), visibility=wanted)


def settings_in_browser(call: Call) -> Target:
    """The same of the web pages: all names stand below `project` or `group`."""
    fields = call.nested()
    if fields is None:
        return call.doubtful()
    if not any(base_name(name) in ("project", "group") for name in fields):
        return call.doubtful(f"this kind of {call.request.method} request is not understood")
    return settings(call)


def _plain(name: str) -> str:
    return name.strip().lower()


def mirror(call: Call) -> Target:
    """A mirror of the project: pushed to, or pulled from, the repository at `url`, which may be another forge's."""
    fields = call.fields("url", "auth_user", "auth_password")
    if fields is None:
        return call.doubtful("the parameters don't tell certainly where it is mirrored to")
    if not given(fields, "url"):
        return call.target()
    return call.target(also=(_mirrored(fields["url"]),))


def _mirrored(url: object) -> Also:
    """The repository at a git URL, on whatever host; without an address if it isn't certain."""
    match = _URL.fullmatch(url) if isinstance(url, str) else None
    names = namespace(match["path"].strip("/").removesuffix(".git")) if match is not None else None
    if match is None or names is None:
        return Also(address=None, owner=None, repository=None, role="destination")
    place = project_of(names)
    owner, repository = (place.owner, place.repository) if place is not None else (None, None)
    address = "/".join((match["host"].lower().removesuffix("."), *names))
    return Also(address=address, owner=owner, repository=repository, role="destination")


def export(call: Call) -> Target:
    """An export is kept on the forge, unless `upload[url]` says where to send it."""
    fields = call.nested()
    if fields is None or any(base_name(name) == "upload" for name in fields):
        return call.target(Operation.MIRROR, wants_body=call.unread)
    return call.target(Operation.OTHER_WRITE)


def jira(call: Call) -> Target:
    """A namespace is shown to a Jira site: `namespace_path`."""
    fields = call.fields("namespace_path")
    if fields is None:
        return call.doubtful()
    place = call.finder.namespace(text(fields, "namespace_path"))
    return call.doubtful(place) if isinstance(place, str) else call.at(place).target()


SETTINGS: Mapping[str, Callable[[Call], Target]] = {
    "settings": settings,
    "settings-in-browser": settings_in_browser,
    "mirror": mirror,
    "export": export,
    "jira": jira,
}
"""What the roles of rows about settings do."""

"""GitLab's routes whose parameters or path name a second place: transfers, merge requests, moves, links, shares.

Each repository has to be certain: a number that the directory doesn't know leaves the request unidentified, and the
evidence names the GET that tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forgewall.identify.fields import given
from forgewall.identify.forges.gitlab_call import UNREADABLE, Call, Fields
from forgewall.identify.forges.gitlab_place import Place
from forgewall.identify.query import base_name
from forgewall.model import Operation, Target

type _Find = Callable[[object], Place | str]


def _with(call: Call, found: Place | str, role: str, operation: Operation | None = None) -> Target:
    """The row's operation here, with `found` as the second place."""
    if isinstance(found, str):
        return call.doubtful(found)
    also = () if found == call.place else (call.also(found, role, operation),)
    return call.target(also=also)


def _parameter(call: Call, key: str, find: _Find, role: str, operation: Operation | None = None) -> Target:
    """The same with the second place in the parameter `key`; without it there is none."""
    fields = call.fields(key)
    if fields is None or call.place is None:
        return call.doubtful()
    return _with(call, find(fields[key]), role, operation) if given(fields, key) else call.target()


def transfer(call: Call) -> Target:
    """A project moves to another namespace, or a group below another one or to the top."""
    keys = ("namespace", "new_namespace_id", "group_id", "new_parent_group_id")
    fields = call.fields(*keys)
    if fields is None or call.place is None:
        return call.doubtful()
    found = [key for key in keys if given(fields, key)]
    if len(found) > 1:
        return call.doubtful(UNREADABLE)
    if not found:
        if call.place.repository is not None:
            return call.target()
        return call.target(also=(call.also(call.place.below(""), "destination"),))
    above = call.finder.namespace(fields[found[0]])
    if isinstance(above, str):
        return call.doubtful(above)
    return call.target(also=(call.also(call.place.below(above.path), "destination"),))


def transfer_into(call: Call) -> Target:
    """`POST /groups/:id/projects/:project_id`: a project moves to the group in the path."""
    moved = call.finder.project(call.match.captures["moved"])
    if isinstance(moved, str) or call.place is None:
        return call.doubtful(moved if isinstance(moved, str) else UNREADABLE)
    return call.at(moved).target(also=(call.also(moved.below(call.place.path), "destination"),))


def merge_request(call: Call) -> Target:
    """`POST /merge_requests` of the API: from the project in the path to `target_project_id`, by default the same."""
    fields = call.fields("target_project_id")
    if fields is None or call.place is None:
        return call.doubtful()
    if not given(fields, "target_project_id"):
        return call.target()
    return _merge_request(call, call.place, call.finder.project(fields["target_project_id"]))


def merge_request_in_browser(call: Call) -> Target:
    """The same of the web pages, where the form names both projects; without one a fork's parent is the target."""
    source_key, target_key = "merge_request[source_project_id]", "merge_request[target_project_id]"
    fields = call.nested(source_key, target_key)
    if fields is None or call.place is None:
        return call.doubtful()
    if not given(fields, target_key):
        return call.doubtful("the form doesn't name the project that the merge request goes to")
    source = call.finder.project(fields[source_key]) if given(fields, source_key) else call.place
    if isinstance(source, str):
        return call.doubtful(source)
    return _merge_request(call, source, call.finder.project(fields[target_key]))


def _merge_request(call: Call, source: Place, goal: Place | str) -> Target:
    if isinstance(goal, str):
        return call.doubtful(goal)
    return call.at(goal).target(also=() if source == goal else (call.also(source, "source"),))


def commit(call: Call) -> Target:
    """`POST /repository/commits`: the commit may start from a branch of `start_project`."""
    return _parameter(call, "start_project", call.finder.project, "source")


def pick(call: Call) -> Target:
    """What the web pages commit: to `target_project_id`, where that is given. Nothing else may name a project."""
    fields = call.nested("target_project_id")
    if fields is None or call.place is None:
        return call.doubtful()
    if any(_names_another(name) for name in fields):
        return call.doubtful("a parameter may name another project")
    if not given(fields, "target_project_id"):
        return call.target()
    goal = call.finder.project(fields["target_project_id"])
    return call.doubtful(goal) if isinstance(goal, str) else _merge_request(call, call.place, goal)


def _names_another(name: str) -> bool:
    base = base_name(name)
    return name != "target_project_id" and ("project" in base or "fork" in base or "namespace" in base)


def fork_relation(call: Call) -> Target:
    """`POST /projects/:id/fork/:forked_from_id`."""
    return _with(call, call.finder.project(call.match.captures["from"]), "parent")


def members_of(call: Call) -> Target:
    """`POST /projects/:id/import_project_members/:project_id`."""
    return _with(call, call.finder.project(call.match.captures["from"]), "source")


def move(call: Call) -> Target:
    """An issue moves or is copied to `to_project_id`; the web pages say `move_to_project_id`."""
    keys = ("to_project_id", "move_to_project_id")
    fields = call.fields(*keys)
    if fields is None or call.place is None:
        return call.doubtful()
    found = [key for key in keys if given(fields, key)]
    if len(found) != 1:
        return call.doubtful("the parameters don't name one project to move to")
    return _with(call, call.finder.project(fields[found[0]]), "destination")


def link(call: Call) -> Target:
    """A relation to an issue of another project, which is told of it."""
    return _parameter(call, "target_project_id", call.finder.project, "destination")


def link_epic(call: Call) -> Target:
    """A relation to an epic of another group."""
    return _parameter(call, "target_group_id", call.finder.group, "destination")


def share(call: Call) -> Target:
    """A group gets rights here."""
    fields = call.fields("group_id", "shared_with_group_id", "target_group_id")
    return _granted(call, fields, call.finder.group, "group_id", "shared_with_group_id", "target_group_id")


def share_with_project(call: Call) -> Target:
    """The CI jobs of another project get rights here."""
    return _granted(call, call.fields("target_project_id"), call.finder.project, "target_project_id")


def _granted(call: Call, fields: Fields | None, find: _Find, *keys: str) -> Target:
    found = [key for key in keys if fields is not None and given(fields, key)]
    if fields is None or call.place is None or len(found) != 1:
        return call.doubtful()
    return _with(call, find(fields[found[0]]), "destination")


SECOND: Mapping[str, Callable[[Call], Target]] = {
    "transfer": transfer,
    "transfer-into": transfer_into,
    "target": merge_request,
    "target-in-browser": merge_request_in_browser,
    "commit": commit,
    "pick": pick,
    "fork-relation": fork_relation,
    "members": members_of,
    "move": move,
    "link": link,
    "link-epic": link_epic,
    "share": share,
    "share-with-project": share_with_project,
}
"""What the roles of rows with a second place do."""

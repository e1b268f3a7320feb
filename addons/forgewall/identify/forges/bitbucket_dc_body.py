"""What bodies add to routes of Bitbucket Data Center: new projects and repositories, forks, moves, pull requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forgewall.identify.fields import below, given, plain_name
from forgewall.identify.forges.bitbucket_call import UNCERTAIN, Call, visibility_of
from forgewall.identify.forges.bitbucket_place import Place
from forgewall.model import Also, Operation, Target

_CHANGES = "the body doesn't tell certainly what changes"


def fork(call: Call) -> Target:
    """`POST …/repos/SLUG`: the new repository stands in the body, its parent in the path."""
    also = (call.also(call.place, "parent"),) if call.place else ()
    fields = call.fields("project", "name", "slug")
    if fields is None or call.place is None:
        return call.new(None, also=also)
    repository = _slug(fields) if given(fields, "name") or given(fields, "slug") else call.place.repository
    project = call.finder.project(below(fields, "project")) if given(fields, "project") else None
    return call.new(project, repository, also=also, visibility=visibility_of(fields, "public", public=True))


def create(call: Call) -> Target:
    """`POST …/repos`: the project stands in the path, the repository's name in the body."""
    fields = call.fields("name", "slug", "public")
    if fields is None:
        return call.target(wants_body=call.unread)
    return call.new(call.place, _slug(fields), visibility=visibility_of(fields, "public", public=True))


def project(call: Call) -> Target:
    """`POST /projects`."""
    fields = call.fields("key", "public")
    owner = None if fields is None else plain_name(fields, "key")
    if fields is None or owner is None:
        return call.new(None)
    return call.new(Place(owner=owner), visibility=visibility_of(fields, "public", public=True))


def settings(call: Call) -> Target:
    """`PUT …/repos/SLUG`: renames it, moves it to another project, or changes who sees it."""
    fields = call.fields("public", "project", "name", "slug")
    if fields is None or call.place is None:
        return call.doubtful(_CHANGES)
    visibility = visibility_of(fields, "public", public=True)
    named = _slug(fields) if given(fields, "name") or given(fields, "slug") else call.place.repository
    moves, publishes = given(fields, "project"), "public" in fields
    if moves:
        goal = call.finder.project(below(fields, "project"))
        if isinstance(goal, str) or publishes or named is None:
            return call.doubtful(goal if isinstance(goal, str) else _CHANGES)
        destination = call.also(Place(owner=goal.owner, repository=named), "destination")
        return call.target(Operation.TRANSFER, also=(destination,))
    also: tuple[Also, ...] = ()
    if named is not None and named.lower() != (call.place.repository or "").lower():
        also = (call.also(Place(owner=call.place.owner, repository=named), "destination"),)
    operation = Operation.VISIBILITY if publishes or not fields else Operation.OTHER_WRITE
    return call.target(operation, also=also, visibility=visibility)


def publish(call: Call) -> Target:
    """`PUT /projects/KEY`: who sees the project, and its key."""
    fields = call.fields("key", "public")
    if fields is None or call.place is None:
        return call.target(wants_body=True) if call.unread else call.doubtful(_CHANGES)
    also: tuple[Also, ...] = ()
    if given(fields, "key"):
        key = plain_name(fields, "key")
        if key is None:
            return call.doubtful(_CHANGES)
        also = () if key.lower() == call.place.owner.lower() else (call.also(Place(owner=key), "destination"),)
    return call.target(also=also, visibility=visibility_of(fields, "public", public=True))


def source(call: Call) -> Target:
    """A pull request goes to the repository in the path; `fromRef.repository` may be another one."""
    fields = call.fields("fromRef", "toRef")
    if fields is None or call.place is None:
        return call.target(wants_body=True) if call.unread else call.doubtful()
    also: tuple[Also, ...] = ()
    for key in ("fromRef", "toRef"):
        repository = below(below(fields, key), "repository")
        if not repository:
            continue
        place = call.finder.center(repository)
        if isinstance(place, str):
            return call.doubtful(place)
        if place.same(call.place):
            continue
        if key == "toRef":
            return call.doubtful(UNCERTAIN)
        also = (call.also(place, "source"),)
    return call.target(also=also)


def _slug(fields: Mapping[str, object]) -> str | None:
    return plain_name(fields, "slug" if given(fields, "slug") else "name")


def account(call: Call) -> Target:
    """A person's own account, whose project isn't certain."""
    return call.at(None).target()


def instance(call: Call) -> Target:
    """The instance itself."""
    return call.at(None).target(address=call.forge_host.forge)


def by_id(call: Call) -> Target:
    """A number or a commit that nothing tells."""
    return call.doubtful("a number or a commit in the request doesn't tell whose it is")


BODIES: Mapping[str, Callable[[Call], Target]] = {
    "fork": fork,
    "create": create,
    "project": project,
    "publish": publish,
    "settings": settings,
    "source": source,
    "account": account,
    "instance": instance,
    "id": by_id,
}
"""What each role of a row does."""

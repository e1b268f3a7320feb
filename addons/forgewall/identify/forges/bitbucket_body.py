"""What bodies add to routes of Bitbucket Cloud: new repositories, forks, settings, and the ends of a pull request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from forgewall.identify.fields import below, given, plain_name, text
from forgewall.identify.forges.bitbucket_call import UNCERTAIN, Call, visibility_of
from forgewall.identify.forges.bitbucket_place import Place
from forgewall.identify.paths import is_name
from forgewall.identify.targets import personal_snippets
from forgewall.model import Also, Target

_ELSEWHERE = "the body may name another workspace than the path"
_UNSLUGGED = re.compile(r"[^a-z0-9_.-]+")


def create(call: Call) -> Target:
    """`POST /repositories/…`: the path names the new repository, `parent` the one it is copied from."""
    fields = call.fields("parent", "workspace", "owner", "is_private")
    if fields is None:
        return call.doubtful()
    if not _is_at_home(call, fields):
        return call.doubtful(_ELSEWHERE)
    also: tuple[Also, ...] = ()
    if given(fields, "parent"):
        parent = call.finder.described(below(fields, "parent"))
        if isinstance(parent, str):
            return call.doubtful(parent)
        also = (call.also(parent, "parent"),)
    return call.target(also=also, visibility=visibility_of(fields, "is_private", public=False))


def settings(call: Call) -> Target:
    """`PUT /repositories/…`, which creates the repository if it isn't there, and renames it by `name`."""
    fields = call.fields("name", "workspace", "owner", "is_private")
    if fields is None or call.place is None:
        return call.target(wants_body=call.unread) if call.unread else call.doubtful()
    if not _is_at_home(call, fields):
        return call.doubtful(_ELSEWHERE)
    also: tuple[Also, ...] = ()
    if given(fields, "name"):
        slug = _UNSLUGGED.sub("-", (text(fields, "name") or "").lower()).strip("-")
        if not is_name(slug):
            return call.doubtful("the new name is no certain name")
        renamed = Place(owner=call.place.owner, repository=slug)
        also = () if renamed.same(call.place) else (call.also(renamed, "destination"),)
    return call.target(also=also, visibility=visibility_of(fields, "is_private", public=False))


def fork(call: Call) -> Target:
    """`POST /repositories/…/forks`: the new repository stands in the body, its parent in the path."""
    also = (call.also(call.place, "parent"),) if call.place else ()
    fields = call.fields("workspace", "owner", "name", "is_private")
    if fields is None or call.place is None:
        return call.new(None, also=also)
    repository = plain_name(fields, "name") if given(fields, "name") else call.place.repository
    visibility = visibility_of(fields, "is_private", public=False)
    return call.new(_workspace(call, fields), repository, also=also, visibility=visibility)


def _workspace(call: Call, fields: Mapping[str, object]) -> Place | str | None:
    """The workspace that a body names, by slug, UUID or both, and maybe by `owner`, as before there were workspaces.

    A sentence if these may be different ones; None if it names none.
    """
    found: Place | None = None
    for key, names in (("workspace", ("slug", "uuid")), ("owner", ("username", "uuid"))):
        said = below(fields, key)
        if given(fields, key) and not any(given(said, name) for name in names):
            return f"`{key}` names no certain workspace"
        for name in names:
            if not given(said, name):
                continue
            place = call.finder.workspace(text(said, name) or "")
            if isinstance(place, str):
                return place
            if found is not None and not place.same(found):
                return "the body names two workspaces"
            found = place
    return found


def _is_at_home(call: Call, fields: Mapping[str, object]) -> bool:
    """Whether the body names no other workspace than the path does."""
    said = _workspace(call, fields)
    return said is None or (isinstance(said, Place) and said.owner.lower() == (call.owner or "").lower())


def source(call: Call) -> Target:
    """A pull request goes to the repository in the path; `source.repository` may be another one."""
    fields = call.fields("source", "destination")
    if fields is None or call.place is None:
        return call.target(wants_body=True) if call.unread else call.doubtful()
    also: tuple[Also, ...] = ()
    for key in ("source", "destination"):
        repository = below(below(fields, key), "repository")
        if not repository:
            continue
        place = call.finder.described(repository)
        if isinstance(place, str):
            return call.doubtful(place)
        if place.same(call.place):
            continue
        if key == "destination":
            return call.doubtful(UNCERTAIN)
        also = (call.also(place, "source"),)
    return call.target(also=also)


def snippet(call: Call) -> Target:
    """A snippet of a workspace, or of the person who asks."""
    address = personal_snippets(call.forge_host)
    if call.owner is not None:
        address = f"{address}/{call.owner}"
    return call.target(address=address)


def account(call: Call) -> Target:
    """A person's own account, whose workspace isn't certain."""
    return call.at(None).target()


BODIES: Mapping[str, Callable[[Call], Target]] = {
    "create": create,
    "settings": settings,
    "fork": fork,
    "source": source,
    "snippet": snippet,
    "account": account,
}
"""What each role of a row does."""

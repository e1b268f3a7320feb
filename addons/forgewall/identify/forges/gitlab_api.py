"""The REST API of GitLab and its other listed routes: which project or group a row is about, by its path and its role.

The routes are data (`data/gitlab-api.routes`). What is *not* here: what the roles of rows do that read parameters
(`gitlab_new`, `gitlab_second`, `gitlab_settings`, `gitlab_remark`), web pages (`gitlab_web`) and GraphQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forgewall.identify.directory import Directory
from forgewall.identify.forges.gitlab_call import Call
from forgewall.identify.forges.gitlab_new import NEW
from forgewall.identify.forges.gitlab_override import overridden
from forgewall.identify.forges.gitlab_place import Finder, Place, project_of
from forgewall.identify.forges.gitlab_remark import REMARKS
from forgewall.identify.forges.gitlab_second import SECOND
from forgewall.identify.forges.gitlab_settings import SETTINGS
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost
from forgewall.identify.routes import Match
from forgewall.identify.tables import table
from forgewall.identify.targets import personal_snippets, unidentified
from forgewall.model import Effect, Request, Target

_FORMATS = (".json", ".txt", ".xml")  # Grape cuts them off the last segment
_COLLECTIONS = ("projects", "groups", "namespaces", "users")
_TABLE = "gitlab-api"


def identify_api(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to the REST API that isn't a plain read; `path` is without `/api/v4`."""
    finder = Finder(forge_host=forge_host, directory=directory)
    match = table(_TABLE).match(request.method, path.segments)
    if match is None:
        return _unlisted(request, finder, path)
    place = _place(match, finder)
    found = place if isinstance(place, Place) else None
    call = Call(request=request, forge_host=forge_host, path=path, match=match, place=found, finder=finder)
    if isinstance(place, str):
        return _homeless(call) if call.operation.effect is not Effect.WRITE else unidentified(forge_host, place)
    target = answer(call)
    return (overridden(call, _TABLE) if target.identified else None) or target


def _place(match: Match, finder: Finder) -> Place | str | None:
    """Whom the row's `{project}` names; a sentence if that isn't certain, None if it has none."""
    pattern = match.route.pattern
    if "{project}" not in pattern:
        return None
    at = pattern.index("{project}")
    text = match.segments[at]
    if at == len(pattern) - 1 and text.lower().endswith(_FORMATS):
        return "the path names no certain project or group"
    return finder.below(pattern[at - 1], text)


def _unlisted(request: Request, finder: Finder, path: Path) -> Target:
    evidence = f"this kind of {request.method} request is not understood"
    where = read_place(finder, path.segments)
    if where is None:
        return unidentified(finder.forge_host, evidence)
    return unidentified(finder.forge_host, evidence, owner=where.owner, repository=where.repository)


def read_place(finder: Finder, segments: tuple[str, ...]) -> Place | None:
    """The project, group or person that the segments behind `/api/v4` begin with; None if that isn't certain."""
    if len(segments) < 2 or segments[0] not in _COLLECTIONS or segments[:2] == ("namespaces", "storage"):
        return None
    found = finder.below(segments[0], segments[1])
    return found if isinstance(found, Place) else None


def answer(call: Call) -> Target:
    """The target of a listed route, by the role of its row."""
    handler = _BY_ROLE.get(call.match.route.role or "")
    if handler is not None:
        return handler(call)
    return call.target() if call.place else _homeless(call)


def _homeless(call: Call) -> Target:
    """A listed route whose path names no place: with an address only if it carries nothing that is anybody's."""
    bare = call.operation.effect not in (Effect.WRITE, Effect.READ)
    return call.at(None).target(address=call.forge_host.forge if bare else None)


def _snippet(call: Call) -> Target:
    return call.at(None).target(address=personal_snippets(call.forge_host))


def _instance(call: Call) -> Target:
    return call.at(None).target(address=call.forge_host.forge)


def _by_id(call: Call) -> Target:
    return call.doubtful("a number in the request doesn't tell whose it is")


def _person(call: Call) -> Target:
    """A person's account, by its number."""
    return _found(call, call.finder.user(call.match.captures["user"]))


def _job(call: Call) -> Target:
    """What a runner says of a job: its project is the one that the runner was told."""
    return _found(call, call.finder.job(call.match.captures["job"]))


def _conan(call: Call) -> Target:
    """Conan recipes of the instance: the package's user is a project's path with `+` for each slash."""
    place = project_of(tuple(call.match.captures["conan"].split("+")))
    return _found(call, place or "the user of this Conan package names no certain project")


def _found(call: Call, place: Place | str) -> Target:
    return call.doubtful(place) if isinstance(place, str) else call.at(place).target()


_BY_ROLE: Mapping[str, Callable[[Call], Target]] = {
    **NEW,
    **SECOND,
    **SETTINGS,
    **REMARKS,
    "snippet": _snippet,
    "instance": _instance,
    "id": _by_id,
    "person": _person,
    "job": _job,
    "conan": _conan,
}
"""What each role of a row does."""

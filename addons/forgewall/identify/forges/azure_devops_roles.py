"""What the bodies of Azure DevOps requests add to their routes: second repositories, and which operation it is.

What is *not* here: the routes (`data/azure-devops-api.routes`, whose roles name these functions), how bodies are read
(`azure_devops_body`), and the web pages' queries (`azure_devops_providers`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from forgewall.identify.body import unread
from forgewall.identify.fields import below, given, text
from forgewall.identify.forges import azure_devops_providers, azure_devops_work_items
from forgewall.identify.forges.azure_devops_body import document, fields, keys
from forgewall.identify.forges.azure_devops_call import Call, also_in
from forgewall.identify.forges.azure_devops_place import Place, fold, guid, is_own_name, project_in, repository_in
from forgewall.model import Operation, Target, Visibility

_UNCLEAR = "the body doesn't tell certainly which repositories it is about"
_VISIBILITIES: Mapping[object, Visibility] = MappingProxyType(
    {
        **dict.fromkeys(("private", "0"), Visibility.PRIVATE),
        **dict.fromkeys(("organization", "1"), Visibility.INTERNAL),
        **dict.fromkeys(("public", "2"), Visibility.PUBLIC),
    }
)
_MAIL = frozenset({"address", "preferredemailaddress", "usecustomaddress"})


def _org(call: Call) -> Target:
    return call.target(place=call.place.whole)


def _place(call: Call) -> Target:
    if call.place.project is None:
        return call.doubtful("the path doesn't name the project")
    return call.target()


def _create(call: Call) -> Target:
    """A repository, or a fork if `parentRepository` is given; the project stands in the path, the body, or in both."""
    if unread(call.request):
        return call.nowhere()
    found = fields(call.request)
    name = None if found is None else text(found, "name")
    if found is None or name is None or not is_own_name(name):
        return call.doubtful("the body doesn't tell certainly which repository is created")
    said = below(found, "project")
    project = _UNCLEAR if given(found, "project") and not said else _project(call, said)
    if isinstance(project, str):
        return call.doubtful(project)
    created = repository_in(project, name, call.directory)
    if isinstance(created, str):
        return call.doubtful(created)
    if not given(found, "parentrepository"):
        return call.target(place=created)
    parent = _parent(call, below(found, "parentrepository"))
    if isinstance(parent, str):
        return call.doubtful(parent)
    return call.target(Operation.FORK, place=created, also=(also_in(parent, "parent"),))


def _project(call: Call, said: Mapping[str, object]) -> Place | str:
    """The project that path and body agree on, by its id and its name as far as they are given."""
    found = call.place if call.place.project is not None else None
    for key in ("id", "name"):
        if not given(said, key):
            continue
        value = text(said, key)
        if value is None or (key == "id" and guid(value) is None):
            return _UNCLEAR
        other = project_in(call.place.whole, value, call.directory)
        if isinstance(other, str):
            return other
        if found is not None and fold(found.owner) != fold(other.owner):
            return "the request names two projects"
        found = found or other
    return found or "neither path nor body names the project"


def _parent(call: Call, said: Mapping[str, object]) -> Place | str:
    if given(said, "collection"):
        return "the parent is in another organisation"
    return _named_repository(call, said)


def _named_repository(call: Call, said: Mapping[str, object]) -> Place | str:
    """The repository of a GitRepositoryRef: its id decides, else the names of project and repository."""
    whole = call.place.whole
    if given(said, "id"):
        value = text(said, "id")
        return _UNCLEAR if value is None or not guid(value) else repository_in(whole, value, call.directory)
    project, name = text(below(said, "project"), "name"), text(said, "name")
    if project is None or name is None or given(below(said, "project"), "id"):
        return _UNCLEAR
    place = project_in(whole, project, call.directory)
    return place if isinstance(place, str) else repository_in(place, name, call.directory)


def _new_project(call: Call) -> Target:
    if unread(call.request):
        return call.nowhere()
    found = fields(call.request)
    name = None if found is None else text(found, "name")
    if found is None or name is None or not is_own_name(name):
        return call.doubtful("the body doesn't tell certainly which project is created")
    place = project_in(call.place.whole, name, call.directory)
    if isinstance(place, str):
        return call.doubtful(place)
    visibility = _visibility(found)
    if visibility is None and given(found, "visibility"):
        return call.doubtful("the body doesn't tell certainly who shall see the project")
    return call.target(place=place, visibility=visibility)


def _settings(call: Call) -> Target:
    if unread(call.request):
        return call.target(wants_body=True)
    found = fields(call.request)
    if found is None:
        return call.doubtful("the body doesn't tell certainly what changes")
    if not given(found, "visibility"):
        return call.target(Operation.OTHER_WRITE)
    visibility = _visibility(found)
    if visibility is None:
        return call.doubtful("the body doesn't tell certainly who shall see the project")
    return call.target(visibility=visibility)


def _visibility(found: Mapping[str, object]) -> Visibility | None:
    """What `visibility` says, by the name or the number of the forge's own enumeration."""
    return _VISIBILITIES.get(str(found.get("visibility")).lower())


def _view(call: Call) -> Target:
    found = fields(call.request)
    if found is None or given(found, "visibility"):
        return call.target(wants_body=unread(call.request))
    return call.target(Operation.PACKAGE)


def _pull(call: Call) -> Target:
    """A pull request; `forkSource` names the repository that the changes come from."""
    found = fields(call.request)
    if found is None:
        return call.doubtful(_UNCLEAR)
    if given(found, "repository") and not _is_here(call, below(found, "repository")):
        return call.doubtful(_UNCLEAR)
    if not given(found, "forksource"):
        return call.target()
    source = _named_repository(call, below(below(found, "forksource"), "repository"))
    if isinstance(source, str):
        return call.doubtful(source)
    if fold(source.address) == fold(call.place.address):
        return call.target()
    return call.target(also=(also_in(source, "source"),))


def _sync(call: Call) -> Target:
    """A fork takes what its parent has; the forge's own key for repositories names that."""
    found = fields(call.request)
    value = None if found is None else text(below(found, "source"), "repositoryid")
    if value is None or not guid(value):
        return call.doubtful(_UNCLEAR)
    source = repository_in(call.place.whole, value, call.directory)
    return call.doubtful(source) if isinstance(source, str) else call.target(also=(also_in(source, "source"),))


def _same(call: Call) -> Target:
    """A body that may name the repository once more."""
    found = fields(call.request)
    if found is None or (given(found, "repository") and not _is_here(call, below(found, "repository"))):
        return call.doubtful(_UNCLEAR)
    return call.target()


def _is_here(call: Call, said: Mapping[str, object]) -> bool:
    value = text(said, "id") or text(said, "name")
    place = repository_in(call.place, value, call.directory) if value else _UNCLEAR
    return not isinstance(place, str) and fold(place.address) == fold(call.place.address)


def _wiki(call: Call) -> Target:
    """A wiki: `projectId` says of which project, `repositoryId` which repository is published as one."""
    found = fields(call.request)
    if found is None:
        return call.doubtful("the body doesn't tell certainly in which project the wiki is")
    said = {"id": found["projectid"]} if given(found, "projectid") else {}
    project = _project(call, said)
    if isinstance(project, str):
        return call.doubtful(project)
    if not given(found, "repositoryid"):
        return call.target(place=project)
    value = text(found, "repositoryid")
    source = repository_in(project, value, call.directory) if value else _UNCLEAR
    if isinstance(source, str):
        return call.doubtful(source)
    return call.target(place=project, also=(also_in(source, "source"),))


def _subscription(call: Call) -> Target:
    """Notifications go to the caller, unless the body gives another mail address."""
    found = document(call.request)
    if found is None or not _MAIL.isdisjoint(keys(found)):
        return call.target(Operation.WEBHOOK, place=call.place.whole, wants_body=unread(call.request))
    return call.target()


ROLES: Mapping[str, Callable[[Call], Target]] = MappingProxyType(
    {
        "org": _org,
        "place": _place,
        "create": _create,
        "newproject": _new_project,
        "settings": _settings,
        "view": _view,
        "pull": _pull,
        "sync": _sync,
        "same": _same,
        "wiki": _wiki,
        "subscription": _subscription,
        "workitem": azure_devops_work_items.one,
        "batch": azure_devops_work_items.batch,
        "contributions": azure_devops_providers.query,
    }
)
"""What a row's role stands for."""

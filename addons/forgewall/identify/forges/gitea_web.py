"""The web pages of Gitea and Forgejo: whose repository a listed route writes to, and what its form adds.

The routes are data (`data/gitea-web.routes`). What is *not* here: reads (`gitea`) and the REST API (`gitea_api`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from forgewall.identify.directory import Directory, IdKind
from forgewall.identify.fields import given, plain_name, text
from forgewall.identify.forges.gitea_api import by_number, copied, head, instance, is_number
from forgewall.identify.forges.gitea_call import Call, bare
from forgewall.identify.forges.gitea_fields import form_fields, wanted
from forgewall.identify.pages import pages
from forgewall.identify.paths import Path
from forgewall.identify.registry import ForgeHost
from forgewall.identify.tables import listed
from forgewall.identify.targets import other
from forgewall.model import Also, Operation, Request, Target, Visibility

# What the form of a repository's settings does, by its field `action`.
_ACTIONS: Mapping[str, Operation] = {
    **dict.fromkeys(("mirror", "mirror-sync", "convert"), Operation.MIRROR),
    **dict.fromkeys(
        ("push-mirror-add", "push-mirror-remove", "push-mirror-sync", "push-mirror-update"), Operation.MIRROR
    ),
    **dict.fromkeys(("update", "visibility"), Operation.VISIBILITY),
    **dict.fromkeys(("transfer", "cancel_transfer"), Operation.TRANSFER),
    **dict.fromkeys(("advanced", "signing", "admin", "admin_index", "federation"), Operation.OTHER_WRITE),
    **dict.fromkeys(("archive", "unarchive", "rename-wiki-branch", "convert_fork"), Operation.OTHER_WRITE),
    "delete": Operation.DELETE_REPO,
    "delete-wiki": Operation.WIKI,
}
_ASKED = ("action", "repo_name", "new_owner_name", "private")


def identify_web(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target | None:
    """The target of a request to a listed page; None if nobody listed it, or it certainly names no repository."""
    match = listed("gitea-web", request.method, path)
    if match is None:
        return None
    owner, repository = match.captures.get("owner"), match.captures.get("repo")
    if repository is not None:
        repository = bare(repository)
    if (owner or "").lower() in pages("gitea") or (repository is None and "repo" in match.captures):
        return None
    call = Call(
        request=request,
        forge_host=forge_host,
        path=path,
        match=match,
        directory=directory,
        owner=owner,
        repository=repository,
    )
    handler = _BY_ROLE.get(match.route.role or "")
    if handler is not None:
        return handler(call)
    return call.plain()


def _created(call: Call, *asked: str) -> tuple[str | None, str | None, Visibility | None, str]:
    """The owner and the name of a new repository, who may see it, and what makes the owner unknown."""
    fields = form_fields(call.request, call.path, "uid", "repo_name", "private", *asked)
    if fields is None:
        return None, None, None, "" if call.unread else "the form doesn't tell certainly whose the new repository is"
    uid = fields.get("uid")
    owner = by_number(call, uid)
    name = plain_name(fields, "repo_name") if given(fields, "repo_name") else call.repository
    doubt = "" if owner else "the form doesn't tell certainly whose the new repository is"
    if owner is None and is_number(uid):
        doubt = call.unknown(IdKind.USER, str(uid))
    return owner, name, wanted(fields), doubt


def _own(call: Call) -> Target:
    fields = form_fields(call.request, call.path, "repo_template") or {}
    owner, name, visibility, doubt = _created(call)
    if doubt:
        return call.doubtful(doubt)
    also: tuple[Also, ...] = ()
    template = fields.get("repo_template")
    if template not in (None, "", "0"):
        known = call.find(IdKind.REPOSITORY, str(template)) if is_number(template) else None
        if known is None:
            return call.doubtful(call.unknown(IdKind.REPOSITORY, str(template)))
        also = (other(call.forge_host, known.owner, known.repository, "source"),)
    return replace(call.at(owner, name, also=also), visibility=visibility)


def _migrate(call: Call) -> Target:
    owner, name, visibility, doubt = _created(call, "clone_addr")
    if doubt:
        return call.doubtful(doubt)
    fields = form_fields(call.request, call.path, "clone_addr") or {}
    source = copied(call, fields.get("clone_addr"))
    if source is None:
        return call.doubtful("the form doesn't tell certainly what is copied")
    return replace(call.at(owner, name, also=source), visibility=visibility)


def _fork(call: Call) -> Target:
    owner, name, _, doubt = _created(call)
    if doubt:
        return call.doubtful(doubt)
    return call.at(owner, name, also=(other(call.forge_host, call.owner, call.repository, "parent"),))


def _fork_by_id(call: Call) -> Target:
    number = call.match.captures["repository"]
    parent = call.find(IdKind.REPOSITORY, number) if is_number(number) else None
    if parent is None:
        return call.doubtful(call.unknown(IdKind.REPOSITORY, number))
    return _fork(replace(call, owner=parent.owner, repository=parent.repository))


def _own_fork(call: Call) -> Target:
    parent = (other(call.forge_host, call.owner, call.repository, "parent"),)
    return replace(call.at(None, None, also=parent), wants_body=False)


def _compare(call: Call) -> Target:
    base, dots, changed = call.match.captures["**"].partition("..")
    base, changed = (base, changed.removeprefix(".")) if dots else ("", base)
    source = head(call, base, changed)
    if source is None:
        return call.doubtful("the path doesn't tell certainly where the changes come from")
    return replace(call.target(also=source), wants_body=False)


def _dependency(call: Call) -> Target:
    return replace(call.doubtful("the number of an issue doesn't tell whose it is"), wants_body=False)


def _settings(call: Call) -> Target:
    fields = form_fields(call.request, call.path, *_ASKED)
    action = text(fields, "action") if fields is not None else None
    operation = _ACTIONS.get(action or "")
    if fields is None or operation is None:
        return call.doubtful("the form doesn't tell certainly what changes")
    if action == "transfer":
        owner = plain_name(fields, "new_owner_name")
        if owner is None:
            return call.doubtful("the form doesn't tell certainly who gets the repository")
        return call.target(operation, also=call.other(owner, call.repository, "destination"))
    if action == "update":
        return _update(call, fields)
    if any("everyone" in name.lower() or "anonymous" in name.lower() for name in fields):
        operation = Operation.VISIBILITY
    return replace(call.target(operation), visibility=wanted(fields) if action == "visibility" else None)


def _update(call: Call, fields: Mapping[str, object]) -> Target:
    # Forgejo and older Gitea take an absent checkbox `private` for "make it public".
    name = plain_name(fields, "repo_name")
    if given(fields, "repo_name") and name is None:
        return call.doubtful("the form doesn't tell certainly what the new name is")
    also = call.other(call.owner or "", name, "destination") if name else ()
    visibility = wanted(fields) or Visibility.PUBLIC
    operation = Operation.OTHER_WRITE if visibility is Visibility.PRIVATE else Operation.VISIBILITY
    return replace(call.target(operation, also=also), visibility=visibility)


def _organization(call: Call) -> Target:
    fields = form_fields(call.request, call.path, "org_name") or {}
    return call.at(plain_name(fields, "org_name"), None)


def _rename_owner(call: Call) -> Target:
    fields = form_fields(call.request, call.path, "new_org_name")
    name = plain_name(fields, "new_org_name") if fields else None
    if name is None:
        return call.doubtful("the form doesn't tell certainly what the new name is")
    return call.target(also=call.other(name, None, "destination"))


_BY_ROLE: Mapping[str, Callable[[Call], Target]] = {
    "own": _own,
    "migrate": _migrate,
    "fork": _fork,
    "fork-id": _fork_by_id,
    "own-fork": _own_fork,
    "compare": _compare,
    "dependency-id": _dependency,
    "settings": _settings,
    "organization": _organization,
    "rename-owner": _rename_owner,
    "instance": instance,
}

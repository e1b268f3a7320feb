"""The REST API of Gitea and Forgejo: whose repository a listed route writes to, and which second one its body names.

The routes are data (`data/gitea-api.routes`). What is *not* here: reads (`gitea`), web pages (`gitea_web`) and packages
(`gitea_packages`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from forgewall.identify.directory import Directory, IdKind
from forgewall.identify.fields import given, plain_name, text
from forgewall.identify.forges.gitea_call import Call, bare
from forgewall.identify.forges.gitea_fields import api_fields, wanted
from forgewall.identify.paths import Path, is_name, namespace
from forgewall.identify.registry import ForgeHost
from forgewall.identify.tables import listed
from forgewall.identify.targets import named, other, unidentified
from forgewall.model import Also, Operation, Request, Target

_MIRRORS = frozenset({"mirror_interval", "enable_prune", "mirror_username", "mirror_password", "mirror_token"})
_OPEN_TO_ALL = "globally_editable_wiki"
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
# `[OWNER[/NAME]:]BRANCH`, of which Gitea reads `BASE..HEAD` again after having joined them.
_HEAD = re.compile(r"(?:(?P<owner>[^:/]+)(?:/(?P<name>[^:/]+))?:)?(?P<ref>[^:]*)")


def identify_api(request: Request, forge_host: ForgeHost, path: Path, directory: Directory) -> Target:
    """The target of a request to the REST API that isn't a plain read; `path` is without `/api/v1`."""
    match = listed("gitea-api", request.method, path)
    segments = path.segments
    if match is None:
        evidence = f"this kind of {request.method} request is not understood"
        if segments[:1] == ("repos",) and len(segments) > 2 and is_name(segments[1]) and (name := bare(segments[2])):
            return unidentified(forge_host, evidence, owner=segments[1], repository=name)
        return unidentified(forge_host, evidence)
    owner, repository = match.captures.get("owner"), match.captures.get("repo")
    if repository is not None:
        repository = bare(repository)
        if repository is None:
            return unidentified(forge_host, "the repository's name can be read in two ways")
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
    return handler(call) if handler else call.plain()


def head(call: Call, base: str, text_: str) -> tuple[Also, ...] | None:
    """The repository that a pull request's changes come from; None if it isn't certain.

    `OWNER:BRANCH` is a fork of any name, so that its owner is all that is known.
    """
    match = _HEAD.fullmatch(text_)
    if match is None or ".." in base or ".." in text_ or ":" in base or text_[:1] == "." or base[-1:] == ".":
        return None
    owner, name = match["owner"], match["name"]
    if owner is None:
        return ()
    if not is_name(owner) or (name is not None and bare(name) != name):
        return None
    if name is None and owner.lower() == (call.owner or "").lower():
        return ()
    return call.other(owner, name, "source")


def by_number(call: Call, number: object) -> str | None:
    """The account that a number names; None if nobody has said it."""
    known = call.find(IdKind.USER, str(number)) if is_number(number) else None
    return known.owner if known is not None else None


def is_number(value: object) -> bool:
    """Whether a value is an id in canonical spelling."""
    return isinstance(value, int | str) and _NUMBER.fullmatch(str(value)) is not None


def copied(call: Call, address: object) -> tuple[Also, ...] | None:
    """The repository that an import copies from, if it lies on this forge; None if that isn't certain."""
    if not isinstance(address, str):
        return ()
    try:
        url = urlsplit(address)
        host = (url.hostname or "").lower().removesuffix(".")
    except ValueError:
        return None
    if url.scheme not in ("http", "https", "git") or not host:
        return None
    if host != call.forge_host.forge:
        return ()
    names = namespace(url.path.removeprefix(call.forge_host.prefix).strip("/"))
    name = bare(names[1]) if names is not None and len(names) == 2 else None
    return None if names is None or name is None else (other(call.forge_host, names[0], name, "source"),)


def _created(
    call: Call, owner: str | None, name: str | None, fields: Mapping[str, object], also: tuple[Also, ...]
) -> Target:
    return replace(call.at(owner, name, also=also), visibility=wanted(fields))


def _create(call: Call) -> Target:
    fields = api_fields(call.request, call.path, "name", "private") or {}
    return _created(call, call.owner, plain_name(fields, "name"), fields, ())


def _fork(call: Call) -> Target:
    parent = (other(call.forge_host, call.owner, call.repository, "parent"),)
    fields = api_fields(call.request, call.path, "organization", "name")
    if fields is None:
        return call.at(None, None, also=parent)
    name = plain_name(fields, "name") if given(fields, "name") else call.repository
    return call.at(plain_name(fields, "organization"), name, also=parent)


def _template(call: Call) -> Target:
    fields = api_fields(call.request, call.path, "owner", "name", "private") or {}
    source = (other(call.forge_host, call.owner, call.repository, "source"),)
    return _created(call, plain_name(fields, "owner"), plain_name(fields, "name"), fields, source)


def _migrate(call: Call) -> Target:
    fields = api_fields(call.request, call.path, "repo_owner", "uid", "repo_name", "private", "clone_addr")
    if fields is None:
        return call.at(None, None)
    source = copied(call, fields.get("clone_addr"))
    if source is None:
        return call.doubtful("the body doesn't tell certainly what is copied")
    owner, uid = plain_name(fields, "repo_owner"), fields.get("uid")
    if not given(fields, "repo_owner") and uid not in (None, 0):
        owner = by_number(call, uid)
        if owner is None:
            return call.doubtful(call.unknown(IdKind.USER, str(uid)))
    return _created(call, owner, plain_name(fields, "repo_name"), fields, source)


def _transfer(call: Call) -> Target:
    fields = api_fields(call.request, call.path, "new_owner")
    owner = plain_name(fields, "new_owner") if fields else None
    if owner is None:
        return call.doubtful("the body doesn't tell certainly who gets the repository")
    return call.target(also=call.other(owner, call.repository, "destination"))


def _settings(call: Call) -> Target:
    fields = api_fields(call.request, call.path, "name", "private", _OPEN_TO_ALL, *_MIRRORS)
    name = plain_name(fields, "name") if fields else None
    if fields is None or (given(fields, "name") and name is None):
        return call.doubtful("the body doesn't tell certainly what changes")
    also = call.other(call.owner or "", name, "destination") if name else ()
    if "private" in fields or _OPEN_TO_ALL in fields:
        return replace(call.target(Operation.VISIBILITY, also=also), visibility=wanted(fields))
    operation = Operation.MIRROR if not _MIRRORS.isdisjoint(fields) else Operation.OTHER_WRITE
    return call.target(operation, also=also)


def _head(call: Call) -> Target:
    fields = api_fields(call.request, call.path, "base", "head")
    source = None if fields is None else head(call, text(fields, "base") or "", text(fields, "head") or "")
    if source is None:
        return call.doubtful("the body doesn't tell certainly where the changes come from")
    return call.target(also=source)


def _dependency(call: Call) -> Target:
    fields = api_fields(call.request, call.path, "owner", "repo")
    if fields is None:
        return call.doubtful("the body doesn't tell certainly which issue the other one is")
    if not given(fields, "owner") and not given(fields, "repo"):
        return call.target()
    owner, repository = plain_name(fields, "owner"), plain_name(fields, "repo")
    if owner is None or repository is None or bare(repository) != repository:
        return call.doubtful("the body doesn't tell certainly which issue the other one is")
    return call.target(also=call.other(owner, repository, "destination"))


def _organization(call: Call) -> Target:
    fields = api_fields(call.request, call.path, "username") or {}
    return call.at(plain_name(fields, "username"), None)


def _rename_owner(call: Call) -> Target:
    fields = api_fields(call.request, call.path, "new_name")
    name = plain_name(fields, "new_name") if fields else None
    if name is None:
        return call.doubtful("the body doesn't tell certainly what the new name is")
    return call.target(also=call.other(name, None, "destination"))


def _team(call: Call) -> Target:
    number = call.match.captures["team"]
    known = call.find(IdKind.TEAM, number) if is_number(number) else None
    if known is None:
        return unidentified(call.forge_host, call.unknown(IdKind.TEAM, number))
    # The server takes the team's organisation and ignores the one in the path.
    if call.owner is not None and call.owner.lower() != (known.owner or "").lower():
        return unidentified(call.forge_host, "the team belongs to another organisation than the path names")
    return call.at(known.owner, call.repository)


def _by_id(call: Call) -> Target:
    name, number = next(pair for pair in call.match.captures.items() if pair[0] in ("repository", "user"))
    kind = IdKind(name)
    known = call.find(kind, number) if is_number(number) else None
    if known is None:
        return unidentified(call.forge_host, call.unknown(kind, number))
    return call.at(known.owner, known.repository)


def instance(call: Call) -> Target:
    """The target of what an administrator does to the whole forge."""
    forge = call.forge_host
    return named(forge, None, None, call.match.operation, call.evidence, address=forge.forge)


_BY_ROLE: Mapping[str, Callable[[Call], Target]] = {
    "create": _create,
    "own": _create,
    "fork": _fork,
    "template": _template,
    "migrate": _migrate,
    "transfer": _transfer,
    "settings": _settings,
    "head": _head,
    "dependency": _dependency,
    "organization": _organization,
    "rename-owner": _rename_owner,
    "team": _team,
    "team-repository": _team,
    "repository": _by_id,
    "user": _by_id,
    "instance": instance,
}

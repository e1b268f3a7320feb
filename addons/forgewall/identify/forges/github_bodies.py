"""What bodies and ids add to GitHub's REST routes: second repositories, new ones, visibility, whom a number names.

One function for each role in `data/github-api.routes`. What is *not* here: finding the row (`github_api`), web forms
(`github_web`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from forgewall.identify.body import unread
from forgewall.identify.directory import IdKind
from forgewall.identify.fields import given, json_fields, plain_name, text
from forgewall.identify.forges.github_call import (
    NUMBER,
    Call,
    bare,
    known_as,
    known_repository,
    plain,
    seen_by,
    unknown,
)
from forgewall.identify.paths import is_name
from forgewall.identify.query import base_name, parameters
from forgewall.identify.targets import fold, named, other, unidentified
from forgewall.model import Also, Effect, Operation, Target, Visibility

NOWHERE = Also(address=None, owner=None, repository=None, role="destination", operation=Operation.CONTENTS)
"""A repository that is written to and that the request doesn't name."""

_SEEN = ("private", "visibility")
_FORKS = "allow_forking"  # lets whoever can read it take a copy
_IDS = ("selected_repository_ids", "repository_ids_to_add", "repository_ids_to_remove")
_BEGINS_FORK, _SHARES = "start_private_fork", ("collaborating_users", "collaborating_teams")
_NAMES = ("repo_names", "repository_names", "repositories")
_UNREADABLE = "the body doesn't tell certainly which repositories it is about"


def _fork(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "organization", "name")
    owner = repository = None
    if fields is not None:
        owner = plain_name(fields, "organization")
        repository = plain_name(fields, "name") if given(fields, "name") else call.repository
    target = _created(call, owner, repository, "parent")
    return replace(target, visibility=_inherited(call))


def _inherited(call: Call) -> Visibility | None:
    """What a fork of the path's repository will be, which no request says: a fork is as visible as its parent."""
    if call.owner is None or call.repository is None:
        return None
    key = fold(call.forge_host.kind, f"{call.forge_host.forge}/{call.owner}/{call.repository}")
    seen = call.directory.visibility(key)
    return None if seen is Visibility.INTERNAL else seen  # its forks are private, or not, by the enterprise's settings


def _advisory(call: Call) -> Target:
    # The temporary fork belongs to the same owner; GitHub makes up its name.
    also = (other(call.forge_host, call.owner, call.repository, "parent"),)
    target = named(call.forge_host, call.owner, None, Operation.FORK, call.evidence, also=also)
    return replace(target, visibility=Visibility.PRIVATE)


def _advisory_text(call: Call) -> Target:
    """An advisory: besides its text it may begin a temporary fork, or name who may see both."""
    fields = json_fields(call.request, call.path, _BEGINS_FORK, *_SHARES)
    if call.request.method == "PATCH":
        shares = fields is None or any(fields.get(name) not in (None, []) for name in _SHARES)
        target = call.target(operation=Operation.COLLABORATOR if shares else None)
        return replace(target, wants_body=unread(call.request))
    if fields is not None and fields.get(_BEGINS_FORK) in (None, False):
        return call.target()
    text = other(call.forge_host, call.owner, call.repository, "second")
    fork = _advisory(call)
    also = (*fork.also, replace(text, operation=call.match.operation))
    return replace(fork, also=also, wants_body=unread(call.request))


def _template(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "owner", "name", *_SEEN)
    owner = None if fields is None else plain_name(fields, "owner")
    target = _created(call, owner, None if fields is None else plain_name(fields, "name"), "source")
    return seen_by(target, fields)


def _create(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "name", *_SEEN)
    target = _created(call, call.owner, None if fields is None else plain_name(fields, "name"), None)
    return seen_by(target, fields)


def _created(call: Call, owner: str | None, repository: str | None, role: str | None) -> Target:
    also = () if role is None else (other(call.forge_host, call.owner, call.repository, role),)
    wants = unread(call.request)
    return named(call.forge_host, owner, repository, call.match.operation, call.evidence, also=also, wants_body=wants)


def _transfer(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "new_owner", "new_name")
    if fields is None or (given(fields, "new_owner") and plain_name(fields, "new_owner") is None):
        return call.doubtful("the body doesn't tell certainly who gets the repository")
    owner = plain_name(fields, "new_owner")
    repository = plain_name(fields, "new_name") if given(fields, "new_name") else call.repository
    also = (other(call.forge_host, owner, repository, "destination"),) if owner else ()
    return call.target(also=also, operation=Operation.TRANSFER)


def _settings(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "name", _FORKS, *_SEEN)
    known = fields is not None and bool(fields) and not set(_SEEN) & set(fields)  # no body: the stricter reading
    known = known and (fields or {}).get(_FORKS) in (None, False)
    also: tuple[Also, ...] = ()
    if fields is not None and given(fields, "name") and fields.get("name") != call.repository:
        name = plain_name(fields, "name")
        if name is None:
            return call.doubtful("the body doesn't tell certainly what the repository is called from now on")
        also = (other(call.forge_host, call.owner, name, "destination"),)
    target = call.target(also=also, operation=Operation.OTHER_WRITE if known else Operation.VISIBILITY)
    return seen_by(replace(target, wants_body=unread(call.request)), fields)


def _head(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "head", "head_repo")
    if fields is None and not unread(call.request):
        return call.doubtful("the body doesn't tell certainly where the changes come from")
    also: tuple[Also, ...] | None = head_of(call, fields) if fields else ()
    if also is None:
        return call.doubtful("the body doesn't tell certainly where the changes come from")
    target = call.target(also=also, operation=Operation.PULL_REQUEST)
    return replace(target, wants_body=unread(call.request))


def head_of(call: Call, fields: Mapping[str, object]) -> tuple[Also, ...] | None:
    """The repository that a pull request's `head` (`OWNER:BRANCH`) and `head_repo` name, if it is another one."""
    head_owner, colon, _ = (text(fields, "head") or "").partition(":")
    owner = head_owner if colon else call.owner
    repository = text(fields, "head_repo") or call.repository
    if not (is_name(owner or "") and is_name(repository or "")):
        return None
    same = (owner, repository) == (call.owner, call.repository)
    return () if same else (other(call.forge_host, owner, repository, "source"),)


def _gist(call: Call) -> Target:
    gists, operation = call.forge_host.gists, call.match.operation
    if operation.effect is Effect.PERSONAL:
        return named(gists, None, None, operation, call.evidence, address=gists.forge)
    number = call.path.segments[1] if len(call.path.segments) > 1 else None
    if number is None or call.path.segments[2:] == ("forks",):
        evidence = f"{call.evidence} makes a gist of the caller's own, whose name the request doesn't tell"
        return named(gists, None, None, operation, evidence)
    found = known_as(call.forge_host, call.directory, IdKind.GIST, number.lower())
    if found is None:
        return named(gists, None, None, operation, unknown(call.forge_host, f"gist {number}", f"/gists/{number[:80]}"))
    return named(gists, found.owner, None, operation, call.evidence)


def _enterprise(call: Call) -> Target:
    name = call.match.captures["enterprise"]
    if not is_name(name):
        return unidentified(call.forge_host, "the enterprise's name can be read in two ways")
    return named(call.forge_host, f"enterprises/{name}", None, call.match.operation, call.evidence)


def _instance(call: Call) -> Target:
    forge = call.forge_host
    return named(forge, None, None, call.match.operation, call.evidence, address=forge.forge)


def _numbered(call: Call) -> Target:
    """`/teams/ID/…`, `/user/ID/…` and the upload host's `/organizations/ID/…`."""
    first, number = call.path.segments[:2]
    kind = IdKind.TEAM if first == "teams" else IdKind.OWNER
    found = known_as(call.forge_host, call.directory, kind, number) if NUMBER.fullmatch(number) else None
    if found is None or found.owner is None:
        what = {"teams": "team", "organizations": "organisation"}.get(first, "account")
        read = {"teams": "/orgs/OWNER/teams/NAME", "organizations": "/orgs/OWNER"}.get(first, "/users/NAME")
        return unidentified(call.forge_host, unknown(call.forge_host, f"{what} {number}", read))
    if call.repository is not None:
        return _granted(call, found.owner)
    return plain(replace(call, owner=found.owner))


def _login(call: Call) -> Target:
    """`/users/NAME/…` where GitHub's description calls the name an id: a name of digits isn't certain."""
    if (call.owner or "").isdigit():
        return unidentified(call.forge_host, "the number in the path may be an account's name as well")
    return plain(call)


def _team(call: Call) -> Target:
    """`/orgs/{org}/teams/{*}/repos/{owner}/{repo}`: a team gets rights, by rule one of the repository's owner."""
    return _granted(call, call.match.captures["org"])


def _granted(call: Call, owner: str) -> Target:
    if owner.lower() == (call.owner or "").lower():
        return plain(call)
    if not is_name(owner):
        return call.doubtful("the organisation's name can be read in two ways")
    also = replace(other(call.forge_host, owner, None, "second"), operation=call.match.operation)
    return call.target(also=(also,))


def _uploaded(call: Call) -> Target:
    """`POST /user-attachments/…?repository_id=`: the query alone names the repository."""
    numbers = [value for name, value in parameters(call.path.query) if base_name(name) == "repository_id"]
    exact = [value for name, value in parameters(call.path.query) if name == "repository_id"]
    found = known_repository(call, numbers[0]) if len(numbers) == 1 and exact == numbers else None
    if found is None:
        number = numbers[0][:20] if numbers else "that no `repository_id` names"
        return replace(
            call.nameless(unknown(call.forge_host, f"repository {number}", "/repos/OWNER/NAME")), wants_body=False
        )
    return named(call.forge_host, *found, call.match.operation, call.evidence)


def _codespace(call: Call) -> Target:
    fields = json_fields(call.request, call.path, "repository_id", "pull_request")
    pull = fields.get("pull_request") if fields else None
    place = pull if isinstance(pull, dict) else fields
    number = place.get("repository_id") if place else None
    found = known_repository(call, str(number)) if isinstance(number, int) else None
    if found is None or (isinstance(pull, dict) and fields and given(fields, "repository_id")):
        return call.nameless(unknown(call.forge_host, f"repository {number or 'in the body'}", "/repos/OWNER/NAME"))
    return named(call.forge_host, *found, call.match.operation, call.evidence)


def _selected(call: Call) -> Target:
    """Rights or secrets for chosen repositories of an owner, by numbers in the path or the body."""
    fields = json_fields(call.request, call.path, *_IDS)
    capture = call.match.captures.get("repository")
    numbers: list[object] = [] if capture is None else [capture]
    if fields is None and capture is None:
        return call.target(also=(replace(NOWHERE, operation=None),))
    for name in _IDS:
        value = (fields or {}).get(name)
        numbers += value if isinstance(value, list) else [] if value is None else [value]
    return call.target(also=tuple(_chosen(call, numbers)))


def _chosen(call: Call, numbers: list[object]) -> Iterator[Also]:
    for number in numbers:
        found = known_repository(call, str(number)) if isinstance(number, int | str) else None
        if found is None:
            yield replace(NOWHERE, operation=None)
            return
        yield other(call.forge_host, *found, "destination")


def _listed_names(call: Call) -> Target:
    """Names of repositories in the body, with or without their owner: they are written to, or exported, or analysed."""
    fields = json_fields(call.request, call.path, *_NAMES)
    if fields is None:
        return call.doubtful(_UNREADABLE)
    role = "source" if call.match.operation in (Operation.IMPORT, Operation.CI) else "destination"
    also: list[Also] = []
    for name in (name for key in _NAMES for name in _texts(fields.get(key))):
        owner, slash, repository = name.rpartition("/")
        owner = owner if slash else call.owner or ""
        if not is_name(owner) or bare(repository) is None:
            return call.doubtful(_UNREADABLE)
        also.append(other(call.forge_host, owner, bare(repository), role))
    return call.target(also=tuple(also))


def _texts(value: object) -> Iterator[str]:
    if value is None:
        return
    for one in value if isinstance(value, list) else [value]:
        yield one if isinstance(one, str) else ""  # what is no text names nothing


def _item(call: Call) -> Target:
    """A project's new item: an issue of the repository `owner`/`repo`, which is only linked."""
    fields = json_fields(call.request, call.path, "owner", "repo")
    if fields is None:
        return call.doubtful(_UNREADABLE)
    if not given(fields, "repo") and not given(fields, "owner"):
        return plain(call)
    owner, repository = plain_name(fields, "owner"), plain_name(fields, "repo")
    if owner is None or repository is None:
        return call.doubtful(_UNREADABLE)
    return call.target(also=(other(call.forge_host, owner, repository, "source"),))


def _runner(call: Call) -> Target:
    """A runner registers with the web address of its repository, organisation or enterprise in `url`."""
    fields = json_fields(call.request, call.path, "url")
    try:
        url = urlsplit(text(fields, "url") or "") if fields else None
    except ValueError:
        url = None
    names = tuple(url.path.strip("/").split("/")) if url else ()
    ours = url is not None and "@" not in url.netloc and url.hostname == call.forge_host.forge
    if not ours or len(names) > 2 or not all(is_name(name) for name in names):
        return call.nameless("the body doesn't tell certainly whose runner it is")
    if names[0].lower() == "enterprises" and len(names) == 2:
        return named(call.forge_host, f"enterprises/{names[1]}", None, call.match.operation, call.evidence)
    repository = names[1] if len(names) == 2 else None
    return named(call.forge_host, names[0], repository, call.match.operation, call.evidence)


BODIES: Mapping[str, Callable[[Call], Target]] = {
    "fork": _fork,
    "advisory": _advisory,
    "advisory-text": _advisory_text,
    "template": _template,
    "create": _create,
    "transfer": _transfer,
    "settings": _settings,
    "head": _head,
    "gist": _gist,
    "enterprise": _enterprise,
    "instance": _instance,
    "id": _numbered,
    "login": _login,
    "team": _team,
    "uploaded": _uploaded,
    "codespace": _codespace,
    "selected": _selected,
    "names": _listed_names,
    "item": _item,
    "runner": _runner,
}
"""The reader of each role."""

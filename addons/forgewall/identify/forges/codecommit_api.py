"""The JSON API of CodeCommit: the operation stands in `X-Amz-Target`, the repositories in the body.

Protocol: AWS JSON 1.1; SigV4 signs host, target and body, so that no server may read others than the client wrote. The
operations are data (`data/codecommit-api.txt`). The number of a pull request or of a comment tells no repository: it
counts within an account, which no request names, so that it can't be learned either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from forgewall.identify.body import unread
from forgewall.identify.fields import json_fields, text
from forgewall.identify.paths import Path, is_name
from forgewall.identify.registry import ForgeHost
from forgewall.identify.repository import Repository, found
from forgewall.identify.targets import named, plain_read, unidentified
from forgewall.model import Also, Effect, Operation, Request, Target, Visibility

_TARGET = re.compile(r"CodeCommit_20150413\.([A-Za-z]+)")
_JSON = re.compile(r"application/(?:x-amz-json-1\.[01]|json)(?:\s*;\s*charset=utf-8)?", re.IGNORECASE)
_ARN = re.compile(r"arn:aws[a-z-]*:codecommit:(?P<region>[a-z0-9-]+):[0-9]{12}:(?P<name>[^:/]+)")
MAX_NAMES = 100
"""Repositories in one request; AWS takes 25."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An operation of the API: what it does, and where its input names repositories."""

    operation: Operation
    place: str


def found_name(forge_host: ForgeHost, name: str) -> Repository | None:
    """The repository of a name; None if it can't be one."""
    if not is_name(name) or name.lower().endswith(".git"):
        return None
    return found(forge_host, None, name, f"{forge_host.forge}/v1/repos/{name}")


@cache
def operations() -> Mapping[str, Row]:
    """The rows of `data/codecommit-api.txt`. Raises ValueError if one can't be read, which a test would have told."""
    source = resources.files("forgewall.identify").joinpath("data/codecommit-api.txt").read_text("utf-8")
    rows = (line.split() for line in source.splitlines() if line and not line.startswith("#"))
    return {name: Row(operation=Operation(operation), place=place) for name, operation, place in rows}


def identify_api(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """The target of a POST to the API."""
    match = _TARGET.fullmatch(request.header("x-amz-target") or "")
    row = operations().get(match[1]) if match is not None else None
    if match is None or row is None or path.segments or path.query is not None:
        return unidentified(forge_host, "X-Amz-Target names no operation of CodeCommit that is understood")
    evidence = f"CodeCommit: {match[1]}"
    if not _JSON.fullmatch(request.header("content-type") or ""):
        return unidentified(forge_host, f"{evidence}: the body is of another protocol than JSON")
    if row.place == "account":
        if row.operation.effect is Effect.READ:
            return plain_read(forge_host, evidence)
        return named(forge_host, None, None, row.operation, evidence, address=forge_host.forge)
    if row.place in ("pull-request", "comment"):
        if row.operation.effect is Effect.READ:
            return plain_read(forge_host, evidence)
        what = row.place.replace("-", " ")
        return unidentified(forge_host, f"{evidence}: the number of a {what} doesn't tell its repository")
    repositories = _repositories(request, forge_host, path, row.place)
    if not repositories:
        wants = unread(request)
        if row.operation.effect is Effect.READ:
            return replace(plain_read(forge_host, evidence), wants_body=wants)
        doubt = f"{evidence}: the body doesn't tell certainly which repository"
        return unidentified(forge_host, doubt, wants_body=wants)
    role = "source" if row.operation.effect is Effect.READ else "destination"
    first, *rest = repositories
    also = tuple(Also(address=one.address, owner=None, repository=one.name, role=role) for one in rest)
    target = replace(first.target(row.operation, evidence), also=also)
    # All repositories of CodeCommit are private.
    return replace(target, visibility=Visibility.PRIVATE) if row.operation is Operation.CREATE_REPO else target


def _repositories(request: Request, forge_host: ForgeHost, path: Path, place: str) -> tuple[Repository, ...]:
    """The repositories that the body names, each once; none if one of them isn't certain."""
    others = tuple(pair for pair in request.headers if pair[0] != "content-type")
    plain = replace(request, headers=(*others, ("content-type", "application/json")))
    fields = json_fields(plain, path, *_MEMBERS)
    names = _NAMES[place](fields, forge_host) if fields else ()
    repositories = [found_name(forge_host, name) for name in dict.fromkeys(names)]
    known = tuple(one for one in repositories if one is not None)
    return known if len(known) == len(repositories) <= MAX_NAMES else ()


def _one(fields: Mapping[str, object], _forge_host: ForgeHost) -> tuple[str, ...]:
    name = text(fields, "repositoryName")
    return (name,) if name else ()


def _several(fields: Mapping[str, object], _forge_host: ForgeHost) -> tuple[str, ...]:
    return _texts(fields.get("repositoryNames"))


def _targets(fields: Mapping[str, object], _forge_host: ForgeHost) -> tuple[str, ...]:
    rows = fields.get("targets")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return ()
    # A member in another spelling may count to a server that folds case.
    if any(key != "repositoryName" and key.lower() == "repositoryname" for row in rows for key in row):
        return ()
    return _texts([row.get("repositoryName") for row in rows])


def _renamed(fields: Mapping[str, object], _forge_host: ForgeHost) -> tuple[str, ...]:
    return _texts([fields.get("oldName"), fields.get("newName")])


def _by_arn(fields: Mapping[str, object], forge_host: ForgeHost) -> tuple[str, ...]:
    match = _ARN.fullmatch(text(fields, "resourceArn") or "")
    return (match["name"],) if match is not None and match["region"] == forge_host.label else ()


def _texts(found_: object) -> tuple[str, ...]:
    """The texts of a list; none if one of them is no text, or empty."""
    if not isinstance(found_, list) or not all(isinstance(one, str) and one for one in found_):
        return ()
    return tuple(found_)


_NAMES: Mapping[str, Callable[[Mapping[str, object], ForgeHost], tuple[str, ...]]] = {
    "repository": _one,
    "repositories": _several,
    "targets": _targets,
    "rename": _renamed,
    "arn": _by_arn,
}
_MEMBERS = ("repositoryName", "repositoryNames", "targets", "oldName", "newName", "resourceArn")

"""GitHub's GraphQL interface as the stand-in has it: real documents, carried out by graphql-core on a small schema.

Whatever a client selects it gets in the shape that the schema says; a value that nobody set is an empty one, and a
field that the schema here lacks is left out, so that other versions of a client can be served too.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
)
from tests.clients.world import TIME, node, number

if TYPE_CHECKING:
    from tests.clients.github import GitHub

_EMPTY: Mapping[str, object] = {"Boolean": False, "Int": 0, "Float": 0.0, "DateTime": TIME}


@cache
def _schema() -> GraphQLSchema:
    return build_schema(Path(__file__).with_name("github.graphql").read_text(encoding="utf-8"))


def execute(github: GitHub, body: bytes) -> object:
    """The response to a request: `query`, `variables` and `operationName` in JSON."""
    said = json.loads(body)
    result = execute_sync(
        _schema(),
        parse(said["query"]),
        root_value={},
        context_value=github,
        variable_values=said.get("variables"),
        operation_name=said.get("operationName") or None,
        field_resolver=_resolve,
        type_resolver=lambda value, *_: value["__typename"],
    )
    assert not isinstance(result, Awaitable)
    return result.formatted


def _resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    github: GitHub = info.context
    match info.parent_type.name:
        case "Query":
            github.reads.append(info.field_name)
            found = _asked(github, info.field_name, arguments)
        case "Mutation":
            github.writes.append(info.field_name)
            return _carried_out(github, info.field_name, arguments["input"])
        case _:
            found = source.get(info.field_name)
            if callable(found):
                found = found(**arguments)
    return _empty(info.return_type) if found is None else found


def _empty(wanted: GraphQLOutputType) -> Any:
    """A value of this type where none was set: null if it may be."""
    if not isinstance(wanted, GraphQLNonNull):
        return None
    match wanted.of_type:
        case GraphQLList():
            return []
        case GraphQLEnumType() as kind:
            return next(iter(kind.values))
        case GraphQLScalarType() as kind:
            return _EMPTY.get(kind.name, "")
        case kind:
            return {"__typename": kind.name}


def _asked(github: GitHub, name: str, arguments: Mapping[str, Any]) -> Any:
    match name, arguments:
        case "viewer", _:
            return owner(github, "ana")
        case "repository", {"owner": str(login), "name": str(one)}:
            return repository(github, login, one)
        case (("repositoryOwner" | "organization" | "user"), {"login": str(login)}):
            return owner(github, login)
        case "node", {"id": str(wanted)}:
            return repository(github, "acme", "api") if wanted == node("R", "acme/api") else None
        case _:
            return None


def owner(github: GitHub, login: str) -> dict[str, Any]:
    """A user or an organisation."""
    said = github.owner(login)
    return {
        "__typename": said["type"],
        "id": said["node_id"],
        "login": login,
        "name": login.title(),
        "databaseId": said["id"],
        "url": said["html_url"],
        "viewerCanCreateRepositories": True,
    }


def repository(github: GitHub, login: str, name: str) -> dict[str, Any]:
    """A repository, with whatever of it is asked for by a number."""
    said = github.repository(login, name)
    login, name = said["owner"]["login"], said["name"]
    here = {
        "__typename": "Repository",
        "id": said["node_id"],
        "databaseId": said["id"],
        "name": name,
        "nameWithOwner": said["full_name"],
        "url": said["html_url"],
        "owner": owner(github, login),
        "isPrivate": said["private"],
        "visibility": said["visibility"].upper(),
        "hasIssuesEnabled": True,
        "viewerPermission": "ADMIN",
        "mergeCommitAllowed": True,
        "squashMergeAllowed": True,
        "rebaseMergeAllowed": True,
        "defaultBranchRef": {"name": "main", "prefix": "refs/heads/", "target": {"__typename": "Commit", "oid": _SHA}},
    }
    return {
        **here,
        "issue": lambda number: _issue(here, number, "Issue"),
        "pullRequest": lambda number: _issue(here, number, "PullRequest"),
        "issueOrPullRequest": lambda number: _issue(here, number, "PullRequest" if number == 3 else "Issue"),
        "pullRequests": lambda **_: {"nodes": [], "totalCount": 0},
    }


_SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"


def _issue(where: Mapping[str, Any], count: int, kind: str) -> dict[str, Any]:
    full, page = where["nameWithOwner"], "pull" if kind == "PullRequest" else "issues"
    return {
        "__typename": kind,
        "id": node("PR" if kind == "PullRequest" else "I", f"{full}#{count}"),
        "number": count,
        "title": f"{kind} {count}",
        "url": f"{where['url']}/{page}/{count}",
        "state": "OPEN",
        "repository": where,
        "baseRepository": where,
        "headRepository": where,
        "headRepositoryOwner": where["owner"],
        "isCrossRepository": False,
        "author": {**where["owner"], "login": "ana"},
        "mergeable": "MERGEABLE",
        "mergeStateStatus": "CLEAN",
        "baseRefName": "main",
        "headRefName": "topic",
        "headRefOid": _SHA,
        "viewerCanUpdate": True,
        "databaseId": number(kind, f"{full}#{count}"),
    }


def _carried_out(github: GitHub, name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a mutation answers: the thing in the repository acme/api that it made or changed."""
    where = repository(github, "acme", "api")
    match name:
        case "createRepository" | "cloneTemplateRepository":
            login = next(
                login
                for login in ("ana", "acme", "acme-labs", "mallory")
                if github.owner(login)["node_id"] == said.get("ownerId", node("U", "ana"))
            )
            github.public |= {f"{login}/{said['name']}"} if said["visibility"] == "PUBLIC" else set()
            return {"repository": repository(github, login, said["name"])}
        case "createPullRequest" | "mergePullRequest" | "updatePullRequest" | "closePullRequest":
            return {"pullRequest": _issue(where, 3, "PullRequest")}
        case "addComment":
            url = f"{where['url']}/issues/7#issuecomment-1"
            comment = {"__typename": "IssueComment", "id": node("IC", url), "url": url}
            return {"commentEdge": {"node": comment}}
        case _:
            return {"issue": _issue(where, 7, "Issue"), "repository": where}

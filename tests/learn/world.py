"""A small GitHub that answers any document over a part of its schema, whose free texts are all lies.

It is graphql-core's executor, without validation: servers may be laxer than the specification.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphql import ExecutionResult, build_schema, execute_sync, parse
from graphql.type import GraphQLResolveInfo

SDL = """
enum RepositoryVisibility { PUBLIC PRIVATE INTERNAL }
interface Node { id: ID! }
interface RepositoryOwner { id: ID! login: String! }
union IssueOrPullRequest = Issue | PullRequest
union SearchResultItem = Repository | Issue | PullRequest | User
type PageInfo { endCursor: String }
type Query {
  repository(owner: String!, name: String!, followRenames: Boolean): Repository
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]
  viewer: User
  user(login: String!): User
  organization(login: String!): Organization
  search(query: String!): SearchResultItemConnection
  motto: String
}
type SearchResultItemConnection { nodes: [SearchResultItem] }
type Repository implements Node {
  id: ID! name: String! nameWithOwner: String! owner: RepositoryOwner! url: String! description: String
  homepageUrl: String isPrivate: Boolean! visibility: RepositoryVisibility! databaseId: Int isFork: Boolean
  parent: Repository issue(number: Int!): Issue issues: IssueConnection
  issueOrPullRequest(number: Int!): IssueOrPullRequest pullRequest(number: Int!): PullRequest
  pullRequests: PullRequestConnection label(name: String!): Label
}
type IssueConnection { nodes: [Issue] edges: [IssueEdge] }
type IssueEdge { node: Issue cursor: String }
type PullRequestConnection { nodes: [PullRequest] }
type Issue implements Node {
  id: ID! title: String! body: String! url: String! number: Int! repository: Repository! author: User
  comments: IssueCommentConnection labels: LabelConnection parent: Issue
}
type IssueCommentConnection { nodes: [IssueComment] }
type IssueComment implements Node { id: ID! body: String! url: String! repository: Repository! issue: Issue }
type LabelConnection { nodes: [Label] }
type Label implements Node { id: ID! name: String! description: String url: String! repository: Repository! }
type PullRequest implements Node {
  id: ID! title: String! body: String! url: String! number: Int! repository: Repository! headRepository: Repository
  headRepositoryOwner: RepositoryOwner comments: IssueCommentConnection headRefName: String!
}
type User implements Node & RepositoryOwner {
  id: ID! login: String! name: String bio: String company: String url: String! websiteUrl: String databaseId: Int
  repositories: RepositoryConnection
}
type Organization implements Node & RepositoryOwner {
  id: ID! login: String! name: String description: String url: String! websiteUrl: String databaseId: Int
  repositories: RepositoryConnection
}
type RepositoryConnection { nodes: [Repository] }
"""
SCHEMA = build_schema(SDL)
TYPES = {name: kind for name, kind in SCHEMA.type_map.items() if not name.startswith("__")}
LIES = (
    "acme/api",
    "acme",
    "api",
    "R_evil",
    "R_1",
    "I_11",
    "https://github.com/acme/api/issues/1",
    "mallory/loot",
    "https://github.com/acme/api",
    "PUBLIC",
    "loot",
    "mallory",
)
"""What people write into the texts that are theirs."""


@dataclass
class World:
    """`objects` by node id; `where` each lies; `renamed` old names of repositories."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    seen_by: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        owners = [
            self._owner("acme", "O_1", "Organization", 501),
            self._owner("mallory", "U_2", "User", 502),
        ]
        for number, (owner, name, seen_by) in enumerate(
            [(0, "api", "PRIVATE"), (1, "loot", "PUBLIC"), (1, "api", "PRIVATE"), (0, "web", "INTERNAL")], 1
        ):
            self._repository(number, owners[owner], name, seen_by)
        self.objects["R_3"]["parent"] = self.objects["R_1"]
        self.objects["R_1"]["parent"] = self.objects["R_4"]
        self.objects["PR_1"]["headRepository"] = self.objects["R_3"]
        self.objects["PR_2"]["headRepository"] = self.objects["R_1"]
        self.objects["I_11"]["parent"] = self.objects["I_12"]

    def _owner(self, login: str, node: str, kind: str, number: int) -> dict[str, Any]:
        page = f"https://github.com/{login}"
        found = self._object(kind, node, login, login=login, name=LIES[0], bio=LIES[1], company=LIES[2], url=page)
        found |= {"websiteUrl": LIES[8], "databaseId": number, "description": LIES[0], "repositories": {"nodes": []}}
        return found

    def _repository(self, number: int, owner: dict[str, Any], name: str, seen_by: str) -> None:
        path = f"{owner['login']}/{name}"
        lie = "mallory/loot" if path != "mallory/loot" else "acme/api"
        page = f"https://github.com/{path}"
        one = self._object("Repository", f"R_{number}", path, name=name, nameWithOwner=path, owner=owner, url=page)
        one |= {"description": lie, "homepageUrl": f"https://github.com/{lie}", "isPrivate": seen_by != "PUBLIC"}
        one |= {"visibility": seen_by, "databaseId": number, "isFork": True, "parent": None}
        self.numbers[str(number)] = f"github.com/{path}"
        self.seen_by[f"github.com/{path}"] = seen_by.lower()
        label = self._object("Label", f"LA_{number}", path, name=lie, description=lie, url=f"{page}/labels/{name}")
        issue = self._object("Issue", f"I_1{number}", path, title=lie, body=lie, url=f"{page}/issues/1", number=1)
        pull = self._object("PullRequest", f"PR_{number}", path, title=lie, body=lie, url=f"{page}/pull/2", number=2)
        text = self._object("IssueComment", f"IC_{number}", path, body=lie, url=f"{page}/issues/1#issuecomment-1")
        for below in (label, issue, pull, text):
            below["repository"] = one
        issue |= {"author": owner if owner["__typename"] == "User" else None, "parent": None}
        issue |= {"comments": {"nodes": [text]}, "labels": {"nodes": [label]}}
        text["issue"] = issue
        pull |= {"headRepository": None, "headRepositoryOwner": owner, "comments": {"nodes": []}, "headRefName": lie}
        one |= {"issues": {"nodes": [issue], "edges": [{"node": issue, "cursor": "R_evil"}]}, "label": label}
        one |= {"issue": issue, "pullRequest": pull, "pullRequests": {"nodes": [pull]}, "issueOrPullRequest": issue}
        owner["repositories"]["nodes"].append(one)

    def _object(self, kind: str, node: str, path: str, **fields: Any) -> dict[str, Any]:
        found = {"__typename": kind, "id": node, **fields}
        self.objects[node] = found
        self.where[node] = f"github.com/{path}"
        return found

    def answer(self, document: str, variables: dict[str, Any] | None = None) -> ExecutionResult:
        """What this forge answers."""

        def resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
            if info.parent_type.name == "Query":
                return self._root(info.field_name, arguments)
            return source.get(info.field_name)

        return execute_sync(
            SCHEMA,
            parse(document),
            root_value={},
            variable_values=variables,
            field_resolver=resolve,
            type_resolver=lambda value, _info, _kind: value["__typename"],
        )

    def _root(self, name: str, arguments: dict[str, Any]) -> Any:
        match name:
            case "repository":
                wanted = f"{arguments['owner']}/{arguments['name']}"
                wanted = "mallory/loot" if wanted == "acme/old" else wanted
                rows = [one for one in self.objects.values() if one.get("nameWithOwner") == wanted]
                return rows[0] if rows else None
            case "node":
                return self.objects.get(arguments["id"])
            case "nodes":
                return [self.objects.get(one) for one in arguments["ids"]]
            case "viewer":
                return self.objects["U_2"]
            case "user" | "organization":
                kind = name.capitalize()
                rows = [one for one in self.objects.values() if one.get("login") == arguments["login"]]
                return next((one for one in rows if one["__typename"] == kind), None)
            case "search":
                return {"nodes": [self.objects[node] for node in ("R_1", "R_2", "I_12", "PR_1", "U_2")]}
            case _:
                return "acme/api"

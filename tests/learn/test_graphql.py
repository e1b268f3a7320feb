"""GraphQL answers teach what `gh` and `glab` need next, and never what the one who asked made them say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType, get_named_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.learn.asking import JSON, lesson_of, said
from tests.learn.world import LIES, TYPES, World

from forgewall.identify.url import request_for
from forgewall.learn.lesson import Fact, IdFact, MoveFact, VisibilityFact
from forgewall.model import BodyState, Request

GITHUB = "https://api.github.com/graphql"
WORLD = World()


def asks(document: str, variables: object = None, url: str = GITHUB, **more: object) -> Request:
    body = json.dumps({"query": document, "variables": variables or {}, **more}).encode()
    return request_for("POST", url, headers=JSON, body=body)


def taught(request: Request, data: object) -> set[str]:
    lesson = lesson_of(request)
    if lesson is None or not lesson.reads(200, JSON):
        return set()
    return said(lesson.facts(200, JSON, json.dumps({"data": data}).encode()))


def learned(document: str, **variables: object) -> set[str]:
    """What the answer of the world teaches."""
    return taught(asks(document, variables), WORLD.answer(document, dict(variables)).data)


def test_what_gh_asks_of_a_repository() -> None:
    document = """
    fragment repo on Repository { id name owner { login } hasIssuesEnabled }
    query RepositoryInfo($owner: String!, $name: String!) {
        repository(owner: $owner, name: $name) { ...repo parent { ...repo } }
    }"""
    data = {
        "repository": {"id": "R_3", "name": "api", "owner": {"login": "ana"}, "hasIssuesEnabled": True}
        | {"parent": {"id": "R_1", "name": "api", "owner": {"login": "acme"}}}
    }
    asked = asks(document, {"owner": "ana", "name": "api"})
    assert taught(asked, data) == {"node R_3 = github.com/ana/api", "node R_1 = github.com/acme/api"}


@pytest.mark.parametrize("fields", ["id,number,title,state", "id,url", "id,number,title,isPinned"])
def test_what_gh_asks_of_an_issue(fields: str) -> None:
    document = f"""
    query IssueByNumber($owner: String!, $repo: String!, $number: Int!) {{
        repository(owner: $owner, name: $repo) {{
            hasIssuesEnabled
            issue: issueOrPullRequest(number: $number) {{
                __typename
                ...on Issue{{{fields}}}
                ...on PullRequest{{{fields}}}
            }}
        }}
    }}"""
    issue = {"__typename": "Issue", "id": "I_1", "number": 1, "title": "mallory/loot", "state": "OPEN"}
    asked = asks(document, {"owner": "acme", "repo": "api", "number": 1})
    assert taught(asked, {"repository": {"hasIssuesEnabled": True, "issue": issue}}) == {
        "node I_1 = github.com/acme/api"
    }


def test_what_gh_asks_of_pull_requests() -> None:
    document = """
    query PullRequestForBranch($owner: String!, $repo: String!, $headRefName: String!) {
        repository(owner: $owner, name: $repo) {
            pullRequests(headRefName: $headRefName, first: 30) {
                nodes {id,number,headRepository{id,name},headRepositoryOwner{id,login,...on User{name}},
                    comments(first: 100) {nodes {id,author{login,...on User{id,name}},body,url}}}
            }
            defaultBranchRef { name }
        }
    }"""
    pull = {
        "id": "PR_1",
        "headRepository": {"id": "R_9", "name": "acme"},
        "headRepositoryOwner": {"id": "U_9", "login": "ana", "name": "acme/api"},
        "comments": {"nodes": [{"id": "IC_1", "author": {"login": "bob", "id": "U_8", "name": "x"}, "body": "y"}]},
    }
    asked = asks(document, {"owner": "acme", "repo": "api", "headRefName": "x"})
    assert taught(asked, {"repository": {"pullRequests": {"nodes": [pull]}}}) == {
        "node PR_1 = github.com/acme/api",
        "node U_9 = github.com/ana",
        "node IC_1 = github.com/acme/api",
    }


@pytest.mark.parametrize(
    ("document", "data", "found"),
    [
        (
            "mutation IssueCreate($input: CreateIssueInput!) { createIssue(input: $input) { issue { id url } } }",
            {"createIssue": {"issue": {"id": "I_5", "url": "https://github.com/acme/api/issues/5"}}},
            {"node I_5 = github.com/acme/api"},
        ),
        (
            "mutation C($input: AddCommentInput!){addComment(input: $input){commentEdge{node{id,url}}}}",
            {"addComment": {"commentEdge": {"node": {"id": "IC_5", "url": "https://github.com/acme/api/pull/5#x"}}}},
            {"node IC_5 = github.com/acme/api"},
        ),
        (
            "mutation R($input: CreateRepositoryInput!) { createRepository(input: $input) "
            "{ repository { id name owner { login } url visibility } } }",
            {
                "createRepository": {
                    "repository": {"id": "R_5", "name": "new", "owner": {"login": "acme"}, "visibility": "INTERNAL"}
                    | {"url": "https://github.com/acme/new"}
                }
            },
            {"node R_5 = github.com/acme/new", "github.com/acme/new is internal"},
        ),
        (
            'query { organization(login: "acme") { t000: team(slug: "x") { id slug } projectsV2(first: 9) '
            "{ nodes { id title url } } } }",
            {"organization": {"t000": {"id": "T_1", "slug": "x"}, "projectsV2": {"nodes": [{"id": "PVT_1"}]}}},
            {"node T_1 = github.com/acme", "node PVT_1 = github.com/acme"},
        ),
        (
            "query { viewer { id login projectsV2(first: 1) { nodes { id url } } } }",
            {
                "viewer": {"id": "U_1", "login": "ana"}
                | {"projectsV2": {"nodes": [{"id": "PVT_1", "url": "https://github.com/users/ana/projects/1"}]}}
            },
            {"node U_1 = github.com/ana", "node PVT_1 = github.com/ana"},
        ),
        (
            "query($id: ID!) { node(id: $id) { ... on PullRequest { id baseRepository { nameWithOwner } } } }",
            {"node": {"id": "PR_1", "baseRepository": {"nameWithOwner": "acme/api"}}},
            {"node PR_1 = github.com/acme/api"},
        ),
        (
            'query { repository(owner: "acme", name: "api") { l0: label(name: "bug") { id, name } databaseId } }',
            {"repository": {"l0": {"id": "LA_1", "name": "bug"}, "databaseId": 77}},
            {"node LA_1 = github.com/acme/api", "repository 77 = github.com/acme/api"},
        ),
    ],
)
def test_what_other_documents_teach(document: str, data: object, found: set[str]) -> None:
    assert taught(asks(document), data) == found


def test_a_repository_with_another_name_than_the_one_asked_for_has_moved() -> None:
    found = learned(
        "query($o: String!, $n: String!) { repository(owner: $o, name: $n) { nameWithOwner } }", o="acme", n="old"
    )
    assert found == {"github.com/acme/old went to github.com/mallory/loot"}


@pytest.mark.parametrize(
    "document",
    [
        # Names that are given to other fields.
        '{ repository(owner: "mallory", name: "loot") { id: description nameWithOwner: homepageUrl } }',
        '{ repository(owner: "mallory", name: "loot") { databaseId: isFork id: name } }',
        "{ repository: motto }",
        "{ viewer { id login: company } }",
        "{ viewer { login: name id: bio } }",
        '{ search(query: "x") { nodes { ... on Issue { id url: title repository: author { id: login } } } } }',
        '{ search(query: "x") { nodes { ... on Issue { url: body } ... on PullRequest { id url: title } } } }',
        # One name for two fields, of which a lax server takes the first, or the last.
        '{ search(query: "x") { nodes { ... on Issue { url: title url id } } } }',
        '{ search(query: "x") { nodes { ... on Issue { url url: title } ... on Issue { id } } } }',
        '{ node(id: "R_2") { id ... on Repository { nameWithOwner: description nameWithOwner } } }',
        '{ node(id: "R_2") { id ... on Repository { nameWithOwner nameWithOwner: description } } }',
        '{ node(id: "R_2") { id ...A ...B } } fragment A on Repository { nameWithOwner: description } '
        "fragment B on Repository { nameWithOwner }",
        # Repositories whose id stands below another's name.
        '{ repository(owner: "acme", name: "api") { parent { id } } }',
        '{ repository(owner: "acme", name: "api") { pullRequest(number: 2) { headRepository { id name } } } }',
        '{ repository(owner: "acme", name: "api") { issue(number: 1) { parent { id } } } }',
        '{ repository(owner: "acme", name: "api") { nameWithOwner: description } }',
        '{ a: repository(owner: "acme", name: "api") { description } node(id: "R_2") { id } }',
        '{ a: repository(owner: "mallory", name: "loot") { id } a: repository(owner: "acme", name: "api") { id } }',
        # An owner without a name is no repository.
        '{ node(id: "R_2") { id ... on Repository { owner { login } } } }',
        '{ node(id: "R_2") { id ... on Repository { name } } }',
    ],
)
def test_what_is_made_up_teaches_nothing(document: str) -> None:
    assert learned(document) - {"node R_2 = github.com/mallory/loot", "node U_2 = github.com/mallory"} == set()


@pytest.mark.parametrize(
    "document",
    [
        '# x\nquery { node(id: "R_1") { id ... on Repository { nameWithOwner } } }',
        'query { node(id: "R_\\u0031") { id ... on Repository { nameWithOwner } } }',
        'query { node(id: """R_1""") { id ... on Repository { nameWithOwner } } }',
        'query {\r node(id: "R_1") { id ... on Repository { nameWithOwner } } }',
        "query A { viewer { id login } } query B { viewer { id login } }",
        'subscription { node(id: "R_1") { id ... on Repository { nameWithOwner } } }',
        'query { node(id: "R_1") { id ...A } } fragment A on Repository { nameWithOwner } fragment A on Issue { id }',
        "query {",
        "",
    ],
)
def test_a_document_that_parsers_may_read_otherwise_teaches_nothing(document: str) -> None:
    assert taught(asks(document), {"node": {"id": "R_1", "nameWithOwner": "acme/api"}}) == set()


PLAIN = 'query A { node(id: "R_1") { id ... on Repository { nameWithOwner } } }'
ANSWER = {"node": {"id": "R_1", "nameWithOwner": "acme/api"}}
FOUND = {"node R_1 = github.com/acme/api"}


def test_one_document_is_chosen_by_its_name() -> None:
    two = f'{PLAIN} query B {{ node(id: "R_1") {{ id ... on Repository {{ nameWithOwner: description }} }} }}'
    assert taught(asks(two, operationName="A"), ANSWER) == FOUND
    assert taught(asks(two, operationName="B"), ANSWER) == set()
    assert taught(asks(two, operationName="C"), ANSWER) == set()


@pytest.mark.parametrize("state", [BodyState.SKIMMED, BodyState.UNREAD, BodyState.TOO_LONG])
def test_only_a_whole_document_is_read(state: BodyState) -> None:
    request = asks(PLAIN)
    changed = request_for("POST", GITHUB, headers=request.headers, body=request.body, body_state=state)
    assert taught(request, ANSWER) == FOUND
    assert taught(changed, ANSWER) == set()


def test_batches_and_other_places_of_a_document() -> None:
    body = f"[{asks(PLAIN).body.decode()},{asks(PLAIN).body.decode()}]".encode()
    assert taught(request_for("POST", GITHUB, headers=JSON, body=body), ANSWER) == set()
    assert taught(asks(PLAIN, url=f"{GITHUB}?query=x"), ANSWER) == set()
    assert taught(asks(PLAIN, extensions={"persistedQuery": {}}), ANSWER) == set()
    assert taught(asks(PLAIN, url="https://api.github.com/graphql/x"), ANSWER) == set()


def test_enterprise_server() -> None:
    document = '{ search(query: "x") { nodes { ... on Issue { id url } } } }'
    answer = {"search": {"nodes": [{"id": "I_1", "url": "https://ghe.acme.example/acme/api/issues/1"}]}}
    found = taught(asks(document, url="https://ghe.acme.example/api/graphql"), answer)
    assert found == {"node I_1 = ghe.acme.example/acme/api"}
    assert taught(asks(document), answer) == set()


@pytest.mark.parametrize("last", ['owner: "mallory", name: "loot"', 'owner: "acme", name: "api", followRenames: false'])
def test_a_name_for_two_repositories_is_nobodys(last: str) -> None:
    """Whichever of the two a server answers with."""
    document = f'{{ a: repository(owner: "acme", name: "api") {{ id }} a: repository({last}) {{ id }} }}'
    assert taught(asks(document), {"a": {"id": "R_2"}}) == set()


GITLAB = "https://gitlab.com/api/graphql"


@pytest.mark.parametrize(
    ("document", "data", "found"),
    [
        (
            "query($p: ID!) { project(fullPath: $p) { id visibility namespace { id fullPath } "
            "mergeRequest(iid: 1) { id } } }",
            {
                "project": {"id": "gid://gitlab/Project/1", "visibility": "private"}
                | {"namespace": {"id": "gid://gitlab/Group/5", "fullPath": "acme/platform"}}
                | {"mergeRequest": {"id": "gid://gitlab/MergeRequest/3"}}
            },
            {
                "node gid://gitlab/Project/1 = gitlab.com/acme/platform/api",
                "gitlab.com/acme/platform/api is private",
                "node gid://gitlab/Group/5 = gitlab.com/acme/platform",
                "node gid://gitlab/MergeRequest/3 = gitlab.com/acme/platform/api",
            },
        ),
        (
            'query { mergeRequest(id: "gid://gitlab/MergeRequest/3") { id webUrl sourceProject { id } } }',
            {
                "mergeRequest": {"id": "gid://gitlab/MergeRequest/3", "sourceProject": {"id": "gid://gitlab/Project/2"}}
                | {"webUrl": "https://gitlab.com/acme/platform/api/-/merge_requests/3"}
            },
            {"node gid://gitlab/MergeRequest/3 = gitlab.com/acme/platform/api"},
        ),
        (
            'query { issue(id: "gid://gitlab/Issue/3") { id webUrl } currentUser { id username name } }',
            {
                "issue": {"id": "gid://gitlab/Issue/3", "webUrl": "https://gitlab.com/groups/acme/-/work_items/3"},
                "currentUser": {"id": "gid://gitlab/User/8", "username": "ana", "name": "acme"},
            },
            {"node gid://gitlab/User/8 = gitlab.com/ana"},
        ),
        (
            'query { project(fullPath: "acme/api") { id fullPath: description } }',
            {"project": {"id": "gid://gitlab/Project/1", "fullPath": "mallory/loot"}},
            {"node gid://gitlab/Project/1 = gitlab.com/acme/api"},
        ),
    ],
)
def test_gitlab(document: str, data: object, found: set[str]) -> None:
    assert taught(asks(document, {"p": "acme/platform/api"}, url=GITLAB), data) == found


def test_contradictions_teach_nothing_at_all() -> None:
    document = '{ viewer { id login } node(id: "x") { ... on Issue { id url repository { nameWithOwner } } } }'
    data: dict[str, Any] = {"viewer": {"id": "U_1", "login": "ana"}}
    issue = {"id": "I_1", "url": "https://github.com/acme/api/issues/1", "repository": {"nameWithOwner": "acme/api"}}
    assert taught(asks(document), data | {"node": issue}) == {
        "node U_1 = github.com/ana",
        "node I_1 = github.com/acme/api",
    }
    assert taught(asks(document), data | {"node": issue | {"repository": {"nameWithOwner": "acme/web"}}}) == set()


def test_a_document_that_costs_too_much_teaches_nothing() -> None:
    levels = "".join(
        f"fragment F{level} on Repository {{ a: parent {{ ...F{level + 1} }} b: parent {{ ...F{level + 1} }} }} "
        for level in range(60)
    )
    last = "fragment F60 on Repository { id nameWithOwner }"
    document = f"{{ viewer {{ repositories {{ nodes {{ ...F0 }} }} }} }} {levels} {last}"
    data: dict[str, Any] = {"id": "R_1", "nameWithOwner": "acme/api"}
    for _ in range(13):
        data = {"a": data, "b": data}
    assert taught(asks(document), {"viewer": {"repositories": {"nodes": [data]}}}) == set()


@st.composite
def selections(draw: st.DrawFn, kind: str, depth: int) -> str:
    """Selections on the type `kind`, under names that lie."""
    found = TYPES[kind]
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        fields = found.fields if isinstance(found, GraphQLObjectType | GraphQLInterfaceType) else {}
        choice = draw(st.integers(0, 9))
        if (choice < 2 or not fields) and depth:
            inner = draw(st.sampled_from(_fits(kind)))
            parts.append(f"... on {inner} {{ {draw(selections(inner, depth - 1))} }}")
        elif fields:
            name = draw(st.sampled_from(sorted(fields)))
            below = get_named_type(fields[name].type)
            if not depth and below.name in TYPES and not _is_scalar(below.name):
                continue
            alias = f"{draw(st.sampled_from(ALIASES))}: " if draw(st.booleans()) else ""
            sub = "" if _is_scalar(below.name) else f" {{ {draw(selections(below.name, depth - 1))} }}"
            parts.append(f"{alias}{name}{draw(_arguments(name, fields[name].args))}{sub}")
    return " ".join(parts) or "__typename"


ALIASES = [
    *("id", "nameWithOwner", "name", "login", "owner", "url", "repository", "databaseId", "visibility", "isPrivate"),
    *("issue", "nodes", "node", "parent", "a", "b"),
]


def _is_scalar(name: str) -> bool:
    return not isinstance(TYPES.get(name), GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)


def _fits(kind: str) -> list[str]:
    """Types for a fragment on `kind`: itself, what it may be, and some that it isn't."""
    found = TYPES[kind]
    members = [one.name for one in found.types] if isinstance(found, GraphQLUnionType) else []
    return [kind, *members, "Repository", "Issue", "PullRequest", "User", "Node", "RepositoryOwner", "IssueComment"]


@st.composite
def _arguments(draw: st.DrawFn, name: str, args: dict[str, Any]) -> str:
    if not args:
        return ""
    values = {
        "owner": st.sampled_from(['"acme"', '"mallory"', "$owner"]),
        "name": st.sampled_from(['"api"', '"loot"', '"web"', '"old"', "$name"]),
        "login": st.sampled_from(['"acme"', '"mallory"']),
        "number": st.just("1"),
        "query": st.just('"x"'),
        "id": st.sampled_from(['"R_1"', '"R_2"', '"I_11"', '"PR_1"', '"PR_2"', '"U_2"', '"IC_2"', '"LA_1"']),
        "ids": st.just('["R_1", "R_2", "I_12", "U_2"]'),
        "followRenames": st.just("true"),
    }
    given_ = [f"{key}: {draw(values[key])}" for key in args]
    return f"({', '.join(given_)})"


NUMBERS = {**WORLD.numbers, "501": "github.com/acme", "502": "github.com/mallory"}


def is_true(fact: Fact) -> bool:
    match fact:
        case IdFact():
            value = fact.id.text
            known = (
                WORLD.where
                if fact.id.kind.value == "node"
                else {**WORLD.numbers, "501": "github.com/acme", "502": "github.com/mallory"}
            )
            # What is only known by the name that was asked for is as true as a request to that name.
            return fact.named.address in (known.get(value), "github.com/acme/old")
        case VisibilityFact():
            seen_by = WORLD.seen_by.get(fact.key, "public" if fact.key == "github.com/acme/old" else "?")
            return fact.visibility.value == seen_by or (fact.visibility.value, seen_by) == ("private", "internal")
        case MoveFact():
            return (fact.key, fact.move.key) == ("github.com/acme/old", "github.com/mallory/loot")
        case _:
            return False


@given(selections("Query", 4), st.sampled_from(["acme", "mallory"]), st.sampled_from(["api", "loot", "old"]))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_document_makes_an_answer_teach_a_lie(selected: str, owner: str, name: str) -> None:
    """But what it rightly asks beside is believed still."""
    plain = 'plain: node(id: "R_1") { ... on Repository { id nameWithOwner } }'
    document = f"query($owner: String!, $name: String!) {{ {plain} {selected} }}"
    variables = {"owner": owner, "name": name}
    data = WORLD.answer(document, variables).data
    lesson = lesson_of(asks(document, variables))
    if lesson is None or data is None:
        return
    facts = lesson.facts(200, JSON, json.dumps({"data": data}).encode())
    assert "node R_1 = github.com/acme/api" in said(facts)
    assert [fact for fact in facts if not is_true(fact)] == []


@given(
    st.text(max_size=200),
    st.recursive(
        st.none() | st.sampled_from(LIES), lambda one: st.lists(one) | st.dictionaries(st.sampled_from(ALIASES), one)
    ),
)
@settings(max_examples=50)
def test_no_document_and_no_answer_raises(document: str, data: object) -> None:
    taught(asks(document), data)
    taught(asks(PLAIN), data)


def test_a_long_chain_of_fragments_teaches_nothing() -> None:
    links = " ".join(f"fragment f{link} on User {{ ...f{link + 1} }}" for link in range(1200))
    document = f"{{ viewer {{ ...f0 }} }} {links} fragment f1200 on User {{ login id }}"
    assert taught(asks(document), {"viewer": {"login": "ana", "id": "U_1"}}) == set()

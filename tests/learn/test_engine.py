"""Each kind's answers come to whoever understands them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.learn.asking import JSON, NOW, REGISTRY, got, lesson_of, said, taught

from forgewall.identify.engine import identify
from forgewall.identify.targets import plain_read
from forgewall.identify.url import request_for
from forgewall.learn.engine import TEACHERS, lesson_for
from forgewall.learn.memory import Memory
from forgewall.model import Kind, Operation, Request


def test_all_kinds_but_those_without_ids_have_a_teacher() -> None:
    assert set(Kind) - set(TEACHERS) == {Kind.CODECOMMIT, Kind.GIT_ONLY}


def test_an_answer_may_teach_by_its_head_and_by_its_body() -> None:
    url = "https://api.github.com/repos/acme/api"
    assert said(got(url, {"id": 1, "full_name": "acme/api"})) == {"repository 1 = github.com/acme/api"}
    lesson = lesson_of(request_for("GET", url))
    assert lesson is not None
    assert said(lesson.facts(301, (*JSON, ("location", "https://api.github.com/repos/m/x")), b"{}")) == {
        "github.com/acme/api went to github.com/m/x"
    }


@pytest.mark.parametrize(
    "url", ["https://github.com/", "https://api.github.com/rate_limit", "https://gitlab.com/explore"]
)
def test_most_answers_teach_nothing(url: str) -> None:
    assert lesson_of(request_for("GET", url)) is None


@given(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "X"]),
    st.sampled_from(["github.com", "api.github.com", "gitlab.com", "api.bitbucket.org", "huggingface.co"])
    | st.sampled_from(["dev.azure.com", "codeberg.org", "git.acme.example", "bb.acme.example", "git.sr.ht"]),
    st.text(max_size=40) | st.sampled_from(["api/v4/projects/1", "repos/a/b", "graphql", "2.0/repositories/a/b"]),
    st.binary(max_size=80),
)
def test_no_request_and_no_answer_raises(method: str, host: str, path: str, body: bytes) -> None:
    forge_host = REGISTRY.lookup(host)
    assert forge_host is not None
    request = request_for(method, f"https://{host}/{path}", headers=JSON, body=body)
    lesson = lesson_for(request, plain_read(forge_host, "", owner="a", repository="b"), forge_host, NOW)
    if lesson is not None:
        for answer in (body, json.dumps({"id": 1, "data": {"x": 1}}).encode()):
            lesson.reads(200, JSON)
            lesson.facts(200, JSON, answer)
            lesson.facts(302, (("location", f"/{path}"),), answer)


LOOKUP = "query($owner: String!, $repo: String!) { repository(owner: $owner, name: $repo) { %s } }"
ISSUE = LOOKUP % "issue: issueOrPullRequest(number: 1) { __typename ... on Issue { id } ... on PullRequest { id } }"


@pytest.mark.parametrize(
    ("asked", "data", "mutation", "given", "operation"),
    [
        (
            ISSUE,
            {"issue": {"__typename": "Issue", "id": "I_1"}},
            "mutation($input: AddCommentInput!) { addComment(input: $input) { commentEdge { node { url } } } }",
            {"subjectId": "I_1", "body": "x"},
            Operation.COMMENT,
        ),
        (
            ISSUE,
            {"issue": {"__typename": "Issue", "id": "I_1"}},
            "mutation($input: CloseIssueInput!) { closeIssue(input: $input) { issue { id } } }",
            {"issueId": "I_1"},
            Operation.ISSUE,
        ),
        (
            LOOKUP % "id name owner { login } hasIssuesEnabled",
            {"id": "R_1", "name": "api", "owner": {"login": "acme"}},
            "mutation($input: CreateIssueInput!) { createIssue(input: $input) { issue { id url } } }",
            {"repositoryId": "R_1", "title": "x"},
            Operation.ISSUE,
        ),
        (
            LOOKUP % "id name owner { login } parent { id name owner { login } }",
            {"id": "R_1", "name": "api", "owner": {"login": "acme"}, "parent": None},
            "mutation($input: CreatePullRequestInput!) { createPullRequest(input: $input) { pullRequest { id url } } }",
            {"repositoryId": "R_1", "title": "x", "headRefName": "x", "baseRefName": "main"},
            Operation.PULL_REQUEST,
        ),
        (
            LOOKUP % "pullRequest(number: 2) { id number state title }",
            {"pullRequest": {"id": "PR_1", "number": 2}},
            "mutation($input: MergePullRequestInput!) { mergePullRequest(input: $input) { clientMutationId } }",
            {"pullRequestId": "PR_1"},
            Operation.PULL_REQUEST,
        ),
        (
            LOOKUP % "pullRequest(number: 2) { id number }",
            {"pullRequest": {"id": "PR_1", "number": 2}},
            "mutation($input: AddPullRequestReviewInput!) { addPullRequestReview(input: $input) { clientMutationId } }",
            {"pullRequestId": "PR_1", "event": "APPROVE"},
            Operation.PULL_REQUEST,
        ),
        (
            LOOKUP % "pullRequest(number: 2) { id url title body }",
            {"pullRequest": {"id": "PR_1", "url": "https://github.com/acme/api/pull/2"}},
            "mutation($input: UpdatePullRequestInput!) { updatePullRequest(input: $input) { clientMutationId } }",
            {"pullRequestId": "PR_1", "title": "x"},
            Operation.PULL_REQUEST,
        ),
    ],
)
def test_what_gh_asks_first_says_where_it_writes_next(
    asked: str, data: object, mutation: str, given: object, operation: Operation
) -> None:
    memory = Memory(lambda: NOW)
    change = graphql(mutation, {"input": given})
    before = identify(change, REGISTRY, directory=memory)
    assert before is not None
    assert before.operation is Operation.UNIDENTIFIED
    question = graphql(asked, {"owner": "acme", "repo": "api"})
    memory.learn(taught(question, {"data": {"repository": data}}), NOW)
    after = identify(change, REGISTRY, directory=memory)
    assert after is not None
    assert (after.address, after.operation) == ("github.com/acme/api", operation)


@pytest.mark.parametrize(
    ("asked", "answer", "change"),
    [
        (
            "https://gitlab.com/api/v4/projects/acme%2Fapi",
            {"id": 1, "path_with_namespace": "acme/api"},
            ("POST", "https://gitlab.com/api/v4/projects/1/issues"),
        ),
        (
            "https://api.github.com/repos/acme/api",
            {"id": 1, "full_name": "acme/api"},
            ("POST", "https://api.github.com/repositories/1/issues"),
        ),
    ],
)
def test_what_a_client_asks_first_says_what_its_numbers_mean(
    asked: str, answer: object, change: tuple[str, str]
) -> None:
    memory = Memory(lambda: NOW)
    memory.learn(got(asked, answer), NOW)
    target = identify(request_for(*change, headers=JSON, body=b'{"title": "x"}'), REGISTRY, directory=memory)
    assert target is not None
    assert (target.owner, target.repository, target.operation) == ("acme", "api", Operation.ISSUE)


def graphql(document: str, variables: object) -> Request:
    body = json.dumps({"query": document, "variables": variables}).encode()
    return request_for("POST", "https://api.github.com/graphql", headers=JSON, body=body)

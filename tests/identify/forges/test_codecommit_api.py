"""The JSON API of CodeCommit: every operation of its service model, and bodies that could name another repository."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identify.asking import ask, told
from tests.identify.published.codecommit import API, ARN, DESCRIPTION, HOST
from tests.identify.published.codecommit import VALUES as PUBLISHED

from forgewall.identify.forges.codecommit_api import operations
from forgewall.identify.url import request_for
from forgewall.inspect.skim import Skimmer
from forgewall.model import BodyState, Operation, Target, Visibility

FORGE = HOST
VALUES = {**PUBLISHED, "repositoryNames": ["Api"], "newName": "Api"}


def call(
    operation: str,
    body: object,
    *,
    kind: str = "application/x-amz-json-1.1",
    host: str = API,
    state: BodyState = BodyState.COMPLETE,
) -> Target:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ask(
        "POST", host, octets, ("content-type", kind), ("x-amz-target", f"CodeCommit_20150413.{operation}"), state=state
    )


def test_every_operation_is_listed() -> None:
    assert {one.template for one in DESCRIPTION.operations()} == set(operations())


@pytest.mark.parametrize("operation", ["PutFile", "GetFile"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"repositoryName":"Api","repositoryName":"Loot"}',
        b'{"repositoryName":"Api","repositoryname":"Loot"}',
        b'{"repositoryName":["Api"]}',
        b'{"repositoryName":"Api.git"}',
        b'{"repositoryName":"Api/x"}',
        b'{"repositoryName":"Api "}',
        b'{"repositoryName":""}',
        b'{"repositoryName":"Api"} x',
        b'\xef\xbb\xbf{"repositoryName":"Api"}',
        b'[{"repositoryName":"Api"}]',
        b"repositoryName=Api",
        b"",
    ],
)
def test_a_repository_that_is_not_certain(operation: str, body: bytes) -> None:
    target = call(operation, body)
    assert target.address is None
    assert target.operation is (Operation.FETCH if operation == "GetFile" else Operation.UNIDENTIFIED)


def test_a_target_in_another_spelling() -> None:
    for row in ({"repositoryName": "Api", "repositoryname": "Loot"}, {"RepositoryName": "Api"}, "Api"):
        assert not call("CreatePullRequest", {"targets": [{"repositoryName": "Api"}, row]}).identified


def test_names_keep_their_case() -> None:
    assert call("PutFile", {"repositoryName": "API"}).key == f"{FORGE}/v1/repos/API"


@pytest.mark.parametrize(
    "kind", ["application/x-amz-json-1.0", "application/json", "application/x-amz-json-1.1; charset=utf-8"]
)
def test_media_types(kind: str) -> None:
    assert call("PutFile", {"repositoryName": "Api"}, kind=kind).identified


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/x-amz-json-1.1, x"]
)
def test_other_media_types(kind: str) -> None:
    assert not call("PutFile", {"repositoryName": "Api"}, kind=kind).identified


def test_all_repositories_of_a_request_are_named() -> None:
    target = call("BatchAssociateApprovalRuleTemplateWithRepositories", {"repositoryNames": ["Api", "Web", "Api"]})
    assert told(target) == ("other-write", f"{FORGE}/v1/repos/Api")
    assert [(one.repository, one.role) for one in target.also] == [("Web", "destination")]
    many = {"repositoryNames": [f"r{number}" for number in range(101)]}
    assert not call("BatchAssociateApprovalRuleTemplateWithRepositories", many).identified


def test_a_new_repository_is_private() -> None:
    assert call("CreateRepository", {"repositoryName": "Loot"}).visibility is Visibility.PRIVATE


def test_an_arn_of_another_region_or_service() -> None:
    for arn in (ARN.replace("us-east-1", "us-west-2"), ARN.replace("codecommit", "s3"), ARN + ":x", ARN + "/x"):
        assert not call("TagResource", {"resourceArn": arn}).identified


def test_an_unread_body_is_asked_for() -> None:
    for operation, wanted in (("PutFile", Operation.UNIDENTIFIED), ("GetFile", Operation.FETCH)):
        target = call(operation, b"", state=BodyState.UNREAD)
        assert (target.operation, target.address, target.wants_body) == (wanted, None, True)
        long = call(operation, b"", state=BodyState.TOO_LONG)
        assert (long.operation, long.wants_body) == (wanted, False)


def test_a_commit_that_is_too_long_to_hold_is_skimmed() -> None:
    body = json.dumps({"fileContent": "eA==" * 100_000, "repositoryName": "Api", "filePath": "a"}).encode()
    headers = (("content-type", "application/x-amz-json-1.1"),)
    skimmer = Skimmer.of(request_for("POST", API, headers=headers, body_state=BodyState.UNREAD))
    assert skimmer is not None
    skimmer.feed(body)
    skim = skimmer.finish()
    assert skim is not None
    assert len(skim) < 1000
    assert call("PutFile", skim, state=BodyState.SKIMMED).address == f"{FORGE}/v1/repos/Api"


def test_the_number_of_a_pull_request_is_told_in_plain_words() -> None:
    assert call("UpdatePullRequestTitle", {"pullRequestId": "3"}).evidence == (
        "CodeCommit: UpdatePullRequestTitle: the number of a pull request doesn't tell its repository"
    )


def test_one_target_header_only() -> None:
    body = b'{"repositoryName":"Api"}'
    twice = [("x-amz-target", "CodeCommit_20150413.GetFile"), ("x-amz-target", "CodeCommit_20150413.PutFile")]
    assert not ask("POST", API, body, ("content-type", "application/x-amz-json-1.1"), *twice).identified


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(operations())) | st.text(max_size=12),
    st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(sorted(VALUES)), st.sampled_from(["Loot", ["Loot"], [{"repositoryName": "Loot"}], ARN, None, 1])
    ).map(lambda found: json.dumps(found).encode()),
    st.sampled_from(list(BodyState)),
)
def test_anything_is_understood_or_not(operation: str, body: bytes, state: BodyState) -> None:
    target = call(operation, body, state=state)
    assert target.effect is target.operation.effect
    assert not target.wants_body or state is BodyState.UNREAD
    if target.repository is not None:
        assert target.repository.encode() in body


@pytest.mark.parametrize("operation", ["PutFile", "GetFile", "ListRepositories", "GetPullRequest"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/cbor", "text/plain", ""])
def test_another_protocols_body_is_no_read(operation: str, kind: str) -> None:
    assert call(operation, {"repositoryName": "Api"}, kind=kind).operation is Operation.UNIDENTIFIED


def test_nothing_is_asked_by_a_query() -> None:
    for method in ("GET", "HEAD"):
        for query in (
            "Action=PutFile&repositoryName=Api&X-Amz-Signature=a",
            "x-amz-target=CodeCommit_20150413.PutFile",
        ):
            assert ask(method, f"{API}?{query}").operation is Operation.UNIDENTIFIED
        assert ask(method, API).operation is Operation.FETCH

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import ask
from tests.identify.graphql.knowing import Knowing, sent

from forgewall.identify.graphql.inputs import names_a_place
from forgewall.identify.graphql.mutations import Locator, Naming, Otherwise, parse_table, table
from forgewall.identify.kinds import FORGES
from forgewall.model import Operation


def test_a_row_is_read() -> None:
    text = """
    # a comment
    beside labelId teamId
    makeRepo create-repo new:ownerId/name visibility:seen source=node:from second/issue=path:a.b if:public/visibility
    touch snippet else:snippets beside:url  # another
    """
    found = parse_table(text, "x")
    assert found.beside == {"labelId", "teamId"}
    row = found.rows["makeRepo"]
    assert (row.operation, row.new, row.visibility) == (Operation.CREATE_REPO, (("ownerId",), ("name",)), ("seen",))
    assert row.turns == ((("public",), Operation.VISIBILITY),)
    assert row.locators == (
        Locator(naming=Naming.NODE, place=("from",), role="source"),
        Locator(naming=Naming.PATH, place=("a", "b"), role="second", operation=Operation.ISSUE),
    )
    assert row.known == {("ownerId",), ("name",), ("seen",), ("public",), ("from",), ("a", "b")}
    assert found.rows["touch"].otherwise is Otherwise.SNIPPETS


@pytest.mark.parametrize(
    "row",
    ["alone", "a nothing", "a issue node", "a issue node:", "a issue odd:x", "a issue lender=node:x",
     "a issue second/nothing=node:x", "a issue new:x", "a issue if:x", "a issue else:never"],
)  # fmt: skip
def test_a_row_that_is_wrong_names_its_line(row: str) -> None:
    with pytest.raises(ValueError, match=r"t\.mutations:2: "):
        parse_table(f"# a table\n{row}\n", "t.mutations")


def test_two_rows_for_one_mutation_are_wrong() -> None:
    with pytest.raises(ValueError, match=r"t:2: two rows for a"):
        parse_table("a issue\na comment\n", "t")


def test_each_kind_with_endpoints_has_its_table() -> None:
    names = {forge.mutations for forge in FORGES.values() if forge.mutations}
    assert names == {"github", "gitlab"}
    assert all(len(table(name).rows) > 240 for name in names)


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_rows_that_write_say_where(name: str) -> None:
    for row in table(name).rows.values():
        writes = row.operation.effect.value == "write" and row.operation is not Operation.UNIDENTIFIED
        says = any(one.role is None for one in row.locators) or row.new or row.otherwise
        assert bool(says) is writes, row.name


@pytest.mark.parametrize(
    "name, yes",
    [("repositoryId", True), ("id", True), ("ids", True), ("fullPath", True), ("branchID", True), ("project", True),
     ("sourceRepositoryUrl", True), ("ownerLogin", True), ("associatedProjects", True), ("oid", False),
     ("expectedHeadOid", False), ("iid", False), ("valid", False), ("title", False), ("body", False), ("", False)],
)  # fmt: skip
def test_names_of_places(name: str, yes: bool) -> None:
    assert names_a_place(name) is yes


# A mutation does what the REST route for the same thing does.
SAME = [
    ("POST", "/repos/acme/api/issues", "createIssue", "repositoryId"),
    ("PATCH", "/repos/acme/api/issues/1", "updateIssue", "id"),
    ("POST", "/repos/acme/api/issues/1/labels", "addLabelsToLabelable", "labelableId"),
    ("POST", "/repos/acme/api/issues/1/assignees", "addAssigneesToAssignable", "assignableId"),
    ("PUT", "/repos/acme/api/issues/1/lock", "lockLockable", "lockableId"),
    ("POST", "/repos/acme/api/issues/1/comments", "addComment", "subjectId"),
    ("PATCH", "/repos/acme/api/issues/comments/1", "updateIssueComment", "id"),
    ("POST", "/repos/acme/api/issues/1/reactions", "addReaction", "subjectId"),
    ("POST", "/repos/acme/api/labels", "createLabel", "repositoryId"),
    ("PATCH", "/repos/acme/api/pulls/1", "updatePullRequest", "pullRequestId"),
    ("PUT", "/repos/acme/api/pulls/1/merge", "mergePullRequest", "pullRequestId"),
    ("PUT", "/repos/acme/api/pulls/1/update-branch", "updatePullRequestBranch", "pullRequestId"),
    ("POST", "/repos/acme/api/pulls/1/requested_reviewers", "requestReviews", "pullRequestId"),
    ("POST", "/repos/acme/api/pulls/1/reviews", "addPullRequestReview", "pullRequestId"),
    ("POST", "/repos/acme/api/pulls/1/comments", "addPullRequestReviewComment", "pullRequestId"),
    ("POST", "/repos/acme/api/git/refs", "createRef", "repositoryId"),
    ("DELETE", "/repos/acme/api/git/refs/heads/x", "deleteRef", "refId"),
    ("POST", "/repos/acme/api/merges", "mergeBranch", "repositoryId"),
    ("POST", "/repos/acme/api/check-runs", "createCheckRun", "repositoryId"),
    ("POST", "/repos/acme/api/check-suites", "createCheckSuite", "repositoryId"),
    ("POST", "/repos/acme/api/deployments", "createDeployment", "repositoryId"),
    ("PUT", "/repos/acme/api/environments/x", "createEnvironment", "repositoryId"),
    ("PUT", "/repos/acme/api/topics", "updateTopics", "repositoryId"),
    ("PUT", "/repos/acme/api/branches/main/protection", "createBranchProtectionRule", "repositoryId"),
    ("POST", "/repos/acme/api/rulesets", "createRepositoryRuleset", "sourceId"),
    ("PUT", "/repos/acme/api/interaction-limits", "setRepositoryInteractionLimit", "repositoryId"),
    ("PUT", "/user/starred/acme/api", "addStar", "starrableId"),
    ("PUT", "/user/following/ana", "followUser", "userId"),
    ("PUT", "/repos/acme/api/subscription", "updateSubscription", "subscribableId"),
]


@pytest.mark.parametrize("method, path, mutation, field", SAME)
def test_a_mutation_does_what_the_route_does(method: str, path: str, mutation: str, field: str) -> None:
    route = ask(method, f"https://api.github.com{path}", b"{}", ("content-type", "application/json"))
    target = sent(f'mutation {{ {mutation}(input: {{{field}: "R_api"}}) {{ x }} }}')
    assert (target.operation, target.effect) == (route.operation, route.effect)
    if route.effect.value == "write":
        assert target.address == route.address == "github.com/acme/api"


GITLAB_SAME = [
    ("POST", "/projects/acme%2Fapi/issues", "createIssue"),
    ("POST", "/projects/acme%2Fapi/merge_requests", "mergeRequestCreate"),
    ("POST", "/projects/acme%2Fapi/repository/commits", "commitCreate"),
    ("POST", "/projects/acme%2Fapi/repository/branches", "createBranch"),
    ("POST", "/projects/acme%2Fapi/releases", "releaseCreate"),
    ("POST", "/projects/acme%2Fapi/labels", "labelCreate"),
    ("POST", "/projects/acme%2Fapi/snippets", "createSnippet"),
    ("POST", "/projects/acme%2Fapi/pipeline_schedules", "pipelineScheduleCreate"),
    ("POST", "/projects/acme%2Fapi/cluster_agents", "createClusterAgent"),
    ("POST", "/projects/acme%2Fapi/boards", "createBoard"),
    ("POST", "/projects/acme%2Fapi/environments", "environmentCreate"),
]


@pytest.mark.parametrize("method, path, mutation", GITLAB_SAME)
def test_a_mutation_of_gitlab_does_what_the_route_does(method: str, path: str, mutation: str) -> None:
    route = ask(method, f"https://gitlab.com/api/v4{path}", b"{}", ("content-type", "application/json"))
    document = f'mutation {{ {mutation}(input: {{projectPath: "acme/api"}}) {{ errors }} }}'
    target = sent(document, url="https://gitlab.com/api/graphql", known=Knowing({}))
    assert (target.operation, target.address) == (route.operation, route.address)


@pytest.mark.parametrize("mutation", ["ciCdSettingsUpdate", "projectCiCdSettingsUpdate"])
@pytest.mark.parametrize(
    "field, operation",
    [("inboundJobTokenScopeEnabled", "collaborator"), ("jobTokenScopeEnabled", "collaborator"), ("optInJwt", "ci")],
)
def test_jobs_of_other_projects_are_let_in_as_over_rest(mutation: str, field: str, operation: str) -> None:
    document = f'mutation {{ {mutation}(input: {{fullPath: "acme/api", {field}: false}}) {{ errors }} }}'
    target = sent(document, url="https://gitlab.com/api/graphql", known=Knowing({}))
    assert (target.operation.value, target.address) == (operation, "gitlab.com/acme/api")


@given(st.text(max_size=80))
def test_any_text_is_a_table_or_wrong(text: str) -> None:
    with suppress(ValueError):
        parse_table(text, "t")

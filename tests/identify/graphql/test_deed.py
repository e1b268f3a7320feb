from __future__ import annotations

import pytest
from tests.identify.graphql.knowing import GITLAB, Knowing, said, sent

NOTE = "mutation($i: CreateNoteInput!) { createNote(input: $i) { errors } }"
NOTED = ("comment", "gitlab.com/acme/team/api")


@pytest.mark.parametrize(
    "text",
    [
        "/move a/b",
        "text\n/move a/b",
        "x\r\n/clone a/b",
        "x\r/clone a/b",
        " \t/MOVE a/b",
        "\n" * 9 + "/clone",
        "/mo\rve x",
        "/add_email x@evil.example",
        "x\n/INVITE_EMAIL x@evil.example",
        "/convert_to_ticket x@evil.example",
    ],
)
def test_a_quick_action_may_copy_an_issue(text: str) -> None:
    target = sent(NOTE, {"i": {"noteableId": "gid://gitlab/Issue/7", "body": text}}, url=GITLAB)
    assert said(target) == ("unidentified", None)
    assert "quick action" in target.evidence


@pytest.mark.parametrize("text", ["", "see /move", "/moved", "/label ~x", "a/clone", "\n \n\n /close"])
def test_other_texts_are_texts(text: str) -> None:
    assert said(sent(NOTE, {"i": {"noteableId": "gid://gitlab/Issue/7", "body": text}}, url=GITLAB)) == NOTED


def test_a_text_of_line_breaks_is_read_once() -> None:
    body = "\n" * 100_000 + "x" * 10_000
    assert said(sent(NOTE, {"i": {"noteableId": "gid://gitlab/Issue/7", "body": body}}, url=GITLAB)) == NOTED


@pytest.mark.parametrize("gid", ["gid://gitlab/Issue/7", "gid://gitlab/WorkItem/7"])
def test_an_issue_is_a_work_item(gid: str) -> None:
    assert said(sent(NOTE, {"i": {"noteableId": gid, "body": "b"}}, url=GITLAB)) == NOTED


@pytest.mark.parametrize(
    "gid",
    ["gid://gitlab/Issue/07", "gid://gitlab/Issue/7 ", "gid://gitlab/Issue/7?x=1", "GID://gitlab/Issue/7", "7", "gid://x/Issue/7",
     "gid://gitlab/issue/7", "gid://gitlab/Epic/7", "gid://gitlab/Issue/-7", "gid://gitlab/PersonalSnippet/x", "gid://gitlab/User/3"],
)  # fmt: skip
def test_a_gid_is_one_as_it_stands(gid: str) -> None:
    assert said(sent(NOTE, {"i": {"noteableId": gid, "body": "b"}}, url=GITLAB)) == ("unidentified", None)


@pytest.mark.parametrize(
    "model, kind",
    [
        ("Project", "repository"),
        ("Group", "owner"),
        ("Namespace", "owner"),
        ("Namespaces::UserNamespace", "owner"),
    ],
)
def test_a_gid_is_found_by_its_number_too(model: str, kind: str) -> None:
    known = Knowing({f"{kind}:5": "gitlab.com/acme/x"})
    document = f'mutation {{ runnerCacheClear(input: {{projectId: "gid://gitlab/{model}/5"}}) {{ errors }} }}'
    assert said(sent(document, url=GITLAB, known=known)) == ("runner", "gitlab.com/acme/x")


@pytest.mark.parametrize(
    "path",
    [
        "acme",
        "",
        "/acme/api",
        "acme/api/",
        "acme//api",
        "acme/../x",
        "acme/-/api",
        "acme/api.git",
        "acme/a b",
        "a/%61",
        5,
    ],
)
def test_a_full_path_is_plain(path: object) -> None:
    document = 'mutation($p: ID!) { createBranch(input: {projectPath: $p, name: "x", ref: "y"}) { errors } }'
    assert said(sent(document, {"p": path}, url=GITLAB)) == ("unidentified", None)


@pytest.mark.parametrize(
    "url, known",
    [
        ("https://github.com/acme/two/issues/1", "github.com/acme/two"),
        ("https://github.com/acme/two/issues/1?x", None),
        ("http://github.com/acme/two/issues/1", None),
        ("https://github.com@evil.example/acme/two/issues/1", None),
        ("https://ghe.example/acme/two/issues/1", None),
        ("https://github.com/acme/two/issues/x", None),
        ("https://github.com/acme/..%2ftwo/issues/1", None),
    ],
)
def test_the_address_of_an_issue_names_its_repository(url: str, known: str | None) -> None:
    document = 'mutation($u: String) { addSubIssue(input: {issueId: "I_api", subIssueUrl: $u}) { x } }'
    beside = ("issue", "github.com/acme/api", ("destination", known, None))
    assert said(sent(document, {"u": url})) == (beside if known else ("unidentified", None))


def test_a_field_can_make_it_another_operation() -> None:
    document = "mutation($i: X!) { updateProjectV2(input: $i) { x } }"
    assert said(sent(document, {"i": {"projectId": "PVT_acme", "title": "t"}})) == ("issue", "github.com/acme")
    assert said(sent(document, {"i": {"projectId": "PVT_acme", "public": False}})) == ("visibility", "github.com/acme")
    assert said(sent(document, {"i": {"projectId": "PVT_acme", "public": None}})) == ("issue", "github.com/acme")


RENAME = "mutation($i: UpdateRepositoryInput!) { updateRepository(input: $i) { clientMutationId } }"


def test_a_new_name_is_another_address() -> None:
    target = sent(RENAME, {"i": {"repositoryId": "R_api", "name": "new", "description": "x"}})
    assert said(target) == ("other-write", "github.com/acme/api", ("destination", "github.com/acme/new", None))
    for same in ({}, {"name": "api"}, {"description": "x"}):
        assert said(sent(RENAME, {"i": {"repositoryId": "R_api", **same}})) == ("other-write", "github.com/acme/api")


@pytest.mark.parametrize("name", ["a/b", "", ["a", "b"], "..", "new.git", 7, "ana/api", "née"])
def test_a_new_name_that_may_be_read_otherwise(name: object) -> None:
    assert said(sent(RENAME, {"i": {"repositoryId": "R_api", "name": name}})) == ("unidentified", None)

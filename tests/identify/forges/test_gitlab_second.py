"""Two places in one request to GitLab: both are named, or the request is unidentified."""

from __future__ import annotations

import pytest
from tests.identify.forges.labelled import FORM, MULTIPART, lab, multipart, said

from forgewall.model import BodyState

API = "gitlab.com/acme/team/api"
LOOT = "gitlab.com/mallory/loot"
SELF = "/projects/acme%2Fteam%2Fapi"


@pytest.mark.parametrize(
    ("method", "path", "body", "operation", "address", "also"),
    [
        ("PUT", f"{SELF}/transfer", {"namespace": 8}, "transfer", API,
         [("destination", "gitlab.com/mallory/api", None)]),
        ("PUT", f"{SELF}/transfer", {"namespace": "ana"}, "transfer", API,
         [("destination", "gitlab.com/ana/api", None)]),
        ("POST", "/groups/7/transfer", {"group_id": 8}, "transfer", "gitlab.com/acme/team",
         [("destination", "gitlab.com/mallory/team", None)]),
        ("POST", "/groups/7/transfer", {}, "transfer", "gitlab.com/acme/team",
         [("destination", "gitlab.com/team", None)]),
        ("POST", "/groups/8/projects/1", {}, "transfer", API, [("destination", "gitlab.com/mallory/api", None)]),
        ("POST", f"/groups/mallory{SELF}", {}, "transfer", API, [("destination", "gitlab.com/mallory/api", None)]),
        ("POST", "/projects/2/merge_requests", {"target_project_id": 1}, "pull-request", API, [("source", LOOT, None)]),
        ("POST", f"{SELF}/merge_requests", {"target_project_id": 2}, "pull-request", LOOT, [("source", API, None)]),
        ("POST", f"{SELF}/merge_requests", {"target_project_id": 1}, "pull-request", API, []),
        ("POST", f"{SELF}/repository/commits", {"start_project": 2}, "contents", API, [("source", LOOT, None)]),
        ("POST", f"{SELF}/repository/commits", {"start_project": "mallory/loot"}, "contents", API,
         [("source", LOOT, None)]),
        ("POST", f"{SELF}/repository/commits", {"branch": "b", "actions": []}, "contents", API, []),
        ("POST", f"{SELF}/fork/2", {}, "fork", API, [("parent", LOOT, None)]),
        ("POST", f"{SELF}/import_project_members/2", {}, "collaborator", API, [("source", LOOT, None)]),
        ("POST", f"{SELF}/issues/1/move", {"to_project_id": 2}, "issue", API, [("destination", LOOT, None)]),
        ("POST", f"{SELF}/issues/1/clone?to_project_id=2", {}, "issue", API, [("destination", LOOT, None)]),
        ("POST", f"{SELF}/issues/1/links", {"target_project_id": "mallory/loot"}, "issue", API,
         [("destination", LOOT, None)]),
        ("POST", "/groups/7/epics/1/related_epics", {"target_group_id": 8}, "issue", "gitlab.com/acme/team",
         [("destination", "gitlab.com/mallory", None)]),
        ("POST", f"{SELF}/share", {"group_id": 8}, "collaborator", API, [("destination", "gitlab.com/mallory", None)]),
        ("POST", "/groups/7/share", {"group_id": 8}, "collaborator", "gitlab.com/acme/team",
         [("destination", "gitlab.com/mallory", None)]),
        ("POST", f"{SELF}/job_token_scope/allowlist", {"target_project_id": 2}, "collaborator", API,
         [("destination", LOOT, None)]),
        ("POST", f"{SELF}/job_token_scope/groups_allowlist", {"target_group_id": 8}, "collaborator", API,
         [("destination", "gitlab.com/mallory", None)]),
    ],
)  # fmt: skip
def test_both_places_are_named(
    method: str, path: str, body: object, operation: str, address: str, also: list[object]
) -> None:
    assert said(lab(method, path, body)) == (operation, address, also)


UNKNOWN = [
    ("PUT", f"{SELF}/transfer", {"namespace": 5}),
    ("PUT", f"{SELF}/transfer", {"namespace": "acme", "new_namespace_id": 8}),
    ("PUT", f"{SELF}/transfer", {"namespace": ["acme"]}),
    ("POST", "/groups/8/projects/5", {}),
    ("POST", f"{SELF}/merge_requests", {"target_project_id": 5}),
    ("POST", f"{SELF}/merge_requests", {"target_project_id": "loot"}),
    ("POST", f"{SELF}/merge_requests", {"Target_project_id": 1}),
    ("POST", f"{SELF}/repository/commits", {"start_project": 5}),
    ("POST", f"{SELF}/repository/commits", {"start_project": {"id": 1}}),
    ("POST", f"{SELF}/fork/5", {}),
    ("POST", f"{SELF}/import_project_members/5", {}),
    ("POST", f"{SELF}/issues/1/move", {}),
    ("POST", f"{SELF}/issues/1/move", {"to_project_id": 5}),
    ("POST", f"{SELF}/issues/1/move", {"to_project_id": 1, "move_to_project_id": 2}),
    ("POST", f"{SELF}/share", {"group_id": 5}),
    ("POST", f"{SELF}/job_token_scope/allowlist", {"target_project_id": 5}),
]


@pytest.mark.parametrize(("method", "path", "body"), UNKNOWN)
def test_one_unknown_place_is_enough(method: str, path: str, body: object) -> None:
    assert not lab(method, path, body).identified


@pytest.mark.parametrize(("method", "path", "body"), [row for row in UNKNOWN if "/fork/" not in row[1]])
@pytest.mark.parametrize("state", [BodyState.UNREAD, BodyState.TOO_LONG])
def test_without_the_body_no_place_is_certain(method: str, path: str, body: object, state: BodyState) -> None:
    target = lab(method, path, b"", ("content-length", "9"), state=state)
    assert not target.identified


def test_a_commit_with_files_comes_as_a_form_or_is_skimmed() -> None:
    body = multipart(("branch", "main"), ("actions[][action]", "create"), ("start_project", "2"))
    target = lab("POST", f"{SELF}/repository/commits", body, MULTIPART, state=BodyState.SKIMMED)
    assert said(target) == ("contents", API, [("source", LOOT, None)])
    twice = b"actions[][action]=create&actions[][action]=create&branch=main"
    assert not lab("POST", f"{SELF}/repository/commits", twice, FORM).identified


WEB = "https://gitlab.com/acme/team/api/-"


@pytest.mark.parametrize(
    ("method", "path", "body", "operation", "address", "also"),
    [
        ("POST", "merge_requests", b"merge_request[source_project_id]=2&merge_request[target_project_id]=1"
         b"&merge_request[squash]=0&merge_request[squash]=1", "pull-request", API, [("source", LOOT, None)]),
        ("POST", "merge_requests", b"merge_request[source_project_id]=1&merge_request[target_project_id]=1",
         "pull-request", API, []),
        ("POST", "merge_requests", b"merge_request[target_project_id]=5", "unidentified", API, []),
        ("POST", "merge_requests", b"merge_request[source_project_id]=5&merge_request[target_project_id]=1",
         "unidentified", API, []),
        ("POST", "merge_requests", b"merge_request[title]=t", "unidentified", API, []),
        ("POST", "issues/5/move", b"move_to_project_id=2", "issue", API, [("destination", LOOT, None)]),
        ("POST", "issues/5/move.json", b"move_to_project_id=2", "issue", API, [("destination", LOOT, None)]),
        ("POST", "issues/5/move.json", b"move_to_project_id=5", "unidentified", API, []),
        ("POST", "commit/0abc123/cherry_pick", b"start_branch=main&target_project_id=2", "contents", LOOT,
         [("source", API, None)]),
        ("POST", "commit/0abc123/cherry_pick", b"start_branch=main", "contents", API, []),
        ("POST", "commit/0abc123/revert", b"target_project_id=5", "unidentified", API, []),
        ("POST", "create/main", b"file_name=a&content=b&branch_name=main", "contents", API, []),
        ("PUT", "update/main/a.py", b"content=b&branch_name=main&fork_to=2", "unidentified", API, []),
    ],
)  # fmt: skip
def test_in_a_browser(method: str, path: str, body: bytes, operation: str, address: str, also: list[object]) -> None:
    assert said(lab(method, f"{WEB}/{path}", body, FORM)) == (operation, address, also)

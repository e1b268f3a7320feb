"""GitLab's pages: projects with and without `/-/`, groups, what a browser posts, and other methods in a form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.forges.labelled import FORM, MULTIPART, lab, multipart

from forgewall.model import BodyState, Effect

API = "gitlab.com/acme/team/api"


@pytest.mark.parametrize(
    ("method", "path", "operation", "address"),
    [
        ("POST", "acme/team/api/uploads", "attachment", API),
        ("POST", "acme/team/api/-/preview_markdown", "fetch", API),
        ("POST", "acme/team/api/preview_markdown", "fetch", API),
        ("POST", "acme/team/api/toggle_star", "star", API),
        ("POST", "acme/team/api/toggle_star.json", "star", API),
        ("POST", "acme/team/api/archive", "other-write", API),
        ("DELETE", "acme/team/api/container_registry/5", "package", API),
        ("DELETE", "acme/team/api/registry/repository/5/tags/v1.json", "package", API),
        ("POST", "acme/team/api/ide_terminals", "ci", API),
        ("POST", "acme/team/api/-/ci/lint", "fetch", API),
        ("POST", "acme/team/api/-/pipelines/5/retry", "ci", API),
        ("POST", "acme/team/api/-/snippets", "snippet", API),
        ("PUT", "acme/team/api/-/settings/merge_requests", "other-write", API),
        ("PUT", "acme/team/api/-/variables", "secret", API),
        ("POST", "acme/team/api/-/wikis/home/preview_markdown", "fetch", API),
        ("DELETE", "acme/team/api", "delete-repo", API),
        ("DELETE", "groups/acme/team", "delete-repo", "gitlab.com/acme/team"),
        ("POST", "groups/acme/team/-/uploads", "attachment", "gitlab.com/acme/team"),
        ("PATCH", "groups/acme/team/-/variables", "secret", "gitlab.com/acme/team"),
        ("POST", "groups/acme/-/epics/1/notes", "comment", "gitlab.com/acme"),
        ("POST", "groups/acme/-/saml/callback", "auth", "gitlab.com/acme"),
        ("POST", "groups/acme/-/brand_new", "unidentified", "gitlab.com/acme"),
        ("GET", "groups/acme/team/-/issues", "fetch", "gitlab.com/acme/team"),
        ("POST", "-/snippets", "snippet", "gitlab.com/-/snippets"),
        ("POST", "uploads/personal_snippet", "attachment", "gitlab.com/-/snippets"),
        ("POST", "-/users/callouts", "notification", "gitlab.com"),
        ("POST", "-/profile/two_factor_auth", "auth", "gitlab.com"),
        ("POST", "-/user_settings/personal_access_tokens", "token", None),
        ("POST", "-/collect_events", "telemetry", "gitlab.com"),
        ("POST", "import/brand_new", "import", None),
        ("POST", "acme/team/api/brand_new", "unidentified", None),
        ("POST", "acme/team/api/notes/toggle_star/todos/x", "unidentified", None),
        ("POST", "acme/uploads", "unidentified", None),
        ("POST", "groups/-/uploads", "unidentified", None),
        ("POST", "", "unidentified", None),
    ],
)
def test_what_a_browser_does(method: str, path: str, operation: str, address: str | None) -> None:
    target = lab(method, f"https://gitlab.com/{path}")
    assert (target.operation.value, target.address) == (operation, address)


def test_two_ends_that_are_listed_leave_it_open() -> None:
    target = lab("POST", "https://gitlab.com/acme/api/notes/5/notes/5/resolve")
    assert (target.operation.value, target.address) == ("comment", "gitlab.com/acme/api/notes/5")
    assert lab("POST", "https://gitlab.com/acme/api/alerts/notify/a/todos").operation.value == "unidentified"


@pytest.mark.parametrize(
    ("path", "body", "operation"),
    [
        ("users/sign_in", b"user[login]=a&user[remember_me]=0&user[remember_me]=1&utf8=%E2%9C%93", "auth"),
        ("users/sign_in", b"user[login]=a&_method=post", "auth"),
        ("users/sign_out", b"_method=delete", "auth"),
        ("users/sign_out", b"_method=patch", "unidentified"),
        ("dashboard/todos/5", b"_method=delete", "todo"),
        ("acme/team/api/-/branches/main", b"_method=delete", "contents"),
        ("acme/team/api/-/hooks/5", b"_method=patch&hook[url]=https://x", "webhook"),
        ("acme/team/api/toggle_star", b"_method=put", "unidentified"),
        ("acme/team/api/toggle_star", b"%5fmethod=put", "unidentified"),
        ("acme/team/api/toggle_star", b"[_method]=put", "unidentified"),
        ("acme/team/api/toggle_star", b"_method=put&_method=post", "unidentified"),
        ("acme/team/api/toggle_star", b"\xff=1;_method=put", "unidentified"),
        ("acme/team/api/toggle_star", b"a=1", "star"),
        ("acme/team/api/toggle_star", b"\xff=1", "star"),
    ],
)
def test_a_form_may_be_another_method(path: str, body: bytes, operation: str) -> None:
    assert lab("POST", f"https://gitlab.com/{path}", body, FORM).operation.value == operation


def test_a_multipart_form_may_be_another_method_too() -> None:
    url = "https://gitlab.com/acme/team/api/toggle_star"
    assert lab("POST", url, multipart(("_method", "put")), MULTIPART).operation.value == "unidentified"
    assert lab("POST", url, multipart(("a", "b")), MULTIPART).operation.value == "star"
    assert lab("POST", url, b"--b\r\nbroken", MULTIPART).operation.value == "star"
    star = b"--b\r\ncontent-disposition: form-data; name*=utf-8''%5fmethod\r\n\r\nput\r\n--b--\r\n"
    assert lab("POST", url, star, MULTIPART).operation.value == "unidentified"


@pytest.mark.parametrize("header", [FORM, MULTIPART, ("content-type", "")])
def test_a_form_that_was_not_read_is_asked_for(header: tuple[str, str]) -> None:
    target = lab("POST", "https://gitlab.com/acme/team/api/toggle_star", b"", header, state=BodyState.UNREAD)
    assert (target.operation.value, target.wants_body) == ("unidentified", True)


def test_what_a_form_can_not_change_is_not_held() -> None:
    for path in ("/-/wikis/home", "/-/pipelines"):
        target = lab("POST", f"https://gitlab.com/acme/team/api{path}", b"", FORM, state=BodyState.UNREAD)
        assert (target.identified, target.wants_body) == (True, False)


def test_the_api_knows_other_methods_in_forms_too() -> None:
    path = "/projects/1/repository/branches"
    assert lab("POST", path, b"branch=a&ref=b", FORM).operation.value == "contents"
    assert lab("POST", "/projects/1/fork", b"namespace_id=7&_method=delete", FORM).operation.value == "unidentified"
    assert lab("POST", "/projects/1/fork", {"namespace_id": 7, "_method": "delete"}).operation.value == "fork"


@given(st.lists(st.sampled_from(["acme", "api", "-", "notes", "uploads", "groups", "5", "todos", "pages"]), max_size=8))
def test_no_path_is_claimed_that_does_not_begin_so(segments: list[str]) -> None:
    for method in ("POST", "PUT", "DELETE", "GET"):
        target = lab(method, "https://gitlab.com/" + "/".join(segments))
        if target.owner is not None:
            path = [*target.owner.split("/"), *([target.repository] if target.repository else [])]
            below = segments[1:] if segments[0] == "groups" else segments
            assert path == below[: len(path)]
        assert method != "GET" or target.effect is Effect.READ

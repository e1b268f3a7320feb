"""Settings, mirrors and exports of GitLab: what changes, who shall see it, and where data will go."""

from __future__ import annotations

import pytest
from tests.identify.forges.labelled import FORM, MULTIPART, lab, multipart, said

from forgewall.model import BodyState, Visibility

API = "gitlab.com/acme/team/api"
SELF = "/projects/acme%2Fteam%2Fapi"


@pytest.mark.parametrize(
    ("path", "body", "operation", "also", "visibility"),
    [
        (SELF, {"visibility": "public"}, "visibility", [], Visibility.PUBLIC),
        (SELF, {"visibility": "private", "description": "x"}, "visibility", [], Visibility.PRIVATE),
        (SELF, {"pages_access_level": "public"}, "visibility", [], None),
        (SELF, {"description": "x"}, "other-write", [], None),
        (SELF, {"import_url": "https://x.example/a.git", "mirror": True}, "mirror", [], None),
        (SELF, {"visibility": "public", "mirror": True}, "visibility", [("second", API, "mirror")], Visibility.PUBLIC),
        (SELF, {"runners_token": "x", "mirror": True}, "mirror", [("second", API, "runner")], None),
        (SELF, {"path": "loot"}, "other-write", [("destination", "gitlab.com/acme/team/loot", None)], None),
        (SELF, {"path": "API"}, "other-write", [], None),
        (SELF, {"path": "a/b"}, "unidentified", [], None),
        ("/groups/7", {"path": "x"}, "other-write", [("destination", "gitlab.com/acme/x", None)], None),
        ("/groups/7", {"visibility": "internal"}, "visibility", [], Visibility.INTERNAL),
    ],
)
def test_settings(path: str, body: object, operation: str, also: list[object], visibility: Visibility | None) -> None:
    target = lab("PUT", path, body)
    address = API if path == SELF else "gitlab.com/acme/team"
    assert (said(target), target.visibility) == ((operation, address, also), visibility)


def test_settings_with_a_picture_are_a_multipart_form() -> None:
    body = multipart(("description", "x"), file="avatar")
    assert lab("PUT", SELF, body, MULTIPART).operation.value == "other-write"
    assert lab("PUT", SELF, multipart(("visibility", "public")), MULTIPART).visibility is Visibility.PUBLIC
    assert lab("PUT", SELF, b"--b", MULTIPART).operation.value == "visibility"


def test_settings_that_nobody_can_read_may_publish() -> None:
    for state in (BodyState.UNREAD, BodyState.TOO_LONG):
        assert lab("PUT", SELF, b"", state=state).operation.value == "visibility"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://github.com/mallory/loot.git", "github.com/mallory/loot"),
        ("https://user:secret@GitHub.com/mallory/loot", "github.com/mallory/loot"),
        ("ssh://git@gitlab.com:22/mallory/x/loot.git", "gitlab.com/mallory/x/loot"),
        ("https://git.example/one.git", "git.example/one"),
        ("https://gitlab.com/acme/../mallory/loot", None),
        ("https://gitlab.com/acme/%2e%2e/mallory", None),
        ("https://gitlab.com\\@evil.example/acme/api", None),
        ("https://gitlab.com/acme/api?x=1", None),
        ("https://a@b@gitlab.com/acme/api", None),
        ("git@gitlab.com:acme/api.git", None),
        ("file:///etc", None),
        (5, None),
    ],
)
def test_a_mirror_names_the_repository_that_data_will_go_to(url: object, address: str | None) -> None:
    target = lab("POST", f"{SELF}/remote_mirrors", {"url": url})
    assert said(target) == ("mirror", API, [("destination", address, None)])
    assert "secret" not in repr(target)


def test_a_mirror_that_is_switched_off_needs_no_address() -> None:
    assert said(lab("PUT", f"{SELF}/remote_mirrors/1", {"enabled": False})) == ("mirror", API, [])
    assert not lab("PUT", f"{SELF}/remote_mirrors/1", b"url=x;y", FORM).identified
    assert (
        lab("POST", f"{SELF}/remote_mirrors?url=https://github.com/mallory/x").also[0].address == "github.com/mallory/x"
    )


@pytest.mark.parametrize("path", [SELF, "/groups/7"])
def test_an_export_is_a_mirror_only_if_it_is_sent_away(path: str) -> None:
    assert lab("POST", f"{path}/export").operation.value == "other-write"
    assert lab("POST", f"{path}/export", {"description": "x"}).operation.value == "other-write"
    for body in ({"upload": {"url": "https://s3.example/x"}}, {"upload": 1}, {"Upload[url]": "x"}):
        assert lab("POST", f"{path}/export", body).operation.value == "mirror"
    assert lab("POST", f"{path}/export?upload[url]=https://x").operation.value == "mirror"
    assert lab("POST", f"{path}/export", state=BodyState.UNREAD).operation.value == "mirror"


@pytest.mark.parametrize(
    ("path", "body", "operation", "address"),
    [
        ("acme/team/api", b"_method=patch&project[visibility_level]=20", "visibility", API),
        ("acme/team/api", b"_method=patch&project[topics]=a&project[topics]=b", "other-write", API),
        ("acme/team/api", b"_method=delete", "delete-repo", API),
        ("acme/team/api", b"_method=patch&x=1", "unidentified", API),
        ("acme/team/api", b"x=1", "unidentified", None),
        ("groups/acme/team", b"_method=put&group[visibility_level]=0", "visibility", "gitlab.com/acme/team"),
        ("acme", b"_method=put&group[description]=x", "other-write", "gitlab.com/acme"),
        ("acme/team/api/-/mirror", b"_method=patch&project[remote_mirrors_attributes][0][url]=https://github.com/m/x",
         "mirror", API),
    ],
)  # fmt: skip
def test_in_a_browser(path: str, body: bytes, operation: str, address: str | None) -> None:
    target = lab("POST", f"https://gitlab.com/{path}", body, FORM)
    assert (target.operation.value, target.address) == (operation, address)


def test_a_mirror_in_a_browser_names_its_repository_too() -> None:
    body = b"project[remote_mirrors_attributes][0][url]=https://github.com/m/x"
    target = lab("PATCH", "https://gitlab.com/acme/team/api/-/mirror", body, FORM)
    assert [one.address for one in target.also] == ["github.com/m/x"]


def test_a_jira_site_is_told_of_a_namespace() -> None:
    url = "https://gitlab.com/-/jira_connect/subscriptions"
    assert said(lab("POST", url, {"namespace_path": "acme/team"})) == ("webhook", "gitlab.com/acme/team", [])
    assert not lab("POST", url, {}).identified


@pytest.mark.parametrize(
    "name", ["[project][path]", "project[path", "project][path]", " project[path]", "Project[path]"]
)
def test_a_new_path_in_another_spelling_is_not_passed_over(name: str) -> None:
    url = "https://gitlab.com/acme/team/api"
    plain = lab("PUT", url, b"project[path]=loot", FORM)
    assert said(plain) == ("other-write", API, [("destination", "gitlab.com/acme/team/loot", None)])
    odd = lab("PUT", url, f"project[name]=x&{name}=loot".encode(), FORM)
    assert odd.operation.value in ("visibility", "unidentified")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("field", "operation"),
    [
        ("project[runners_token]", "runner"),
        ("project[public_builds]", "visibility"),
        ("project[auto_devops_attributes][enabled]", "other-write"),
        ("runners_token", "unidentified"),
    ],
)
def test_settings_of_pipelines_let_runners_and_readers_in(method: str, field: str, operation: str) -> None:
    for page in ("", "/-/settings/ci_cd"):
        target = lab(method, f"https://gitlab.com/acme/team/api{page}", f"{field}=1".encode(), FORM)
        assert target.operation.value == operation
        form = f"_method={method.lower()}&{field}=1".encode()
        assert lab("POST", f"https://gitlab.com/acme/team/api{page}", form, FORM).operation.value == operation
    group = field.replace("project", "group")
    assert (
        lab(method, "https://gitlab.com/groups/acme/-/settings/ci_cd", f"{group}=1".encode(), FORM).operation.value
        == operation
    )

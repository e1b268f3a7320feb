"""What a form adds to a request of the web pages: the owner by number, what the settings change."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identify.asking import ask, told
from tests.identify.knowing import ask_knowing, at

from forgewall.identify.directory import IdKind
from forgewall.identify.routes import load_routes
from forgewall.model import BodyState, Effect, Operation, Target, Visibility

HOST = "https://codeberg.org"
FORM = ("content-type", "application/x-www-form-urlencoded")
MULTIPART = ("content-type", "multipart/form-data; boundary=xyz")
SAID = at(
    "codeberg.org", {(IdKind.USER, "7"): "acme", (IdKind.USER, "8"): "mallory", (IdKind.REPOSITORY, "9"): "acme/api"}
)


def multipart(*fields: tuple[str, str]) -> bytes:
    parts = [f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields]
    return "".join([*parts, "--xyz--\r\n"]).encode()


def create(body: bytes, *, query: str = "", kind: tuple[str, str] = FORM) -> Target:
    return ask_knowing(SAID, "POST", f"{HOST}/repo/create{query}", body, kind)


def test_a_new_repository_belongs_to_the_account_with_the_number() -> None:
    target = create(b"uid=7&repo_name=api&private=on")
    assert (told(target), target.visibility) == (("create-repo", "codeberg.org/acme/api"), Visibility.PRIVATE)
    target = create(multipart(("uid", "8"), ("repo_name", "loot")), kind=MULTIPART)
    assert told(target) == ("create-repo", "codeberg.org/mallory/loot")


@pytest.mark.parametrize(
    "body",
    [b"uid=6&repo_name=x", b"uid=07&repo_name=x", b"uid=&repo_name=x", b"repo_name=x", b"uid=7&uid=8&repo_name=x",
     b"uid=7;uid=8&repo_name=x", b"UID=8&uid=7&repo_name=x", b"uid[]=8&uid=7&repo_name=x", b'{"uid":7}',
     b"uid=7&repo_template=5&repo_name=x"],
)  # fmt: skip
def test_a_new_repository_whose_owner_is_not_certain(body: bytes) -> None:
    assert not create(body).identified


def test_where_the_server_looks_elsewhere_the_form_does_not_count() -> None:
    assert not create(b"repo_name=x", query="?uid=7", kind=MULTIPART).identified
    assert not create(multipart(("repo_name", "x")), query="?uid=7", kind=MULTIPART).identified
    assert not create(b'{"uid":7,"repo_name":"x"}', kind=("content-type", "application/json")).identified
    assert not create(b"uid=7&repo_name=x", kind=("content-type", "text/plain")).identified
    both = multipart(("uid", "7"), ("uid", "8"), ("repo_name", "x"))
    assert not create(both, kind=MULTIPART).identified


def test_a_template_is_copied_from() -> None:
    target = create(b"uid=7&repo_name=x&repo_template=9")
    assert [(one.address, one.role) for one in target.also] == [("codeberg.org/acme/api", "source")]


def test_forks() -> None:
    target = ask_knowing(SAID, "POST", f"{HOST}/acme/api/fork", b"uid=8&repo_name=loot", FORM)
    assert told(target) == ("fork", "codeberg.org/mallory/loot")
    assert [(one.address, one.role) for one in target.also] == [("codeberg.org/acme/api", "parent")]
    old = ask_knowing(SAID, "POST", f"{HOST}/repo/fork/9", b"uid=8&repo_name=loot", FORM)
    assert (told(old), old.also) == (told(target), target.also)
    assert not ask_knowing(SAID, "POST", f"{HOST}/repo/fork/10", b"uid=7&repo_name=x", FORM).identified
    assert not ask("POST", f"{HOST}/acme/api/_fork/main/a").identified


def test_an_import_by_form() -> None:
    body = b"uid=7&repo_name=x&clone_addr=https://codeberg.org/mallory/loot&mirror=on"
    target = ask_knowing(SAID, "POST", f"{HOST}/repo/migrate", body, FORM)
    assert told(target) == ("import", "codeberg.org/acme/x")
    assert [one.address for one in target.also] == ["codeberg.org/mallory/loot"]


def setting(body: bytes, query: str = "", kind: tuple[str, str] = FORM) -> Target:
    return ask("POST", f"{HOST}/acme/api/settings{query}", body, kind)


def test_settings_by_their_action() -> None:
    assert setting(b"action=push-mirror-add").operation is Operation.MIRROR
    assert setting(b"action=advanced").operation is Operation.OTHER_WRITE
    assert setting(b"action=advanced&wiki_everyone_access=read").operation is Operation.VISIBILITY
    assert setting(multipart(("action", "delete")), kind=MULTIPART).operation is Operation.DELETE_REPO
    renamed = setting(b"action=update&repo_name=web&private=on")
    assert [(one.address, one.role) for one in renamed.also] == [("codeberg.org/acme/web", "destination")]


def test_an_absent_checkbox_may_make_public() -> None:
    assert setting(b"action=update&repo_name=api").visibility is Visibility.PUBLIC
    assert setting(b"action=update&repo_name=api").operation is Operation.VISIBILITY
    assert setting(b"action=update&repo_name=api&private=on").operation is Operation.OTHER_WRITE


@pytest.mark.parametrize(
    "body", [b"", b"action=", b"action=nothing", b"action=transfer", b"action=archive&action=delete", b"Action=archive"]
)
def test_settings_that_are_not_certain(body: bytes) -> None:
    assert setting(body).operation is Operation.UNIDENTIFIED


def test_settings_ask_for_the_form() -> None:
    target = ask("POST", f"{HOST}/acme/api/settings", state=BodyState.UNREAD)
    assert (target.operation, target.wants_body) == (Operation.UNIDENTIFIED, True)


@pytest.mark.parametrize(
    ("tail", "source"),
    [
        ("main...x", []),
        ("main..x", []),
        ("x", []),
        ("mallory:x", ["codeberg.org/mallory"]),
        ("main...mallory%2Floot:x", ["codeberg.org/mallory/loot"]),
        ("main...acme/api:a/b", []),
    ],
)
def test_where_a_pull_request_comes_from(tail: str, source: list[str]) -> None:
    target = ask("POST", f"{HOST}/acme/api/compare/{tail}", b"title=x", FORM)
    assert told(target) == ("pull-request", "codeberg.org/acme/api")
    assert [one.address for one in target.also] == source


@pytest.mark.parametrize("tail", ["main....mallory:x", "main...a...mallory:x", "mallory:a...x", "main...a:b:c"])
def test_a_comparison_that_can_be_read_in_two_ways(tail: str) -> None:
    assert ask("POST", f"{HOST}/acme/api/compare/{tail}").operation is Operation.UNIDENTIFIED


@pytest.mark.parametrize("name", ["api.git", "api.rss", "api.atom", "api.atom.rss", "api.git.wiki"])
def test_endings_of_names(name: str) -> None:
    target = ask("POST", f"{HOST}/acme/{name}/upload-file")
    assert told(target) in {("contents", "codeberg.org/acme/api"), ("unidentified", None)}


@pytest.mark.parametrize("page", ["user", "org", "repo", "-", "api", "explore", "v2", "API", "Org"])
def test_pages_are_no_owners(page: str) -> None:
    assert not ask("POST", f"{HOST}/{page}/api/upload-file").identified


def test_what_passes_as_a_read_is_a_short_list() -> None:
    found = sorted("/" + "/".join(row.pattern) for row in load_routes("gitea-web") if row.operation is Operation.FETCH)
    assert found == [
        "/-/markup",
        "/markdown",
        "/{owner}/{repo}/_preview/{**}",
        "/{owner}/{repo}/actions/runs/{*}",
        "/{owner}/{repo}/actions/runs/{*}/attempts/{*}",
        "/{owner}/{repo}/actions/runs/{*}/jobs/{*}",
        "/{owner}/{repo}/actions/runs/{*}/jobs/{*}/attempt/{*}",
        "/{owner}/{repo}/archive/{**}",
        "/{owner}/{repo}/lastcommit/{**}",
        "/{owner}/{repo}/markdown",
        "/{owner}/{repo}/markup",
        "/{owner}/{repo}/releases/generate-notes",
    ]


def test_a_get_that_does_something_is_listed() -> None:
    rows = [row for row in load_routes("gitea-web") if "GET" in row.methods]
    assert {"/".join(row.pattern) for row in rows} == {"user/logout", "user/activate", "user/activate_email"}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["uid", "repo_name", "private", "UID", "uid[]", "x"]),
            st.sampled_from(["7", "8", "07", "", "a"]),
        ),
        max_size=5,
    ),
    st.booleans(),
    st.sampled_from(["", "?uid=8", "?repo_name=x", "?uid=7"]),
)
def test_a_form_with_a_strangers_number_never_makes_an_approved_repository(
    fields: list[tuple[str, str]], parts: bool, query: str
) -> None:
    body = multipart(*fields) if parts else "&".join(f"{name}={value}" for name, value in fields).encode()
    target = create(body, query=query, kind=MULTIPART if parts else FORM)
    assert target.effect is Effect.WRITE
    if target.address is not None and target.address.startswith("codeberg.org/acme"):
        numbers = [value for name, value in fields if name == "uid"] + ([query[5:]] if query[:4] == "?uid" else [])
        assert numbers == ["7"]

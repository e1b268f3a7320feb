"""An answer is read only if it is the forge's own JSON, and only if all read it alike."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.learn.asking import JSON, NOW, REGISTRY, lesson_of, said

from forgewall.identify.url import request_for
from forgewall.learn import answers
from forgewall.learn.lesson import MAX_ANSWER

ASKED = request_for("GET", "https://api.github.com/repos/acme/api")
REPOSITORY = {"id": 1, "node_id": "R_1", "full_name": "acme/api", "private": True}
BODY = json.dumps(REPOSITORY).encode()


def facts(body: bytes, status: int = 200, content_type: str | None = "application/json; charset=utf-8") -> set[str]:
    lesson = lesson_of(ASKED)
    assert lesson is not None
    return said(lesson.facts(status, () if content_type is None else (("content-type", content_type),), body))


def test_a_plain_answer_teaches() -> None:
    assert facts(BODY) == {
        "repository 1 = github.com/acme/api",
        "node R_1 = github.com/acme/api",
        "github.com/acme/api is private",
    }


def test_what_stands_too_deep_teaches_nothing() -> None:
    deep = b'{"full_name":"acme/api","parent":' * 5000 + b"{}" + b"}" * 5000
    assert facts(deep) == set()


@pytest.mark.parametrize("status", [200, 201, 202])
def test_success_teaches(status: int) -> None:
    assert facts(BODY, status)


@pytest.mark.parametrize("status", [0, 199, 206, 301, 304, 400, 404, 422, 500])
def test_no_other_status_teaches(status: int) -> None:
    lesson = lesson_of(ASKED)
    assert lesson is not None
    assert not lesson.reads(status, JSON)
    assert facts(BODY, status) == set()


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/html",
        "text/plain; charset=utf-8",
        "application/vnd.github.raw+json; charset=utf-8",
        "application/vnd.github.v3.raw",
        "application/json; charset=utf-16",
        "application/jsonx",
        "application/json, text/html",
        "application/octet-stream",
    ],
)
def test_only_the_forges_own_json_teaches(content_type: str | None) -> None:
    assert facts(BODY, content_type=content_type) == set()


def test_two_content_types_are_none() -> None:
    lesson = lesson_of(ASKED)
    assert lesson is not None
    assert lesson.facts(200, (*JSON, ("content-type", "text/html")), BODY) == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"[" * 5000,
        b'{"a":' * 5000,
        BODY + b"x",
        BODY + BODY,
        b"\xef\xbb\xbf" + BODY,
        BODY.decode().encode("utf-16"),
        b'{"full_name": "mallory/loot", ' + BODY[1:],
        b'{"Full_Name": "mallory/loot", ' + BODY[1:],
        BODY[:-1] + b', "x": NaN}',
        BODY[:-1] + b', "x": {"y": 1, "y": 2}}',
        BODY[:-1] + b', "x": "\xff"}',
        BODY + b" " * MAX_ANSWER,
    ],
)
def test_what_could_be_read_in_two_ways_teaches_nothing(body: bytes) -> None:
    assert facts(body) == set()


@pytest.mark.parametrize(
    "full_name",
    [None, 1, "", "api", "/api", "acme/", "acme//api", "acme/..", "acme/a b", "acme/api?x", "acme/ａpi", "\ud800/api"],
)
def test_an_odd_name_teaches_nothing(full_name: object) -> None:
    assert facts(json.dumps({**REPOSITORY, "full_name": full_name}).encode()) == set()


@pytest.mark.parametrize("number", [0, -1, 1.5, True, "1", None, [1], 2**63])
def test_an_odd_number_is_no_id(number: object) -> None:
    found = facts(json.dumps({**REPOSITORY, "id": number, "node_id": number}).encode())
    assert found <= {"github.com/acme/api is private", "node 1 = github.com/acme/api"}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["acme/api", "mallory", "R_1"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("id", "node_id", "full_name", "private", "visibility", "owner", "login", "type", "parent", "url"),
                    *(
                        "uuid",
                        "is_private",
                        "workspace",
                        "slug",
                        "values",
                        "items",
                        "base",
                        "head",
                        "repo",
                        "references",
                    ),
                    *("path_with_namespace", "namespace", "full_path", "kind", "web_url", "project_id", "full", "data"),
                    *("key", "project", "public", "git_info", "repo_url", "source", "html_url", "username"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)
URLS = [
    ("GET", "https://api.github.com/repos/acme/api"),
    ("GET", "https://api.github.com/user/repos"),
    ("GET", "https://api.github.com/search/repositories?q=x"),
    ("GET", "https://api.github.com/search/issues?q=x"),
    ("GET", "https://api.github.com/repos/acme/api/pulls/1"),
    ("GET", "https://api.github.com/orgs/acme/teams/x"),
    ("GET", "https://api.github.com/user/orgs"),
    ("GET", "https://api.github.com/gists"),
    ("GET", "https://gitlab.com/api/v4/projects/acme%2Fapi"),
    ("GET", "https://gitlab.com/api/v4/merge_requests"),
    ("GET", "https://gitlab.com/api/v4/namespaces"),
    ("GET", "https://gitlab.com/api/v4/snippets"),
    ("GET", "https://gitlab.com/api/v4/search"),
    ("POST", "https://gitlab.com/api/v4/jobs/request"),
    ("GET", "https://api.bitbucket.org/2.0/repositories/acme/api"),
    ("GET", "https://api.bitbucket.org/2.0/user/permissions/workspaces"),
    ("GET", "https://api.bitbucket.org/2.0/workspaces/acme/projects"),
    ("GET", "https://bb.acme.example/bitbucket/rest/api/latest/projects/ACME/repos/api"),
]


@given(st.sampled_from(URLS), _VALUES, st.integers(100, 599))
def test_no_json_ever_raises(asked: tuple[str, str], value: object, status: int) -> None:
    lesson = lesson_of(request_for(*asked))
    assert lesson is not None
    assert lesson.reads(200, JSON)
    lesson.facts(200, JSON, json.dumps(value).encode())
    lesson.facts(status, (*JSON, ("location", str(value))), b"")


@given(st.sampled_from(URLS), st.binary(max_size=200))
def test_no_bytes_ever_raise(asked: tuple[str, str], body: bytes) -> None:
    lesson = lesson_of(request_for(*asked))
    assert lesson is not None
    lesson.facts(200, JSON, body)


@pytest.mark.parametrize(
    "url",
    [
        *(None, "", "acme", "//github.com/acme/api", "ftp://github.com/a/b", "https://github.com.evil.example/a/b"),
        *("https://u@github.com/a/b", "https://github.com\\@evil.example/a/b", "https://github.com/a/../b"),
        *("https://github.com/a/%2e%2e/b", "https://github.com/a%2Fb/c", "https://github.com/a//b", "https://[/a/b"),
        *("https://github.com:x/a", "https://gｉthub.com/a/b", "https://github.com/" + "a" * 3000),
    ],
)
def test_a_url_that_could_lead_elsewhere_names_nothing(url: str | None) -> None:
    assert answers.segments_of(url, "github.com") in ((), ("a",))


def test_a_plain_url_has_segments() -> None:
    assert answers.segments_of("https://GitHub.com:443/acme/api/issues/1?x#y", "github.com") == (
        *("acme", "api", "issues"),
        "1",
    )


@given(st.text(max_size=60))
def test_no_url_ever_raises(url: str) -> None:
    answers.segments_of(url, "github.com")


def test_what_is_told_stands_below_the_forge() -> None:
    forge_host = REGISTRY.lookup("github.com")
    assert forge_host is not None
    teller = answers.Teller(forge_host=forge_host, now=NOW)
    named = answers.repository_named(forge_host, "Acme/Api")
    assert named is not None
    assert teller.key(named) == "github.com/acme/api"

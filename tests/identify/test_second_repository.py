"""Routes whose body names another repository or decides the operation: strict until the body is read for certain."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.asking import ask

from forgewall.identify.address import covers
from forgewall.model import BodyState, Operation

JSON = ("content-type", "application/json")
API = "https://api.github.com"
LAB = "https://gitlab.com/api/v4"
BUCKET = "https://api.bitbucket.org/2.0"
CENTER = "https://bb.example/bitbucket/rest/api/1.0"

# What an unread body means, and whether the target is certain enough to be allowed as it stands.
UNREAD = [
    ("POST", f"{API}/repos/acme/api/forks", "fork", False),
    ("POST", f"{API}/repos/acme/api/generate", "create-repo", False),
    ("POST", f"{API}/repos/acme/api/transfer", "unidentified", False),
    ("PATCH", f"{API}/repos/acme/api", "visibility", True),
    ("POST", f"{API}/repos/acme/api/pulls", "pull-request", True),
    ("POST", f"{API}/orgs/acme/repos", "create-repo", True),
    ("POST", "https://ghcr.io/token", "unidentified", False),
    ("POST", f"{LAB}/projects/acme%2Fapi/fork", "fork", False),
    ("POST", f"{LAB}/projects/acme%2Fapi/merge_requests", "unidentified", False),
    ("PUT", f"{LAB}/projects/acme%2Fapi/transfer", "unidentified", False),
    ("PUT", f"{LAB}/projects/acme%2Fapi", "visibility", True),
    ("POST", f"{LAB}/import/github", "import", False),
    ("POST", f"{BUCKET}/repositories/acme/api/forks", "fork", False),
    ("POST", f"{BUCKET}/repositories/acme/api/pullrequests", "pull-request", True),
    ("POST", f"{CENTER}/projects/acme/repos/api", "fork", False),
    ("PUT", f"{CENTER}/projects/acme/repos/api", "unidentified", False),
    ("POST", f"{CENTER}/projects/acme/repos/api/pull-requests", "pull-request", True),
    ("POST", f"{CENTER}/projects", "create-repo", False),
]


@pytest.mark.parametrize(("method", "url", "operation", "certain"), UNREAD)
def test_unread_is_strict_and_asks_for_the_body(method: str, url: str, operation: str, certain: bool) -> None:
    target = ask(method, url, state=BodyState.UNREAD)
    assert target.wants_body
    assert (target.operation.value, target.identified) == (operation, certain)


@pytest.mark.parametrize(("method", "url", "operation", "certain"), UNREAD)
def test_too_long_is_strict_and_final(method: str, url: str, operation: str, certain: bool) -> None:
    target = ask(method, url, state=BodyState.TOO_LONG)
    assert not target.wants_body
    assert target.operation.value in (operation, "unidentified")
    assert certain or not target.identified


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        (f"{API}/repos/mallory/loot/forks", ("organization", "name")),
        (f"{API}/repos/mallory/loot/generate", ("owner", "name")),
        (f"{LAB}/projects/mallory%2Floot/fork", ("namespace_path", "path")),
        (f"{BUCKET}/repositories/mallory/loot/forks", ("name", "workspace")),
        (f"{CENTER}/projects/mallory/repos/loot", ("name", "project")),
    ],
)
@given(data=st.data())
def test_only_the_exact_parameter_names_the_new_repository(
    url: str, keys: tuple[str, str], data: st.DataObject
) -> None:
    mutated = st.one_of(
        *(st.sampled_from([key.upper(), key.title(), f"{key}[]", f" {key}", f"{key}\x00", f"x[{key}]"]) for key in keys)
    )
    values = st.sampled_from(["acme", {"slug": "acme", "key": "acme"}, "acme/api", 5])
    body = json.dumps(data.draw(st.dictionaries(mutated, values, min_size=1))).encode()
    target = ask("POST", url, body, JSON)
    assert target.key is None or not covers(f"{target.host}/acme", target.key)


@given(st.sampled_from(UNREAD), st.binary(max_size=60), st.sampled_from(["application/json", "text/plain", "x", ""]))
def test_any_body_is_read_or_not(row: tuple[str, str, str, bool], body: bytes, media_type: str) -> None:
    target = ask(row[0], row[1], body, ("content-type", media_type))
    assert not target.wants_body


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789-_./%", min_size=1, max_size=20))
def test_a_route_nobody_listed_stays_unidentified(tail: str) -> None:
    for base in (f"{API}/repos/acme/api/", f"{LAB}/projects/acme%2Fapi/", f"{BUCKET}/repositories/acme/api/"):
        assert ask("POST", f"{base}zzz-{tail}").operation is Operation.UNIDENTIFIED

"""What Gitea's and Forgejo's answers teach, and what they don't."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identify.asking import REGISTRY, ask

from forgewall.identify.directory import IdKind
from forgewall.identify.url import request_for
from forgewall.learn.gitea import lesson
from forgewall.learn.lesson import Fact, IdFact, Lesson, MoveFact, VisibilityFact
from forgewall.model import Visibility

API = "https://codeberg.org/api/v1"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
JSON = (("content-type", "application/json;charset=utf-8"),)
OWNER = {"id": 7, "login": "acme", "username": "acme", "full_name": "mallory/loot", "visibility": "public"}
REPOSITORY = {
    "id": 9,
    "owner": OWNER,
    "name": "api",
    "full_name": "acme/api",
    "private": True,
    "internal": False,
    "parent": None,
}


def lesson_of(method: str, url: str) -> Lesson | None:
    request = request_for(method, url)
    forge_host = REGISTRY.lookup(request.host)
    assert forge_host is not None
    return lesson(request, ask(method, url), forge_host, NOW)


def facts(path: str, answer: object, *, method: str = "GET", status: int = 200) -> tuple[Fact, ...]:
    found = lesson_of(method, API + path)
    assert found is not None
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return found.facts(status, JSON, body)


def ids(found: tuple[Fact, ...]) -> set[tuple[IdKind, str, str]]:
    return {(fact.id.kind, fact.id.text, fact.named.address) for fact in found if isinstance(fact, IdFact)}


def seen_by(found: tuple[Fact, ...]) -> dict[str, Visibility]:
    return {fact.key: fact.visibility for fact in found if isinstance(fact, VisibilityFact)}


def test_a_repository() -> None:
    found = facts("/repos/acme/api", REPOSITORY)
    assert ids(found) == {
        (IdKind.REPOSITORY, "9", "codeberg.org/acme/api"),
        (IdKind.USER, "7", "codeberg.org/acme"),
    }
    assert seen_by(found) == {"codeberg.org/acme/api": Visibility.PRIVATE}
    assert not any(isinstance(fact, MoveFact) for fact in found)


@pytest.mark.parametrize(
    ("private", "internal", "owner", "wanted"),
    [
        (True, False, "public", Visibility.PRIVATE),
        (False, False, "public", Visibility.PUBLIC),
        (False, True, "private", Visibility.INTERNAL),
        (False, False, "limited", Visibility.INTERNAL),
        (None, False, "public", None),
        ("false", False, "public", None),
    ],
)
def test_who_can_see_it(private: object, internal: object, owner: str, wanted: Visibility | None) -> None:
    answer = REPOSITORY | {"private": private, "internal": internal, "owner": OWNER | {"visibility": owner}}
    assert seen_by(facts("/repos/acme/api", answer)).get("codeberg.org/acme/api") is wanted


def test_a_fork_and_its_parent() -> None:
    fork = REPOSITORY | {"id": 10, "full_name": "mallory/api", "owner": None, "private": False, "parent": REPOSITORY}
    found = facts("/repos/acme/api/forks", fork, method="POST", status=202)
    assert (IdKind.REPOSITORY, "10", "codeberg.org/mallory/api") in ids(found)
    assert (IdKind.REPOSITORY, "9", "codeberg.org/acme/api") in ids(found)


def test_lists_and_searches() -> None:
    assert len(ids(facts("/orgs/acme/repos", [REPOSITORY, REPOSITORY | {"id": 11, "full_name": "acme/web"}]))) == 3
    assert (IdKind.REPOSITORY, "9", "codeberg.org/acme/api") in ids(
        facts("/repos/search", {"ok": True, "data": [REPOSITORY]})
    )


def test_accounts_and_teams() -> None:
    assert ids(facts("/user", OWNER)) == {(IdKind.USER, "7", "codeberg.org/acme")}
    organization = {"id": 8, "name": "umbrella", "username": "umbrella", "full_name": "acme"}
    assert ids(facts("/orgs/umbrella", organization)) == {(IdKind.USER, "8", "codeberg.org/umbrella")}
    team = {"id": 5, "name": "acme", "organization": organization}
    assert (IdKind.TEAM, "5", "codeberg.org/umbrella") in ids(facts("/teams/5", team))
    assert ids(facts("/orgs/acme/teams", [{"id": 5, "organization": None}])) == {
        (IdKind.TEAM, "5", "codeberg.org/acme")
    }
    assert ids(facts("/teams/5", {"id": 5, "organization": None})) == set()


def test_pull_requests_and_runs() -> None:
    pull = {"id": 1, "base": {"repo": REPOSITORY}, "head": {"repo": None}}
    assert (IdKind.REPOSITORY, "9", "codeberg.org/acme/api") in ids(facts("/repos/acme/api/pulls/3", pull))
    runs = {"total_count": 1, "workflow_runs": [{"id": 42, "repository": REPOSITORY}, {"id": 43}]}
    assert (IdKind.RUN, "42", "codeberg.org/acme/api") in ids(facts("/repos/acme/api/actions/runs", runs))


@pytest.mark.parametrize(
    "url",
    [
        f"{API}/repos/acme/api/contents/a.json",
        f"{API}/repos/acme/api/raw/a.json",
        f"{API}/repos/acme/api/issues/1",
        f"{API}/markdown",
    ],
)
def test_what_people_write_teaches_nothing(url: str) -> None:
    found = lesson_of("GET", url)
    assert found is None or found.facts(200, JSON, json.dumps(REPOSITORY).encode()) == ()


def test_pages_and_other_hosts_have_no_lesson() -> None:
    assert lesson_of("GET", "https://codeberg.org/acme/api") is None
    assert lesson_of("GET", "https://acme.codeberg.page/api/v1/user") is None


def test_only_whole_answers_of_success_are_read() -> None:
    for status in (206, 301, 404, 500):
        assert facts("/user", OWNER, status=status) == ()
    assert facts("/user", b'{"id":7,"login":"acme","id":8}') == ()
    assert facts("/user", {"id": -1, "login": "Ghost"}) == ()
    assert facts("/user", {"id": 7, "login": "a/b"}) == ()
    assert facts("/user", {"id": True, "login": "acme"}) == ()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["acme/api", "acme", "public"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "full_name", "owner", "parent", "private", "login", "data", "organization", "repository"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["/repos/acme/api", "/repos/search", "/user", "/teams/5", "/repos/acme/api/actions/runs"]),
    JSON_VALUES.map(lambda found: json.dumps(found).encode()) | st.binary(max_size=40),
)
def test_anything_is_read_without_harm(path: str, body: bytes) -> None:
    for fact in facts(path, body):
        assert not isinstance(fact, IdFact) or fact.named.address.startswith("codeberg.org/")

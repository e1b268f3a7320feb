"""Which answers of Azure DevOps teach GUIDs and visibilities, and which only look as if they did."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.forges.azure import API, PAYMENTS, REGISTRY, known

from forgewall.identify.directory import EMPTY, Directory, IdKind
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.learn.azure_devops import lesson
from forgewall.learn.lesson import Fact, IdFact, Lesson, MoveFact, VisibilityFact
from forgewall.model import Visibility

NOW = datetime(2026, 5, 1, tzinfo=UTC)
JSON = (("content-type", "application/json; charset=utf-8; api-version=7.1"),)
HOME = "https://dev.azure.com/acme"


def lesson_of(method: str, url: str, directory: Directory = EMPTY) -> Lesson | None:
    request = request_for(method, url)
    forge_host = REGISTRY.lookup(request.host)
    target = identify(request, REGISTRY, None, directory)
    assert forge_host is not None
    assert target is not None
    return lesson(request, target, forge_host, NOW)


def learned(method: str, url: str, answer: object, status: int = 200) -> tuple[Fact, ...]:
    found = lesson_of(method, url)
    assert found is not None
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return found.facts(status, JSON, body)


def project(**changes: Any) -> dict[str, Any]:
    """A project as the API writes it."""
    return {
        "id": PAYMENTS,
        "name": "payments",
        "url": f"{HOME}/_apis/projects/{PAYMENTS}",
        "state": "wellFormed",
        "visibility": "private",
    } | changes


def repository(**changes: Any) -> dict[str, Any]:
    """A repository as the API writes it."""
    return {
        "id": API,
        "name": "api",
        "url": f"{HOME}/{PAYMENTS}/_apis/git/repositories/{API}",
        "project": project(),
        "defaultBranch": "refs/heads/main",
        "remoteUrl": "https://acme@dev.azure.com/acme/payments/_git/api",
        "webUrl": "https://dev.azure.com/acme/payments/_git/api",
    } | changes


def told(facts: tuple[Fact, ...]) -> dict[str, object]:
    """Ids with addresses, keys with visibilities, and moves."""
    found: dict[str, object] = {}
    for fact in facts:
        match fact:
            case IdFact():
                assert fact.id.kind is IdKind.GUID
                found[fact.id.text] = (fact.id.forge, fact.named.address, fact.named.owner, fact.named.repository)
            case VisibilityFact():
                found[fact.key] = fact.visibility
            case MoveFact():
                found[f"{fact.key} moved"] = fact.move.address
            case _:
                raise AssertionError(fact)
    return found


WHOLE = {
    API: ("dev.azure.com", "dev.azure.com/acme/payments/api", "acme/payments", "api"),
    PAYMENTS: ("dev.azure.com", "dev.azure.com/acme/payments", "acme/payments", None),
    "dev.azure.com/acme/payments/api": Visibility.PRIVATE,
    "dev.azure.com/acme/payments": Visibility.PRIVATE,
}


@pytest.mark.parametrize(
    "method, url, answer",
    [
        ("GET", f"{HOME}/_apis/git/repositories?api-version=7.1", {"count": 1, "value": [repository()]}),
        ("GET", f"{HOME}/payments/_apis/git/repositories", {"count": 1, "value": [repository()]}),
        ("GET", f"{HOME}/{PAYMENTS}/_apis/git/Repositories/{API}", repository()),
        ("GET", f"{HOME}/payments/_apis/git/repositories/api", repository()),
        ("GET", "https://acme.visualstudio.com/DefaultCollection/payments/_apis/git/repositories/api", repository()),
        ("POST", f"{HOME}/payments/_apis/git/repositories", repository()),
        ("GET", f"{HOME}/payments/_git/api/vsts/info", {"serverUrl": HOME, "repository": repository()}),
        (
            "GET",
            f"{HOME}/_apis/git/repositories",
            {"value": [repository(remoteUrl="https://acme.visualstudio.com/DefaultCollection/payments/_git/api")]},
        ),
    ],
)
def test_an_answer_with_repositories(method: str, url: str, answer: object) -> None:
    assert told(learned(method, url, answer)) == WHOLE
    assert told(learned(method, url, answer, 201)) == WHOLE
    assert learned(method, url, answer, 203) == ()


@pytest.mark.parametrize(
    "url, answer",
    [
        (f"{HOME}/_apis/projects", {"count": 1, "value": [project()]}),
        (f"{HOME}/_apis/projects/payments", project()),
        (
            f"{HOME}/_apis/projects/{PAYMENTS}?includeCapabilities=true",
            project(url=f"{HOME}/_apis/projects/{PAYMENTS}"),
        ),
    ],
)
def test_an_answer_with_projects(url: str, answer: object) -> None:
    assert told(learned("GET", url, answer)) == {key: WHOLE[key] for key in (PAYMENTS, "dev.azure.com/acme/payments")}


@pytest.mark.parametrize("said, seen", [("public", Visibility.PUBLIC), ("organization", Visibility.INTERNAL)])
def test_visibility_is_the_project_s(said: str, seen: Visibility) -> None:
    answer = repository(project=project(visibility=said))
    found = told(learned("GET", f"{HOME}/payments/_apis/git/repositories/api", answer))
    assert found["dev.azure.com/acme/payments/api"] == seen == found["dev.azure.com/acme/payments"]


def test_a_repository_with_its_project_s_name_leaves_that_out() -> None:
    answer = repository(name="payments", remoteUrl="https://acme.visualstudio.com/_git/payments")
    found = told(learned("GET", f"{HOME}/payments/_apis/git/repositories/payments", answer))
    assert found[API] == ("dev.azure.com", "dev.azure.com/acme/payments/payments", "acme/payments", "payments")


def test_a_server_s_collection_stands_for_the_organisation() -> None:
    home = "https://tfs.example/tfs/Main"
    answer = repository(project=project(url=f"{home}/_apis/projects/{PAYMENTS}"), remoteUrl=f"{home}/payments/_git/api")
    found = told(learned("GET", f"{home}/_apis/git/repositories", {"value": [answer]}))
    assert found[API] == ("tfs.example", "tfs.example/Main/payments/api", "Main/payments", "api")


def test_names_with_spaces() -> None:
    answer = repository(
        name="my api",
        project=project(name="My Pay"),
        remoteUrl="https://acme@dev.azure.com/acme/My%20Pay/_git/my%20api",
    )
    found = told(learned("GET", f"{HOME}/My%20Pay/_apis/git/repositories/my%20api", answer))
    assert found[API] == ("dev.azure.com", "dev.azure.com/acme/My Pay/my api", "acme/My Pay", "my api")


def test_a_renamed_project_or_repository_has_moved() -> None:
    for old in ("payments/_apis/git/repositories/old", "oldpay/_apis/git/repositories/api"):
        found = told(learned("GET", f"{HOME}/{old}", repository()))
        owner, _, name = old.replace("_apis/git/repositories/", "").partition("/")
        assert found[f"dev.azure.com/acme/{owner}/{name} moved"] == "dev.azure.com/acme/payments/api"
    again = told(learned("GET", f"{HOME}/PAYMENTS/_apis/git/repositories/API", repository()))
    assert again == WHOLE
    by_id = lesson_of("GET", f"{HOME}/_apis/git/repositories/{API}", known())
    assert by_id is not None
    renamed = repository(name="new", remoteUrl=f"{HOME}/payments/_git/new")
    found = told(by_id.facts(200, JSON, json.dumps(renamed).encode()))
    assert found["dev.azure.com/acme/payments/api moved"] == "dev.azure.com/acme/payments/new"


@pytest.mark.parametrize(
    "changes",
    [
        {"remoteUrl": None},
        {"remoteUrl": 7},
        {"remoteUrl": "https://dev.azure.com/mallory/payments/_git/api"},
        {"remoteUrl": "https://dev.azure.com/acme/other/_git/api"},
        {"remoteUrl": "https://dev.azure.com/acme/payments/_git/other"},
        {"remoteUrl": "https://dev.azure.com/acme/payments/web/_git/api"},
        {"remoteUrl": "https://dev.azure.com/acme/payments/_git/api/x"},
        {"remoteUrl": "https://dev.azure.com/acme/payments/_wiki/api"},
        {"remoteUrl": "https://dev.azure.com.evil.example/acme/payments/_git/api"},
        {"remoteUrl": "https://mallory.visualstudio.com/payments/_git/api"},
        {"remoteUrl": "https://acme.visualstudio.com/other/_git/api"},
        {"remoteUrl": "https://dev.azure.com/acme/payments/_git/api?x=1"},
        {"remoteUrl": "https://dev.azure.com/acme/pay%2Fments/_git/api"},
        {"remoteUrl": "https://[dev.azure.com/acme/payments/_git/api"},
        {"name": "Übung", "remoteUrl": "https://dev.azure.com/acme/payments/_git/%C3%9Cbung"},
        {"name": "api/../loot"},
        {"name": ""},
        {"name": None},
        {"project": None},
        {"project": project(name="mallory/loot")},
        {"project": project(name="other")},
    ],
)
def test_a_repository_that_does_not_agree_with_itself_teaches_nothing(changes: dict[str, Any]) -> None:
    assert learned("GET", f"{HOME}/_apis/git/repositories", {"value": [repository(**changes)]}) == ()
    assert learned("GET", f"{HOME}/payments/_apis/git/repositories/api", repository(**changes)) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"url": None},
        {"url": f"https://dev.azure.com/mallory/_apis/projects/{PAYMENTS}"},
        {"url": f"{HOME}/_apis/projects/{API}"},
        {"url": f"{HOME}/_apis/process/{PAYMENTS}"},
        {"id": "payments"},
        {"name": PAYMENTS},
        {"name": "x/y"},
    ],
)
def test_a_project_that_does_not_agree_with_itself_teaches_nothing(changes: dict[str, Any]) -> None:
    assert learned("GET", f"{HOME}/_apis/projects", {"value": [project(**changes)]}) == ()


def test_another_organisation_s_answer_speaks_for_itself_only() -> None:
    answer = {"value": [repository(), project()]}
    assert learned("GET", "https://dev.azure.com/mallory/_apis/git/repositories", answer) == ()


@pytest.mark.parametrize(
    "method, url",
    [
        ("GET", f"{HOME}/payments/_apis/git/repositories/api/items?path=/answer.json"),
        ("GET", f"{HOME}/payments/_apis/git/repositories/api/blobs/1"),
        ("GET", f"{HOME}/payments/_apis/git/repositories/api/pullrequests"),
        ("GET", f"{HOME}/_apis/wit/attachments/{API}"),
        ("GET", f"{HOME}/payments/_git/api?path=/vsts/info"),
        ("GET", f"{HOME}/_apis/projects/payments/properties"),
        ("GET", "https://dev.azure.com/_apis/git/repositories"),
        ("GET", f"https://dev.azure.com/{API}/_apis/git/repositories"),
        ("GET", "https://dev.azure.com/acme/a/b/c/_apis/git/repositories"),
        ("GET", "https://dev.azure.com/acme%2Fx/_apis/git/repositories"),
        ("GET", "https://dev.azure.com/acme//_apis/git/repositories"),
        ("DELETE", f"{HOME}/payments/_apis/git/repositories/api"),
        ("POST", f"{HOME}/_apis/projects"),
        ("GET", "https://vssps.dev.azure.com/acme/_apis/projects"),
        ("GET", "https://tfs.example/other/Main/_apis/projects"),
    ],
)
def test_other_answers_have_no_lesson(method: str, url: str) -> None:
    assert lesson_of(method, url) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b'{"value": 1}', b'{"value": ["x", null]}', b'{"value": [], "Value": []}', b"\xff"],
)
def test_what_cannot_be_read_teaches_nothing(body: bytes) -> None:
    for url in (
        f"{HOME}/_apis/git/repositories",
        f"{HOME}/payments/_apis/git/repositories/api",
        f"{HOME}/_apis/projects/x",
    ):
        assert learned("GET", url, body) == ()


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "application/json; charset=utf-16", ""])
def test_only_json_is_read(kind: str) -> None:
    found = lesson_of("GET", f"{HOME}/_apis/projects")
    assert found is not None
    assert not found.reads(200, (("content-type", kind),))
    assert not found.reads(404, JSON)
    assert not found.reads(200, JSON * 2)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([API, PAYMENTS, "acme", "payments", "api", HOME]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "project", "value", "remoteUrl", "url", "visibility"]), inner)
    ),
    max_leaves=12,
)


@given(answer=_VALUES)
def test_no_answer_is_too_strange(answer: object) -> None:
    for fact in learned("GET", f"{HOME}/payments/_apis/git/repositories/api", answer):
        assert isinstance(fact, IdFact | VisibilityFact | MoveFact)

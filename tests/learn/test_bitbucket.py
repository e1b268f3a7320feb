"""Bitbucket's REST answers, Cloud's and Data Center's (shortened), and what may not be learned from them."""

from __future__ import annotations

import pytest
from tests.learn.asking import got, said

API = "https://api.bitbucket.org/2.0"
ONE, TWO, SPACE, PROJECT = (f"{digit * 8}-1111-2222-3333-444444444444" for digit in "abcd")
WORKSPACE = {"type": "workspace", "uuid": f"{{{SPACE.upper()}}}", "slug": "acme", "name": "mallory"}


def repository(name: str = "acme/api", uuid: str = ONE, **more: object) -> dict[str, object]:
    return {
        "type": "repository",
        "uuid": f"{{{uuid}}}",
        "full_name": name,
        "is_private": True,
        "description": "mallory/loot",
        "workspace": WORKSPACE,
        "project": {"type": "project", "uuid": f"{{{PROJECT}}}", "key": "P"},
        **more,
    }


WORKSPACE_FACTS = {f"guid {SPACE} = bitbucket.org/acme"}
PROJECT_FACTS = {f"guid {PROJECT} = bitbucket.org/acme"}
FACTS = {f"guid {ONE} = bitbucket.org/acme/api", "bitbucket.org/acme/api is private"} | WORKSPACE_FACTS | PROJECT_FACTS


@pytest.mark.parametrize(
    "url",
    [
        f"{API}/repositories/acme/api",
        f"{API}/repositories/%7B{SPACE}%7D/%7B{ONE}%7D",
        "https://bitbucket.org/!api/2.0/repositories/acme/api",
        "https://bitbucket.org/api/2.0/repositories/acme/api",
    ],
)
def test_a_repository(url: str) -> None:
    assert said(got(url, repository())) == FACTS


def test_pages_of_repositories() -> None:
    page = {"pagelen": 10, "values": [repository(), repository("acme/web", TWO, is_private=False)]}
    web = {f"guid {TWO} = bitbucket.org/acme/web", "bitbucket.org/acme/web is public"}
    assert said(got(f"{API}/repositories/acme", page)) == FACTS | web


def test_a_fork_and_its_parent() -> None:
    parent = {"type": "repository", "uuid": f"{{{ONE}}}", "full_name": "acme/api"}
    answer = {"type": "repository", "uuid": f"{{{TWO}}}", "full_name": "ana/api", "parent": parent}
    assert said(got(f"{API}/repositories/acme/api/forks", answer, "POST", 201)) == {
        f"guid {TWO} = bitbucket.org/ana/api",
        f"guid {ONE} = bitbucket.org/acme/api",
    }


def test_another_name_than_the_one_asked_for_is_a_move() -> None:
    found = said(got(f"{API}/repositories/acme/old", repository()))
    assert found == FACTS | {"bitbucket.org/acme/old went to bitbucket.org/acme/api"}


def test_workspaces_projects_and_memberships() -> None:
    page = {"values": [{"type": "workspace_membership", "workspace": WORKSPACE}]}
    assert said(got(f"{API}/workspaces/acme", WORKSPACE)) == WORKSPACE_FACTS
    assert said(got(f"{API}/user/permissions/workspaces", page)) == WORKSPACE_FACTS
    project = {"type": "project", "uuid": PROJECT, "key": "P", "workspace": WORKSPACE}
    assert said(got(f"{API}/workspaces/acme/projects/P", project)) == PROJECT_FACTS | WORKSPACE_FACTS


def test_a_pull_request_tells_of_both_repositories() -> None:
    light = {"type": "repository", "uuid": f"{{{TWO}}}", "full_name": "ana/api"}
    answer = {"source": {"repository": light}, "destination": {"repository": repository()}}
    found = said(got(f"{API}/repositories/acme/api/pullrequests/1", answer))
    assert found == FACTS | {f"guid {TWO} = bitbucket.org/ana/api"}


@pytest.mark.parametrize("more", [{"type": "user"}, {"uuid": "x", "is_private": "no", "workspace": {}, "project": {}}])
def test_odd_answers(more: dict[str, object]) -> None:
    assert said(got(f"{API}/repositories/acme/api", repository(**more))) == set()


@pytest.mark.parametrize(
    "path", ["/repositories/acme/api/src/main/x.json", "/snippets/acme/1", "/repositories/acme/api/downloads/x"]
)
def test_no_other_route_teaches(path: str) -> None:
    assert said(got(API + path, repository("mallory/loot"))) == set()


SERVER = "https://bb.acme.example/bitbucket/rest/api"


def hosted(public: object = False, project_public: object = False, key: str = "ACME") -> dict[str, object]:
    return {"id": 12, "slug": "api", "name": "x", "public": public, "project": {"key": key, "public": project_public}}


@pytest.mark.parametrize("version", ["1.0", "latest"])
def test_data_center(version: str) -> None:
    found = {"repository 12 = bb.acme.example/ACME/api", "bb.acme.example/acme/api is private"}
    assert said(got(f"{SERVER}/{version}/projects/ACME/repos/api", hosted())) == found
    assert said(got(f"{SERVER}/{version}/projects/ACME/repos", {"values": [hosted()]})) == found
    pull = {"fromRef": {"repository": hosted()}, "toRef": {"repository": hosted()}}
    assert said(got(f"{SERVER}/{version}/projects/ACME/repos/api/pull-requests/1", pull)) == found


@pytest.mark.parametrize(
    ("own", "inherited", "seen_by"),
    [
        (True, False, "public"),
        (False, True, "public"),
        (False, False, "private"),
        (False, None, None),
        (None, False, None),
    ],
)
def test_a_public_project_makes_its_repositories_public(own: object, inherited: object, seen_by: str | None) -> None:
    found = said(got(f"{SERVER}/1.0/projects/ACME/repos/api", hosted(own, inherited)))
    assert {one for one in found if " is " in one} == ({f"bb.acme.example/acme/api is {seen_by}"} if seen_by else set())


def test_projects_of_a_server() -> None:
    project = {"key": "ACME", "id": 3, "name": "mallory"}
    found = {"owner 3 = bb.acme.example/ACME"}
    assert said(got(f"{SERVER}/latest/projects/ACME", project)) == found
    assert said(got(f"{SERVER}/latest/projects", {"values": [project]})) == found
    assert said(got(f"{SERVER}/latest/projects/ACME", {**project, "key": "a/b"})) == set()


def test_somebodys_own_project_and_odd_ones() -> None:
    url = f"{SERVER}/1.0/projects/~ana/repos/api"
    assert "repository 12 = bb.acme.example/~ana/api" in said(got(url, hosted(key="~ana")))
    assert said(got(url, hosted(key="a/b"))) == set()
    assert said(got(url, {**hosted(), "slug": "a/b"})) == set()
    assert said(got("https://bb.acme.example/rest/api/1.0/projects/ACME/repos/api", hosted())) == set()

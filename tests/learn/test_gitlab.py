"""GitLab's REST answers, as gitlab.com gives them (shortened), and what may not be learned from them."""

from __future__ import annotations

import pytest
from tests.learn.asking import got, said

API = "https://gitlab.com/api/v4"
NAMESPACE = {"id": 5, "name": "mallory", "path": "platform", "kind": "group", "full_path": "acme/platform"}
NAMESPACE_FACTS = {"owner 5 = gitlab.com/acme/platform", "node gid://gitlab/Group/5 = gitlab.com/acme/platform"}


def project(path: str = "acme/platform/api", number: int = 1, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "description": "mallory/loot",
        "name_with_namespace": "mallory / loot",
        "path_with_namespace": path,
        "visibility": "private",
        "namespace": NAMESPACE,
        "custom_attributes": [{"key": "path_with_namespace", "value": "mallory/loot"}],
        **more,
    }


def named(number: int, path: str) -> set[str]:
    return {f"repository {number} = gitlab.com/{path}", f"node gid://gitlab/Project/{number} = gitlab.com/{path}"}


def facts(path: str = "acme/platform/api", number: int = 1, seen_by: str = "private") -> set[str]:
    return named(number, path) | {f"gitlab.com/{path} is {seen_by}"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/projects/1"),
        ("GET", "/projects/acme%2Fplatform%2Fapi"),
        ("PUT", "/projects/1"),
        ("POST", "/projects"),
        ("POST", "/projects/9/fork"),
        ("PUT", "/projects/acme%2Fplatform%2Fapi/transfer"),
    ],
)
def test_a_project(method: str, path: str) -> None:
    assert said(got(API + path, project(), method, 201)) == facts() | NAMESPACE_FACTS


@pytest.mark.parametrize(
    "path", ["/projects?search=x", "/groups/5/projects", "/users/ana/projects", "/search?scope=projects"]
)
def test_lists_of_projects(path: str) -> None:
    other = project("acme/web", 2, visibility="public", namespace={"id": 6, "kind": "user", "full_path": "acme"})
    found = said(got(API + path, [project(), other]))
    user = {"owner 6 = gitlab.com/acme", "node gid://gitlab/Namespaces::UserNamespace/6 = gitlab.com/acme"}
    assert found == facts() | NAMESPACE_FACTS | facts("acme/web", 2, "public") | user


def test_a_fork_tells_where_it_came_from() -> None:
    answer = project(
        "ana/api", 2, namespace={}, forked_from_project={"id": 1, "path_with_namespace": "acme/platform/api"}
    )
    found = said(got(f"{API}/projects/acme%2Fplatform%2Fapi/fork", answer, "POST", 201))
    assert found == facts("ana/api", 2) | named(1, "acme/platform/api")


def test_another_path_than_the_one_asked_for_is_a_move() -> None:
    found = said(got(f"{API}/projects/acme%2Fold", project()))
    assert found == facts() | NAMESPACE_FACTS | {"gitlab.com/acme/old went to gitlab.com/acme/platform/api"}


@pytest.mark.parametrize(
    "path", ["/projects/77", "/projects/ACME%2Fplatform%2Fapi", "/projects/acme%2Fplatform%2Fapi.git"]
)
def test_a_number_and_another_spelling_are_no_moves(path: str) -> None:
    assert not [one for one in said(got(API + path, project())) if " went to " in one]


def test_groups_namespaces_and_users() -> None:
    group = {"id": 5, "full_path": "acme/platform", "name": "mallory", "visibility": "private"}
    for path, answer in (("/groups/5", group), ("/groups", [group]), ("/groups/acme/subgroups", [group])):
        assert said(got(API + path, answer)) == NAMESPACE_FACTS
    assert said(got(f"{API}/namespaces/5", NAMESPACE)) == NAMESPACE_FACTS
    assert said(got(f"{API}/namespaces/5", {**NAMESPACE, "kind": "project"})) == set()
    user = {"user 8 = gitlab.com/ana", "node gid://gitlab/User/8 = gitlab.com/ana"}
    assert said(got(f"{API}/user", {"id": 8, "username": "ana", "name": "mallory", "bio": "x"})) == user
    assert said(got(f"{API}/users?username=ana", [{"id": 8, "username": "ana"}])) == user


def merge_request(**more: object) -> dict[str, object]:
    return {
        "id": 30,
        "iid": 3,
        "project_id": 1,
        "target_project_id": 1,
        "source_project_id": 2,
        "title": "mallory/loot!1",
        "references": {"short": "!3", "relative": "!3", "full": "acme/platform/api!3"},
        **more,
    }


def test_merge_requests_lie_in_their_target() -> None:
    found = named(1, "acme/platform/api") | {"node gid://gitlab/MergeRequest/30 = gitlab.com/acme/platform/api"}
    assert said(got(f"{API}/projects/1/merge_requests/3", merge_request())) == found
    assert said(got(f"{API}/merge_requests", [merge_request()])) == found
    assert said(got(f"{API}/search?scope=merge_requests", [merge_request()])) == found
    assert said(got(f"{API}/projects/2/merge_requests", merge_request(), "POST", 201)) == found


def test_issues() -> None:
    issue = {"id": 40, "iid": 4, "project_id": 1, "references": {"full": "acme/platform/api#4"}}
    found = named(1, "acme/platform/api") | {
        "node gid://gitlab/Issue/40 = gitlab.com/acme/platform/api",
        "node gid://gitlab/WorkItem/40 = gitlab.com/acme/platform/api",
    }
    assert said(got(f"{API}/projects/1/issues/4", issue)) == found


@pytest.mark.parametrize(
    "full", [None, "", "!3", "acme!3", "acme/api", "acme/api&3", "acme/api!x", "acme/api!3 mallory/x!1", "a//b!1"]
)
def test_an_odd_reference_teaches_nothing(full: object) -> None:
    assert said(got(f"{API}/projects/1/merge_requests/3", merge_request(references={"full": full}))) == set()


def test_snippets() -> None:
    own = {"id": 6, "project_id": None, "web_url": "https://gitlab.com/-/snippets/6", "title": "x"}
    assert said(got(f"{API}/snippets/6", own)) == {
        "gist 6 = gitlab.com/-/snippets",
        "node gid://gitlab/PersonalSnippet/6 = gitlab.com/-/snippets",
    }
    of_project = {**own, "project_id": 1, "web_url": "https://gitlab.com/acme/platform/api/-/snippets/6"}
    assert said(got(f"{API}/projects/1/snippets/6", of_project)) == named(1, "acme/platform/api") | {
        "gist 6 = gitlab.com/acme/platform/api",
        "node gid://gitlab/ProjectSnippet/6 = gitlab.com/acme/platform/api",
    }
    assert said(got(f"{API}/snippets/6", {**own, "web_url": "https://gitlab.com/-/snippets/7"})) == set()


def test_a_runners_job() -> None:
    job = {
        "id": 90,
        "token": "t",
        "job_info": {"project_id": 1, "name": "build"},
        "git_info": {"repo_url": "https://gitlab-ci-token:t@gitlab.com/acme/platform/api.git", "ref": "main"},
        "variables": [{"key": "repo_url", "value": "https://gitlab.com/mallory/loot.git"}],
    }
    found = got(f"{API}/jobs/request", job, "POST", 201)
    assert said(found) == named(1, "acme/platform/api") | {"run job/90 = gitlab.com/acme/platform/api"}


@pytest.mark.parametrize(
    "path",
    [
        "/projects/1/repository/files/x",
        "/projects/1/repository/files/x/raw",
        "/projects/1/jobs/1/artifacts/full.json",
        "/projects/1/variables",
        "/projects/1/snippets/1/raw",
        "/projects/1/packages/generic/a/1/b.json",
        "/projects/1/custom_attributes",
        "/application/settings",
        "/projects/1/merge_requests/3/notes",
    ],
)
def test_no_other_route_teaches(path: str) -> None:
    assert said(got(API + path, project("mallory/loot"))) == set()


def test_what_is_no_url_names_nothing() -> None:
    assert said(got(f"{API}/snippets/6", {"id": 6, "web_url": "https://["})) == set()
    job = {"id": 7, "git_info": {"repo_url": "https://["}, "job_info": {"project_id": 1}}
    assert said(got(f"{API}/jobs/request", job, "POST", 201)) == set()


def test_an_instance_below_a_prefix() -> None:
    url = "https://git.acme.example/gitlab/api/v4/projects/acme%2Fapi"
    assert said(got(url, {"id": 1, "path_with_namespace": "acme/api"})) == {
        "repository 1 = git.acme.example/acme/api",
        "node gid://gitlab/Project/1 = git.acme.example/acme/api",
    }
    snippet = {"id": 6, "project_id": 1, "web_url": "https://git.acme.example/gitlab/acme/api/-/snippets/6"}
    assert "gist 6 = git.acme.example/acme/api" in said(
        got("https://git.acme.example/gitlab/api/v4/projects/1/snippets/6", snippet)
    )
    assert said(got("https://git.acme.example/api/v4/projects/1", project())) == set()

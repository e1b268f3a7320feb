"""GitHub's REST answers, as api.github.com gives them (shortened), and what may not be learned from them."""

from __future__ import annotations

import pytest
from tests.learn.asking import got, ids, lesson_of, said

from forgewall.identify.directory import IdKind
from forgewall.identify.url import request_for

API = "https://api.github.com"
ORGANISATION = {"login": "acme", "id": 7, "node_id": "O_7", "type": "Organization"}
USER = {"login": "ana", "id": 8, "node_id": "U_8", "type": "User"}
OWNER_FACTS = {"owner 7 = github.com/acme", "node O_7 = github.com/acme"}
USER_FACTS = {"owner 8 = github.com/ana", "node U_8 = github.com/ana"}


def repository(name: str = "acme/api", number: int = 1, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "node_id": f"R_{number}",
        "name": name.rpartition("/")[2],
        "full_name": name,
        "private": True,
        "description": "mallory/loot",
        "custom_properties": {"full_name": "mallory/loot"},
        "owner": ORGANISATION,
        **more,
    }


def facts(name: str = "acme/api", number: int = 1, seen_by: str = "private") -> set[str]:
    address = f"github.com/{name}"
    return {f"repository {number} = {address}", f"node R_{number} = {address}", f"{address} is {seen_by}"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/repos/acme/api", 200),
        ("PATCH", "/repos/acme/api", 200),
        ("GET", "/repositories/1", 200),
        ("POST", "/user/repos", 201),
        ("POST", "/orgs/acme/repos", 201),
        ("POST", "/repos/ana/api/forks", 202),
        ("POST", "/repos/acme/template/generate", 201),
        ("POST", "/repos/acme/api/transfer", 202),
    ],
)
def test_a_repository(method: str, path: str, status: int) -> None:
    assert said(got(API + path, repository(), method, status)) == facts() | OWNER_FACTS


@pytest.mark.parametrize(
    "path", ["/user/repos?page=2", "/orgs/acme/repos", "/users/acme/repos", "/repositories", "/repos/acme/x/forks"]
)
def test_lists_of_repositories(path: str) -> None:
    both = [repository(), repository("acme/web", 2, private=False)]
    assert said(got(API + path, both)) == facts() | facts("acme/web", 2, "public") | OWNER_FACTS


def test_a_search_finds_repositories() -> None:
    answer = {"total_count": 1, "items": [repository()]}
    assert said(got(f"{API}/search/repositories?q=api", answer)) == facts() | OWNER_FACTS


def test_a_fork_tells_of_its_parent_and_is_no_move() -> None:
    parent = repository("acme/api", 1)
    answer = repository("ana/api", 2, owner=USER, parent=parent, source=parent, private=False)
    found = said(got(f"{API}/repos/acme/api/forks", answer, "POST", 202))
    assert found == facts() | facts("ana/api", 2, "public") | OWNER_FACTS | USER_FACTS


@pytest.mark.parametrize(
    ("said_so", "seen_by"),
    [
        ({"private": True, "visibility": "private"}, "private"),
        ({"private": True, "visibility": "internal"}, "internal"),
        ({"private": False, "visibility": "public"}, "public"),
        ({"private": False}, "public"),
        ({"private": None, "visibility": "public"}, "public"),
        ({"private": True, "visibility": "public"}, None),
        ({"private": False, "visibility": "private"}, None),
        ({"private": True, "visibility": "secret"}, None),
        ({"private": "yes"}, None),
    ],
)
def test_visibility(said_so: dict[str, object], seen_by: str | None) -> None:
    found = said(got(f"{API}/repos/acme/api", repository(**said_so)))
    assert {one for one in found if " is " in one} == ({f"github.com/acme/api is {seen_by}"} if seen_by else set())


def test_another_name_than_the_one_asked_for_is_a_move() -> None:
    found = said(got(f"{API}/repos/acme/old", repository("acme/api")))
    assert found == facts() | OWNER_FACTS | {"github.com/acme/old went to github.com/acme/api"}


@pytest.mark.parametrize("path", ["/repos/ACME/Api", "/repos/acme/api.git", "/repositories/99"])
def test_another_spelling_or_a_number_is_no_move(path: str) -> None:
    assert not [one for one in said(got(API + path, repository())) if " went to " in one]


def test_a_new_name_is_a_move() -> None:
    found = said(got(f"{API}/repos/acme/api", repository("acme/new"), "PATCH"))
    assert "github.com/acme/api went to github.com/acme/new" in found


@pytest.mark.parametrize(
    ("path", "answer", "found"),
    [
        ("/user", USER, USER_FACTS),
        ("/users/ana", USER, USER_FACTS),
        ("/orgs/acme", ORGANISATION, OWNER_FACTS),
        ("/organizations/7", ORGANISATION, OWNER_FACTS),
        ("/user/8", USER, USER_FACTS),
        ("/orgs/acme/members", [USER], USER_FACTS),
        ("/user/orgs", [{"login": "acme", "id": 7, "node_id": "O_7"}], OWNER_FACTS),
    ],
)
def test_owners(path: str, answer: object, found: set[str]) -> None:
    assert said(got(API + path, answer)) == found


def test_a_bot_is_no_owner() -> None:
    assert said(got(f"{API}/users/x", {"login": "dependabot", "id": 9, "node_id": "B_9", "type": "Bot"})) == set()


def test_a_team_is_its_organisations() -> None:
    team = {"id": 5, "node_id": "T_5", "slug": "x", "html_url": "https://github.com/orgs/acme/teams/x"}
    found = {"team 5 = github.com/acme", "node T_5 = github.com/acme"}
    assert said(got(f"{API}/orgs/acme/teams/x", team)) == found
    assert said(got(f"{API}/orgs/acme/teams", [team])) == found
    assert said(got(f"{API}/orgs/acme/teams/x", {**team, "html_url": "https://evil.example/orgs/m/teams/x"})) == set()


def test_a_gist_is_its_owners() -> None:
    gist = {"id": "ABCdef123", "owner": USER, "public": False, "files": {"full_name": {"content": "x"}}}
    for path, answer in (("/gists/abcdef123", gist), ("/gists", [gist]), ("/users/ana/gists", [gist])):
        assert said(got(API + path, answer)) == USER_FACTS | {"gist abcdef123 = gist.github.com/ana"}
    assert said(got(f"{API}/gists/abcdef123", {**gist, "owner": None})) == set()


def test_a_pull_request_tells_of_both_repositories() -> None:
    pull = {
        "node_id": "PR_3",
        "url": f"{API}/repos/acme/api/pulls/3",
        "title": "mallory/loot",
        "base": {"label": "acme:main", "repo": repository()},
        "head": {"label": "ana:x", "repo": repository("ana/api", 2, owner=USER)},
    }
    found = facts() | facts("ana/api", 2) | OWNER_FACTS | USER_FACTS | {"node PR_3 = github.com/acme/api"}
    assert said(got(f"{API}/repos/acme/api/pulls/3", pull)) == found
    assert said(got(f"{API}/repos/acme/api/pulls", [pull])) == found
    assert said(got(f"{API}/repos/acme/api/pulls", pull, "POST", 201)) == found
    gone = {**pull, "head": {"repo": None}}
    assert said(got(f"{API}/repos/acme/api/pulls/3", gone)) == facts() | OWNER_FACTS | {
        "node PR_3 = github.com/acme/api"
    }


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/issues/4", "/issues/4"),
        ("/issues/4/comments", "/issues/comments/9"),
        ("/pulls/3/reviews", "/pulls/3/reviews/9"),
        ("/labels/bug", "/labels/bug"),
        ("/milestones/1", "/milestones/1"),
        ("/releases/latest", "/releases/1"),
        ("/git/ref/heads/main", "/git/refs/heads/main"),
    ],
)
def test_what_lies_in_a_repository(path: str, rest: str) -> None:
    answer = {"node_id": "X_1", "id": 4, "url": f"{API}/repos/acme/api{rest}", "body": "https://github.com/mallory/x"}
    assert said(got(f"{API}/repos/acme/api{path}", answer)) == {"node X_1 = github.com/acme/api"}


def test_an_issue_that_was_moved_lies_where_it_says() -> None:
    answer = {"node_id": "I_4", "url": f"{API}/repos/acme/web/issues/9"}
    assert said(got(f"{API}/repos/acme/api/issues/4", answer)) == {"node I_4 = github.com/acme/web"}


@pytest.mark.parametrize(
    "url",
    [
        None,
        "https://evil.example/repos/acme/api/issues/4",
        "https://api.github.com.evil.example/repos/acme/api/issues/4",
        "https://github.com/repos/acme/api/issues/4",
        f"{API}/repos/acme/api",
        f"{API}/users/acme/api/issues/4",
        f"{API}/repos/acme/../issues/4",
    ],
)
def test_what_does_not_say_where_it_lies(url: str | None) -> None:
    assert said(got(f"{API}/repos/acme/api/issues/4", {"node_id": "I_4", "url": url})) == set()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/repos/acme/api/contents/full.json"),
        ("GET", "/repos/acme/api/git/blobs/abc"),
        ("GET", "/repos/acme/api/properties/values"),
        ("GET", "/repos/acme/api/actions/artifacts"),
        ("GET", "/repos/acme/api/hooks/1/deliveries/1"),
        ("GET", "/repos/acme/api/deployments/1/statuses"),
        ("GET", "/gists/abc/comments"),
        ("DELETE", "/repos/acme/api"),
        ("GET", "/rate_limit"),
        ("GET", "/repos%2Facme%2Fapi"),
        ("GET", "/repos/acme/api%2Fcontents"),
    ],
)
def test_no_other_route_teaches(method: str, path: str) -> None:
    assert said(got(API + path, repository("mallory/loot"), method)) == set()


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/api",
        "https://raw.githubusercontent.com/acme/api/main/repos/acme/api",
        "https://uploads.github.com/repos/acme/api",
        "https://acme.github.io/repos/acme/api",
        "https://ghe.acme.example/repos/acme/api",
    ],
)
def test_no_other_host_teaches(url: str) -> None:
    assert said(got(url, repository())) == set()


def test_enterprise_server_and_tenants() -> None:
    server = "https://ghe.acme.example/api/v3/repos/acme/api"
    assert ids(got(server, repository()), IdKind.REPOSITORY) == {"1": "ghe.acme.example/acme/api"}
    issue = {"node_id": "I_4", "url": f"{server}/issues/4"}
    assert ids(got(f"{server}/issues/4", issue), IdKind.NODE) == {"I_4": "ghe.acme.example/acme/api"}
    tenant = "https://api.acme.ghe.com/repos/acme/api"
    assert ids(got(tenant, repository()), IdKind.REPOSITORY) == {"1": "acme.ghe.com/acme/api"}
    assert ids(got(f"{tenant}/issues/4", {"node_id": "I_4", "url": f"{tenant}/issues/4"}), IdKind.NODE) == {
        "I_4": "acme.ghe.com/acme/api"
    }


def test_only_what_is_read_is_held() -> None:
    lesson = lesson_of(request_for("GET", f"{API}/repos/acme/api/contents/x"))
    assert lesson is None or not lesson.reads(200, (("content-type", "application/json"),))

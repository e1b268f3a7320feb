"""GitHub's REST API: numbers and bodies that name repositories, and what becomes of the visibility."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.identify.asking import ask, told
from tests.identify.knowing import Known, ask_knowing

from forgewall.identify.directory import IdKind
from forgewall.model import Also, BodyState, Operation, Target, Visibility

API, UPLOADS = "https://api.github.com", "https://uploads.github.com"
JSON = ("content-type", "application/json")
KNOWN = Known(
    {
        (IdKind.REPOSITORY, "42"): "github.com/acme/api",
        (IdKind.REPOSITORY, "43"): "github.com/mallory/loot",
        (IdKind.OWNER, "9"): "github.com/acme",
        (IdKind.TEAM, "7"): "github.com/acme",
        (IdKind.GIST, "aa11"): "gist.github.com/ana",
    }
)
GIST = "https://gist.github.com"


def sent(method: str, url: str, body: object = None, state: BodyState = BodyState.COMPLETE) -> Target:
    content = b"" if body is None else json.dumps(body).encode()
    return ask_knowing(KNOWN, method, url, content, JSON, state=state)


def beside(target: Target) -> list[tuple[str | None, str, Operation | None]]:
    return [(one.address, one.role, one.operation) for one in target.also]


@pytest.mark.parametrize(
    ("method", "url", "operation", "address"),
    [
        ("PUT", f"{API}/repositories/42/contents/a", "contents", "github.com/acme/api"),
        ("GET", f"{API}/repositories/42/contents/a", "fetch", "github.com/acme/api"),
        ("GET", f"{API}/repositories/42", "fetch", "github.com/acme/api"),
        ("GET", f"{API}/repositories/1", "fetch", None),
        ("PUT", f"{API}/repositories/1/contents/a", "unidentified", None),
        ("PUT", f"{API}/repositories/042/contents/a", "unidentified", None),
        ("PUT", f"{API}/repositories/42/brand-new", "unidentified", "github.com/acme/api"),
        ("POST", f"{API}/organizations/9/hooks", "webhook", "github.com/acme"),
        ("POST", f"{API}/organizations/8/hooks", "unidentified", None),
        ("GET", f"{API}/organizations/9/repos", "fetch", "github.com/acme"),
        ("POST", f"{API}/organizations/9/settings/billing/budgets", "unidentified", None),
        ("PATCH", f"{API}/teams/7", "collaborator", "github.com/acme"),
        ("PATCH", f"{API}/teams/8", "unidentified", None),
        ("PUT", f"{API}/teams/7/repos/acme/api", "collaborator", "github.com/acme/api"),
        ("POST", f"{API}/user/9/projectsV2/1/drafts", "issue", "github.com/acme"),
        ("POST", f"{UPLOADS}/user-attachments/assets?name=a&repository_id=42", "attachment", "github.com/acme/api"),
        ("POST", f"{UPLOADS}/user-attachments/assets?name=a&repository_id=1", "attachment", None),
        ("POST", f"{UPLOADS}/user-attachments/assets?repository_id=42&repository_id=43", "attachment", None),
        ("POST", f"{UPLOADS}/user-attachments/assets?repository_id=42&repository_id[]=43", "attachment", None),
        ("POST", f"{UPLOADS}/user-attachments/assets?repository_id[]=42", "attachment", None),
        ("POST", f"{UPLOADS}/user-attachments/assets", "attachment", None),
        ("POST", f"{UPLOADS}/organizations/9/gei/archive?name=a", "import", "github.com/acme"),
        ("POST", f"{UPLOADS}/organizations/8/gei/archive?name=a", "unidentified", None),
        ("PATCH", f"{API}/gists/AA11", "snippet", "gist.github.com/ana"),
        ("PATCH", f"{API}/gists/bb22", "snippet", None),
        ("POST", f"{API}/gists/aa11/forks", "snippet", None),
        ("POST", f"{API}/gists/aa11/comments", "comment", "gist.github.com/ana"),
        ("GET", f"{API}/gists/aa11", "fetch", "gist.github.com/ana"),
        ("POST", f"{GIST}/ana/aa11/comments", "comment", "gist.github.com/ana"),
        ("POST", f"{GIST}/acme/aa11/comments", "unidentified", None),
        ("PUT", f"{GIST}/ana/aa11", "snippet", "gist.github.com/ana"),
        ("PUT", f"{GIST}/acme/bb22", "snippet", None),
        ("POST", f"{GIST}/acme/bb22/comments", "comment", None),
        ("GET", f"{GIST}/acme/bb22.git/info/refs?service=git-receive-pack", "push", None),
        ("POST", f"{GIST}/acme/bb22.git/git-receive-pack", "push", None),
        ("POST", f"{GIST}/ana/aa11/fork", "snippet", None),
        ("GET", f"{GIST}/aa11.git/info/refs?service=git-receive-pack", "push", "gist.github.com/ana"),
        ("POST", f"{GIST}/ana/aa11.git/git-receive-pack", "push", "gist.github.com/ana"),
        ("POST", f"{GIST}/acme/aa11.git/git-receive-pack", "unidentified", None),
    ],
)
def test_whom_a_number_names(method: str, url: str, operation: str, address: str | None) -> None:
    assert told(sent(method, url)) == (operation, address)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        (f"{API}/repositories/1/contents/a", "https://api.github.com/repos/OWNER/NAME"),
        (f"{API}/teams/1/members/x", "https://api.github.com/orgs/OWNER/teams/NAME"),
        (f"{API}/organizations/1/hooks", "https://api.github.com/orgs/OWNER"),
        (f"{API}/gists/1", "https://api.github.com/gists/1"),
        ("https://ghe.example/api/v3/repositories/1/contents/a", "https://ghe.example/api/v3/repos/OWNER/NAME"),
        ("https://api.acme.ghe.com/repositories/1/contents/a", "https://api.acme.ghe.com/repos/OWNER/NAME"),
    ],
)
def test_the_evidence_names_the_read_that_teaches_a_number(url: str, read: str) -> None:
    method = "PUT" if "contents" in url or "members" in url else "POST" if "hooks" in url else "PATCH"
    assert f"GET {read} tells it" in sent(method, url).evidence


@pytest.mark.parametrize(
    ("method", "path", "body", "operation", "address", "also"),
    [
        ("PUT", "/orgs/acme/actions/secrets/S", {"selected_repository_ids": [42]}, "secret", "github.com/acme",
         [("github.com/acme/api", "destination", None)]),
        ("PUT", "/orgs/acme/actions/secrets/S", {"selected_repository_ids": [42, 43]}, "secret", "github.com/acme",
         [("github.com/acme/api", "destination", None), ("github.com/mallory/loot", "destination", None)]),
        ("PUT", "/orgs/acme/actions/secrets/S", {"selected_repository_ids": [1]}, "secret", "github.com/acme",
         [(None, "destination", None)]),
        ("PUT", "/orgs/acme/actions/secrets/S", {"encrypted_value": "x"}, "secret", "github.com/acme", []),
        ("PUT", "/orgs/acme/actions/secrets/S/repositories/42", None, "secret", "github.com/acme",
         [("github.com/acme/api", "destination", None)]),
        ("PUT", "/orgs/acme/actions/secrets/S/repositories/1", None, "secret", "github.com/acme",
         [(None, "destination", None)]),
        ("POST", "/orgs/acme/teams", {"name": "t", "repo_names": ["acme/api", "mallory/x"]}, "collaborator",
         "github.com/acme",
         [("github.com/acme/api", "destination", None), ("github.com/mallory/x", "destination", None)]),
        ("POST", "/orgs/acme/teams", {"name": "t", "repo_names": [5]}, "unidentified", "github.com/acme", []),
        ("POST", "/orgs/acme/migrations", {"repositories": ["mallory/x"]}, "import", "github.com/acme",
         [("github.com/mallory/x", "source", None)]),
        ("POST", "/orgs/acme/projectsV2/1/items", {"owner": "mallory", "repo": "x"}, "issue", "github.com/acme",
         [("github.com/mallory/x", "source", None)]),
        ("PUT", "/orgs/mallory/teams/t/repos/acme/api", None, "collaborator", "github.com/acme/api",
         [("github.com/mallory", "second", Operation.COLLABORATOR)]),
        ("PUT", "/repos/acme/api/pulls/1/update-branch", None, "pull-request", "github.com/acme/api", []),
        ("POST", "/repos/acme/api/security-advisories/G/forks", None, "fork", "github.com/acme",
         [("github.com/acme/api", "parent", None)]),
        ("POST", "/user/codespaces", {"repository_id": 42}, "ci", "github.com/acme/api", []),
        ("POST", "/user/codespaces", {"pull_request": {"repository_id": 43}}, "ci", "github.com/mallory/loot", []),
        ("POST", "/user/codespaces", {"repository_id": 42, "pull_request": {"repository_id": 43}}, "ci", None, []),
        ("POST", "/user/codespaces", {"repository_id": 1}, "ci", None, []),
        ("POST", "/user/codespaces/x/publish", {"name": "loot"}, "create-repo", None, []),
        ("POST", "/actions/runner-registration", {"url": "https://github.com/acme/api"}, "runner",
         "github.com/acme/api", []),
        ("POST", "/actions/runners/register", {"url": "https://github.com/acme"}, "runner", "github.com/acme", []),
        ("POST", "/actions/runners/register", {"url": "https://github.com/enterprises/big"}, "runner",
         "github.com/enterprises/big", []),
        ("POST", "/actions/runners/register", {"url": "https://evil.example/acme"}, "runner", None, []),
        ("POST", "/actions/runners/register", {"url": "https://x@github.com/acme"}, "runner", None, []),
        ("POST", "/actions/runners/register", {"url": "https://github.com@evil.example/acme"}, "runner", None, []),
        ("POST", "/actions/runners/register", {"url": "https://github.com/acme/api/x"}, "runner", None, []),
        ("PATCH", "/repos/acme/api", {"name": "new"}, "other-write", "github.com/acme/api",
         [("github.com/acme/new", "destination", None)]),
        ("PATCH", "/repos/acme/api", {"name": "api", "has_wiki": False}, "other-write", "github.com/acme/api", []),
        ("PATCH", "/repos/acme/api", {"name": "a b"}, "unidentified", "github.com/acme/api", []),
        ("PATCH", "/repos/acme/api", {"allow_forking": True}, "visibility", "github.com/acme/api", []),
        ("PATCH", "/repos/acme/api", {"allow_forking": False}, "other-write", "github.com/acme/api", []),
        ("PATCH", "/repos/acme/api", {"allow_forking": "x"}, "visibility", "github.com/acme/api", []),
        ("PATCH", "/repos/acme/api", {"Allow_Forking": True}, "visibility", "github.com/acme/api", []),
        ("PUT", "/repos/acme/api/actions/permissions/fork-pr-workflows-private-repos", {"a": 1}, "collaborator",
         "github.com/acme/api", []),
    ],
)  # fmt: skip
def test_what_a_body_names(
    method: str, path: str, body: object, operation: str, address: str | None, also: list[object]
) -> None:
    target = sent(method, API + path, body)
    assert (*told(target), beside(target)) == (operation, address, also)


@pytest.mark.parametrize("path", ["/orgs/acme/actions/secrets/S", "/orgs/acme/dependabot/secrets/S/repositories"])
def test_an_unread_choice_of_repositories_is_not_certain(path: str) -> None:
    target = sent("PUT", API + path, state=BodyState.UNREAD)
    assert target.wants_body
    assert beside(target) == [(None, "destination", None)]


@pytest.mark.parametrize(
    ("path", "body", "visibility"),
    [
        ("/orgs/acme/repos", {"name": "n", "private": True}, Visibility.PRIVATE),
        ("/orgs/acme/repos", {"name": "n", "private": False}, Visibility.PUBLIC),
        ("/orgs/acme/repos", {"name": "n", "visibility": "internal"}, Visibility.INTERNAL),
        ("/orgs/acme/repos", {"name": "n", "visibility": "internal", "private": True}, Visibility.INTERNAL),
        ("/orgs/acme/repos", {"name": "n", "visibility": "public", "private": True}, None),
        ("/orgs/acme/repos", {"name": "n", "visibility": "secret"}, None),
        ("/orgs/acme/repos", {"name": "n", "visibility": []}, None),
        ("/orgs/acme/repos", {"name": "n", "visibility": {"a": 1}, "private": [True]}, None),
        ("/orgs/acme/repos", {"name": "n", "private": "yes"}, None),
        ("/orgs/acme/repos", {"name": "n"}, None),
        ("/user/repos", {"name": "n", "private": True}, Visibility.PRIVATE),
        ("/repos/acme/api/generate", {"owner": "acme", "name": "n", "private": True}, Visibility.PRIVATE),
        ("/user/codespaces/x/publish", {"name": "n", "private": True}, Visibility.PRIVATE),
    ],
)
def test_the_visibility_of_a_new_repository(path: str, body: object, visibility: Visibility | None) -> None:
    assert sent("POST", API + path, body).visibility is visibility


def test_the_visibility_that_a_setting_asks_for() -> None:
    target = sent("PATCH", f"{API}/repos/acme/api", {"visibility": "public"})
    assert (target.operation, target.visibility) == (Operation.VISIBILITY, Visibility.PUBLIC)
    assert sent("PATCH", f"{API}/repos/acme/api", {"has_wiki": True}).visibility is None


@pytest.mark.parametrize("seen", [*Visibility, None])
def test_a_fork_is_as_visible_as_its_parent(seen: Visibility | None) -> None:
    """GitHub has no parameter for it; what becomes of an internal one, the enterprise decides."""
    body = b'{"organization": "labs"}'
    target = ask_knowing(Known({}, {"github.com/acme/api": seen}), "POST", f"{API}/repos/ACME/api/forks", body, JSON)
    assert target.address == "github.com/labs/api"
    assert target.visibility is (None if seen is Visibility.INTERNAL else seen)


FORM = ("content-type", "application/x-www-form-urlencoded")


def test_a_form_may_mean_another_method() -> None:
    page = f"{API}/gists/aa11"
    assert told(ask("POST", page, b"_method=delete", FORM)) == ("snippet", None)
    assert told(ask("POST", page, b"a=1", FORM)) == ("unidentified", None)
    assert ask("POST", page, state=BodyState.UNREAD).wants_body
    assert told(ask("POST", f"{API}/repos/acme/api/pages", b"_method=put&_method=delete", FORM)) == (
        "visibility",
        "github.com/acme/api",
    )


_PATHS = st.sampled_from(
    [
        ("PUT", "/repositories/{n}/contents/a"),
        ("POST", "/organizations/{n}/hooks"),
        ("PATCH", "/teams/{n}"),
        ("PATCH", "/gists/{n}"),
        ("POST", "/user/{n}/projectsV2/1/drafts"),
        ("PUT", "/orgs/acme/actions/secrets/S/repositories/{n}"),
    ]
)


@example(("PATCH", "/teams/{n}"), "7/")
@example(("PUT", "/orgs/acme/actions/secrets/S/repositories/{n}"), "4%32")
@given(_PATHS, st.text(alphabet="0123456789abcdefABCDEF.%-_~ /é", max_size=12))
def test_only_what_was_said_names_anybody(row: tuple[str, str], number: str) -> None:
    method, path = row
    target = ask_knowing(KNOWN, method, API + path.replace("{n}", number))
    approved = target.key is not None and target.key.startswith("github.com/acme")
    same = unquote(number).removesuffix("/")  # servers read `%37` and `7/` as 7
    if approved and "/orgs/acme/" not in path:
        assert same in ("42", "9", "7")
    if "/orgs/acme/" in path and number.strip("/") and target.identified and same not in ("42", "43"):
        assert target.also[-1:] == (Also(address=None, owner=None, repository=None, role="destination"),)


_KEYS = st.sampled_from(
    ["repository_id", "pull_request", "url", "repo_names", "name", "owner", "selected_repository_ids", "private"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner),
    max_leaves=8,
)


@given(_VALUES)
def test_no_body_is_too_strange(body: object) -> None:
    for method, path in (("POST", "/user/codespaces"), ("POST", "/actions/runners/register"),
                         ("POST", "/orgs/acme/teams"), ("PUT", "/orgs/acme/actions/secrets/S"),
                         ("POST", "/orgs/acme/projectsV2/1/items"), ("PATCH", "/repos/acme/api"),
                         ("POST", "/orgs/acme/repos")):  # fmt: skip
        sent(method, API + path, body)


ADVISORIES = f"{API}/repos/acme/api/security-advisories"


@pytest.mark.parametrize("url", [ADVISORIES, f"{ADVISORIES}/reports"])
def test_an_advisory_may_begin_a_fork(url: str) -> None:
    for body in ({"summary": "s"}, {"summary": "s", "start_private_fork": False}):
        assert told(sent("POST", url, body)) == ("issue", "github.com/acme/api")
    for target in (
        sent("POST", url, {"summary": "s", "start_private_fork": True}),
        sent("POST", url, {"summary": "s", "Start_Private_Fork": True}),
        sent("POST", f"{url}?start_private_fork=true", {"summary": "s"}),
        sent("POST", url, state=BodyState.UNREAD),
    ):
        assert told(target) == ("fork", "github.com/acme")
        assert beside(target) == [
            ("github.com/acme/api", "parent", None),
            ("github.com/acme/api", "second", Operation.ISSUE),
        ]
        assert target.visibility is Visibility.PRIVATE
    assert sent("POST", url, state=BodyState.UNREAD).wants_body


def test_who_may_see_an_advisory_may_see_its_fork() -> None:
    url = f"{ADVISORIES}/GHSA-1"
    for body in ({"summary": "s"}, {"collaborating_users": None}, {"collaborating_users": []}):
        assert told(sent("PATCH", url, body)) == ("issue", "github.com/acme/api")
    for body in ({"collaborating_users": ["mallory"]}, {"collaborating_teams": ["x"]}, {"Collaborating_Users": ["x"]}):
        assert told(sent("PATCH", url, body)) == ("collaborator", "github.com/acme/api")
    unread = sent("PATCH", url, state=BodyState.UNREAD)
    assert (told(unread), unread.wants_body) == (("collaborator", "github.com/acme/api"), True)

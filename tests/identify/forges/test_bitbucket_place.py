"""Bitbucket's UUIDs and numbers are asked of the directory, in paths and in bodies; unknown ones are told about."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.forges.labelled import asked, said
from tests.identify.knowing import at

from forgewall.identify.directory import IdKind
from forgewall.model import BodyState, Target, Visibility

REPO, LOOT, ACME, MALLORY, UNKNOWN = (f"{{0000000{n}-0000-4000-8000-00000000000A}}" for n in range(1, 6))
API = "https://api.bitbucket.org/2.0"
CENTER = "https://bb.example/bitbucket/rest/api/latest"
HERE = "bitbucket.org/acme/api"


def cloud(method: str, path: str, body: object = b"", state: BodyState = BodyState.COMPLETE) -> Target:
    def guid(text: str) -> tuple[IdKind, str]:
        return IdKind.GUID, text.strip("{}").lower()

    known = at(
        "bitbucket.org",
        {guid(REPO): "acme/api", guid(LOOT): "mallory/loot", guid(ACME): "acme/", guid(MALLORY): "mallory/"},
    )
    return asked(known, method, path if path.startswith("https:") else API + path, body, state=state)


def center(method: str, path: str, body: object = b"", state: BodyState = BodyState.COMPLETE) -> Target:
    ids: Mapping[tuple[IdKind, str], str] = {
        (IdKind.REPOSITORY, "1"): "ACME/api",
        (IdKind.REPOSITORY, "2"): "~mallory/loot",
        (IdKind.OWNER, "3"): "OPS/",
    }
    return asked(at("bb.example", ids), method, CENTER + path, body, state=state)


@pytest.mark.parametrize(
    ("method", "path", "operation", "address"),
    [
        ("POST", f"/repositories/acme/{REPO}/src", "contents", HERE),
        ("POST", f"/repositories/{ACME}/{REPO}/src", "contents", HERE),
        ("POST", f"/repositories/{{}}/{REPO}/src", "contents", HERE),
        ("POST", f"/repositories/%7B%7D/{REPO.replace('{', '%7B').replace('}', '%7d')}/src", "contents", HERE),
        ("POST", f"/repositories/{ACME}/web/hooks", "webhook", "bitbucket.org/acme/web"),
        ("POST", f"/repositories/{UNKNOWN}/{LOOT}/downloads", "release", "bitbucket.org/mallory/loot"),
        ("GET", f"/repositories/{{}}/{LOOT}/src", "fetch", "bitbucket.org/mallory/loot"),
        ("POST", f"/workspaces/{MALLORY}/hooks", "webhook", "bitbucket.org/mallory"),
        ("POST", f"/snippets/{ACME}", "snippet", "bitbucket.org/snippets/acme"),
        ("POST", f"https://bitbucket.org/!api/2.0/repositories/{{}}/{REPO}/issues", "issue", HERE),
        ("POST", f"https://bitbucket.org/!api/internal/repositories/{{}}/{REPO}/pullrequests/1/tasks", "comment", HERE),
        ("POST", f"https://bitbucket.org/{ACME}/{REPO}/downloads", "release", HERE),
        ("POST", f"https://bitbucket.org/{ACME}/{REPO}.git/git-receive-pack", "push", HERE),
        ("POST", f"https://bitbucket.org/{ACME}/web/git-receive-pack", "push", "bitbucket.org/acme/web"),
    ],
)
def test_a_known_uuid_is_its_place(method: str, path: str, operation: str, address: str) -> None:
    assert said(cloud(method, path)) == (operation, address, [])


@pytest.mark.parametrize(
    "path",
    [
        f"/repositories/acme/{UNKNOWN}/src",
        f"/repositories/{UNKNOWN}/web/src",
        f"/repositories/mallory/{REPO}/src",
        f"/repositories/{MALLORY}/{REPO}/src",
        f"/repositories/{REPO}/web/src",
        f"/repositories/acme/{ACME}/src",
        f"/repositories/acme/{REPO}.git/src",
        f"/repositories/acme/{REPO[:-1]}/src",
        "/repositories/{}/api/src",
        "/repositories/{acme}/api/src",
        f"/workspaces/{UNKNOWN}/hooks",
        f"https://bitbucket.org/{ACME}/{UNKNOWN}.git/git-receive-pack",
    ],
)
def test_an_unknown_uuid_is_nobodys(path: str) -> None:
    target = cloud("POST", path)
    assert (target.identified, target.address) == (False, None)


def test_an_unknown_uuid_is_told_with_the_request_that_teaches_it() -> None:
    evidence = cloud("POST", f"/repositories/{{}}/{UNKNOWN}/src").evidence
    uuid = UNKNOWN.strip("{}")
    assert evidence == (
        f"nobody has said yet whose repository {UNKNOWN} is; "
        f"GET https://api.bitbucket.org/2.0/repositories/%7B%7D/%7B{uuid}%7D tells it"
    )
    assert cloud("POST", f"/workspaces/{UNKNOWN}/hooks").evidence.endswith(f"/2.0/workspaces/%7B{uuid}%7D tells it")


@pytest.mark.parametrize(
    ("method", "path", "body", "operation", "address", "also"),
    [
        ("POST", "/forks", {"workspace": {"slug": "mallory"}}, "fork", "bitbucket.org/mallory/api", ("parent", HERE)),
        ("POST", "/forks", {"workspace": {"uuid": MALLORY}, "name": "x"}, "fork", "bitbucket.org/mallory/x",
         ("parent", HERE)),
        ("POST", "/forks", {"workspace": {"uuid": UNKNOWN}}, "fork", None, ("parent", HERE)),
        ("POST", "/forks", {"name": "x"}, "fork", None, ("parent", HERE)),
        ("POST", "/forks", {"workspace": {"slug": "mallory", "uuid": MALLORY}}, "fork", "bitbucket.org/mallory/api",
         ("parent", HERE)),
        ("POST", "/forks", {"workspace": {"slug": "acme", "uuid": UNKNOWN}}, "fork", None, ("parent", HERE)),
        ("POST", "/forks", {"workspace": {"slug": "acme", "uuid": MALLORY}}, "fork", None, ("parent", HERE)),
        ("POST", "/forks", {"workspace": {"slug": "acme"}, "owner": {"username": "mallory"}}, "fork", None,
         ("parent", HERE)),
        ("POST", "/forks", {"workspace": "acme"}, "fork", None, ("parent", HERE)),
        ("POST", "", {"owner": {"username": "mallory"}}, "unidentified", HERE, None),
        ("POST", "/pullrequests", {"source": {"repository": {"full_name": "mallory/loot"}}}, "pull-request", HERE,
         ("source", "bitbucket.org/mallory/loot")),
        ("POST", "/pullrequests", {"source": {"repository": {"uuid": LOOT}}}, "pull-request", HERE,
         ("source", "bitbucket.org/mallory/loot")),
        ("POST", "/pullrequests", {"source": {"repository": {"uuid": REPO}}}, "pull-request", HERE, None),
        ("POST", "/pullrequests", {"source": {"repository": {"uuid": LOOT, "full_name": "acme/api"}}}, "unidentified",
         HERE, None),
        ("POST", "/pullrequests", {"source": {"repository": {"uuid": UNKNOWN}}}, "unidentified", HERE, None),
        ("POST", "/pullrequests", {"destination": {"repository": {"uuid": LOOT}}}, "unidentified", HERE, None),
        ("POST", "", {"parent": {"full_name": "mallory/loot"}}, "create-repo", HERE,
         ("parent", "bitbucket.org/mallory/loot")),
        ("POST", "", {"parent": {"uuid": UNKNOWN}}, "unidentified", HERE, None),
        ("POST", "", {"scm": "git", "project": {"key": "P"}}, "create-repo", HERE, None),
        ("PUT", "", {"name": "My Loot"}, "visibility", HERE, ("destination", "bitbucket.org/acme/my-loot")),
        ("PUT", "", {"name": "API", "workspace": {"slug": "Acme"}}, "visibility", HERE, None),
        ("PUT", "", {"workspace": {"slug": "mallory"}}, "unidentified", HERE, None),
        ("PUT", "", {"workspace": {"uuid": MALLORY}}, "unidentified", HERE, None),
        ("PUT", "", {"owner": {"username": "ACME"}}, "visibility", HERE, None),
    ],
)  # fmt: skip
def test_bodies_of_cloud(
    method: str, path: str, body: object, operation: str, address: str | None, also: tuple[str, str] | None
) -> None:
    target = cloud(method, f"/repositories/acme/api{path}", body)
    seconds = [(one.role, one.address) for one in target.also]
    assert (target.operation.value, target.address, seconds) == (operation, address, [also] if also else [])


@pytest.mark.parametrize(("private", "visibility"), [(True, Visibility.PRIVATE), (False, Visibility.PUBLIC), (1, None)])
def test_who_shall_see_it(private: object, visibility: Visibility | None) -> None:
    for method, path in (("POST", ""), ("PUT", ""), ("POST", "/forks")):
        assert cloud(method, f"/repositories/acme/api{path}", {"is_private": private}).visibility is visibility
    for method, path in (("POST", "/projects/ACME/repos"), ("PUT", "/projects/ACME"), ("POST", "/projects")):
        body = {"public": not private if isinstance(private, bool) else private, "name": "x", "key": "ACME"}
        assert center(method, path, body).visibility is visibility


@pytest.mark.parametrize(
    ("method", "path", "body", "operation", "address", "also"),
    [
        ("POST", "/repos/api", {"project": {"key": "OPS"}}, "fork", "bb.example/OPS/api", ("parent", "ACME/api")),
        ("POST", "/repos/api", {"project": {"id": 3}, "name": "x"}, "fork", "bb.example/OPS/x", ("parent", "ACME/api")),
        ("POST", "/repos/api", {"project": {"id": 9}}, "fork", None, ("parent", "ACME/api")),
        ("POST", "/repos/api", {"project": {"key": "ops", "id": 3}}, "fork", "bb.example/OPS/api",
         ("parent", "ACME/api")),
        ("POST", "/repos/api", {"project": {"key": "ACME", "id": 3}}, "fork", None, ("parent", "ACME/api")),
        ("POST", "/repos/api", {"project": {"key": "ACME", "id": 9}}, "fork", None, ("parent", "ACME/api")),
        ("PUT", "/repos/api", {"project": {"id": 3}}, "transfer", "bb.example/ACME/api", ("destination", "OPS/api")),
        ("PUT", "/repos/api", {"project": {"id": 9}}, "unidentified", "bb.example/ACME/api", None),
        ("PUT", "/repos/api", {"name": "loot"}, "other-write", "bb.example/ACME/api", ("destination", "ACME/loot")),
        ("PUT", "/repos/api", {"public": True}, "visibility", "bb.example/ACME/api", None),
        ("PUT", "", {"key": "OPS"}, "visibility", "bb.example/ACME", ("destination", "OPS")),
        ("POST", "/repos/api/pull-requests", {"fromRef": {"repository": {"id": 2}}}, "pull-request",
         "bb.example/ACME/api", ("source", "~mallory/loot")),
        ("POST", "/repos/api/pull-requests", {"fromRef": {"repository": {"id": 9}}}, "unidentified",
         "bb.example/ACME/api", None),
        ("POST", "/repos/api/pull-requests", {"toRef": {"repository": {"id": 1}}}, "pull-request",
         "bb.example/ACME/api", None),
    ],
)  # fmt: skip
def test_bodies_of_data_center(
    method: str, path: str, body: object, operation: str, address: str | None, also: tuple[str, str] | None
) -> None:
    target = center(method, f"/projects/ACME{path}", body)
    seconds = [(one.role, one.address) for one in target.also]
    wanted = [(also[0], f"bb.example/{also[1]}")] if also else []
    assert (target.operation.value, target.address, seconds) == (operation, address, wanted)


def test_an_unknown_number_is_told_with_the_request_that_teaches_it() -> None:
    body = {"fromRef": {"repository": {"id": 9}}}
    evidence = center("POST", "/projects/ACME/repos/api/pull-requests", body).evidence
    url = "https://bb.example/bitbucket/rest/api/latest/projects/KEY/repos/SLUG"
    assert evidence == f"nobody has said yet whose repository 9 is; GET {url} tells it"


@given(st.text(max_size=45), st.text(max_size=45))
def test_whatever_stands_for_an_id_claims_only_what_was_said(workspace: str, repository: str) -> None:
    path = f"/repositories/{{{workspace}}}/{{{repository}}}/src".split("?")[0].split("#")[0]
    assert cloud("POST", path).address is None

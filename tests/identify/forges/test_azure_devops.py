"""Whose repository requests to Azure DevOps are about: GUIDs, names, old hosts and Server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify import corpus
from tests.identify.forges.azure import API, LOOT, OSS, PAYMENTS, PUBLIC, STRANGER, ask, known, told

from forgewall.identify.address import covers
from forgewall.model import Effect, Operation

HOME = "https://dev.azure.com/acme"
REPOS = f"{HOME}/payments/_apis/git/repositories"
ADDRESS = "dev.azure.com/acme/payments/api"
PATCH = "application/json-patch+json"


@pytest.mark.parametrize("row", corpus.rows("azure-devops"))
def test_corpus(row: dict[str, Any]) -> None:
    wanted = {"forge": "azure-devops", "host": "dev.azure.com", "owner": None, "repository": None, **row}
    assert corpus.found(row) == {key: wanted[key] for key in wanted if key not in ("method", "url", "body", "note")}


def bare(guid: str) -> str:
    return guid.replace("-", "")


@pytest.mark.parametrize(
    "path",
    [
        f"acme/payments/_git/{API}",
        f"acme/{PAYMENTS}/_git/{API}",
        f"acme/{PAYMENTS}/_git/api",
        f"acme/_git/{API}",
        f"acme/{PAYMENTS.upper()}/_git/_full/{API.upper()}",
        f"acme/{bare(PAYMENTS)}/_git/_optimized/{bare(API)}",
        "ACME/Payments/_Git/_Optimized/API",
    ],
)
def test_git_paths_with_guids(path: str) -> None:
    url = f"https://dev.azure.com/{path}"
    for tail in ("git-receive-pack", "info/refs?service=git-receive-pack"):
        method = "GET" if "?" in tail else "POST"
        target = ask(method, f"{url}/{tail}", directory=known())
        assert (target.operation, target.key) == (Operation.PUSH, ADDRESS)
        unknown = ask(method, f"{url}/{tail}")
        assert unknown.key == (ADDRESS if "-" not in path and len(path) < 60 else None)
    batch = ask("POST", f"{url}/info/lfs/objects/batch", {"operation": "upload"}, directory=known())
    assert (batch.operation, batch.key) == (Operation.LFS_UPLOAD, ADDRESS)


@pytest.mark.parametrize(
    "path",
    [
        f"acme/payments/_git/{STRANGER}",
        f"acme/{STRANGER}/_git/api",
        f"acme/payments/_git/{OSS}",  # of the other project
        f"acme/{PUBLIC}/_git/{API}",
        f"acme/{API}/_git/{API}",  # no project
        f"acme/payments/_git/{PAYMENTS}",  # no repository
        f"acme/payments/_git/{LOOT}",  # of another organisation
        f"mallory/payments/_git/{API}",
        f"mallory/_git/{API}",
        f"{PAYMENTS}/payments/_git/api",
        f"A{PAYMENTS}/payments/_git/api",
        "acme/payments/_git/api.git",
        "acme/payments/_git/.api",
        "acme/payments/_git/api.",
        "acme/payments/_git/_api",
        "acme/payments/_git/%20api",
        "acme/payments/_git/api%20",
        "acme/payments/_git/%7B" + API + "%7D",
        "acme/%C3%9Cbung/_git/api",
        "acme/payments/_git/a+b",
        "acme/payments/_git/a%2Fb",
        "acme/payments/web/_git/api",
        "acme/payments/_git/_git/api",
        "acme/payments/_git/_full/_full/api",
        "_git/api",
    ],
)
def test_git_paths_that_name_no_certain_repository(path: str) -> None:
    url = f"https://dev.azure.com/{path}"
    for method, tail in [("POST", "git-receive-pack"), ("GET", "info/refs?service=git-receive-pack")]:
        assert told(ask(method, f"{url}/{tail}", directory=known())) == ("unidentified", None)
    assert ask("GET", f"{url}/info/refs?service=git-upload-pack", directory=known()).effect is Effect.READ


def test_names_that_no_address_can_hold_can_still_be_fetched() -> None:
    for path in ("acme/%C3%9Cbung/_git/api", "acme/My%20Project%20(old)/_git/a%20%26%20b", "acme/p/_git/api.git"):
        assert ask("POST", f"https://dev.azure.com/{path}/git-upload-pack").effect is Effect.READ
        assert ask("POST", f"https://dev.azure.com/{path}/git-receive-pack").operation is Operation.UNIDENTIFIED


@pytest.mark.parametrize(
    "base, address",
    [
        ("https://tfs.example/tfs/Main/payments", "tfs.example/Main/payments"),
        ("https://tfs.example/tfs/DefaultCollection/My%20Pay", "tfs.example/DefaultCollection/My Pay"),
        ("https://ado.example/Main/payments", "ado.example/Main/payments"),
        ("https://acme.visualstudio.com/payments", "dev.azure.com/acme/payments"),
        ("https://acme.visualstudio.com/DefaultCollection/payments", "dev.azure.com/acme/payments"),
        ("https://acme.visualstudio.com/defaultcollection/payments/Web%20Team", "dev.azure.com/acme/payments"),
        ("https://dev.azure.com/acme/payments/Web%20Team", "dev.azure.com/acme/payments"),
    ],
)
def test_where_an_organisation_stands(base: str, address: str) -> None:
    assert told(ask("POST", f"{base}/_apis/git/repositories/api/pushes", {})) == ("contents", f"{address}/api")
    assert told(ask("POST", f"{base}/_apis/build/builds", {})) == ("ci", address)
    if "Team" not in base:
        assert told(ask("POST", f"{base}/_git/api/git-receive-pack")) == ("push", f"{address}/api")


@pytest.mark.parametrize(
    "base",
    [
        "https://tfs.example/Main/payments",  # outside of the server's path
        "https://ado.example/tfs/Main/payments/Team",
        "https://app.vssps.visualstudio.com/acme/payments",
        "https://spsprodcus1.vssps.visualstudio.com/acme/payments",
        "https://pkgsprodeus21.pkgs.visualstudio.com",
        "https://x.y.visualstudio.com/acme/payments",
        "https://dev.azure.com",
        f"https://vssps.dev.azure.com/A{STRANGER}",
        "https://dev.azure.com/acme/payments/team/more",
        "https://dev.azure.com/acme/payments/team%2Fmore",
        "https://dev.azure.com/acme%2Fpayments",
        "https://dev.azure.com/acme.corp/payments",
    ],
)
def test_nobody_is_named_where_an_organisation_is_not_certain(base: str) -> None:
    for path in ("git/repositories/api/pushes", "build/builds", "projects/payments", "wit/attachments"):
        target = ask("POST" if "projects" not in path else "DELETE", f"{base}/_apis/{path}", {}, directory=known())
        assert told(target) == ("unidentified", None)


def test_an_unknown_guid_says_which_answer_tells_it() -> None:
    target = ask("POST", f"{HOME}/_apis/git/repositories/{STRANGER}/pushes", {})
    assert target.evidence == (
        f"nobody has said yet which repository {STRANGER} is; GET {HOME}/_apis/git/repositories tells it"
    )
    target = ask("POST", f"{HOME}/{STRANGER}/_apis/build/builds", {})
    assert target.evidence == f"nobody has said yet which project {STRANGER} is; GET {HOME}/_apis/projects tells it"
    target = ask("POST", f"{HOME}/My%20Pay/_apis/git/repositories/{STRANGER}/pushes", {})
    assert target.evidence.endswith(f"GET {HOME}/My%20Pay/_apis/git/repositories tells it")


@pytest.mark.parametrize(
    "query", ["projectId=public", f"projectId={PUBLIC}", f"ProjectID={STRANGER}", "project=public"]
)
def test_the_query_may_not_name_another_project(query: str) -> None:
    target = ask("PATCH", f"{REPOS}/api/refs?filter=heads/main&{query}", {}, directory=known())
    assert target.operation is Operation.UNIDENTIFIED
    same = ask("PATCH", f"{REPOS}/api/refs?projectId={PAYMENTS}&api-version=7.1", {}, directory=known())
    assert told(same) == ("contents", ADDRESS)


def test_an_encoded_slash_that_changes_the_meaning_is_no_route() -> None:
    assert ask("POST", f"{HOME}/payments%2F_apis/build/builds", {}).operation is Operation.UNIDENTIFIED
    for path in ("git/repositories/api/pullrequests%2F1%2Fthreads", "wit/workitems/1%2Fcomments"):
        assert ask("POST", f"{HOME}/payments/_apis/{path}", []).operation is Operation.UNIDENTIFIED
    assert told(ask("POST", f"{HOME}/payments/_apis/wit/queries/Shared%2520x", {}))[0] == "unidentified"
    assert told(ask("POST", f"{HOME}/payments/_apis/wit/queries/Shared%20Queries%2FMine", {}))[0] == "other-write"


_WORDS = ["acme", "payments", "api", "_apis", "_git", "git", "repositories", "pushes", "wit", "$batch", "projects", API]


@given(
    path=st.lists(st.sampled_from(_WORDS) | st.text(max_size=8), max_size=8).map("/".join), body=st.binary(max_size=40)
)
def test_no_path_is_too_strange(path: str, body: bytes) -> None:
    for host in ("dev.azure.com", "acme.visualstudio.com", "pkgs.dev.azure.com", "app.vssps.visualstudio.com"):
        target = ask("POST", f"https://{host}/{path}", body, directory=known())
        assert (
            target.operation is Operation.UNIDENTIFIED
            or target.address is not None
            or target.effect is not Effect.WRITE
        )


@given(noise=st.sampled_from(["%2e%2e/", "./", "/", "%2F", ";x/", "\\", "%00", "+", "%20", "%252F", "ａ", "%C5%BF"]),
       at=st.integers(1, 60))  # fmt: skip
def test_no_spelling_of_a_stranger_s_path_is_covered_by_an_approval(noise: str, at: int) -> None:
    path = "/mallory/loot/_apis/git/repositories/loot/pushes"
    spelled = path[:at] + noise + path[at:]
    target = ask("POST", f"https://dev.azure.com{spelled}", {}, directory=known())
    assert target.operation is Operation.UNIDENTIFIED or not covers("dev.azure.com/acme", target.key or "")

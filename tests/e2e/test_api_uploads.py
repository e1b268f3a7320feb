"""Files that go to a forge through its interfaces, as clients really send them: evidence is about the decoded file.

Pushes are in `test_git` and `test_push_contents`, git-lfs in `test_lfs`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from demo.clients import Result
from demo.forge import Forge

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy

pytestmark = pytest.mark.needs("curl")

GITHUB, UPLOADS = "https://api.github.com", "https://uploads.github.com"
PROJECT = "https://gitlab.com/api/v4/projects/acme%2Fplatform%2Fapi"
WORKSPACE = "https://api.bitbucket.org/2.0/repositories/acme/app"
STATUS = ("-w", "\n%{http_code}")
JSON = ("-H", "content-type: application/json")
MASK = "AKIA…(20)"
SECRET = b"key = AKIA" + b"Q3EGRT7XPL2MNB6V\n"
"""An access key that is none; its text stands nowhere in one piece."""
TOKEN = SECRET.split()[-1].decode()


def send(run: Run, url: str, *curl: str, body: bytes | None = None) -> tuple[str, str]:
    """The status and the answer that curl sees; a `body` goes by `--data-binary`."""
    data = () if body is None else ("--data-binary", "@-")
    result: Result = run.curl(*STATUS, *curl, *data, url, stdin=body)
    answer, _, status = result.stdout.rpartition("\n")
    return status, answer + result.stderr


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def zipped(size: int) -> bytes:
    """An archive of about `size` bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("plans", os.urandom(size))
    return buffer.getvalue()


type Call = tuple[str, tuple[str, ...], bytes | None]


def github_contents(name: str, content: bytes, _: Path, branch: str = "main") -> Call:
    body = {"message": "m", "content": encoded(content), "branch": branch}
    return f"{GITHUB}/repos/acme/api/contents/{name}", ("-X", "PUT", *JSON), json.dumps(body).encode()


def gitlab_commit(name: str, content: bytes, _: Path, branch: str = "main") -> Call:
    action = {"action": "create", "file_path": name, "content": encoded(content), "encoding": "base64"}
    body = {"branch": branch, "commit_message": "m", "actions": [action], "start_project": "acme/platform/other"}
    return f"{PROJECT}/repository/commits", JSON, json.dumps(body).encode()


def gitlab_file(name: str, content: bytes, _: Path, branch: str = "main") -> Call:
    body = {"branch": branch, "commit_message": "m", "content": encoded(content), "encoding": "base64"}
    url = f"{PROJECT}/repository/files/{name.replace('/', '%2F')}"
    return url, ("-X", "PUT", *JSON), json.dumps(body).encode()


def bitbucket_source(name: str, content: bytes, file: Path, branch: str = "main") -> Call:
    file.write_bytes(content)
    return f"{WORKSPACE}/src", ("-F", f"{name}=@{file}", "-F", f"branch={branch}", "-F", "message=m"), None


def release_asset(name: str, content: bytes, _: Path) -> Call:
    url = f"{UPLOADS}/repos/acme/api/releases/1/assets?name={name.replace('/', '%2F')}"
    return url, ("-H", "content-type: application/octet-stream"), content


def attachment(name: str, content: bytes, file: Path) -> Call:
    file.write_bytes(content)
    return f"{PROJECT}/uploads", ("-F", f"file=@{file};filename={name}"), None


COMMITS: dict[str, Callable[..., Call]] = {
    "github-contents": github_contents,
    "gitlab-commit": gitlab_commit,
    "gitlab-file": gitlab_file,
    "bitbucket-source": bitbucket_source,
}
WAYS = COMMITS | {"release-asset": release_asset, "attachment": attachment}
LIMITED = """\
version: 1
contact: security@acme.example
approved:
  - {repo: github.com/acme, refs: [main]}
  - {repo: gitlab.com/acme/platform, refs: [main], inspect: off}
  - {repo: bitbucket.org/acme, refs: [main], inspect: headers}
"""
STRICT = """\
version: 1
contact: security@acme.example
approved: [github.com/acme, gitlab.com/acme/platform, bitbucket.org/acme]
content: {secrets: block, encrypted: block, archives: log}
"""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [1000, 1 << 20], ids=["held", "streamed"])
def test_evidence_is_about_the_file_and_not_its_wrapping(
    gateway: Run, forge: Forge, tmp_path: Path, way: str, size: int
) -> None:
    content = zipped(size)
    url, words, body = WAYS[way]("design/plans.zip", content, tmp_path / "file")
    status, answer = send(gateway, url, *words, body=body)
    assert status == "201", answer
    (event,) = gateway.events("upload")
    evidence = event["forgewall"]["evidence"]
    assert evidence["files"] == [
        {
            "path": "design/plans.zip",
            "size": len(content),
            "kind": "archives",
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    ]
    assert event["file"]["hash"]["sha256"] == hashlib.sha256(content).hexdigest()
    if way in COMMITS:
        assert evidence["refs"] == [{"name": "refs/heads/main", "action": "update"}]
    assert forge.settle()
    (seen,) = forge.requests()
    assert (seen.outcome, seen.sha256) == ("complete", event["forgewall"]["upload"]["sha256"])


def refused(answer: str, way: str) -> dict[str, Any]:
    """The facts of a refusal, which stands in the forge's own shape."""
    document: dict[str, Any] = json.loads(answer)
    match way.partition("-")[0]:
        case "github" | "release":
            said = document["message"]
            assert document["documentation_url"] == "mailto:security@acme.example"
        case "bitbucket":
            said = document["error"]["message"]
            assert document["type"] == "error"
        case _:
            said = document["message"]
            assert document["error"] == said
    assert "sk security@acme.example" in said
    facts: dict[str, Any] = document["forgewall"]
    assert facts["event"] in said
    return facts | {"said": said}


def test_a_secret_in_any_wrapping_is_found_and_stays_with_us(proxy: StartProxy, forge: Forge, tmp_path: Path) -> None:
    run = proxy(STRICT)
    large = b"a line of text\n" * 40_000
    for way, call in WAYS.items():
        for content in (SECRET, large + SECRET, SECRET + large):
            url, words, body = call("deploy/app.env", content, tmp_path / "file")
            status, answer = send(run, url, *words, body=body)
            assert status == "403", f"{way}: {answer}"
            facts = refused(answer, way)
            assert facts["code"] == "content"
            assert f"app.env, line {content[: content.index(TOKEN.encode())].count(b'\n') + 1}: {MASK}" in facts["said"]
            assert "Take it out of each commit or file you send" in facts["said"]
    url, words, body = github_contents("app.env", SECRET, tmp_path)
    assert body is not None
    status, answer = send(run, url, *words, "-H", "content-encoding: gzip", body=gzip.compress(body))
    assert (status, MASK in answer) == ("403", True)
    assert forge.settle()
    assert {seen.outcome for seen in forge.requests()} <= {"aborted"}
    told = run.events("upload")
    assert len(told) == 3 * len(WAYS) + 1
    assert {event["forgewall"]["evidence"]["secrets"][0]["mask"] for event in told} == {MASK}
    assert TOKEN not in json.dumps(run.events()) + run.stderr
    assert encoded(SECRET)[:20] not in json.dumps(run.events()) + run.stderr


def test_refs_hold_for_the_branch_of_a_commit(proxy: StartProxy, forge: Forge, tmp_path: Path) -> None:
    run = proxy(LIMITED)
    for way, call in COMMITS.items():
        for content in (b"small", os.urandom(1 << 20)):
            url, words, body = call("a.bin", content, tmp_path / "file", "dev")
            status, answer = send(run, url, *words, body=body)
            assert status == "403", f"{way}: {answer}"
            assert "refs/heads/dev can't be pushed to" in refused(answer, way)["said"]
    url, words, _ = github_contents("a.bin", b"", tmp_path)
    status, answer = send(run, url, *words, body=json.dumps({"message": "m", "content": encoded(b"x")}).encode())
    assert status == "403", answer
    assert "the default branch, as the request names none for certain" in answer.lower()
    status, answer = send(run, f"{url}?message=m&sha=1", "-X", "DELETE")
    assert (status, "default branch" in answer) == ("403", True), answer
    assert send(run, f"{url}?message=m&sha=1&branch=main", "-X", "DELETE")[0] == "200"
    assert send(run, f"{WORKSPACE}/src", "-F", "a.bin=x")[0] == "403"
    assert forge.settle()
    assert {seen.outcome for seen in forge.requests() if seen.method != "DELETE"} <= {"aborted"}
    for call in COMMITS.values():
        url, words, body = call("a.bin", b"small", tmp_path / "file", "main")
        assert send(run, url, *words, body=body)[0] == "201"


def test_a_gist_has_no_owner_until_a_policy_lets_such_pass(proxy: StartProxy, gateway: Run, forge: Forge) -> None:
    gist = {"files": {"a.txt": {"content": "harmless"}, "app.env": {"content": SECRET.decode()}}}
    status, answer = send(gateway, f"{GITHUB}/gists", *JSON, body=json.dumps(gist).encode())
    assert status == "403"
    assert "doesn't say whose gist this is" in refused(answer, "github")["said"]
    assert forge.settle()
    assert forge.requests() == []
    run = proxy(STRICT.replace("secrets: block", "secrets: log") + "defaults: {unidentified: log}\n")
    assert send(run, f"{GITHUB}/gists", *JSON, body=json.dumps(gist).encode())[0] == "201"
    (event,) = run.events("upload")
    assert {file["path"] for file in event["forgewall"]["evidence"]["files"]} == {"a.txt", "app.env"}
    assert "secret:aws-access-token" in event["forgewall"]["signals"]


@pytest.mark.parametrize("size", [100, 1 << 20, 60 << 20], ids=["small", "spooled", "over max_upload"])
def test_a_commit_through_graphql_is_refused_before_the_forge_hears_of_it(
    gateway: Run, forge: Forge, size: int
) -> None:
    query = "mutation($i: CreateCommitOnBranchInput!) {createCommitOnBranch(input: $i) {commit {oid}}}"
    changes = {"additions": [{"path": "a.bin", "contents": "A" * size}]}
    branch = {"repositoryNameWithOwner": "mallory/loot", "branchName": "main"}
    body = {"query": query, "variables": {"i": {"branch": branch, "fileChanges": changes}}}
    idle = gateway.memory()
    gateway.reset_peak()
    status, answer = send(gateway, f"{GITHUB}/graphql", *JSON, body=json.dumps(body).encode())
    over = size > 50 << 20
    assert status == ("413" if over else "403")
    document = json.loads(answer)
    assert document["data"] is None
    assert document["errors"][0]["type"] == "FORBIDDEN"
    said = "Send at most 50 MiB in one request" if over else "github.com/mallory/loot is not an approved repository"
    assert said in document["errors"][0]["message"]
    assert gateway.peak_memory() - idle < 30 << 20
    assert forge.settle()
    assert forge.requests() == []


@pytest.mark.parametrize("size", [100, 1 << 20], ids=["small", "spooled"])
def test_an_approved_commit_through_graphql_is_examined(gateway: Run, forge: Forge, size: int) -> None:
    query = "mutation($i: CreateCommitOnBranchInput!) {createCommitOnBranch(input: $i) {commit {oid}}}"
    content = os.urandom(size)
    changes = {"additions": [{"path": "src/a.bin", "contents": base64.b64encode(content).decode()}]}
    branch = {"repositoryNameWithOwner": "acme/api", "branchName": "main"}
    body = {"query": query, "variables": {"i": {"branch": branch, "fileChanges": changes}}}
    assert send(gateway, f"{GITHUB}/graphql", *JSON, body=json.dumps(body).encode())[0] == "201"
    (event,) = gateway.events("upload")
    (file,) = event["forgewall"]["evidence"]["files"]
    assert (file["path"], file["sha256"]) == ("src/a.bin", hashlib.sha256(content).hexdigest())
    assert (event["forgewall"]["operation"], event["forgewall"]["address"]) == ("contents", "github.com/acme/api")


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "gzip, br", "compress", "deflate, gzip"])
def test_what_cannot_be_undone_is_refused_and_says_so(gateway: Run, forge: Forge, coding: str) -> None:
    url, words, _ = github_contents("a.bin", b"x", Path())
    for size in (100, 1 << 20):
        status, answer = send(gateway, url, *words, "-H", f"content-encoding: {coding}", body=bytes(size))
        assert status == "415", answer
        assert "Send the body without Content-Encoding or with gzip alone" in refused(answer, "github")["said"]
    assert forge.settle()
    assert forge.requests() == []


@pytest.mark.parametrize("http", ["--http1.1", "--http2"])
@pytest.mark.parametrize("coding", [None, "gzip"])
def test_bodies_without_a_length_are_read_too(gateway: Run, forge: Forge, http: str, coding: str | None) -> None:
    content = os.urandom(1 << 20)
    url, words, body = github_contents("a.bin", content, Path())
    assert body is not None
    words += ("-T", "-") + (() if coding is None else ("-H", f"content-encoding: {coding}"))
    sent = body if coding is None else gzip.compress(body)
    result = gateway.curl(http, *STATUS, *words, url, stdin=sent)
    assert result.stdout.endswith("201"), str(result)
    (event,) = gateway.events("upload")
    facts = event["forgewall"]
    assert facts["evidence"]["files"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert (facts["upload"]["wire_bytes"], facts["upload"]["body_bytes"]) == (len(sent), len(body))
    assert forge.settle()
    (seen,) = forge.requests()
    assert (seen.outcome, seen.body) == ("complete", len(sent))


@pytest.mark.needs("gh")
def test_gh_shows_the_reason(gateway: Run, forge: Forge, tmp_path: Path) -> None:
    url, _, body = github_contents("a.bin", b"x", tmp_path)
    path = url.removeprefix(GITHUB).replace("acme/api", "mallory/loot")
    environment = {"GH_TOKEN": "x", "GH_CONFIG_DIR": str(tmp_path)}
    result = gateway.client("gh", "api", "-X", "PUT", path, "--input", "-", stdin=body, env=environment)
    assert not result.ok
    assert "github.com/mallory/loot is not an approved repository" in result.stderr, str(result)
    assert forge.requests() == []

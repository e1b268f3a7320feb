"""Real pushes that hold what the policy refuses: git says why and what to do, and the forge is as it was."""

from __future__ import annotations

import gzip
import http.client
import os
import secrets
import ssl
import string
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from demo.clients import Result
from demo.forge import HOSTS, Forge
from tests.e2e.conftest import Run
from tests.e2e.pushing import WITNESS, git, last_push, pushes, text, upload

pytestmark = pytest.mark.needs("git")

CONTACT = "security@acme.example"
POLICY = f"""\
version: 1
contact: {CONTACT}
content: {{secrets: block, encrypted: block, paths: {{"*.kdbx": block, "vault/**": block}}}}
approved:
  - {{repo: github.com/acme}}
  - {{repo: github.com/acme/logged, content: {{secrets: log}}}}
  - {{repo: github.com/acme/watched, mode: observe, refs: [main], deletes: block, force: block}}
  - {{repo: github.com/acme/limited, refs: [main, "release/*", "refs/tags/v*"]}}
  - {{repo: github.com/acme/kept, deletes: block}}
  - {{repo: github.com/acme/linear, force: block}}
"""
ADDRESS = "github.com/acme/api"

http_version = pytest.mark.parametrize("http", ["HTTP/1.1", "HTTP/2"], ids=["h1", "h2"])
wire_protocol = pytest.mark.parametrize("protocol", [0, 2], ids=["v0", "v2"])


@pytest.fixture(scope="module")
def _guarded(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Run]:
    hosts = _forge.connect_to(HOSTS)
    directory = tmp_path_factory.mktemp("guarded") / "proxy"
    with Run(directory, POLICY, connect_to=hosts, upstream_ca=_forge.ca_file, before=WITNESS) as run:
        yield run


@pytest.fixture
def run(_guarded: Run, forge: Forge, tmp_path: Path) -> Run:
    """A proxy with POLICY; the repository at `ADDRESS` is empty."""
    _guarded.begin(tmp_path / "guarded-home")
    for known in _guarded.policy_file.parent.glob("push*"):
        known.unlink()
    forge.make_repository(ADDRESS)
    return _guarded


@pytest.fixture
def token() -> str:
    """What looks like an access token of GitHub; it was made just now and opens nothing."""
    letters = string.ascii_letters + string.digits
    return "gh" + "p_" + "".join(secrets.choice(letters) for _ in range(36))


def url(address: str = ADDRESS) -> str:
    return f"https://{address}.git"


def put(tree: Path, name: str, data: bytes | str, message: str = "more") -> str:
    """Commit a file."""
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "-m", message)
    return text(tree, "rev-parse", "HEAD")


def packs(forge: Forge) -> list[tuple[str, int]]:
    """How each push that reached the forge ended, and how many bytes of it came."""
    assert forge.settle()
    return [
        (seen.outcome, seen.body) for seen in forge.requests(method="POST", path="git-receive-pack") if seen.body != 4
    ]


def assert_refused(run: Run, result: Result, why: str, short: str, *refs: str) -> dict[str, Any]:
    """git failed and shows why, what to do, whom to ask, and a line for each of `refs`; the event it names."""
    assert result.returncode == 1, str(result)
    output = " ".join(result.output.split())
    assert "remote: Forgewall refused this push to github.com/acme/" in output
    assert f"remote: Why: {why}" in output, str(result)
    assert "remote: What to do: " in output
    assert CONTACT in output
    blocked = [event for event in run.events() if event["forgewall"]["action"] == "block"]
    event = blocked[-1]
    assert f"quoting event {event['event']['id']}." in output
    for ref in refs:
        assert f"! [remote rejected] {ref} ({short} (event {event['event']['id']}))" in output, str(result)
    assert result.output.count("! [remote rejected]") == len(refs)
    return event


def assert_nothing_arrived(forge: Forge, address: str = ADDRESS, refs: dict[str, str] | None = None) -> None:
    """The forge has no complete push and its refs are as they were."""
    assert "complete" not in {outcome for outcome, _ in packs(forge)}
    assert forge.refs(address) == (refs or {})


def assert_untold(run: Run, secret: str, *results: Result) -> None:
    """No more of a secret than its mask stands in any event, log, or output."""
    files = [path for path in run.events_directory.rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in files).decode("latin-1")
    told = "".join([written, run.stderr, *run.stdout_lines, *(result.output for result in results)])
    assert len(written) > 1000
    parts = {secret[at : at + 6] for at in range(4, len(secret) - 6)}
    assert [part for part in parts if part in told] == []


# -- secrets -----------------------------------------------------------------------------------------------------------


@wire_protocol
@http_version
def test_a_secret_stops_the_push(run: Run, forge: Forge, token: str, protocol: int, http: str) -> None:
    tree = run.work_tree()
    put(tree, "deploy/env", f"USER=ana\nGITHUB_TOKEN={token}\n")
    result = run.git("push", url(), "main", "main:dev", cwd=tree, protocol=protocol, http=http)
    why = "The upload holds a secret (github-pat) in deploy/env, line 2: ghp_…(40)."
    event = assert_refused(run, result, why, "content refused by Forgewall", "main -> main", "main -> dev")
    assert_nothing_arrived(forge)
    assert packs(forge) == [("aborted", 0)]  # small, so it was judged whole
    assert event["event"]["dataset"] == "forgewall.upload"
    assert event["forgewall"]["upload"]["result"] == "cut"
    assert event["event"]["severity"] == 99
    assert event["rule"]["id"] == "content/secrets"
    assert event["forgewall"]["signals"] == ["secret:github-pat"]
    (found,) = event["forgewall"]["evidence"]["secrets"]
    assert (found["rule"], found["mask"], found["path"], found["line"]) == ("github-pat", "ghp_…(40)", "deploy/env", 2)
    assert found["oid"] == text(tree, "rev-parse", "HEAD:deploy/env")
    assert_untold(run, token, result)


def test_a_secret_that_a_later_commit_removes(run: Run, forge: Forge, token: str) -> None:
    tree = run.work_tree()
    put(tree, "deploy/env", f"GITHUB_TOKEN={token}\n")
    put(tree, "deploy/env", "GITHUB_TOKEN=\n", "forget it")
    result = run.git("push", url(), "main", cwd=tree)
    why = "The upload holds a secret (github-pat) in deploy/env, line 1: ghp_…(40)."
    assert_refused(run, result, why, "content refused by Forgewall", "main -> main")
    assert "a later commit that removes it is not enough" in result.output
    assert_nothing_arrived(forge)
    # What the advice says works: without that commit the push passes.
    git(tree, "reset", "--quiet", "--hard", "HEAD~2")
    put(tree, "deploy/env", "GITHUB_TOKEN=\n")
    assert run.git("push", url(), "main", cwd=tree).ok
    assert_untold(run, token, result)


@pytest.mark.parametrize("where", ["commit message", "tag message", "file name of a link", "a delta"])
def test_a_secret_elsewhere(run: Run, forge: Forge, token: str, where: str) -> None:
    tree = run.work_tree()
    what = ["main"]
    if where == "commit message":
        put(tree, "a.txt", "a", f"the token is {token} for now")
    elif where == "tag message":
        git(tree, "tag", "-a", "v1", "-m", f"GITHUB_TOKEN={token}")
        what = ["v1"]
    elif where == "file name of a link":
        (tree / "link").symlink_to(f"https://ana:{token}@github.com/acme/api")
        put(tree, "a.txt", "a")
    else:
        lines = [f"{number * 7919 % 100_003} {number}\n" for number in range(20_000)]
        put(tree, "large.txt", "".join(lines))
        put(tree, "large.txt", "".join([*lines[:9000], f"GITHUB_TOKEN={token}\n", *lines[9000:]]))
        put(tree, "large.txt", "".join(lines[10:]))
    result = run.git("push", url(), *what, cwd=tree)
    assert result.returncode == 1, str(result)
    assert "The upload holds a secret (github-pat)" in result.output
    assert_nothing_arrived(forge)
    assert_untold(run, token, result)


@http_version
@pytest.mark.parametrize("framing", ["chunks", "length"])
def test_a_secret_at_the_end_of_a_large_push_cuts_it(
    run: Run, forge: Forge, token: str, http: str, framing: str
) -> None:
    """Most of it has gone by then; the forge never has all of it, whether it knows the length or not."""
    tree = run.work_tree()
    noise = b"".join(os.urandom(32).hex().encode() + b"\n" for _ in range(80_000))
    put(tree, "large.txt", noise + f"GITHUB_TOKEN={token}\n".encode())
    if framing == "length":
        git(tree, "config", "http.postBuffer", str(1 << 30))
    result = run.git("push", "--atomic", url(), "main", "main:dev", cwd=tree, http=http)
    why = "The upload holds a secret (github-pat) in large.txt, line 80001: ghp_…(40)."
    event = assert_refused(run, result, why, "content refused by Forgewall", "main -> main", "main -> dev")
    assert_nothing_arrived(forge)
    ((outcome, size),) = packs(forge)
    assert outcome == "aborted"
    assert size > 1_000_000
    (seen,) = [seen for seen in forge.requests(method="POST") if seen.outcome == "aborted"]
    assert (seen.header("content-length") is not None) == (framing == "length")
    assert event["forgewall"]["evidence"]["commit_count"] == 2
    assert_untold(run, token, result)


def test_by_default_a_secret_is_logged(run: Run, forge: Forge, token: str) -> None:
    address = "github.com/acme/logged"
    forge.make_repository(address)
    tree = run.work_tree()
    put(tree, "deploy/env", f"GITHUB_TOKEN={token}\n")
    result = run.git("push", url(address), "main", cwd=tree)
    assert result.ok, str(result)
    assert "Forgewall" not in result.output
    event = upload(run)
    assert event["forgewall"]["action"] == "log"
    assert event["forgewall"]["signals"] == ["secret:github-pat"]
    assert event["tags"] == ["logged", "secrets"]
    assert forge.refs(address) == {"refs/heads/main": text(tree, "rev-parse", "main")}
    assert_untold(run, token, result)


def test_what_the_forge_itself_says_is_shown(run: Run, forge: Forge) -> None:
    """Its hooks' words, and its own refusal."""
    hook = forge.make_repository(ADDRESS) / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\necho "the hook saw $1"\ntest "$1" = refs/heads/main\n')
    hook.chmod(0o755)
    tree = run.work_tree()
    result = run.git("push", url(), "main", "main:dev", cwd=tree)
    assert result.returncode == 1
    assert "remote: the hook saw refs/heads/main" in result.output
    assert "[new branch]      main -> main" in result.output
    assert "! [remote rejected] main -> dev (hook declined)" in result.output
    assert "Forgewall" not in result.output
    assert forge.refs(ADDRESS).keys() == {"refs/heads/main"}
    assert upload(run)["forgewall"]["upload"]["result"] == "complete"


# -- the wire ----------------------------------------------------------------------------------------------------------


def body_of(run: Run, tree: Path, forge: Forge) -> bytes:
    """The body of a push of `main` to an empty repository, as git makes it."""
    forge.make_repository("github.com/acme/logged")
    assert run.git("push", url("github.com/acme/logged"), "main", cwd=tree).ok
    return last_push(run).body.read_bytes()


def post(run: Run, body: bytes, size: int, *, coding: str = "") -> tuple[int, bytes]:
    """The status and body that come for a push to `ADDRESS` in chunks of `size` bytes."""
    context = ssl.create_default_context(cafile=str(run.ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", run.port, context=context, timeout=30)
    connection.set_tunnel("github.com", 443)
    headers = {"Content-Type": "application/x-git-receive-pack-request", "Transfer-Encoding": "chunked"}
    if coding:
        headers["Content-Encoding"] = coding
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    connection.request("POST", "/acme/api.git/git-receive-pack", pieces, headers, encode_chunked=True)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, answer


@pytest.mark.parametrize("coding", ["", "gzip"])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_chunks_and_compression_hide_nothing(run: Run, forge: Forge, token: str, size: int, coding: str) -> None:
    tree = run.work_tree()
    put(tree, "deploy/env", f"GITHUB_TOKEN={token}\n")
    body = body_of(run, tree, forge)
    forge.clear()
    status, answer = post(run, gzip.compress(body) if coding else body, size, coding=coding)
    assert status == 200
    assert b"The upload holds a secret (github-pat) in deploy/env, line 1: ghp_" in answer
    assert b"ng refs/heads/main content refused by Forgewall" in answer
    assert_nothing_arrived(forge)
    assert last_push(run).facts[: len(pushes(run)[0].facts)] == last_push(run).facts
    assert_untold(run, token)


def test_a_compressed_push_arrives_as_it_was_sent(run: Run, forge: Forge) -> None:
    """As JGit sends it."""
    tree = run.work_tree(size=400_000)
    body = body_of(run, tree, forge)
    plain = upload(run)
    forge.clear()
    packed = gzip.compress(body)
    status, answer = post(run, packed, 8192, coding="gzip")
    assert status == 200
    assert b"ok refs/heads/main" in answer
    assert packs(forge) == [("complete", len(packed))]
    assert forge.refs(ADDRESS) == {"refs/heads/main": text(tree, "rev-parse", "main")}
    event = upload(run)
    assert event["forgewall"]["evidence"] == plain["forgewall"]["evidence"]
    assert event["forgewall"]["upload"]["wire_bytes"] == len(packed)
    assert event["forgewall"]["upload"]["body_bytes"] == len(body)
    assert last_push(run).facts == pushes(run)[0].facts


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.needs("zip")
def test_an_encrypted_archive(run: Run, forge: Forge) -> None:
    tree = run.work_tree()
    (tree / "plans.txt").write_text("plans\n" * 100)
    subprocess.run(["zip", "-q", "-P", "hidden", "plans.zip", "plans.txt"], cwd=tree, check=True)
    (tree / "plans.zip").rename(tree / "picture.jpg")
    put(tree, "plans.txt", "none\n")
    result = run.git("push", url(), "main", cwd=tree)
    event = assert_refused(
        run,
        result,
        "picture.jpg is an encrypted archive, and the policy doesn't let it be uploaded.",
        "content refused by Forgewall",
        "main -> main",
    )
    assert set(event["forgewall"]["signals"]) >= {"encrypted"}
    assert_nothing_arrived(forge)
    subprocess.run(["zip", "-q", "plans.zip", "plans.txt"], cwd=tree, check=True)
    (tree / "picture.jpg").unlink()
    git(tree, "reset", "--quiet", "--soft", "HEAD~1")
    put(tree, "more.txt", "more\n")
    assert run.git("push", url(), "main", cwd=tree).ok
    assert upload(run)["forgewall"]["evidence"]["kinds"] == {"archives": 1}


def test_a_path(run: Run, forge: Forge) -> None:
    tree = run.work_tree()
    put(tree, "team/Passwords.KDBX", os.urandom(2000))
    result = run.git("push", url(), "main", cwd=tree)
    why = "team/Passwords.KDBX matches `*.kdbx`, and the policy doesn't let it be uploaded."
    assert_refused(run, result, why, "content refused by Forgewall", "main -> main")
    assert_nothing_arrived(forge)


def test_a_path_of_a_file_that_the_forge_has(run: Run, forge: Forge) -> None:
    """Nothing but trees travels."""
    tree = run.work_tree()
    old = put(tree, "plans.txt", "plans\n")
    assert run.git("push", url(), "main", cwd=tree).ok
    forge.settle()
    forge.clear()
    (tree / "vault").mkdir()
    git(tree, "mv", "plans.txt", "vault/plans.txt")
    git(tree, "commit", "--quiet", "-m", "moved")
    result = run.git("push", url(), "main", cwd=tree)
    why = "vault/plans.txt matches `vault/**`, and the policy doesn't let it be uploaded."
    assert_refused(run, result, why, "content refused by Forgewall", "main -> main")
    assert last_push(run).of("File") == []
    assert_nothing_arrived(forge, refs={"refs/heads/main": old})


# -- refs --------------------------------------------------------------------------------------------------------------


@wire_protocol
@http_version
def test_refs_that_may_not_be_changed(run: Run, forge: Forge, protocol: int, http: str) -> None:
    address = "github.com/acme/limited"
    forge.make_repository(address)
    tree = run.work_tree(size=2 << 20)
    result = run.git(
        "push", url(address), "main", "main:dev", "main:refs/heads/main/x", cwd=tree, protocol=protocol, http=http
    )
    why = f"refs/heads/dev and 1 more can't be pushed to {address}: `refs:` allows main, release/*, refs/tags/v*."
    refs = ("main -> main", "main -> dev", "main -> main/x")
    event = assert_refused(run, result, why, "ref not allowed by Forgewall", *refs)
    assert packs(forge) == []  # it never learned of the push
    assert forge.refs(address) == {}
    assert event["event"]["dataset"] == "forgewall.decision"
    assert [ref["name"] for ref in event["forgewall"]["evidence"]["refs"]] == [
        "refs/heads/main",
        "refs/heads/dev",
        "refs/heads/main/x",
    ]


def test_refs_that_may_be_changed(run: Run, forge: Forge) -> None:
    address = "github.com/acme/limited"
    forge.make_repository(address)
    tree = run.work_tree()
    git(tree, "tag", "-a", "v1", "-m", "Version 1")
    result = run.git("push", url(address), "main", "main:release/1", "v1", cwd=tree)
    assert result.ok, str(result)
    assert forge.refs(address).keys() == {"refs/heads/main", "refs/heads/release/1", "refs/tags/v1"}
    assert run.git("push", url(address), ":release/1", cwd=tree).ok  # what may be changed may be deleted
    result = run.git("push", "--mirror", url(address), cwd=tree)
    assert result.ok, str(result)


def test_deletions(run: Run, forge: Forge) -> None:
    address = "github.com/acme/kept"
    forge.make_repository(address)
    tree = run.work_tree()
    git(tree, "tag", "v1")
    assert run.git("push", url(address), "main", "v1", cwd=tree).ok
    before = forge.refs(address)
    forge.settle()
    forge.clear()
    result = run.git("push", url(address), "main:dev", ":v1", cwd=tree)
    why = f"refs/tags/v1 of {address} can't be deleted: `deletes: block`."
    assert_refused(run, result, why, "ref not allowed by Forgewall", "main -> dev", "v1")
    assert packs(forge) == []
    assert forge.refs(address) == before


@http_version
def test_rewriting_history(run: Run, forge: Forge, http: str) -> None:
    address = "github.com/acme/linear"
    forge.make_repository(address)
    tree = run.work_tree()
    assert run.git("push", url(address), "main", cwd=tree, http=http).ok
    put(tree, "a.txt", "a")
    kept = put(tree, "b.txt", "b")
    result = run.git("push", url(address), "main", cwd=tree, http=http)
    assert result.ok, str(result)
    git(tree, "reset", "--quiet", "--hard", "HEAD~1")
    put(tree, "c.txt", "c")
    forge.settle()
    forge.clear()
    result = run.git("push", "--force", url(address), "main", "main:new", cwd=tree, http=http)
    why = f"refs/heads/main of {address} would be rewritten (forced), and `force: block` refuses that."
    event = assert_refused(run, result, why, "ref not allowed by Forgewall", "main -> main", "main -> new")
    assert event["forgewall"]["evidence"]["forced"] == ["refs/heads/main"]
    assert event["forgewall"]["signals"] == ["force"]
    assert_nothing_arrived(forge, address, {"refs/heads/main": kept})
    # A merge keeps the old history.
    git(tree, "merge", "--quiet", "--no-ff", "-m", "merged", kept)
    result = run.git("push", url(address), "main", cwd=tree, http=http)
    assert result.ok, str(result)


def test_what_a_push_does_not_show_of_history(run: Run, forge: Forge) -> None:
    """The limits of `force`: commits that the forge has already are not in the pack."""
    address = "github.com/acme/linear"
    forge.make_repository(address)
    tree = run.work_tree()
    first = text(tree, "rev-parse", "HEAD")
    second = put(tree, "a.txt", "a")
    assert run.git("push", url(address), "main", cwd=tree).ok
    assert run.git("push", "--force", url(address), f"{first}:main", cwd=tree).ok  # back to a commit it has: not seen
    assert forge.refs(address) == {"refs/heads/main": first}
    # Forward over a commit that it has by another branch: taken for a rewrite, until that commit is pushed by itself.
    assert run.git("push", url(address), f"{second}:refs/heads/side", cwd=tree).ok
    third = put(tree, "b.txt", "b")
    result = run.git("push", url(address), "main", cwd=tree)
    assert result.returncode == 1
    assert "would be rewritten" in result.output
    assert run.git("push", url(address), f"{second}:main", cwd=tree).ok
    assert run.git("push", url(address), "main", cwd=tree).ok
    assert forge.refs(address)["refs/heads/main"] == third


# -- observe -----------------------------------------------------------------------------------------------------------


def test_in_observe_mode_nothing_is_cut(run: Run, forge: Forge, token: str) -> None:
    address = "github.com/acme/watched"
    forge.make_repository(address)
    tree = run.work_tree()
    put(tree, "deploy/env", f"GITHUB_TOKEN={token}\n")
    put(tree, "team/safe.kdbx", os.urandom(2000))
    result = run.git("push", url(address), "main", cwd=tree)
    assert result.ok, str(result)
    assert "Forgewall" not in result.output
    event = upload(run)
    assert event["forgewall"]["upload"] | {"would_cut": True, "result": "complete"} == event["forgewall"]["upload"]
    assert event["forgewall"]["would_action"] == "block"
    assert "would-block" in event["tags"]
    assert {said["signal"] for said in event["forgewall"]["objections"]} == {"secret", "path"}
    assert all(said["would_block"] for said in event["forgewall"]["objections"])
    git(tree, "reset", "--quiet", "--hard", "HEAD~2")
    put(tree, "a.txt", "a")
    result = run.git("push", "--force", url(address), "main", "main:dev", cwd=tree)
    assert result.ok, str(result)
    event = upload(run)
    assert event["forgewall"]["would_action"] == "block"
    assert {said["signal"] for said in event["forgewall"]["objections"]} == {"ref", "force"}
    assert forge.refs(address).keys() == {"refs/heads/main", "refs/heads/dev"}
    assert_untold(run, token, result)

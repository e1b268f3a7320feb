"""Packs that can be read alone: git is told `no-thin`, whatever shape the forge's advertisement comes in."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from demo.forge import HOSTS, Forge
from tests.e2e.conftest import Run
from tests.e2e.pushing import WITNESS, assert_told_as_git_says, git, last_push, pushes, text, upload

from demo import smart_http, wire

if TYPE_CHECKING:
    from tests.e2e.conftest import StartProxy

pytestmark = pytest.mark.needs("git")

ADDRESS = "github.com/acme/api"
URL = f"https://{ADDRESS}.git"

type Headers = list[str]
type Edit = Callable[[wire.Head, Headers, bytes], tuple[Headers, Sequence[bytes]]]
"""From the request, the answer's header lines and its body to other header lines, and to the pieces of a body."""


class _Kept:
    """A stream that keeps what is sent."""

    def __init__(self) -> None:
        self.data = b""

    def send(self, data: bytes) -> None:
        self.data += data


@pytest.fixture
def advertise(monkeypatch: pytest.MonkeyPatch) -> Callable[[Edit], None]:
    """Make the forge change what it says before a push."""
    serve = smart_http.serve

    def change(edit: Edit) -> None:
        def changed(
            stream: wire.Stream, head: wire.Head, body: object, repository: Path, rest: str, *, early_head: bool
        ) -> int:
            if rest != "/info/refs" or "git-receive-pack" not in head.query:
                return serve(stream, head, body, repository, rest, early_head=early_head)  # type: ignore[arg-type]
            kept = _Kept()
            status = serve(cast(wire.Stream, kept), head, body, repository, rest)  # type: ignore[arg-type]
            top, _, chunks = kept.data.partition(b"\r\n\r\n")
            whole = b""
            while chunks:
                size, _, chunks = chunks.partition(b"\r\n")
                whole, chunks = whole + chunks[: int(size, 16)], chunks[int(size, 16) + 2 :]
            lines = [line for line in top.decode().split("\r\n") if not line.lower().startswith("transfer-encoding")]
            lines, pieces = edit(head, lines, whole)
            counted = any(line.lower().startswith("content-length") for line in lines)
            lines += [] if counted else ["Transfer-Encoding: chunked"]
            stream.send("\r\n".join([*lines, "", ""]).encode())
            for piece in pieces:
                stream.send(piece if counted else b"%x\r\n%b\r\n" % (len(piece), piece))
            stream.send(b"" if counted else b"0\r\n\r\n")
            return status

        monkeypatch.setattr(smart_http, "serve", changed)

    return change


def compressed(head: wire.Head, lines: Headers, body: bytes) -> tuple[Headers, Sequence[bytes]]:
    """As a front end does that compresses for whoever takes it."""
    if "gzip" not in (head.header("accept-encoding") or ""):
        return lines, [body]
    return [*lines, "Content-Encoding: gzip"], [gzip.compress(body)]


def compressed_unasked(_head: wire.Head, lines: Headers, body: bytes) -> tuple[Headers, Sequence[bytes]]:
    return [*lines, "Content-Encoding: gzip"], [gzip.compress(body)]


def in_bytes(_head: wire.Head, lines: Headers, body: bytes) -> tuple[Headers, Sequence[bytes]]:
    return lines, [body[at : at + 1] for at in range(len(body))]


def with_length(_head: wire.Head, lines: Headers, body: bytes) -> tuple[Headers, Sequence[bytes]]:
    return [*lines, f"Content-Length: {len(body)}"], [body[:40], body[40:41], body[41:]]


@pytest.fixture
def edited(gateway: Run, forge: Forge, tmp_path: Path) -> Path:
    """A work tree whose first commit the forge has, and whose second changes a line of 1.3 MB."""
    tree = gateway.work_tree("edited")
    lines = [f"{number * 7919 % 100_003} {number}\n" for number in range(100_000)]
    (tree / "large.txt").write_text("".join(lines), encoding="utf-8")
    gateway.commit(tree, "large")
    forge.seed(ADDRESS, tree)
    lines[50_000] = "another\n"
    (tree / "large.txt").write_text("".join(lines), encoding="utf-8")
    gateway.commit(tree, "one line")
    return tree


@pytest.mark.parametrize("edit", [compressed, in_bytes, with_length], ids=lambda edit: edit.__name__)
def test_the_pack_is_whole_whatever_the_advertisement_looks_like(
    proxy: StartProxy, forge: Forge, edited: Path, tmp_path: Path, advertise: Callable[[Edit], None], edit: Edit
) -> None:
    run = proxy(before=WITNESS)
    advertise(edit)
    result = run.git("push", URL, "main", cwd=edited)
    assert result.ok, str(result)
    assert_told_as_git_says(last_push(run), edited, ["main"], ["main~1"], directory=tmp_path)
    assert len(last_push(run).pack) > 100_000
    assert forge.refs(ADDRESS)["refs/heads/main"] == text(edited, "rev-parse", "main")


def is_thin(run: Run, tree: Path) -> bool:
    """Whether the latest pack lacks a base: git itself takes it only in a repository that has it."""
    pack = last_push(run).pack
    git(tree, "index-pack", "--stdin", "--fix-thin", stdin=pack)
    bare = run.home / "bare"
    git(run.home, "init", "--quiet", "--bare", str(bare))
    alone = subprocess.run(["git", "index-pack", "--stdin"], cwd=bare, input=pack, capture_output=True, check=False)
    return alone.returncode != 0 and b"unresolved delta" in alone.stderr


RULES = """\
version: 1
contact: security@acme.example
approved:
  - {repo: github.com/acme/api, content: {secrets: %s}}
  - {repo: github.com/acme/headers, inspect: headers, content: {secrets: block}}
  - {repo: github.com/acme/off, inspect: off, content: {secrets: block}}
"""
NO_KEYS = 'version: 1\napproved:\n  - {repo: github.com/acme, content: {paths: {"*.kdbx": block}}}\n'


@pytest.mark.parametrize("depth", ["headers", "off"])
def test_where_contents_are_not_read_packs_stay_thin(proxy: StartProxy, forge: Forge, edited: Path, depth: str) -> None:
    run = proxy(RULES % "block", before=WITNESS)
    address = f"github.com/acme/{depth}"
    forge.seed(address, edited)
    forge.git(address, "update-ref", "refs/heads/main", "main~1")
    result = run.git("push", "-o", "ci.skip", f"https://{address}", "main", "main:next", cwd=edited)
    assert result.ok, str(result)
    assert len(last_push(run).pack) < 2000
    assert is_thin(run, edited)
    assert [fact["fact"] for fact in last_push(run).facts] == ["RefUpdate", "RefUpdate", "PushOption"]
    evidence = upload(run)["forgewall"]["evidence"]
    old, new = text(edited, "rev-parse", "main~1"), text(edited, "rev-parse", "main")
    assert evidence["refs"] == [
        {"name": "refs/heads/main", "action": "update", "old_id": old, "new_id": new},
        {"name": "refs/heads/next", "action": "create", "new_id": new},
    ]
    assert evidence["push_options"] == ["ci.skip"]
    assert (evidence["commit_count"], evidence["file_count"]) == (0, 0)
    assert forge.refs(address) == {"refs/heads/main": new, "refs/heads/next": new}


@pytest.mark.parametrize("word", ["log", "block"])
def test_a_pack_that_is_thin_all_the_same_is_logged_or_refused(
    proxy: StartProxy, forge: Forge, edited: Path, advertise: Callable[[Edit], None], word: str
) -> None:
    run = proxy(RULES % word, before=WITNESS)
    advertise(compressed_unasked)
    old = forge.refs(ADDRESS)["refs/heads/main"]
    result = run.git("push", URL, "main", cwd=edited)
    assert is_thin(run, edited)
    new = text(edited, "rev-parse", "main")
    event = upload(run)
    assert event["forgewall"]["evidence"]["unread"] == ["the pack holds deltas of objects that are not in it"]
    assert event["forgewall"]["evidence"]["commit_count"] == 1
    assert event["forgewall"]["evidence"]["last_commit"]["id"] == new
    assert "unread" in event["forgewall"]["signals"]
    assert result.ok == (word == "log"), str(result)
    assert forge.refs(ADDRESS) == {"refs/heads/main": new if word == "log" else old}
    if word == "block":
        assert "The pack holds deltas of objects that are not in it, so nobody can tell" in result.output
        assert "! [remote rejected] main -> main (refused by Forgewall (event" in result.output


@pytest.mark.needs("curl")
@pytest.mark.parametrize("http", ["--http1.1", "--http2"])
@pytest.mark.parametrize("word", ["log", "block"])
def test_a_client_that_ignores_no_thin(proxy: StartProxy, forge: Forge, edited: Path, word: str, http: str) -> None:
    run = proxy(RULES % word, before=WITNESS)
    forge.seed("github.com/acme/headers", edited)
    forge.git("github.com/acme/headers", "update-ref", "refs/heads/main", "main~1")
    assert run.git("push", "https://github.com/acme/headers", "main", cwd=edited).ok
    thin = last_push(run).body.read_bytes()
    media = "Content-Type: application/x-git-receive-pack-request"
    result = run.curl(http, "-H", media, "--data-binary", "@-", f"{URL}/git-receive-pack", stdin=thin)
    assert len(pushes(run)) == 2
    assert is_thin(run, edited)
    assert {fact["reason"] for fact in last_push(run).of("Unread")} == {
        "the pack holds deltas of objects that are not in it"
    }
    assert ("ng refs/heads/main" in result.output) == (word == "block"), str(result)
    assert (forge.refs(ADDRESS)["refs/heads/main"] == text(edited, "rev-parse", "main")) == (word == "log")


def without(*words: str) -> Edit:
    """A forge that doesn't offer some capabilities."""

    def edit(_head: wire.Head, lines: Headers, body: bytes) -> tuple[Headers, Sequence[bytes]]:
        start = body.index(b"0000") + 4
        end = start + int(body[start : start + 4], 16)
        ref, _, offered = body[start + 4 : end].partition(b"\0")
        line = ref + b"\0" + b" ".join(word for word in offered.split() if word.decode() not in words) + b"\n"
        return lines, [body[:start] + b"%04x" % (len(line) + 4) + line + body[end:]]

    return edit


@pytest.fixture(scope="module")
def _guarded(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Run]:
    hosts = _forge.connect_to(HOSTS)
    directory = tmp_path_factory.mktemp("guarded") / "proxy"
    with Run(directory, NO_KEYS, connect_to=hosts, upstream_ca=_forge.ca_file) as run:
        yield run


@pytest.fixture
def guarded(_guarded: Run, forge: Forge, tmp_path: Path) -> Run:
    """A proxy that lets no `.kdbx` through."""
    _guarded.begin(tmp_path / "guarded-home")
    return _guarded


@pytest.mark.parametrize("size", [0, 3 << 20], ids=["small", "large"])
@pytest.mark.parametrize(
    ("missing", "shown"),
    [
        (
            "report-status-v2",
            [
                "remote: Why: keys/a.kdbx matches `*.kdbx`, and the policy doesn't let it be uploaded.",
                "error: remote unpack failed: content refused",
            ],
        ),
        (
            "side-band-64k",
            ["error: remote unpack failed: Forgewall refused this push to github.com/acme/api. keys/a.kdbx"],
        ),
        (
            "report-status-v2 report-status",
            [
                "remote: Why: keys/a.kdbx matches `*.kdbx`, and the policy doesn't let it be uploaded.",
                "remote: content refused by Forgewall (event ",
            ],
        ),
        ("report-status-v2 report-status side-band-64k", ["error: RPC failed; HTTP 403"]),
    ],
)
def test_a_late_refusal_shows_whatever_the_forge_offers(
    guarded: Run,
    forge: Forge,
    advertise: Callable[[Edit], None],
    missing: str,
    shown: list[str],
    size: int,
) -> None:
    forge.make_repository(ADDRESS)
    tree = guarded.work_tree(size=size)
    (tree / "keys").mkdir()
    (tree / "keys" / "a.kdbx").write_bytes(b"x")
    guarded.commit(tree, "keys")
    advertise(without(*missing.split()))
    result = guarded.git("push", URL, "main", "main:dev", cwd=tree)
    assert result.returncode == 1, str(result)
    for line in shown:
        assert line in result.output, str(result)
    if "report-status " not in f"{missing} ":
        for branch in ("main", "dev"):
            assert f"! [remote rejected] main -> {branch} (content refused by Forgewall (event " in result.output
    assert forge.settle()
    assert [seen for seen in forge.requests(method="POST") if seen.outcome == "complete" and seen.body > 4] == []
    assert forge.refs(ADDRESS) == {}

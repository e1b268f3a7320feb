"""Packs that can be read alone: git is told `no-thin`, whatever shape the forge's advertisement comes in."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest
from demo.forge import HOSTS, Forge
from tests.e2e.conftest import Run
from tests.e2e.pushing import WITNESS, assert_told_as_git_says, git, last_push, pushes, text, upload

from demo import smart_http, wire

pytestmark = pytest.mark.needs("git")

ADDRESS = "github.com/acme/api"
STRICT = "github.com/acme/strict"
POLICY = """\
version: 1
contact: security@acme.example
approved:
  - {repo: github.com/acme/api}
  - {repo: github.com/acme/strict, content: {secrets: block, paths: {"*.kdbx": block}}}
  - {repo: github.com/acme/headers, inspect: headers, content: {secrets: block}}
  - {repo: github.com/acme/off, inspect: off, content: {secrets: block}}
"""

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


@pytest.fixture(scope="module")
def _run(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Run]:
    hosts = _forge.connect_to(HOSTS)
    directory = tmp_path_factory.mktemp("advertised") / "proxy"
    with Run(directory, POLICY, connect_to=hosts, upstream_ca=_forge.ca_file, before=WITNESS) as run:
        yield run


@pytest.fixture
def run(_run: Run, forge: Forge, tmp_path: Path) -> Run:
    """A proxy with POLICY that notes each push."""
    _run.begin(tmp_path / "home")
    for known in _run.policy_file.parent.glob("push*"):
        known.unlink()
    return _run


@pytest.fixture
def edited(run: Run, forge: Forge) -> Path:
    """A work tree whose first two commits each repository has, and whose third changes a line of 1.3 MB."""
    tree = run.work_tree("edited")
    lines = [f"{number * 7919 % 100_003} {number}\n" for number in range(100_000)]
    (tree / "large.txt").write_text("".join(lines), encoding="utf-8")
    run.commit(tree, "large")
    for name in ("api", "strict", "headers", "off"):
        forge.seed(f"github.com/acme/{name}", tree)
    lines[50_000] = "another\n"
    (tree / "large.txt").write_text("".join(lines), encoding="utf-8")
    run.commit(tree, "one line")
    return tree


@pytest.mark.parametrize("edit", [compressed, in_bytes, with_length], ids=lambda edit: edit.__name__)
def test_the_pack_is_whole_whatever_the_advertisement_looks_like(
    run: Run, forge: Forge, edited: Path, tmp_path: Path, advertise: Callable[[Edit], None], edit: Edit
) -> None:
    advertise(edit)
    result = run.git("push", f"https://{STRICT}", "main", cwd=edited)
    assert result.ok, str(result)
    assert_told_as_git_says(last_push(run), edited, ["main"], ["main~1"], directory=tmp_path)
    assert len(last_push(run).pack) > 100_000
    assert forge.refs(STRICT)["refs/heads/main"] == text(edited, "rev-parse", "main")


def is_thin(run: Run, tree: Path) -> bool:
    """Whether the latest pack lacks a base: git itself takes it only in a repository that has it."""
    pack = last_push(run).pack
    git(tree, "index-pack", "--stdin", "--fix-thin", stdin=pack)
    bare = run.home / "bare"
    git(run.home, "init", "--quiet", "--bare", str(bare))
    alone = subprocess.run(["git", "index-pack", "--stdin"], cwd=bare, input=pack, capture_output=True, check=False)
    return alone.returncode != 0 and b"unresolved delta" in alone.stderr


@pytest.mark.parametrize("depth", ["headers", "off"])
def test_where_contents_are_not_read_packs_stay_thin(run: Run, forge: Forge, edited: Path, depth: str) -> None:
    address = f"github.com/acme/{depth}"
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


def assert_taken_for_thin(run: Run, tree: Path) -> None:
    """The pack lacked a base; the event says so, and what was in it all the same."""
    assert is_thin(run, tree)
    event = upload(run)
    (reason,) = event["forgewall"]["evidence"]["unread"]
    assert reason.startswith("the pack holds deltas of objects that are not in it")
    assert event["forgewall"]["evidence"]["last_commit"]["id"] == text(tree, "rev-parse", "main")
    assert "unread" in event["forgewall"]["signals"]


@pytest.mark.parametrize("address", [ADDRESS, STRICT])
def test_a_pack_that_is_thin_all_the_same_is_logged_or_refused(
    run: Run, forge: Forge, edited: Path, advertise: Callable[[Edit], None], address: str
) -> None:
    advertise(compressed_unasked)
    result = run.git("push", f"https://{address}", "main", cwd=edited)
    assert_taken_for_thin(run, edited)
    strict = address == STRICT
    assert result.returncode == int(strict), str(result)
    assert forge.refs(address) == {"refs/heads/main": text(edited, "rev-parse", "main~1" if strict else "main")}
    if strict:
        assert "Why: The pack holds deltas of objects that are not in it" in result.output
        assert "! [remote rejected] main -> main (refused by Forgewall (event" in result.output


@pytest.mark.needs("curl")
@pytest.mark.parametrize("http", ["--http1.1", "--http2"])
@pytest.mark.parametrize("address", [ADDRESS, STRICT])
def test_a_client_that_ignores_no_thin(run: Run, forge: Forge, edited: Path, address: str, http: str) -> None:
    assert run.git("push", "https://github.com/acme/headers", "main", cwd=edited).ok
    thin = last_push(run).body.read_bytes()
    media = "Content-Type: application/x-git-receive-pack-request"
    result = run.curl(http, "-H", media, "--data-binary", "@-", f"https://{address}/git-receive-pack", stdin=thin)
    assert len(pushes(run)) == 2
    assert_taken_for_thin(run, edited)
    strict = address == STRICT
    assert ("ng refs/heads/main" in result.output) == strict, str(result)
    assert forge.refs(address) == {"refs/heads/main": text(edited, "rev-parse", "main~1" if strict else "main")}


def without(*words: str) -> Edit:
    """A forge that doesn't offer some capabilities."""

    def edit(_head: wire.Head, lines: Headers, body: bytes) -> tuple[Headers, Sequence[bytes]]:
        start = body.index(b"0000") + 4
        end = start + int(body[start : start + 4], 16)
        ref, _, offered = body[start + 4 : end].partition(b"\0")
        line = ref + b"\0" + b" ".join(word for word in offered.split() if word.decode() not in words) + b"\n"
        return lines, [body[:start] + b"%04x" % (len(line) + 4) + line + body[end:]]

    return edit


WHY = "remote: Why: keys/a.kdbx matches `*.kdbx`"


@pytest.mark.parametrize("size", [0, 3 << 20], ids=["small", "large"])
@pytest.mark.parametrize(
    ("missing", "shown"),
    [
        ("report-status-v2", [WHY, "error: remote unpack failed: content refused"]),
        ("side-band-64k", [f"error: remote unpack failed: Forgewall refused this push to {STRICT}. keys/a.kdbx"]),
        ("report-status-v2 report-status", [WHY, "remote: content refused by Forgewall (event "]),
        ("report-status-v2 report-status side-band-64k", ["error: RPC failed; HTTP 403"]),
    ],
    ids=["report-status", "no side-band", "no report", "neither"],
)
def test_a_late_refusal_shows_whatever_the_forge_offers(
    run: Run, forge: Forge, advertise: Callable[[Edit], None], missing: str, shown: list[str], size: int
) -> None:
    forge.make_repository(STRICT)
    tree = run.work_tree(size=size)
    (tree / "keys").mkdir()
    (tree / "keys" / "a.kdbx").write_bytes(b"x")
    run.commit(tree, "keys")
    advertise(without(*missing.split()))
    result = run.git("push", f"https://{STRICT}", "main", "main:dev", cwd=tree)
    assert result.returncode == 1, str(result)
    for line in shown:
        assert line in result.output, str(result)
    if "report-status " not in f"{missing} ":
        for branch in ("main", "dev"):
            assert f"! [remote rejected] main -> {branch} (content refused by Forgewall (event " in result.output
    assert forge.settle()
    assert [seen for seen in forge.requests(method="POST") if seen.outcome == "complete" and seen.body > 4] == []
    assert forge.refs(STRICT) == {}

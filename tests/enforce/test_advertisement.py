"""Advertisements of a real git, changed, and read by a real git."""

from __future__ import annotations

import os
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.enforce.advertisement import MOST_HELD, NoThin, can_be_patched
from forgewall.inspect.pktline import FLUSH, PACKET, pkt, take

SERVICE = pkt(b"# service=git-receive-pack\n") + FLUSH
OID = b"c" * 40


def patch(body: bytes, step: int | None = None) -> tuple[bytes, NoThin]:
    patcher = NoThin()
    size = step or max(1, len(body))
    out = [patcher.feed(body[start : start + size]) for start in range(0, len(body), size)]
    return b"".join(out) + patcher.finish(), patcher


def git(*words: str, cwd: Path, **environment: str) -> bytes:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(cwd),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@b.example",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@b.example",
        **environment,
    }
    run = subprocess.run(["git", *words], cwd=cwd, env=env, capture_output=True, timeout=30, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def advertised(
    tmp_path: Path,
    object_format: str = "sha1",
    commits: int = 1,
    config: dict[str, str] | None = None,
    version: int = 0,
) -> bytes:
    """What `git http-backend` answers to `info/refs?service=git-receive-pack`."""
    bare = tmp_path / "origin.git"
    git("init", "-q", "--bare", f"--object-format={object_format}", str(bare), cwd=tmp_path)
    git("config", "http.receivepack", "true", cwd=bare)
    for key, value in (config or {}).items():
        git("config", key, value, cwd=bare)
    for number in range(commits):
        tree = git("mktree", cwd=bare).decode().strip()
        commit = git("commit-tree", tree, "-m", str(number), cwd=bare).decode().strip()
        git("update-ref", f"refs/heads/branch{number}", commit, cwd=bare)
    out = git(
        "http-backend",
        cwd=tmp_path,
        GIT_PROJECT_ROOT=str(tmp_path),
        GIT_HTTP_EXPORT_ALL="1",
        PATH_INFO="/origin.git/info/refs",
        QUERY_STRING="service=git-receive-pack",
        REQUEST_METHOD="GET",
        GIT_PROTOCOL=f"version={version}",
        REMOTE_USER="a",
    )
    head, _, body = out.partition(b"\r\n\r\n")
    assert b"application/x-git-receive-pack-advertisement" in head
    return body


def lines(body: bytes) -> list[bytes | None]:
    """The pkt-lines of a whole body."""
    found: list[bytes | None] = []
    at = 0
    while at < len(body):
        taken = take(body, at)
        assert taken is not None
        line, at = taken
        found.append(line)
    return found


def capabilities(body: bytes) -> list[bytes]:
    """The capabilities that git would read: behind the first NUL, up to the next or to the line's end."""
    line = next(line for line in lines(body) if line and b"\0" in line)
    return line.split(b"\0")[1].split()


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize("commits", [0, 1, 3])
@pytest.mark.parametrize("version", [0, 1])
def test_a_real_advertisement(tmp_path: Path, object_format: str, commits: int, version: int) -> None:
    body = advertised(tmp_path, object_format, commits, version=version)
    patched, patcher = patch(body)
    assert capabilities(patched) == [b"no-thin", *capabilities(body)]
    assert f"object-format={object_format}".encode() in capabilities(patched)
    assert len(patched) - len(body) == patcher.grown == 8
    changed = [(old, new) for old, new in zip(lines(body), lines(patched), strict=True) if old != new]
    assert [(old or b"").partition(b"\0")[0] for old, _ in changed] == [
        (new or b"").partition(b"\0")[0] for _, new in changed
    ]
    assert len(changed) == 1
    assert (b"version 1\n" in lines(body)) == (version == 1)


def test_no_client_asks_for_version_2_before_a_push(tmp_path: Path) -> None:
    body = advertised(tmp_path, version=2)
    assert not body.startswith(SERVICE)
    assert patch(body)[0] == body


def test_all_that_a_receive_pack_can_say_stays(tmp_path: Path) -> None:
    config = {
        "receive.advertiseAtomic": "true",
        "receive.advertisePushOptions": "true",
        "receive.certNonceSeed": "seed",
    }
    body = advertised(tmp_path, config=config)
    patched, _ = patch(body)
    assert b"push-options" in capabilities(patched)
    assert any(word.startswith(b"push-cert=") for word in capabilities(patched))


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64])
def test_any_chunks_give_the_same(tmp_path: Path, step: int) -> None:
    body = advertised(tmp_path, commits=2)
    assert patch(body, step)[0] == patch(body)[0]


def test_a_real_git_sends_a_pack_that_can_be_read_alone(tmp_path: Path) -> None:
    """`git send-pack --stateless-rpc` is what `git push` runs over HTTP; it is given the patched advertisement."""
    git("init", "-q", "--bare", str(tmp_path / "origin.git"), cwd=tmp_path)
    git("init", "-q", "-b", "main", str(tmp_path / "work"), cwd=tmp_path)
    work = tmp_path / "work"
    text = [f"line {number} {number * 7919 % 1000}\n" for number in range(3000)]
    (work / "f").write_text("".join(text))
    git("add", ".", cwd=work)
    git("commit", "-q", "-m", "1", cwd=work)
    git("push", "-q", str(tmp_path / "origin.git"), "main", cwd=work)
    text[1500] = "changed\n"
    (work / "f").write_text("".join(text))
    git("commit", "-q", "-a", "-m", "2", cwd=work)
    body = git("receive-pack", "--http-backend-info-refs", str(tmp_path / "origin.git"), cwd=tmp_path)

    def pushed(advertisement: bytes) -> bytes:
        run = subprocess.run(
            ["git", "send-pack", "--stateless-rpc", "--helper-status", "--thin", "x", "main"],
            cwd=work,
            input=advertisement + FLUSH,
            capture_output=True,
            timeout=30,
            check=False,
        )
        sent = b"".join(line or b"" for line in lines(run.stdout))
        return sent[sent.index(b"PACK") :]

    def complete(pack: bytes) -> bool:
        empty = tmp_path / "empty.git"
        git("init", "-q", "--bare", str(empty), cwd=tmp_path)
        run = subprocess.run(
            ["git", "index-pack", "--stdin"], cwd=empty, input=pack, capture_output=True, timeout=30, check=False
        )
        return run.returncode == 0

    bare = SERVICE + body
    assert not complete(pushed(body))
    patched, _ = patch(bare)
    assert complete(pushed(patched.removeprefix(SERVICE)))


def ref(rest: bytes, name: bytes = b"refs/heads/main") -> bytes:
    return pkt(OID + b" " + name + rest)


@pytest.mark.parametrize(
    "line",
    [
        b"\0report-status no-thin\n",
        b"\0no-thin",
        b"\0 no-thin \0more",
        b"\n",
        b"",
    ],
)
def test_a_line_that_needs_no_word_or_has_no_place_for_it(line: bytes) -> None:
    body = SERVICE + ref(line) + FLUSH
    patched, patcher = patch(body)
    assert patched == body
    assert patcher.grown == 0


@pytest.mark.parametrize(
    "line, words",
    [
        (b"\0report-status\n", [b"no-thin", b"report-status"]),
        (b"\0", [b"no-thin"]),
        (b"\0 report-status", [b"no-thin", b"report-status"]),
        (b"\0no-thinner", [b"no-thin", b"no-thinner"]),
        (b"\0a\0no-thin", [b"no-thin", b"a"]),
    ],
)
def test_the_word_stands_where_git_reads_it(line: bytes, words: list[bytes]) -> None:
    patched, _ = patch(SERVICE + ref(line) + FLUSH)
    assert capabilities(patched) == words


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"0",
        b"0000",
        b"zzzz",
        b"0001",
        b"0003abc",
        b"fff1" + b"x" * 70_000,
        b"<html>a page</html>",
        pkt(b"ERR not here"),
        pkt(b"# service=git-receive-pack\n"),
        SERVICE,
        SERVICE + FLUSH,
        SERVICE + pkt(b"ERR not here"),
        SERVICE + b"00",
        SERVICE + b"0001",
        SERVICE + pkt(b"version 1\n"),
        pkt(b"# service=git-upload-pack\n") + FLUSH + ref(b"\0a"),
        FLUSH + ref(b"\0a"),
        ref(b"\0a") + FLUSH,
        pkt(b"# service=git-receive-pack\n") + ref(b"\0a"),
        pkt(b"# service=git-receive-pack\n") * 2,
    ],
)
def test_what_is_not_understood_passes_as_it_is(body: bytes) -> None:
    patched, patcher = patch(body)
    assert patched == body
    assert patcher.grown == 0
    assert patcher.decided


@pytest.mark.parametrize("room", range(6, 11))
def test_a_full_packet_is_not_overfilled(room: int) -> None:
    line = OID + b" refs/heads/main\0"
    line += b"c" * (PACKET - 4 - room - len(line))
    body = SERVICE + pkt(line) + FLUSH
    patched, patcher = patch(body)
    assert patcher.grown == (8 if room >= 8 else 0)
    assert len(patched) == len(body) + patcher.grown


def test_nothing_comes_out_before_it_is_decided(tmp_path: Path) -> None:
    body = advertised(tmp_path, commits=2)
    patcher = NoThin()
    end = body.index(b"\n", body.index(b"\0")) + 1
    assert patcher.feed(body[: end - 1]) == b""
    assert not patcher.decided
    assert patcher.feed(body[end - 1 : end]) != b""
    assert patcher.decided
    assert patcher.feed(body[end:]) == body[end:]
    assert patcher.finish() == b""


def test_lines_without_end_are_held_to_a_bound() -> None:
    patcher = NoThin()
    endless = SERVICE + pkt(b"version 1\n") * 20_000
    out = b"".join(patcher.feed(endless[at : at + 1000]) for at in range(0, len(endless), 1000))
    assert out == endless
    patcher = NoThin()
    held = 0
    patcher.feed(SERVICE)
    while not patcher.decided:
        assert patcher.feed(pkt(b"version 1\n")) == b"" or patcher.decided
        held += 14
    assert held <= MOST_HELD + 14


@pytest.mark.parametrize(
    "status, content_type, content_encoding, expected",
    [
        (200, "application/x-git-receive-pack-advertisement", None, True),
        (200, "Application/X-Git-Receive-Pack-Advertisement; charset=x", "identity", True),
        (200, "application/x-git-receive-pack-advertisement", "gzip", False),
        (200, "application/x-git-upload-pack-advertisement", None, False),
        (200, None, None, False),
        (401, "application/x-git-receive-pack-advertisement", None, False),
    ],
)
def test_which_responses_are_changed(
    status: int, content_type: str | None, content_encoding: str | None, expected: bool
) -> None:
    assert can_be_patched(status, content_type, content_encoding) is expected


LINES = st.lists(
    st.sampled_from(
        [SERVICE, FLUSH, pkt(b"version 1\n"), ref(b"\0a b\n"), ref(b"\n"), pkt(b"ERR x"), pkt(b""), b"0001"]
    )
    | st.binary(max_size=12),
    max_size=6,
)


@given(LINES.map(b"".join), st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_pass_with_at_most_the_word_added(body: bytes, cuts: list[int]) -> None:
    whole, patcher = patch(body)
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    pieces = NoThin()
    out = b"".join(pieces.feed(body[a:b]) for a, b in pairwise(edges)) + pieces.finish()
    assert out == whole
    assert len(whole) == len(body) + patcher.grown
    assert pieces.grown == patcher.grown
    if not patcher.grown:
        assert whole == body
    else:
        assert whole.replace(b"\0no-thin ", b"\0", 1)[-20:] == body[-20:]

"""Whole bodies of pushes, as real git sends them, and as nobody should."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inspect.packing import Pack, chunks, commit, malformed, of, oid, read, tree, unread

from forgewall.evidence import (
    Commit,
    Fact,
    File,
    ForcedUpdate,
    Malformed,
    NamedFile,
    PushOption,
    RefAction,
    RefUpdate,
    Secret,
)
from forgewall.inspect.objects import BLOB, COMMIT, TREE
from forgewall.inspect.pktline import FLUSH, pkt
from forgewall.inspect.push import PushInspector
from forgewall.inspect.secrets import Scanner
from forgewall.model import Depth

ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "a@acme.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


class Pair:
    """A clone and where it pushes to. `push` gives the bytes that git sent, as they would stand in the HTTP body."""

    def __init__(self, path: Path, object_format: str) -> None:
        self._path = path
        self.git(".", "init", "-q", "--bare", f"--object-format={object_format}", "there.git")
        self.git("there.git", "config", "receive.advertisePushOptions", "true")
        self.git("there.git", "config", "receive.shallowUpdate", "true")
        self.git(".", "init", "-q", "--initial-branch=main", f"--object-format={object_format}", "here")
        recorder = path / "recorder"
        recorder.write_text(f"#!/bin/sh\ntee '{path}/sent' | git receive-pack \"$@\"\n")
        recorder.chmod(0o755)

    def git(self, where: str, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self._path / where), *arguments], env=ENVIRONMENT, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def commit(self, name: str, data: bytes) -> str:
        (self._path / "here" / name).write_bytes(data)
        self.git("here", "add", "-A")
        self.git("here", "commit", "-q", "-m", name)
        return self.git("here", "rev-parse", "HEAD")

    def push(self, *arguments: str, where: str = "here") -> bytes:
        there = str(self._path / "there.git")
        self.git(where, "push", "-q", f"--receive-pack={self._path}/recorder", *arguments[:-1], there, arguments[-1])
        return (self._path / "sent").read_bytes()


def inspect(body: bytes, depth: Depth = Depth.FULL, size: int = 1 << 16) -> list[Fact]:
    facts = read(chunks(body, size), PushInspector(depth=depth))
    assert facts == read(chunks(body, 1 if len(body) < 100_000 else 999), PushInspector(depth=depth))
    return facts


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_what_real_git_sends(tmp_path: Path, object_format: str) -> None:
    pair = Pair(tmp_path, object_format)
    first = pair.commit("one.txt", b"one")
    second = pair.commit("two.txt", b"two")
    pair.git("here", "tag", "-a", "v1", "-m", "x")
    facts = inspect(pair.push("--follow-tags", "--atomic", "-o", "ci.skip", "-o", "a=ö", "main"))
    assert (malformed(facts), unread(facts)) == ([], [])
    tag = pair.git("here", "rev-parse", "v1")
    assert of(RefUpdate, facts) == [
        RefUpdate(name="refs/heads/main", action=RefAction.CREATE, new=second),
        RefUpdate(name="refs/tags/v1", action=RefAction.CREATE, new=tag),
    ]
    assert of(PushOption, facts) == [PushOption(text="ci.skip"), PushOption(text="a=ö")]
    assert [commit.id for commit in of(Commit, facts)] == [second, first]
    assert {file.path for file in of(File, facts)} == {"one.txt", "two.txt"}
    # An update that keeps history, one that doesn't, and deletes, which send no pack.
    third = pair.commit("three.txt", b"three")
    facts = inspect(pair.push("main"))
    assert of(RefUpdate, facts) == [RefUpdate(name="refs/heads/main", action=RefAction.UPDATE, old=second, new=third)]
    assert (malformed(facts), of(ForcedUpdate, facts)) == ([], [])
    pair.git("here", "reset", "-q", "--hard", first)
    fourth = pair.commit("four.txt", b"four")
    facts = inspect(pair.push("--force", "main"))
    assert of(ForcedUpdate, facts) == [ForcedUpdate(name="refs/heads/main")]
    facts = inspect(pair.push("--delete", "v1"))
    assert facts == [RefUpdate(name="refs/tags/v1", action=RefAction.DELETE, old=tag)]
    pair.git("here", "push", "-q", "../there.git", "main:refs/heads/side")
    facts = inspect(pair.push("--atomic", ":side"))
    assert facts == [RefUpdate(name="refs/heads/side", action=RefAction.DELETE, old=fourth)]


def test_a_push_of_many_refs_and_one_from_a_shallow_clone(tmp_path: Path) -> None:
    pair = Pair(tmp_path, "sha1")
    head = pair.commit("one.txt", b"one")
    for number in range(300):
        pair.git("here", "update-ref", f"refs/heads/branch-{number}", head)
    facts = inspect(pair.push("refs/heads/*:refs/heads/*"), size=700)
    assert malformed(facts) == []
    assert len(of(RefUpdate, facts)) == 301
    pair.commit("two.txt", b"two")
    pair.git(".", "clone", "-q", "--depth=1", f"file://{tmp_path}/here", "shallow")
    (tmp_path / "shallow" / "three.txt").write_bytes(b"three")
    pair.git("shallow", "add", "-A")
    pair.git("shallow", "commit", "-q", "-m", "x")
    body = pair.push("HEAD:refs/heads/shallow", where="shallow")
    inspector = PushInspector(depth=Depth.FULL)
    facts = read([body], inspector)
    assert malformed(facts) == []
    assert inspector.commands is not None
    assert len(inspector.commands.shallow) == 1
    assert "three.txt" in {name.path for name in of(NamedFile, facts)}


def test_what_is_not_to_be_read_passes_unread(tmp_path: Path) -> None:
    pair = Pair(tmp_path, "sha1")
    pair.commit("one.txt", b"one")
    body = pair.push("main")
    for depth in (Depth.HEADERS, Depth.OFF):
        facts = inspect(body, depth)
        assert [type(fact) for fact in facts] == [RefUpdate]
        assert inspect(body[:-1], depth) == facts
        start = body.index(b"PACK")
        assert malformed(inspect(body[:start] + b"PICK" + body[start + 4 :], depth)) != []
        assert malformed(inspect(body[: start + 3], depth)) == ["the push has no pack"]


def command(old: bytes, new: bytes, name: bytes, capabilities: bytes = b"") -> bytes:
    return pkt(old + b" " + new + b" " + name + (b"\0" + capabilities if capabilities else b""))


ZERO, ONE, TWO = b"0" * 40, b"1" * 40, b"2" * 40
CREATE = command(ZERO, ONE, b"refs/heads/a") + FLUSH
DELETE = command(ONE, ZERO, b"refs/heads/a") + FLUSH


def test_the_probe_tells_nothing() -> None:
    assert inspect(FLUSH) == []


@pytest.mark.parametrize("depth", list(Depth))
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the push's command list is cut short"),
        (b"000", "the push's command list is cut short"),
        (CREATE[:-1], "the push's command list is cut short"),
        (CREATE, "the push has no pack"),
        (DELETE + bytes(Pack()), "the push holds data behind commands that need none"),
        (pkt(b"shallow " + ONE) + FLUSH + b"x", "the push holds data but no command"),
        (b"PACK" + CREATE, "the push's command list can't be read: a length isn't four hex digits"),
        (command(ZERO, ONE, b"refs/heads/a") * 2, "the push's command list can't be read: a ref is named twice"),
        (
            b"".join(command(ZERO, ONE, b"refs/heads/%0999d" % number) for number in range(1100)) + FLUSH,
            "the push's command list is longer than any real one",
        ),
    ],
)
def test_what_is_no_push(body: bytes, reason: str, depth: Depth) -> None:
    if body == CREATE and depth is Depth.FULL:
        reason = "the pack is cut short"
    assert malformed(inspect(body, depth)) == [reason]


def test_after_a_refusal_nothing_more_is_told() -> None:
    inspector = PushInspector(depth=Depth.FULL)
    assert malformed(inspector.feed(FLUSH + b"x")) != []
    assert inspector.feed(CREATE) == inspector.finish() == []
    inspector = PushInspector(depth=Depth.FULL)
    assert inspector.feed(FLUSH) == []
    assert malformed(inspector.feed(b"x")) != []


def test_secrets_are_found_in_files_in_deltas_and_in_messages() -> None:
    token = "ghp_" + "x7Kq2LmZp9RtVw4YbNc8DfGh1JsAeU3i5oP6"
    hidden = f'token = "{token}"\n'.encode()
    pack = Pack()
    root = tree(("100644", "settings.py", oid(BLOB, hidden)))
    message = commit(oid(TREE, root), subject=f"use {token}")
    pack.add(COMMIT, message)
    pack.add(TREE, root)
    pack.add(BLOB, hidden)
    body = CREATE + bytes(pack)
    for size in (1, 100, 1 << 16):
        facts = read(chunks(body, size), PushInspector(depth=Depth.FULL, scanner=Scanner.built_in()))
        assert malformed(facts) == []
        found = {(secret.path, secret.oid) for secret in of(Secret, facts)}
        assert found == {("settings.py", oid(BLOB, hidden).hex()), (None, oid(COMMIT, message).hex())}
        assert token not in repr(facts).replace(of(Commit, facts)[0].subject, "")


@given(st.binary(max_size=300), st.sampled_from([b"", CREATE, CREATE + b"PACK\0\0\0\2\0\0\0\1", DELETE, FLUSH]))
def test_any_bytes_end_in_one_refusal_or_are_right(data: bytes, start: bytes) -> None:
    facts = inspect(start + data)
    assert sum(isinstance(fact, Malformed) for fact in facts) <= 1
    if data and start:
        assert isinstance(facts[-1], Malformed)


def test_a_secret_in_a_file_that_comes_before_its_name_is_told_with_it() -> None:
    hidden = b'token = "ghp_' + b'x7Kq2LmZp9RtVw4YbNc8DfGh1JsAeU3i5oP6"\n'
    root = tree(("100644", "settings.py", oid(BLOB, hidden)))
    pack = Pack()
    pack.add(BLOB, hidden)
    pack.add(TREE, root)
    pack.add(COMMIT, commit(oid(TREE, root)))
    facts = read([CREATE + bytes(pack)], PushInspector(depth=Depth.FULL, scanner=Scanner.built_in()))
    assert [secret.path for secret in of(Secret, facts)] == ["settings.py"]

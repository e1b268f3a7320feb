"""Packs that real git makes: the facts are what git itself says of the same objects."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.inspect.packing import MemorySpool, chunks, malformed, of, read, unread

from forgewall.evidence import Commit, Fact, File, ForcedUpdate, NamedFile, RefAction, RefUpdate
from forgewall.inspect.pack import PackReader

ROOT = Path(__file__).resolve().parents[2]


class Repository:
    """A repository of real git, and what git says of it."""

    def __init__(self, path: Path, object_format: str = "sha1") -> None:
        self.path = path
        self.object_format = object_format

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in PERSON.items()},
        }
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments], input=stdin, env=environment, capture_output=True, check=True
        )
        return done.stdout

    def write(self, name: str | bytes, data: bytes) -> None:
        path = os.path.join(os.fsencode(self.path), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def commit(self, message: str = "x") -> str:
        self.git("add", "-A")
        self.git("commit", "--allow-empty", "-q", "-m", message)
        return self.git("rev-parse", "HEAD").decode().strip()

    def pack(self, revisions: str = "", *options: str) -> bytes:
        """The pack of these revisions, one a line, or of all."""
        if not revisions:
            options = (*options, "--all")
        return self.git("pack-objects", "--stdout", "--revs", "-q", *options, stdin=revisions.encode())

    def objects(self, revisions: tuple[str, ...] = ("--all",)) -> dict[str, tuple[str, int]]:
        """Type and size of each object, by id."""
        names = self.git("rev-list", "--objects", "--no-object-names", *revisions)
        lines = self.git("cat-file", "--batch-check", stdin=names).decode().splitlines()
        return {name: (kind, int(size)) for name, kind, size in (line.split() for line in lines)}

    def paths(self, *revisions: str) -> set[tuple[str, str]]:
        """(id, path) of each file in the trees of these revisions."""
        found = set()
        for revision in revisions:
            for line in self.git("ls-tree", "-r", "-z", revision).split(b"\0")[:-1]:
                about, _, path = line.partition(b"\t")
                _, kind, name = about.decode().split()
                if kind == "blob":
                    found.add((name, path.decode("utf-8", "backslashreplace")))
        return found


PERSON = {"NAME": "Ana Ö", "EMAIL": "ana@acme.example", "DATE": "1700000000 -0330"}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return made(tmp_path / "r")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Not to be changed."""
    repository = made(tmp_path_factory.mktemp("filled") / "r")
    fill(repository)
    return repository


def made(path: Path, object_format: str = "sha1") -> Repository:
    path.mkdir()
    repository = Repository(path, object_format)
    repository.git("init", "-q", "--initial-branch=main", f"--object-format={object_format}")
    return repository


def lines(seed: int, count: int) -> bytes:
    return b"".join(hashlib.sha256(b"%d %d" % (seed, line)).hexdigest().encode() + b"\n" for line in range(count))


def fill(repository: Repository) -> None:
    """Deltas of files and trees, and all that a tree can hold."""
    for number in range(40):
        repository.write(f"src/part{number % 4}/file{number}.py", lines(number, 60))
    repository.write("empty", b"")
    repository.write("also/empty", b"")
    repository.write(b"odd \xff name\n.txt", b"odd")
    repository.write("tool.sh", b"#!/bin/sh\n")
    (repository.path / "tool.sh").chmod(0o755)
    (repository.path / "link").symlink_to("src/part0")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * (40 if is_sha1(repository) else 64)},sub")
    (repository.path / "sub").mkdir()
    repository.commit("first\n\nwith a body")
    for number in range(12):
        repository.write("src/part1/file1.py", lines(1, 60) + lines(900 + number, number))
        repository.write("big.txt", lines(5, 3000) + lines(number, 5))
        if number == 5:
            repository.git("mv", "src/part2", "moved")
            repository.git("rm", "-q", "empty")
        repository.commit(f"change {number}")
    repository.git("tag", "-a", "v1", "-m", "one", "HEAD~3")
    repository.git("tag", "light", "HEAD~2")
    repository.git("checkout", "-q", "-b", "side", "HEAD~4")
    repository.write("side.bin", os.urandom(70_000))
    repository.commit("side")
    repository.git("merge", "-q", "-m", "merge", "main")


def is_sha1(repository: Repository) -> bool:
    return repository.object_format == "sha1"


def agrees(repository: Repository, facts: list[Fact], revisions: tuple[str, ...] = ("--all",)) -> None:
    """The facts say of commits and files what git says, file for file."""
    assert malformed(facts) == []
    known = repository.objects(revisions)
    files = of(File, facts)
    blobs = {name: size for name, (kind, size) in known.items() if kind == "blob"}
    assert {file.oid: file.size for file in files} == blobs
    assert len(files) == len(blobs)
    commits = of(Commit, facts)
    assert {commit.id for commit in commits} == {name for name, (kind, _) in known.items() if kind == "commit"}
    shown = repository.git("rev-list", "--no-commit-header", "--pretty=%H%x00%an%x00%ce%x00%ct%x00%s", *revisions)
    for line in shown.decode().splitlines():
        name, author, email, seconds, subject = line.split("\0")
        commit = next(commit for commit in commits if commit.id == name)
        assert (commit.author, commit.committer_email, commit.subject) == (author, email, subject)
        assert commit.time.timestamp() == int(seconds)
    everywhere = repository.paths(*(commit.id for commit in commits))
    assert {(file.oid, file.path) for file in files} <= everywhere
    assert {name.path for name in of(NamedFile, facts)} <= {path for _, path in everywhere}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize("options", [("--delta-base-offset",), (), ("--window=0",)])
def test_facts_are_what_git_says(tmp_path: Path, object_format: str, options: tuple[str, ...]) -> None:
    repository = made(tmp_path / "r", object_format)
    fill(repository)
    pack = repository.pack("", *options)
    facts = read(chunks(pack, 1 << 16), PackReader(object_format=object_format))
    agrees(repository, facts)
    assert unread(facts) == []
    paths = {name.path for name in of(NamedFile, facts)}
    assert {path for _, path in repository.paths("main", "side")} <= paths
    assert {"odd \\xff name\n.txt", "link", "tool.sh", "also/empty", "moved/file2.py"} <= paths
    assert "sub" not in paths
    commit = next(commit for commit in of(Commit, facts) if commit.subject == "first")
    assert (commit.author, commit.author_email) == ("Ana Ö", "ana@acme.example")
    assert commit.time == datetime.fromtimestamp(1700000000, UTC)
    assert commit.time.tzinfo == timezone(timedelta(hours=-3, minutes=-30))
    for file in of(File, facts):
        content = repository.git("cat-file", "blob", str(file.oid))
        assert file.sha256 == hashlib.sha256(content).hexdigest()


def test_the_history_of_this_repository() -> None:
    """In a clone without its history there is little to see, but what there is has to agree."""
    repository = Repository(ROOT)
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    facts = read(chunks(repository.pack("HEAD\n"), 1 << 16), PackReader(spool=MemorySpool()))
    agrees(repository, facts, ("HEAD",))
    assert unread(facts) == []
    named = {name.path for name in of(NamedFile, facts)}
    assert {path for _, path in repository.paths("HEAD")} <= named


def test_several_thousand_small_files(repository: Repository) -> None:
    stream = [b"commit refs/heads/main\ncommitter A <a@acme.example> 1700000000 +0000\ndata 1\nx\n"]
    for number in range(3000):
        text = b"file %d\n" % number
        stream.append(b"M 100644 inline d%d/f%d.txt\ndata %d\n%b\n" % (number % 40, number, len(text), text))
    repository.git("fast-import", "--quiet", stdin=b"".join(stream))
    facts = read(chunks(repository.pack(), 1 << 16))
    agrees(repository, facts)
    assert unread(facts) == []
    assert {(file.oid, file.path) for file in of(File, facts)} == repository.paths("HEAD")
    assert {name.path for name in of(NamedFile, facts)} == {path for _, path in repository.paths("HEAD")}


def test_a_push_of_what_is_new_names_whole_paths(filled: Repository) -> None:
    facts = read([filled.pack("main\n^main~3\n")])
    agrees(filled, facts, ("main", "^main~3"))
    assert {file.path for file in of(File, facts)} == {"src/part1/file1.py", "big.txt"}


def test_a_thin_pack_is_read_as_far_as_it_goes(repository: Repository) -> None:
    repository.write("a/big.txt", lines(1, 500))
    repository.commit()
    repository.write("a/big.txt", lines(1, 500) + b"x")
    repository.write("a/new.txt", b"new")
    repository.commit()
    facts = read([repository.pack("main\n^main~1\n", "--thin")])
    assert malformed(facts) == []
    assert unread(facts) == ["the pack holds deltas of objects that are not in it (git push --no-thin sends them)"]
    assert [file.path for file in of(File, facts)] == ["a/new.txt"]
    assert len(of(Commit, facts)) == 1


@pytest.mark.parametrize("spool", [None, MemorySpool])
def test_bases_beyond_memory_are_read_from_the_spool_or_missed(
    filled: Repository, spool: Callable[[], MemorySpool] | None
) -> None:
    pack = filled.pack()
    facts = read(chunks(pack, 1 << 16), PackReader(spool=spool() if spool else None, memory=100_000))
    assert malformed(facts) == []
    if spool is None:
        assert unread(facts) == ["the pack's deltas need more of its earlier objects than can be kept"]
    else:
        agrees(filled, facts)
        assert unread(facts) == []


@pytest.mark.parametrize("spool", [False, True])
def test_large_files_and_deltas_of_them(repository: Repository, spool: bool) -> None:
    """Above a MiB all goes in pieces: the base, the delta, and what it makes."""
    start = os.urandom(1_500_000)
    for number in range(3):
        new = os.urandom(1_100_000 * number)
        repository.write("data.bin", start[: 700_000 * number] + new + start[700_000 * number :])
        repository.write("grown.bin", b"".join(start[at : at + 200_000] for at in range(0, 500_000 * number, 100_000)))
        repository.commit()
    pack = repository.pack("", "--window=20")
    assert len(pack) < 7_000_000  # of 9 MB
    held = MemorySpool() if spool else None
    facts = read(chunks(pack, 1 << 16), PackReader(spool=held))
    agrees(repository, facts)
    assert unread(facts) == []
    assert held is None or held.reads > 0
    for file in of(File, facts):
        content = repository.git("cat-file", "blob", str(file.oid))
        assert file.sha256 == hashlib.sha256(content).hexdigest()


def test_any_chunks_give_the_same_facts(filled: Repository) -> None:
    pack = filled.pack()
    whole = read([pack])
    for size in (7, 1000):
        assert read(chunks(pack, size)) == whole


def test_tags_alone_and_an_empty_pack(repository: Repository) -> None:
    repository.commit()
    repository.git("tag", "-a", "v1", "-m", "one")
    assert read([repository.pack("v1\n^main\n")]) == []
    assert read([repository.pack("main\n^main\n")]) == []


def updates(old: str, new: str) -> Iterator[RefUpdate]:
    yield RefUpdate(name="refs/heads/main", action=RefAction.UPDATE, old=old, new=new)
    yield RefUpdate(name="refs/heads/other", action=RefAction.CREATE, new=new)


def test_rewritten_history_shows(repository: Repository) -> None:
    base = repository.commit("base")
    old = repository.commit("old")
    repository.git("reset", "-q", "--hard", base)
    repository.write("a", b"b")
    new = repository.commit("new")
    pack = repository.pack(f"{new}\n^{base}\n")
    assert of(ForcedUpdate, read([pack], PackReader(updates=updates(old, new)))) == [
        ForcedUpdate(name="refs/heads/main")
    ]
    assert of(ForcedUpdate, read([pack], PackReader(updates=updates(base, new)))) == []
    assert of(ForcedUpdate, read([pack], PackReader(updates=updates(old, base)))) == []  # not in the pack: not shown


def test_a_merge_keeps_both_sides_and_a_moved_tag_keeps_nothing(filled: Repository) -> None:
    new = filled.git("rev-parse", "side").decode().strip()
    for old in ("main", "side~1", "main~7"):
        name = filled.git("rev-parse", old).decode().strip()
        for revisions in (f"{new}\n^{name}\n", ""):
            facts = read([filled.pack(revisions)], PackReader(updates=updates(name, new)))
            assert of(ForcedUpdate, facts) == []
    first = filled.git("rev-parse", "v1").decode().strip()
    filled.git("tag", "-f", "-a", "v2", "-m", "two", "side")
    second = filled.git("rev-parse", "v2").decode().strip()
    facts = read([filled.pack()], PackReader(updates=updates(first, second)))
    assert len(of(ForcedUpdate, facts)) == 1

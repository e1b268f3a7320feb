"""Real pushes of every shape: what Forgewall tells of them is what git says of the same objects, file for file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.clients import Result
from demo.forge import HOSTS, Forge
from tests.e2e.conftest import Run
from tests.e2e.pushing import (
    WITNESS,
    Objects,
    assert_event,
    assert_told_as_git_says,
    git,
    last_push,
    packed,
    text,
    upload,
)

pytestmark = pytest.mark.needs("git")

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "github.com/acme/api"
URL = f"https://{ADDRESS}.git"
POLICY = "version: 1\napproved:\n  - {repo: github.com/acme, max_upload: 200MiB}\n"

http_version = pytest.mark.parametrize("http", ["HTTP/1.1", "HTTP/2"], ids=["h1", "h2"])
wire_protocol = pytest.mark.parametrize("protocol", [0, 2], ids=["v0", "v2"])


@pytest.fixture(scope="module")
def _witnessed(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Run]:
    hosts = _forge.connect_to(HOSTS)
    directory = tmp_path_factory.mktemp("witnessed") / "proxy"
    with Run(directory, POLICY, connect_to=hosts, upstream_ca=_forge.ca_file, before=WITNESS) as run:
        yield run


@pytest.fixture
def run(_witnessed: Run, forge: Forge, tmp_path: Path) -> Run:
    """A proxy that notes each push; the repository at `ADDRESS` is empty."""
    _witnessed.begin(tmp_path / "witnessed-home")
    for known in _witnessed.policy_file.parent.glob("push*"):
        known.unlink()
    forge.make_repository(ADDRESS)
    return _witnessed


def push(run: Run, tree: Path, *words: str, protocol: int = 2, http: str = "HTTP/1.1") -> Result:
    result = run.git("push", *words, cwd=tree, protocol=protocol, http=http)
    assert result.ok, str(result)
    return result


def write(tree: Path, name: str | bytes, data: bytes) -> None:
    path = os.path.join(os.fsencode(tree), os.fsencode(name))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def commit(tree: Path, message: str, *options: str) -> str:
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "-m", message, *options)
    return text(tree, "rev-parse", "HEAD")


@pytest.fixture
def tree(run: Run) -> Path:
    """A work tree with what a repository may hold: links, submodules, renames, odd names, empty commits and merges."""
    tree = run.work_tree("odd")
    for number in range(60):
        write(
            tree, f"src/part{number % 5}/file{number}.py", b"".join(b"%d %d\n" % (number, line) for line in range(99))
        )
    write(tree, "empty", b"")
    write(tree, "also/empty", b"")
    write(tree, "a name/mit Ä/und 語.txt", b"text\n")
    write(tree, b"latin \xe4\xff name", b"latin\n")
    write(tree, "\x01control\ttab", b"odd\n")
    write(tree, "tool.sh", b"#!/bin/sh\n")
    (tree / "tool.sh").chmod(0o755)
    (tree / "link").symlink_to("src/part0")
    (tree / "dangling").symlink_to("../../nowhere")
    git(tree, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/library")
    (tree / "vendor" / "library").mkdir(parents=True)
    commit(tree, "all kinds of entries\n\nwith a body")
    git(tree, "mv", "src/part1", "moved")
    write(tree, "src/part2/file2.py", b"changed\n")
    commit(tree, "renames")
    commit(tree, "nothing", "--allow-empty")
    commit(tree, " ", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim")
    git(tree, "checkout", "--quiet", "-b", "side", "HEAD~2")
    write(tree, "side.txt", b"side\n")
    commit(tree, "side")
    git(tree, "checkout", "--quiet", "main")
    git(tree, "merge", "--quiet", "--no-ff", "-m", "merged", "side")
    return tree


@wire_protocol
@http_version
def test_a_first_push_of_all_kinds_of_entries(
    run: Run, tree: Path, tmp_path: Path, forge: Forge, protocol: int, http: str
) -> None:
    push(run, tree, URL, "main", protocol=protocol, http=http)
    said = assert_told_as_git_says(last_push(run), tree, ["main"], directory=tmp_path)
    head = text(tree, "rev-parse", "main")
    assert_event(run, tree, said, [("refs/heads/main", "create", None, head)])
    assert forge.refs(ADDRESS) == {"refs/heads/main": head}


def test_what_follows_a_push(run: Run, tree: Path, tmp_path: Path, forge: Forge) -> None:
    """Second pushes: one line of a large file, tags of both kinds, a branch of known commits, deletions, a rewrite."""
    write(tree, "large.txt", b"".join(b"%d is line %d\n" % (hash(n), n) for n in range(50_000)))
    first = commit(tree, "large")
    push(run, tree, URL, "main")
    assert_told_as_git_says(last_push(run), tree, ["main"], directory=tmp_path)

    write(tree, "large.txt", (tree / "large.txt").read_bytes().replace(b" is line 777\n", b" was line 777\n"))
    second = commit(tree, "one line")
    push(run, tree, URL, "main")
    said = assert_told_as_git_says(last_push(run), tree, ["main"], [first], directory=tmp_path)
    assert len(said.ids("blob")) == 1
    assert_event(run, tree, said, [("refs/heads/main", "update", first, second)])

    git(tree, "tag", "-a", "v1", "-m", "Version 1")
    git(tree, "tag", "light")
    git(tree, "tag", "-a", "of-tag", "-m", "a tag of a tag", "v1")
    git(tree, "tag", "-a", "of-tree", "-m", "a tag of a tree", "HEAD^{tree}")
    git(tree, "tag", "blob", "HEAD:tool.sh")
    push(run, tree, URL, "--tags")
    tags = {name: text(tree, "rev-parse", name) for name in ("v1", "light", "of-tag", "of-tree", "blob")}
    said = Objects.of(tree, list(tags.values()), [second])
    assert packed(last_push(run), tmp_path) == set(said.sizes)
    assert {fact["oid"] for fact in last_push(run).of("File")} == said.ids("blob")
    assert_event(run, tree, said, [(f"refs/tags/{name}", "create", None, oid) for name, oid in tags.items()])

    push(run, tree, URL, "main:refs/heads/again")
    said = assert_told_as_git_says(last_push(run), tree, [], directory=tmp_path)
    assert_event(run, tree, said, [("refs/heads/again", "create", None, second)])

    push(run, tree, URL, ":again", ":refs/tags/light")
    assert last_push(run).pack == b""
    deleted = [("refs/heads/again", "delete", second, None), ("refs/tags/light", "delete", second, None)]
    assert_event(run, tree, Objects({}, {}, set(), False), deleted)

    git(tree, "reset", "--quiet", "--hard", first)
    write(tree, "other.txt", b"another second\n")
    third = commit(tree, "another second")
    push(run, tree, "--force", URL, "main")
    said = assert_told_as_git_says(last_push(run), tree, [third], [first], directory=tmp_path)
    assert_event(run, tree, said, [("refs/heads/main", "update", second, third)])
    assert upload(run)["forgewall"]["evidence"]["forced"] == ["refs/heads/main"]
    assert forge.refs(ADDRESS)["refs/heads/main"] == third


@pytest.fixture
def own_history(run: Run) -> Path:
    """The history of this project, in a repository without its configuration and hooks."""
    if not (ROOT / ".git").exists():
        pytest.skip("the sources are not in a git repository")
    here = ("-c", f"safe.directory={ROOT}")
    if text(ROOT, *here, "rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("the sources are a shallow clone")
    copy = run.home / "own"
    git(run.home, "init", "--quiet", "--bare", "--initial-branch=main", str(copy))
    objects = (ROOT / text(ROOT, *here, "rev-parse", "--git-common-dir") / "objects").resolve()
    (copy / "objects" / "info" / "alternates").write_text(f"{objects}\n")
    git(copy, "update-ref", "refs/heads/main", text(ROOT, *here, "rev-parse", "HEAD"))
    return copy


@pytest.mark.parametrize(("protocol", "http"), [(0, "HTTP/1.1"), (2, "HTTP/2")], ids=["h1-v0", "h2-v2"])
def test_the_history_of_this_project(
    run: Run, own_history: Path, tmp_path: Path, forge: Forge, protocol: int, http: str
) -> None:
    push(run, own_history, URL, "HEAD:refs/heads/main", protocol=protocol, http=http)
    said = assert_told_as_git_says(last_push(run), own_history, ["HEAD"], directory=tmp_path)
    head = text(own_history, "rev-parse", "HEAD")
    assert_event(run, own_history, said, [("refs/heads/main", "create", None, head)])
    assert len(said.ids("commit")) == int(text(own_history, "rev-list", "--count", "HEAD"))
    assert forge.git(ADDRESS, "rev-list", "--objects", "--all").count("\n") + 1 == len(said.sizes)


@http_version
def test_a_repository_of_many_small_files(run: Run, tmp_path: Path, http: str) -> None:
    contents = ((f"src/{n % 50}/{n % 7}/file {n}.txt", b"%d\n" % n * (n % 40)) for n in range(3000))
    tree = run.repository(contents)
    push(run, tree, URL, "main", http=http)
    said = assert_told_as_git_says(last_push(run), tree, ["main"], directory=tmp_path)
    assert_event(run, tree, said, [("refs/heads/main", "create", None, text(tree, "rev-parse", "main"))])
    assert len(said.names) == 3000
    assert run.files(tree).keys() == {fact["path"] for fact in last_push(run).of("NamedFile")}


@pytest.mark.parametrize(("http", "size"), [("HTTP/1.1", 20 << 20), ("HTTP/2", 3 << 20)], ids=["h1", "h2"])
def test_a_large_file(run: Run, tmp_path: Path, http: str, size: int) -> None:
    noise = os.urandom(size)
    tree = run.repository([("data/noise.bin", noise), ("data/zeros.bin", bytes(2 * size)), ("small.txt", b"x\n")])
    push(run, tree, URL, "main", http=http)
    said = assert_told_as_git_says(last_push(run), tree, ["main"], directory=tmp_path)
    assert_event(run, tree, said, [("refs/heads/main", "create", None, text(tree, "rev-parse", "main"))])


def test_sha256(run: Run, tmp_path: Path, forge: Forge) -> None:
    forge.make_repository(ADDRESS, object_format="sha256")
    tree = run.repository(((f"{n % 5}/{n}.txt", b"%d\n" % n) for n in range(100)), object_format="sha256")
    push(run, tree, URL, "main")
    said = assert_told_as_git_says(last_push(run), tree, ["main"], directory=tmp_path)
    head = text(tree, "rev-parse", "main")
    assert len(head) == 64
    assert_event(run, tree, said, [("refs/heads/main", "create", None, head)])


def test_several_refs_at_once_with_options(run: Run, tree: Path, tmp_path: Path, forge: Forge) -> None:
    git(tree, "branch", "behind", "main~2")
    options = ("-o", "ci.skip", "-o", "merge_request.title=Über alles")
    push(run, tree, "--atomic", *options, URL, "main", "side", "behind", "main:refs/review/1")
    said = assert_told_as_git_says(last_push(run), tree, ["main", "side", "behind"], directory=tmp_path)
    names = {"refs/heads/main": "main", "refs/heads/side": "side", "refs/heads/behind": "behind"}
    expected = {name: text(tree, "rev-parse", ref) for name, ref in (names | {"refs/review/1": "main"}).items()}
    assert_event(run, tree, said, [(name, "create", None, oid) for name, oid in expected.items()])
    assert upload(run)["forgewall"]["evidence"]["push_options"] == ["ci.skip", "merge_request.title=Über alles"]
    assert last_push(run).commands.atomic
    assert forge.refs(ADDRESS) == expected


def test_a_mirror(run: Run, tree: Path, tmp_path: Path, forge: Forge) -> None:
    git(tree, "tag", "-a", "v1", "-m", "Version 1")
    push(run, tree, URL, "main", "main:refs/heads/stale")
    main = text(tree, "rev-parse", "main")
    write(tree, "more.txt", b"more\n")
    head = commit(tree, "more")
    push(run, tree, "--mirror", URL)
    said = assert_told_as_git_says(last_push(run), tree, ["main", "side", "v1"], [main], directory=tmp_path)
    expected = {
        ("refs/heads/main", "update", main, head),
        ("refs/heads/side", "create", None, text(tree, "rev-parse", "side")),
        ("refs/tags/v1", "create", None, text(tree, "rev-parse", "v1")),
        ("refs/heads/stale", "delete", main, None),
    }
    assert_event(run, tree, said, expected)
    assert forge.refs(ADDRESS) == {name: new for name, _, _, new in expected if new is not None}


def test_a_push_from_a_shallow_clone(run: Run, tree: Path, tmp_path: Path, forge: Forge) -> None:
    push(run, tree, URL, "main")
    shallow = run.home / "shallow"
    assert run.git("clone", "--quiet", "--depth=2", URL, str(shallow)).ok
    old = text(shallow, "rev-parse", "HEAD")
    write(shallow, "src/part2/file2.py", b"changed again\n")
    new = commit(shallow, "from a shallow clone")
    push(run, shallow, "origin", "main")
    said = assert_told_as_git_says(last_push(run), shallow, ["main"], [old], directory=tmp_path)
    assert_event(run, shallow, said, [("refs/heads/main", "update", old, new)])
    # To a forge that has nothing: the client says where its history ends, and the forge takes that or not.
    forge.make_repository("github.com/acme/elsewhere")
    result = run.git("push", "https://github.com/acme/elsewhere", "main", cwd=shallow)
    told = last_push(run)
    assert set(told.commands.shallow) == set((shallow / ".git" / "shallow").read_text().split())
    assert {fact["id"] for fact in told.of("Commit")} == set(text(shallow, "rev-list", "main").split())
    assert told.of("Malformed") + told.of("Unread") == []
    assert result.ok or "shallow update not allowed" in result.output, str(result)

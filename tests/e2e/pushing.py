"""What a push holds by Forgewall's word, fact for fact, and by git's word about the same objects.

An event lists no more than fifty files. So the proxy is started with `WITNESS`: that notes each push's body, and every
fact told of it, in a file.

    run = proxy(policy, before=WITNESS)
    assert run.git("push", url, "main", cwd=work).ok
    told = last_push(run)                   # facts and body
    assert_told_as_git_says(told, work, ["main"])
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo import clients
from forgewall.inspect.commands import CommandReader, Commands

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

WITNESS = """\
import dataclasses, itertools, json
from forgewall.proxy import examiner

class Witness:
    numbers = itertools.count()
    inspector = examiner.PushInspector

    def __init__(self, **keywords):
        self.name = f"push{next(self.numbers):04}"
        self.body = open(self.name + ".body", "wb")
        self.facts = open(self.name + ".facts", "w", encoding="utf-8")
        self.real = self.inspector(**keywords)

    def feed(self, data):
        self.body.write(data)
        return self.noted(self.real.feed(data))

    def finish(self):
        facts = self.noted(self.real.finish())
        self.noted([])
        return facts

    def noted(self, facts):
        for fact in facts:
            line = {"fact": type(fact).__name__} | dataclasses.asdict(fact)
            self.facts.write(json.dumps(line, default=lambda value: value.isoformat()) + chr(10))
        self.facts.flush()
        self.body.flush()
        return facts

examiner.PushInspector = Witness
"""
"""Python code for `before=`; leaves `push0000.body`, `push0000.facts`, … in the proxy's directory."""

LISTED = 50  # files in an event


@dataclass(frozen=True, slots=True)
class Told:
    """One push: its body as the inspector got it, and the facts in the order they were told."""

    body: Path
    facts: tuple[dict[str, Any], ...]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The facts of a class, such as `File`."""
        return [fact for fact in self.facts if fact["fact"] == kind]

    @property
    def commands(self) -> Commands:
        """The command list at the head of the body."""
        answer = CommandReader().feed(self.body.read_bytes()[: 1 << 20])
        assert isinstance(answer, Commands), answer
        return answer

    @property
    def pack(self) -> bytes:
        """What follows the command list."""
        return self.body.read_bytes()[self.commands.consumed :]


def pushes(run: Run) -> list[Told]:
    """All pushes of a proxy with a `WITNESS` so far, without git's probes."""
    bodies = sorted(run.policy_file.parent.glob("push*.body"))
    found = []
    for body in bodies:
        lines = body.with_suffix(".facts").read_text(encoding="utf-8").splitlines()
        if body.stat().st_size > len(b"0000"):
            found.append(Told(body, tuple(json.loads(line) for line in lines)))
    return found


def last_push(run: Run) -> Told:
    """The latest of them."""
    return pushes(run)[-1]


def git(tree: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """What git prints in `tree`; nothing of it goes through a proxy. CalledProcessError if it fails."""
    environment = clients.environment(tree)
    done = subprocess.run(["git", *arguments], cwd=tree, env=environment, input=stdin, capture_output=True, check=True)
    return done.stdout


def text(tree: Path, *arguments: str) -> str:
    """The same as text, without the last line's end."""
    return git(tree, *arguments).decode().strip()


@dataclass(frozen=True, slots=True)
class Objects:
    """What git says of the objects that revisions have and others don't: type and size by id, and the paths."""

    sizes: dict[str, tuple[str, int]]
    paths: dict[str, set[str]]  # of each file of these commits, in this push or not
    names: set[str]  # the paths in trees of this push
    shared: bool  # whether a tree stands at several places

    @classmethod
    def of(cls, tree: Path, new: Sequence[str], old: Sequence[str] = ()) -> Objects:
        """The objects that `new` has and `old` hasn't, by `git rev-list`, `cat-file` and `ls-tree`."""
        ranges = (*new, *(f"^{revision}" for revision in old))
        ids = git(tree, "rev-list", "--objects", "--no-object-names", *ranges)
        lines = git(tree, "cat-file", "--batch-check", stdin=ids).decode().splitlines()
        sizes = {name: (kind, int(size)) for name, kind, size in (line.split() for line in lines)}
        paths: dict[str, set[str]] = {}
        places: dict[str, set[str]] = {}
        names: set[str] = set()
        roots = [name for name, (kind, _) in sizes.items() if kind == "commit"]
        roots += [tag for tag in new if text(tree, "cat-file", "-t", f"{tag}^{{}}") == "tree"]
        for root in roots:
            folders = {"": text(tree, "rev-parse", f"{root}^{{tree}}")}
            for entry in git(tree, "ls-tree", "-r", "-t", "-z", root).split(b"\0")[:-1]:
                about, _, raw = entry.partition(b"\t")
                _, kind, name = about.decode().split()
                path = raw.decode("utf-8", "backslashreplace")
                if kind == "tree":
                    folders[path] = name
                elif kind == "blob":
                    paths.setdefault(name, set()).add(path)
                    if folders[path.rpartition("/")[0]] in sizes:
                        names.add(path)
            for path, name in folders.items():
                places.setdefault(name, set()).add(path)
        shared = any(len(found) > 1 for name, found in places.items() if name in sizes)
        return cls(sizes, paths, names, shared)

    def ids(self, kind: str) -> set[str]:
        """The ids of the objects of a type."""
        return {name for name, (found, _) in self.sizes.items() if found == kind}


def hashes(tree: Path, ids: Iterable[str]) -> dict[str, str]:
    """SHA-256 of the contents of these objects, by id."""
    wanted = sorted(ids)
    found = {}
    out = git(tree, "cat-file", "--batch", stdin="".join(f"{name}\n" for name in wanted).encode())
    view, at = memoryview(out), 0
    for name in wanted:
        end = out.index(b"\n", at)
        size = int(out[at:end].split()[2])
        found[name] = hashlib.sha256(view[end + 1 : end + 1 + size]).hexdigest()
        at = end + 1 + size + 1
    return found


def packed(told: Told, directory: Path) -> set[str]:
    """The ids of a push's pack, by `git index-pack`, which takes no pack with bases elsewhere."""
    kind = told.commands.object_format
    environment = clients.environment(directory)
    bare = directory / f"{told.body.stem}-{os.urandom(4).hex()}"
    subprocess.run(
        ["git", "init", "--quiet", "--bare", f"--object-format={kind}", str(bare)], env=environment, check=True
    )
    name = git(bare, "index-pack", "--stdin", stdin=told.pack).decode().split()[-1]
    index = (bare / "objects" / "pack" / f"pack-{name}.idx").read_bytes()
    return {
        line.split()[1]
        for line in git(bare, "show-index", f"--object-format={kind}", stdin=index).decode().splitlines()
    }


def assert_told_as_git_says(
    told: Told, tree: Path, new: Sequence[str], old: Sequence[str] = (), *, directory: Path | None = None
) -> Objects:
    """Each fact about the push of `new`, where the forge had `old`, is what git says, and nothing is missing.

    With a `directory` for files the pack is also shown to git: it needs no base elsewhere.
    """
    said = Objects.of(tree, new, old)
    assert told.of("Malformed") + told.of("Unread") == []
    assert Counter(fact["id"] for fact in told.of("Commit")) == Counter(said.ids("commit"))
    for fact in told.of("Commit"):
        assert_commit(fact, tree)
    files = {fact["oid"]: fact for fact in told.of("File")}
    assert len(files) == len(told.of("File"))
    assert {oid: fact["size"] for oid, fact in files.items()} == {oid: said.sizes[oid][1] for oid in said.ids("blob")}
    assert {oid: fact["sha256"] for oid, fact in files.items()} == hashes(tree, files)
    wrong = {oid: fact["path"] for oid, fact in files.items() if fact["path"] not in said.paths.get(oid, {None})}
    assert wrong == {}
    names = {fact["path"] for fact in told.of("NamedFile")}
    assert names <= said.names
    assert said.shared or names == said.names
    if directory is not None:
        assert packed(told, directory) == set(said.sizes)
    return said


def assert_commit(fact: dict[str, Any], tree: Path) -> None:
    """A commit as `git log` prints it."""
    form = "%an%x00%ae%x00%cn%x00%ce%x00%ct%x00%B"
    shown = text(tree, "show", "--no-patch", f"--format={form}", fact["id"])
    author, author_email, committer, email, seconds, message = shown.split("\0")
    assert (fact["author"], fact["author_email"]) == (author, author_email)
    assert (fact["committer"], fact["committer_email"]) == (committer, email)
    assert int(datetime.fromisoformat(fact["time"]).timestamp()) == int(seconds)
    assert fact["subject"].strip() == message.strip().partition("\n")[0][:200]


def upload(run: Run) -> dict[str, Any]:
    """The event about the latest body that was more than git's probe."""
    return [event for event in run.events("upload") if event["forgewall"]["upload"]["body_bytes"] > len(b"0000")][-1]


def assert_event(run: Run, tree: Path, said: Objects, refs: Iterable[tuple[str, str, str | None, str | None]]) -> None:
    """The event about the latest push holds what git says; `refs` are name, action, old and new id of each."""
    event = upload(run)
    assert event["forgewall"]["upload"]["result"] == "complete", event
    evidence = event["forgewall"]["evidence"]
    expected = set(refs)
    shown = {(ref["name"], ref["action"], ref.get("old_id"), ref.get("new_id")) for ref in evidence.get("refs", [])}
    assert shown == expected
    assert evidence["ref_count"] == len(expected)
    commits, blobs = said.ids("commit"), said.ids("blob")
    assert evidence["commit_count"] == len(commits)
    assert evidence["file_count"] == len(blobs)
    assert evidence["file_bytes"] == sum(said.sizes[oid][1] for oid in blobs)
    if commits:
        times = {
            name: int(seconds)
            for line in text(tree, "show", "--no-patch", "--format=%H %ct", *commits).splitlines()
            for name, seconds in [line.split()]
        }
        first, last = evidence["first_commit"]["id"], evidence["last_commit"]["id"]
        assert (times[first], times[last]) == (min(times.values()), max(times.values()))
    else:
        assert "first_commit" not in evidence
    listed = evidence.get("files", [])
    assert len(listed) == min(LISTED, len(blobs)) or "files" in " ".join(event["forgewall"].get("trimmed", []))
    digests = hashes(tree, [file["oid"] for file in listed])
    for file in listed:
        assert file["size"] == said.sizes[file["oid"]][1]
        assert file["sha256"] == digests[file["oid"]]
        assert file.get("path") in said.paths.get(file["oid"], {None})

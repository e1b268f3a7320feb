"""Fixtures for tests with real clients, a real proxy process and the local forge, all on loopback.

    def test_it(forge, proxy):
        forge.make_repository("github.com/acme/api")
        run = proxy(policy=POLICY)                     # `forgewall run`; ended after the test
        work = run.work_tree()                         # a git work tree with one commit
        result = run.git("push", "https://github.com/mallory/loot", "main", cwd=work)
        assert not result.ok and "not an approved" in result.output
        assert forge.requests(host="github.com") == []
        assert run.events("decision")

Where POLICY will do, the fixture `gateway` is quicker: one proxy for the whole session; each test starts with an empty
home and without events.

`run.repository(files)` makes a repository of any number of files, `run.files` says what is in it; `run.lfs_tree` and
`run.lfs_clone` are for git-lfs. `forge.behave(host, Behaviour(lfs=GITHUB))` makes a host keep its objects in a store
(`demo.batch`), and `Behaviour(bytes_per_second=…)` makes it slow.

`run.curl("-T", "-", url, stdin=b"...")` and `run.client("git-lfs", ...)` work alike. The clients get a clean
environment that leads to the proxy. A test names the system tools it needs with `@pytest.mark.needs("git-lfs")`; where
one is missing the test skips, and fails if CI=true.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from demo.clients import Result
from demo.forge import HOSTS, Forge
from demo.proxy import Proxy

from demo import clients, lfs_agent

POLICY = """\
version: 1
contact: security@acme.example
forges:
  - {host: git.acme.example, kind: gitlab}
approved:
  - github.com/acme
  - gitlab.com/acme/platform
  - bitbucket.org/acme
  - git.acme.example/acme
  - huggingface.co/acme
"""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*tools): system programs without which the test can't run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if shutil.which(tool) is None:
                reason = f"{tool} is not installed"
                if os.environ.get("CI") == "true":
                    pytest.fail(reason, pytrace=False)
                pytest.skip(reason)


class Run(Proxy):
    """A running proxy together with clients that use it."""

    home: Path
    _past = 0

    def begin(self, home: Path) -> None:
        """Start anew for a test: its files below `home`, and only events from now on."""
        home.mkdir(parents=True)
        self.home = home
        self._past = len(super().events())

    def events(self, dataset: str | None = None) -> list[dict[str, Any]]:
        """The events since the test began, oldest first; with `dataset` only those of `forgewall.<dataset>`."""
        since = super().events()[self._past :]
        return [event for event in since if dataset is None or event["event"]["dataset"] == f"forgewall.{dataset}"]

    def client(
        self,
        *command: str,
        cwd: Path | None = None,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        seconds: float = 60,
    ) -> Result:
        """Run any client through the proxy; `env` adds to or replaces variables of its clean environment."""
        variables = clients.environment(self.home, self.url, self.ca_file) | dict(env or {})
        return clients.run(command, env=variables, cwd=cwd or self.home, stdin=stdin, seconds=seconds)

    def git(
        self,
        *arguments: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        protocol: int | None = None,
        http: str | None = None,
    ) -> Result:
        """Run git through the proxy, with wire protocol `protocol` (0 or 2) and `http` (`HTTP/1.1` or `HTTP/2`)."""
        options: list[str] = []
        if protocol is not None:
            options += ["-c", f"protocol.version={protocol}"]
        if http is not None:
            options += ["-c", f"http.version={http}"]
        return self.client("git", *options, *arguments, cwd=cwd, env=env)

    def curl(self, *arguments: str, stdin: bytes | None = None, seconds: float = 60) -> Result:
        """Run curl through the proxy: quiet, errors shown, with a time limit."""
        limit = ["--max-time", str(int(seconds))]
        return self.client("curl", "-sS", *limit, *arguments, stdin=stdin, seconds=seconds + 10)

    def work_tree(self, name: str = "work", size: int = 0) -> Path:
        """A new git work tree in branch `main` with one commit; with `size` it holds that many incompressible bytes."""
        tree = self.home / name
        self._check("git", "init", "--quiet", "--initial-branch=main", str(tree))
        self.commit(tree, "first", size=size)
        return tree

    def commit(self, tree: Path, message: str, size: int = 0) -> str:
        """Add a commit to `tree` and return its id; with `size` it adds that many incompressible bytes."""
        (tree / "notes.txt").open("a", encoding="utf-8").write(f"{message}\n")
        if size:
            (tree / f"{message}.bin").write_bytes(os.urandom(size))
        self._check("git", "add", "--all", cwd=tree)
        self._check("git", "commit", "--quiet", "-m", message, cwd=tree)
        return self._check("git", "rev-parse", "HEAD", cwd=tree).stdout.strip()

    def repository(
        self, files: Iterable[tuple[str, bytes]], name: str = "repository", *, object_format: str = "sha1"
    ) -> Path:
        """A new repository without a work tree, whose branch `main` is one commit with `files` (path and content).

        It is made by git-fast-import(1): 50,000 files take seconds.
        """
        directory = self.home / name
        init = ("git", "init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={object_format}")
        self._check(*init, str(directory))
        person = b"Ana Demo <ana@acme.example> 1767225600 +0000"
        stream = [b"commit refs/heads/main\nauthor %s\ncommitter %s\ndata 5\nfiles\n" % (person, person)]
        stream += [b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data) for path, data in files]
        self._check("git", "fast-import", "--quiet", cwd=directory, stdin=b"".join(stream))
        return directory

    def files(self, repository: Path, revision: str = "main") -> dict[str, tuple[str, int]]:
        """What git says of the files in `revision`: path to object id and size in bytes."""
        listed = self._check("git", "ls-tree", "-r", "-z", "--long", revision, cwd=repository).stdout
        entries = [entry.partition("\t") for entry in listed.split("\0") if entry]
        return {path: (facts.split()[2], int(facts.split()[3])) for facts, _, path in entries}

    def lfs_tree(self, files: Mapping[str, bytes], name: str = "lfs") -> Path:
        """A new work tree with one commit whose `files` are git-lfs objects; it also knows how to send them in parts.

        git-lfs is set up in this repository alone: filters, hooks and `demo.lfs_agent` for transfer `multipart`.
        """
        tree = self.home / name
        self._check("git", "init", "--quiet", "--initial-branch=main", str(tree))
        self._check("git", "lfs", "install", "--local", cwd=tree)
        for setting, value in (("path", sys.executable), ("args", lfs_agent.__file__)):
            self._check("git", "config", f"lfs.customtransfer.multipart.{setting}", value, cwd=tree)
        attributes = "".join(f"{path} filter=lfs diff=lfs merge=lfs -text\n" for path in files)
        (tree / ".gitattributes").write_text(attributes, encoding="utf-8")
        for path, content in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(content)
        self.commit(tree, "objects")
        return tree

    def lfs_clone(self, url: str, name: str = "copy") -> Path:
        """A clone through the proxy whose git-lfs objects are fetched too."""
        copy = self.home / name
        filters = ("filter.lfs.smudge=git-lfs smudge -- %f", "filter.lfs.process=git-lfs filter-process")
        options = [word for setting in filters for word in ("-c", setting)]
        result = self.git(*options, "clone", "--quiet", url, str(copy))
        assert result.ok, str(result)
        return copy

    def _check(self, *command: str, cwd: Path | None = None, stdin: bytes | None = None) -> Result:
        result = clients.run(command, env=clients.environment(self.home), cwd=cwd, stdin=stdin, seconds=120)
        assert result.ok, str(result)
        return result


class StartProxy:
    """The `proxy` fixture: call it to start a proxy; all are ended after the test."""

    def __init__(self, directory: Path, forge: Forge) -> None:
        self._directory = directory
        self._forge = forge
        self._started: list[Run] = []

    def __call__(
        self,
        policy: str = POLICY,
        *,
        hosts: Sequence[str] = (),
        connect_to: Sequence[str] = (),
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        trust_forge: bool = True,
        before: str = "",
    ) -> Run:
        """Start `forgewall run` with `policy`; all of `HOSTS` and `hosts` lead to the local forge.

        `connect_to` values come before those. `env` adds to the proxy's own environment.
        """
        directory = self._directory / f"proxy{len(self._started)}"
        run = Run(
            directory,
            policy,
            connect_to=[*connect_to, *self._forge.connect_to((*HOSTS, *hosts))],
            upstream_ca=self._forge.ca_file if trust_forge else None,
            options=options,
            env=env,
            before=before,
        )
        run.begin(directory / "home")
        self._started.append(run)
        return run

    def close(self) -> None:
        for run in self._started:
            run.close()


@pytest.fixture(scope="session")
def _forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    if shutil.which("git") is None:
        reason = "git is not installed"
        pytest.fail(reason, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with Forge(tmp_path_factory.mktemp("forge") / "forge") as forge:
        yield forge


@pytest.fixture
def forge(_forge: Forge) -> Forge:
    """The local forge, one for the session; its journal is empty when a test starts."""
    _forge.settle()
    _forge.clear()
    return _forge


@pytest.fixture(scope="session")
def _gateway(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Run]:
    start = StartProxy(tmp_path_factory.mktemp("gateway"), _forge)
    yield start()
    start.close()


@pytest.fixture
def gateway(_gateway: Run, forge: Forge, tmp_path: Path) -> Run:
    """A proxy with POLICY that is shared by all tests."""
    _gateway.begin(tmp_path / "gateway-home")
    return _gateway


@pytest.fixture
def proxy(tmp_path: Path, forge: Forge) -> Iterator[StartProxy]:
    """Call it to start a proxy in front of the local forge."""
    start = StartProxy(tmp_path, forge)
    yield start
    start.close()

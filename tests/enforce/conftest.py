"""Real clients for this room's tests: skipped where a program is missing, failed where CI=true."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

type Client = Callable[..., subprocess.CompletedProcess[str]]


def need(tool: str) -> None:
    if shutil.which(tool) is None:
        reason = f"{tool} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """Run a program in a clean home without a proxy; `client("git", "push", …, cwd=…)`."""
    home = tmp_path / "home"
    home.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@acme.example",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@acme.example",
    }

    def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=cwd or home, env=env, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture
def work(client: Client, tmp_path: Path) -> Path:
    """A work tree with one commit of 2 MB, so that a push goes over http.postBuffer, and a tag."""
    need("git")
    tree = tmp_path / "work"
    tree.mkdir()
    (tree / "data").write_bytes(os.urandom(2_000_000))
    for command in (
        ("init", "-q", "-b", "main"),
        ("config", "core.compression", "0"),
        ("add", "."),
        ("commit", "-q", "-m", "x"),
        ("tag", "v1"),
    ):
        done = client("git", *command, cwd=tree)
        assert done.returncode == 0, done.stderr
    return tree

"""Every command in the README is run, in a copy of the project, and must print what the reader is told to expect.

A block of shell commands runs as one script. A new command needs a line in EXPECTED, or `test_every_command_is_covered`
fails. `make run` and the console are started once and serve the other blocks; the local forge stands in for the forges.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.forge import Forge

from demo import clients

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
QUIET = ""
EXPECTED = {
    "make demo": "github.com/mallory/loot is not an approved repository",
    "make run": "forgewall ready",
    "export http_proxy=http://127.0.0.1:8080 https_proxy=http://127.0.0.1:8080": QUIET,
    'export GIT_SSL_CAINFO="$PWD/certs/forgewall-ca.pem" CURL_CA_BUNDLE="$PWD/certs/forgewall-ca.pem"': QUIET,
    "git ls-remote https://github.com/git/git HEAD": "\tHEAD",
    ".venv/bin/forgewall trust": "forgewall-ca.pem",
    ".venv/bin/forgewall explain policy/forgewall.yaml 'git push https://github.com/mallory/loot'": "block",
    ".venv/bin/forgewall check policy/forgewall.yaml": "policy/forgewall.yaml",
    ".venv/bin/forgewall events": QUIET,
    ".venv/bin/forgewall events --blocked --json": QUIET,
    ".venv/bin/forgewall cases": QUIET,
    ".venv/bin/forgewall approve github.com/numpy/numpy --operations push,issue --for 7d --reason OSS-1234 --dry-run": (
        "+  - {repo: github.com/numpy/numpy, allow: [push, issue]"
    ),
    ".venv/bin/forgewall stats": "open case",
    ".venv/bin/forgewall console": "forgewall console on http://127.0.0.1:8088/",
    "make test": " passed",
    "make lint": "Success",
}
"""What each command prints at least."""
SERVING = ("make run\n", ".venv/bin/forgewall console\n")
"""Blocks that don't end by themselves."""


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    missing = [tool for tool in ("git", "curl", "make", "bash") if shutil.which(tool) is None]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"not installed: {', '.join(missing)}", pytrace=False)
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    directory = tmp_path_factory.mktemp("readme-forge")
    env = clients.environment(directory)
    work = directory / "work"
    clients.run(("git", "init", "--quiet", "--initial-branch=main", str(work)), env=env).check()
    clients.run(("git", "commit", "--quiet", "--allow-empty", "-m", "first"), env=env, cwd=work).check()
    with Forge(directory / "forge") as forge:
        forge.seed("github.com/git/git", work)
        yield forge


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project; its .venv leads to this Python, and its code is the copy's."""
    directory = tmp_path_factory.mktemp("readme") / "forgewall"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "events", "*.egg-info")
    shutil.copytree(ROOT, directory, ignore=lambda path, names: ignored(path, names) if path == str(ROOT) else [])
    shutil.rmtree(directory / "certs", ignore_errors=True)
    programs = directory / ".venv" / "bin"
    programs.mkdir(parents=True)
    script(programs / "python", f'exec "{sys.executable}" "$@"')
    main = "import sys; from forgewall.cli import main; sys.exit(main())"
    script(programs / "forgewall", f'exec "{sys.executable}" -c "{main}" "$@"')
    for tool in ("ruff", "mypy"):
        script(programs / tool, f'exec "{sys.executable}" -m {tool} "$@"')
    (directory / ".venv" / ".forgewall-ready").touch()
    return directory


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def environment(clone: Path) -> dict[str, str]:
    """A person's clean shell, with make told to take little time."""
    return clients.environment(clone.parent) | {
        "PYTHONPATH": str(clone / "addons"),
        "LISTEN": "127.0.0.1:0",
        "ARGS": "-p no:cacheprovider tests/test_structure.py -k mitmproxy",
        "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"),
    }


@pytest.fixture(scope="module")
def running(clone: Path, forge: Forge) -> Iterator[str]:
    """`make run`, serving; the value is its ready line."""
    words = [f"--upstream-ca {forge.ca_file}", *(f"--connect-to {value}" for value in forge.connect_to())]
    process = subprocess.Popen(
        ["bash", "-ec", "make run"],
        cwd=clone,
        env=environment(clone) | {"OPTIONS": " ".join(words)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout:
        yield next((line for line in process.stdout if line.startswith("forgewall ready")), "")
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


def test_every_command_is_covered() -> None:
    assert set(COMMANDS) == set(EXPECTED)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block not in SERVING], ids=lambda block: block[:40])
def test_the_commands_do_what_the_reader_is_told(block: str, clone: Path, running: str) -> None:
    port = re.search(r"127\.0\.0\.1:(\d+)", running)
    assert port, "make run did not serve"
    commands = block.replace("127.0.0.1:8080", f"127.0.0.1:{port[1]}")
    result = clients.run(("bash", "-euo", "pipefail", "-c", commands), env=environment(clone), cwd=clone, seconds=120)
    assert result.ok, str(result)
    for line in block.splitlines():
        assert EXPECTED[line] in result.output, str(result)


def test_the_console_serves_where_the_reader_is_told(clone: Path, running: str) -> None:
    assert running, "make run did not serve"
    process = subprocess.Popen(
        ["bash", "-ec", "exec .venv/bin/forgewall console --listen 127.0.0.1:0"],
        cwd=clone,
        env=environment(clone),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout:
        line = next((line for line in process.stdout if line.startswith("forgewall console on")), "")
        served = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert served, "the console did not serve"
        assert re.sub(r":\d+/", ":8088/", line).startswith(EXPECTED[".venv/bin/forgewall console"])
        assert "token" in next(process.stdout)
        page = clients.run(("curl", "-sSL", "--noproxy", "*", served[0]), env=environment(clone))
        assert "Sign in" in page.output
        os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(20) == 0


def test_the_refusal_shown_at_the_top_is_what_git_prints(clone: Path, running: str) -> None:
    example = re.search(r"^    \$ git push .*\n((?:    .*\n)+)", README, re.MULTILINE)
    assert example, "the README shows no refusal"
    port = re.search(r"127\.0\.0\.1:(\d+)", running)
    assert port, "make run did not serve"
    env = clients.environment(clone.parent, f"http://127.0.0.1:{port[1]}", clone / "certs" / "forgewall-ca.pem")
    work = clone.parent / "work"
    clients.run(("git", "init", "--quiet", "--initial-branch=main", str(work)), env=env).check()
    clients.run(("git", "commit", "--quiet", "--allow-empty", "-m", "first"), env=env, cwd=work).check()
    result = clients.run(("git", "push", "https://github.com/mallory/loot", "main"), env=env, cwd=work)
    contact = re.search(r"ask (\S+) to", result.output)
    for line in example[1].splitlines():
        expected = line.strip().split(", quoting")[0].replace("security@acme.example", contact[1] if contact else "")
        assert expected in result.output, str(result)


def test_links_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []

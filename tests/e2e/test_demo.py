"""The demo ends well, ends badly when it must, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.clients import Result
from demo.forge import Forge

from demo import run as demo

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

pytestmark = pytest.mark.needs("git", "curl")
ROOT = Path(__file__).resolve().parents[2]


def start(directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo.run"],
        cwd=ROOT,
        env=dict(os.environ) | {"TMPDIR": str(directory), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_below(directory: Path) -> list[str]:
    """Command lines of processes that name `directory`."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(directory) in command:
            found.append(command)
    return found


def test_the_demo_shows_the_refusal_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = start(tmp_path)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    for shown in ("github.com/mallory/loot is not an approved repository", "security@acme.example", "main -> main"):
        assert shown in output
    assert list(tmp_path.iterdir()) == []
    assert processes_below(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path)
    assert process.stdout is not None
    with process.stdout:
        assert any(line.startswith("1.") for line in process.stdout)
        process.send_signal(number)
        rest = process.stdout.read()
    assert process.wait(20) == 130, rest
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []
    assert processes_below(tmp_path) == []


def test_a_policy_that_lets_all_through_is_noticed(tmp_path: Path) -> None:
    problems = demo.play(tmp_path, "version: 1\ncontact: a@acme.example\ndefaults: {writes: allow}\n")
    assert any("reached the forge" in problem for problem in problems)
    assert any(problem.startswith("github.com/mallory/loot holds") for problem in problems)


def test_a_policy_that_lets_nothing_through_is_noticed(tmp_path: Path) -> None:
    problems = demo.play(tmp_path, "version: 1\ncontact: a@acme.example\n")
    assert any("github.com/acme/api" in problem for problem in problems)


def test_a_refusal_that_does_not_name_the_address_is_a_problem() -> None:
    step = next(step for step in demo.steps() if not step.expected)
    silent = Result(command=step.command, returncode=128, stdout="", stderr="fatal: error 403\n")
    assert [
        f"does not name {word}." in problem for word, problem in zip(step.shown, demo.check(step, silent), strict=True)
    ]
    assert demo.check_events({"01J"}, [silent]) != []
    assert demo.check(step, Result(command=step.command, returncode=0, stdout="", stderr="")) != []


def test_what_reached_the_forge_is_a_problem(gateway: Run, forge: Forge) -> None:
    for address in demo.REPOSITORIES:
        forge.make_repository(address)
    work = gateway.work_tree()
    head = gateway.git("rev-parse", "HEAD", cwd=work).stdout.strip()
    approved = ("github.com/acme/api", "gitlab.com/acme/platform/tools/build")
    for address in approved:
        forge.seed(address, work)
    assert demo.check_forge(forge, head) == []
    forge.seed("github.com/mallory/loot", work)
    assert [problem.split()[0] for problem in demo.check_forge(forge, head)] == ["github.com/mallory/loot"]

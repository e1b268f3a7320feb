"""Completion by the shells themselves: what they offer once they have read the script."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import MAIN, SOURCES, Scene

from forgewall.cli import main

ASK = """
source "$SCRIPT"
COMP_LINE="$LINE"; COMP_POINT=${#LINE}; COMP_TYPE=9
read -ra COMP_WORDS <<< "$LINE"; [[ "$LINE" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_python_argcomplete forgewall 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="bash isn't here")


@pytest.fixture
def environment(tmp_path: Path, capsys: Any) -> dict[str, str]:
    """One in which `forgewall` is a command, and `SCRIPT` is what it prints for bash."""
    command = tmp_path / "bin" / "forgewall"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{MAIN}' \"$@\"\n")
    command.chmod(0o755)
    for shell in ("bash", "zsh", "fish"):
        assert main(["completion", shell]) == 0
        (tmp_path / shell).write_text(capsys.readouterr().out)
    return {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(SOURCES),
        "HOME": str(tmp_path),
        "SCRIPT": str(tmp_path / "bash"),
        "TERM": "dumb",
    }


@pytest.fixture
def offered(environment: dict[str, str]) -> Callable[..., list[str]]:
    """What bash offers at the end of a line."""

    def ask(line: str, **more: str) -> list[str]:
        got = subprocess.run(
            ["bash", "--norc", "-c", ASK],
            env=environment | {"LINE": line} | more,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return [word.strip() for word in got.stdout.splitlines() if word.strip()]

    return ask


def test_commands_options_and_words_are_offered(offered: Callable[..., list[str]]) -> None:
    assert offered("forgewall ev") == ["events"]
    assert {"run", "events", "break-glass", "completion"} <= set(offered("forgewall "))
    assert offered("forgewall events --sin") == ["--since"]
    assert offered("forgewall events --operation pu") == ["push", "pull-request"]
    assert set(offered("forgewall events --operation push,co")) == {
        "push,contents",
        "push,comment",
        "push,collaborator",
    }
    assert offered("forgewall cases --state mu") == ["muted"]
    assert "would-cut" in offered("forgewall events --verdict ")
    assert offered("forgewall completion f") == ["fish"]


def test_open_cases_are_offered_from_the_index_as_it_is(offered: Callable[..., list[str]], tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.decision()
    events = {"FORGEWALL_EVENTS": str(scene.events)}
    assert offered("forgewall show C", **events) == []
    assert not list(scene.events.glob("*.sqlite*"))
    scene.run("cases", "-n", "1")
    (case,) = offered("forgewall show C-", **events)
    assert case.startswith("C-")
    assert offered(f"forgewall show --events {scene.events} ") == [case]
    scene.decision("git push https://github.com/mallory/other")
    assert offered("forgewall show ", **events) == [case]


def test_tab_completes_in_an_interactive_bash(environment: dict[str, str]) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        ["bash", "--norc", "-i"],
        env=environment | {"PS1": "$ "},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    os.write(leader, b'source "$SCRIPT"; bind "set bell-style none"\necho forge\necho ready\n')
    got = b""
    with process:
        while b"\nready" not in got:
            got += os.read(leader, 4096)
        os.write(leader, b"forgewall comple\tfi\t --help\nexit\n")
        with suppress(OSError):
            while more := os.read(leader, 4096):
                got += more
    os.close(leader)
    assert b"forgewall completion fish " in got
    assert b"usage: forgewall completion" in got


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh isn't here")
def test_zsh_takes_the_script(environment: dict[str, str], tmp_path: Path) -> None:
    told = subprocess.run(
        ["zsh", "-f", "-c", f"autoload -U compinit; compinit -u; source {tmp_path}/zsh; echo $_comps[forgewall]"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert told.stdout.strip() == "_python_argcomplete"


@pytest.mark.skipif(not shutil.which("fish"), reason="fish isn't here")
def test_fish_offers_words(environment: dict[str, str], tmp_path: Path) -> None:
    told = subprocess.run(
        ["fish", "--no-config", "-c", f"source {tmp_path}/fish; complete -C 'forgewall events --operation pu'"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert {line.split("\t")[0] for line in told.stdout.splitlines()} == {"push", "pull-request"}


def test_an_unknown_shell_is_a_sentence(capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["completion", "bsh"])
    assert "`bsh` is no shell; did you mean `bash`?" in capsys.readouterr().err

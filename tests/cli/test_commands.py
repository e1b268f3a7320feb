from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import SOURCES

import forgewall.cli
from forgewall.cli import commands, main

HERE = Path(forgewall.cli.__file__).parent
PRESENT = [name for name in commands.NAMES if (HERE / f"{name.replace('-', '_')}.py").exists()]
MINE = ("events", "cases", "show", "stats", "completion")


def helped(capsys: Any, *words: str) -> str:
    with pytest.raises(SystemExit, match="0"):
        main([*words, "--help"])
    return str(capsys.readouterr().out)


def test_help_groups_all_commands(capsys: Any) -> None:
    text = helped(capsys)
    for group, members in commands.GROUPS.items():
        assert f"\n{group}:\n" in text
        for name, what in members.items():
            assert re.search(rf"^  {name} +{re.escape(what)}$", text, re.MULTILINE)
    assert "  2  the command line is wrong\n" in text


def test_every_command_module_is_listed() -> None:
    modules = {path.stem for path in HERE.glob("*.py") if "def add_parser(" in path.read_text(encoding="utf-8")}
    assert {name.replace("_", "-") for name in modules} <= set(commands.NAMES)


@pytest.mark.parametrize("name", PRESENT)
def test_every_command_has_help(name: str, capsys: Any) -> None:
    text = helped(capsys, name)
    assert text.startswith(f"usage: forgewall {name} ")


@pytest.mark.parametrize("name", MINE)
def test_examples_keep_their_lines(name: str, capsys: Any) -> None:
    _, _, examples = helped(capsys, name).partition("\nexamples:\n")
    lines = examples.rstrip().splitlines()
    commands_shown = [line for line in lines if "forgewall " in line]
    assert 2 <= len(commands_shown) <= 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "forgewall: name a command, such as `forgewall cases`"),
        (["evnts"], "forgewall: `evnts` is no command; did you mean `events`?"),
        (["zzz"], "forgewall: `zzz` is no command\n"),
        (["events", "--blokced"], "forgewall events: `--blokced` is no option; did you mean `--blocked`?"),
        (["events", "--usr=x"], "forgewall events: `--usr` is no option; did you mean `--user`?"),
        (["events", "x"], "forgewall events: `x` is one word too many"),
        (["show"], "forgewall show: the following arguments are required: ID"),
        (["--nope"], "forgewall: "),
    ],
)
def test_mistakes_name_the_nearest_right_word(words: list[str], message: str, capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    captured = capsys.readouterr()
    assert captured.err.startswith(message)
    assert "--help` tells what there is" in captured.err
    assert captured.out == ""


def test_a_mistake_cannot_steer_the_terminal(capsys: Any) -> None:
    for words in (["\x1b[2Jevil"], ["events", "--\x1b[2Jevil"], ["events", "\x1b]0;x\x07"], ["completion", "\x1b[2J"]):
        with pytest.raises(SystemExit):
            main(words)
        assert capsys.readouterr().err.replace("\n", "").isprintable()


def imported(*words: str) -> set[str]:
    """The modules that a command line imports."""
    code = f"import sys; from forgewall.cli import commands; commands.parser({list(words)!r}); print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCES)}, capture_output=True, text=True, check=True
    )
    return set(told.stdout.split())


def test_a_command_imports_what_it_needs_and_no_more() -> None:
    heavy = {"rich", "sqlite3", "msgspec", "yaml", "argcomplete", "mitmproxy", "starlette", "asyncio"}
    assert not imported("events") & (heavy | {"forgewall.decide", "forgewall.review.store", "forgewall.cli.cases"})
    assert not imported("completion") & heavy
    assert not imported("cases") & {"forgewall.decide.engine", "rich", "yaml"}


@pytest.mark.parametrize("name", ["show", "approve", "revoke", "break-glass", "replay", "suggest", "diff"])
def test_options_are_told_without_the_engine(name: str) -> None:
    assert not imported(name) & {"forgewall.decide.engine", "forgewall.identify.engine", "rich", "sqlite3", "yaml"}

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import NOW, Scene

from forgewall.cli import proposal
from forgewall.decide.load import load


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.log.check()
    return made


def run(scene: Scene, *words: str) -> int:
    return scene.run("break-glass", "--policy", str(scene.file), *words)


def broken(scene: Scene) -> bool:
    return load(scene.file.read_text(), "p", NOW).policy.observing(NOW)


def test_the_glass_is_broken_loudly_and_mended(scene: Scene, capsys: Any) -> None:
    assert run(scene, "--minutes", "30", "--reason", "INC-1", "--yes") == 0
    told = capsys.readouterr().out
    assert "BREAK GLASS" in told
    assert "until 2026-11-24 12:30 UTC" in told
    assert broken(scene)
    assert run(scene, "--end", "--yes") == 0
    assert scene.file.read_text() == scene.text
    lines = [json.loads(line) for file in scene.events.glob("*.jsonl") for line in file.read_text().splitlines()]
    assert [line["event"]["action"] for line in lines] == ["policy-break-glass", "policy-break-glass-ended"]
    assert lines[0]["event"]["reason"] == "INC-1"
    assert lines[0]["user"]["name"]


@pytest.mark.parametrize(("typed", "breaks"), [("break\n", True), ("y\n", False), ("", False)])
def test_a_person_types_the_word(
    typed: str, breaks: bool, scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(proposal, "can_ask", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert run(scene, "--minutes", "5", "--reason", "x") == 0
    assert "Type `break`" in capsys.readouterr().out
    assert broken(scene) == breaks


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--minutes", "30", "--yes"], "say why"),
        (["--reason", "x", "--yes"], "--minutes"),
        (["--minutes", "241", "--reason", "x", "--yes"], "240"),
        (["--minutes", "30", "--end"], "takes no --minutes"),
        (["--minutes", "30", "--reason", "x"], "--yes"),
    ],
)
def test_mistakes_are_sentences(words: list[str], said: str, scene: Scene, capsys: Any) -> None:
    assert run(scene, *words) == 2
    assert said in capsys.readouterr().err
    assert not broken(scene)


def test_there_is_nothing_to_end(scene: Scene, capsys: Any) -> None:
    assert run(scene, "--end", "--yes") == 1
    assert "break_glass" in capsys.readouterr().err

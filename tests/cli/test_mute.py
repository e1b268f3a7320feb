from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import NOW, Scene

from forgewall.review.case import Case, State
from forgewall.review.store import Store


def case_of(scene: Scene, identifier: str, after: timedelta = timedelta(0)) -> Case:
    with Store(scene.events, clock=lambda: NOW + after) as store:
        store.refresh()
        case = store.case(identifier)
    assert case is not None
    return case


def test_a_case_is_hidden_for_some_time(tmp_path: Path, capsys: Any) -> None:
    scene = Scene(tmp_path)
    event = scene.decision()
    assert scene.run("mute", event.id, "--for", "12h", "--note", "asked ana") == 0
    assert "muted until 2026-11-25 00:00 UTC (in 12 h)" in capsys.readouterr().out
    case = case_of(scene, event.id)
    assert case.state is State.MUTED
    assert case.triage is not None
    assert (case.triage.note, case.triage.until) == ("asked ana", NOW + timedelta(hours=12))
    assert case_of(scene, event.id, timedelta(hours=12)).state is State.OPEN
    assert scene.file.read_text() == scene.text


def test_it_stands_in_the_log(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    event = scene.decision()
    assert scene.run("mute", case_of(scene, event.id).id) == 0
    (line,) = (
        line for file in scene.events.glob("*.jsonl") for line in file.read_text().splitlines() if "muted" in line
    )
    told = json.loads(line)
    assert told["event"]["action"] == "case-muted"
    assert told["forgewall"]["review"]["actor_source"] == "login"
    assert told["forgewall"]["review"]["until"] == "2026-12-01T12:00:00.000Z"
    assert told["user"]["name"]


@pytest.mark.parametrize("words", [["C-0000000000"], ["--for", "x"], ["--note", "x" * 501], ["--for", "0m"]])
def test_mistakes_are_sentences(words: list[str], tmp_path: Path, capsys: Any) -> None:
    scene = Scene(tmp_path)
    event = scene.decision()
    given = words if not words[0].startswith("--") else [event.id, *words]
    assert scene.run("mute", *given) == 2
    assert capsys.readouterr().err.startswith("forgewall: ")
    assert case_of(scene, event.id).state is State.OPEN

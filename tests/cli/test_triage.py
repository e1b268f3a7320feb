from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import NOW, Scene

from forgewall.review.case import State
from forgewall.review.store import Store


def state_of(scene: Scene, identifier: str) -> State:
    with Store(scene.events, clock=lambda: NOW) as store:
        store.refresh()
        case = store.case(identifier)
    assert case is not None
    return case.state


@pytest.mark.parametrize("state", [State.CONFIRMED, State.FALSE_POSITIVE, State.OPEN])
def test_a_case_is_what_somebody_says(state: State, tmp_path: Path, capsys: Any) -> None:
    scene = Scene(tmp_path)
    event = scene.decision()
    assert scene.run("triage", event.id, "confirmed") == 0
    assert scene.run("triage", event.id, state.value, "--note", "n", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["state"] == state.value
    assert state_of(scene, event.id) is state


@pytest.mark.parametrize("state", ["approved", "muted", "confirmd"])
def test_other_words_are_refused(state: str, tmp_path: Path, capsys: Any) -> None:
    scene = Scene(tmp_path)
    event = scene.decision()
    with pytest.raises(SystemExit):
        scene.run("triage", event.id, state)
    assert state_of(scene, event.id) is State.OPEN


def test_what_can_t_be_logged_isn_t_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    scene = Scene(tmp_path)
    event = scene.decision()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("forgewall.record.log.os.write", full)
        assert scene.run("triage", event.id, "confirmed") == 3
    assert "No space left" in capsys.readouterr().err
    assert state_of(scene, event.id) is State.OPEN

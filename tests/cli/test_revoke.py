from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import NOW, Scene
from tests.review import recordings

from forgewall.model import Move
from forgewall.review.filters import Filters
from forgewall.review.store import Store


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.log.check()
    return made


def run(scene: Scene, command: str, *words: str) -> int:
    return scene.run(command, "--policy", str(scene.file), *words)


def edits(scene: Scene) -> list[str]:
    with Store(scene.events, clock=lambda: NOW) as store:
        store.refresh()
        return [row.id for row in store.events(Filters(dataset=("policy",)), limit=9)]


def test_what_was_approved_is_taken_back_to_the_byte(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    assert run(scene, "approve", event.id, "--yes") == 0
    assert scene.file.read_text() != scene.text
    assert run(scene, "revoke", "github.com/mallory/loot", "--reason", "done", "--yes") == 0
    told = capsys.readouterr().out
    assert "-  - {repo: github.com/mallory/loot" in told
    assert "Revoked: github.com/mallory/loot" in told
    assert scene.file.read_text() == scene.text


def test_by_the_case_or_by_the_approval_s_own_event(scene: Scene) -> None:
    event = scene.decision()
    assert run(scene, "approve", event.id, "--yes") == 0
    assert run(scene, "revoke", event.id, "--yes") == 0
    assert scene.file.read_text() == scene.text
    assert run(scene, "approve", event.id, "--yes") == 0
    assert run(scene, "revoke", edits(scene)[0], "--yes") == 0
    assert scene.file.read_text() == scene.text


def test_all_that_one_approval_wrote(scene: Scene, capsys: Any) -> None:
    moved = Move(address="github.com/acme/new", key="github.com/acme/new", seen=NOW - timedelta(days=3))
    event = scene.decision(target=recordings.target("github.com/acme/api", moved=moved))
    assert run(scene, "approve", event.id, "--yes") == 0
    assert "`forgewall revoke github.com/acme/api github.com/acme/new` takes it back" in capsys.readouterr().out
    assert run(scene, "revoke", "github.com/acme/api", "github.com/acme/new", "--yes") == 0
    assert scene.file.read_text() == scene.text
    assert run(scene, "approve", event.id, "--yes") == 0
    assert run(scene, "revoke", edits(scene)[0], "--yes") == 0
    assert scene.file.read_text() == scene.text


def test_what_would_be_blocked_is_told(scene: Scene, capsys: Any) -> None:
    scene.decision("git push https://github.com/acme-corp/api")
    assert run(scene, "revoke", "github.com/acme-corp", "--dry-run") == 0
    told = capsys.readouterr().out
    assert "1 of 1 recorded decisions" in told
    assert "blocked (unapproved)" in told


def test_one_of_several(scene: Scene) -> None:
    event = scene.decision("git push https://github.com/numpy/numpy")
    assert run(scene, "approve", event.id, "--yes") == 0
    assert run(scene, "revoke", "github.com/numpy/numpy", "--line", "5", "--yes") == 0
    text = scene.file.read_text()
    assert "allow: [push, lfs-upload]" in text
    assert "allow: [issue]" not in text


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        ("github.com/acme-corp/api", 1, "github.com/acme-corp"),
        ("github.com/mallory", 1, "no entry"),
        ("C-0000000000", 2, "no event and no case"),
    ],
)
def test_what_isn_t_approved_is_told(word: str, code: int, said: str, scene: Scene, capsys: Any) -> None:
    assert run(scene, "revoke", word, "--yes") == code
    assert said in capsys.readouterr().err
    assert scene.file.read_text() == scene.text


def test_a_request_that_no_approval_lets_pass(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    assert run(scene, "revoke", event.id, "--yes") == 2
    assert "no approval lets this pass" in capsys.readouterr().err

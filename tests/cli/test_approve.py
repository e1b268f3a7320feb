from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import ANA, NOW, Scene

from forgewall.cli import proposal
from forgewall.decide.load import load
from forgewall.model import Subject, Visibility
from forgewall.review.case import State
from forgewall.review.store import Store

LOOT = "github.com/mallory/loot"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.log.check()
    return made


def run(scene: Scene, command: str, *words: str) -> int:
    return scene.run(command, "--policy", str(scene.file), *words)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A person at a terminal who answers."""

    def answer(text: str) -> None:
        monkeypatch.setattr(proposal, "can_ask", lambda: True)
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return answer


def approved(scene: Scene) -> list[str]:
    policy = load(scene.file.read_text(), "p", NOW).policy
    return [entry.address for entries in policy.approved.values() for entry in entries]


def test_from_a_block_to_an_approval(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    assert run(scene, "approve", event.id, "--for", "1h", "--reason", "OSS-1", "--yes") == 0
    told = capsys.readouterr().out
    assert "Blocked git push by ana@acme.example (10.1.2.3) to github.com/mallory/loot" in told
    assert "+  - repo: github.com/mallory/loot" in told
    assert "expires: 2026-11-24T13:00:00Z" in told
    assert "(in 1 h)" in told
    assert "within 2 seconds" in told
    assert "1 of 1 recorded decisions of the last 30 days would come out otherwise" in told
    assert LOOT in approved(scene)
    with Store(scene.events, clock=lambda: NOW) as store:
        case = store.case(event.id)
    assert case is not None
    assert case.state is State.APPROVED


@pytest.mark.parametrize(
    ("answer", "written"), [("y\n", True), ("yes\n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_a_person_is_asked(answer: str, written: bool, scene: Scene, asked: Any, capsys: Any) -> None:
    event = scene.decision()
    asked(answer)
    assert run(scene, "approve", event.id) == 0
    told = capsys.readouterr().out
    assert "Approve? [y/N]" in told
    assert (LOOT in approved(scene)) == written
    assert ("Nothing was written" in told) != written


def test_without_a_terminal_nobody_is_asked(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    assert run(scene, "approve", event.id) == 2
    assert "--yes" in capsys.readouterr().err
    assert LOOT not in approved(scene)


def test_a_dry_run_writes_nothing(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    before = scene.file.read_text()
    assert run(scene, "approve", event.id, "--dry-run") == 0
    assert "Nothing was written" in capsys.readouterr().out
    assert scene.file.read_text() == before


def test_json_for_programs(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    assert run(scene, "approve", event.id, "--json") == 2
    assert run(scene, "approve", event.id, "--json", "--dry-run") == 0
    capsys.readouterr()
    assert run(scene, "approve", event.id, "--json", "--yes") == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["applied"] is True
    assert (told["address"], told["event_id"], told["settles"]) == (LOOT, event.id, True)
    assert told["replay"]["changed"] == 1


def test_a_case_and_an_address(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    with Store(scene.events, clock=lambda: NOW) as store:
        store.refresh()
        case = store.case(event.id)
    assert case is not None
    assert run(scene, "approve", case.id, "--yes") == 0
    assert (
        run(scene, "approve", "https://ana:hunter2@github.com/acme/x.git", "--yes", "--operations", "push,issue") == 0
    )
    assert {LOOT, "github.com/acme/x"} <= set(approved(scene))
    assert "hunter2" not in "".join(capsys.readouterr())
    assert "hunter2" not in scene.file.read_text()


def test_who_and_operations(scene: Scene) -> None:
    event = scene.decision()
    assert run(scene, "approve", event.id, "--who", "client", "--operations", "code", "--yes") == 0
    assert "who: [10.1.2.3]" in scene.file.read_text()
    assert "allow: [code]" in scene.file.read_text()


def test_what_passes_already_is_told(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    assert run(scene, "approve", event.id, "--yes") == 0
    assert run(scene, "approve", event.id, "--yes") == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert approved(scene).count(LOOT) == 1


def test_what_doesn_t_help_isn_t_written_unasked(scene: Scene, capsys: Any, asked: Any) -> None:
    event = scene.decision()
    assert run(scene, "approve", event.id, "--who", "ben", "--yes") == 1
    assert "still be refused" in capsys.readouterr().err
    assert LOOT not in approved(scene)
    asked("y\n")
    assert run(scene, "approve", event.id, "--who", "ben") == 0
    assert "even with this entry it would be refused" in capsys.readouterr().out
    assert LOOT in approved(scene)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["C-0000000000"], 2, "no event and no case"),
        (["github.com/acme/*"], 2, "wildcards"),
        (["example.com/x"], 2, "not a known forge"),
        (["github.com/a/b", "--operations", "psh"], 2, "did you mean `push`"),
        (["github.com/a/b", "--operations", ","], 2, "--operations takes"),
        (["github.com/a/b", "--for", "a while"], 2, "--for takes a span"),
        (["github.com/a/b", "--for", "1s"], 2, "from 1m"),
        (["github.com/a/b", "--for", "99999w"], 2, "3660d"),
        (["github.com/a/b", "--who", "user"], 2, "no user is known"),
        (["github.com/a/b", "--who", "a b"], 2, "no user, group"),
        (["github.com/a/b", "--reason", "a\nb"], 1, "line break"),
    ],
)
def test_mistakes_are_sentences(words: list[str], code: int, said: str, scene: Scene, capsys: Any) -> None:
    before = scene.file.read_text()
    assert run(scene, "approve", *words, "--yes") == code
    assert said in capsys.readouterr().err
    assert scene.file.read_text() == before


def test_no_log_and_no_policy_are_sentences(scene: Scene, tmp_path: Path, capsys: Any) -> None:
    assert scene.run("approve", "github.com/a/b", "--events", str(tmp_path / "none"), "--policy", str(scene.file)) == 2
    assert "no event log" in capsys.readouterr().err
    assert scene.run("approve", "github.com/a/b", "--policy", str(tmp_path / "none")) == 1
    assert "no such policy file" in capsys.readouterr().err


def test_a_failing_test_of_the_policy_refuses(scene: Scene, capsys: Any) -> None:
    event = scene.decision()
    scene.file.write_text(
        f"{scene.text}tests: [{{do: git push https://{LOOT}, user: ana@acme.example, expect: block}}]\n"
    )
    before = scene.file.read_text()
    assert run(scene, "approve", event.id, "--yes") == 1
    assert "nothing was written" in capsys.readouterr().err
    assert scene.file.read_text() == before


def test_warnings_stand_above_the_difference(scene: Scene, capsys: Any) -> None:
    event = scene.decision(visibility=Visibility.PUBLIC)
    assert run(scene, "approve", event.id, "--dry-run") == 0
    told = capsys.readouterr().out
    assert told.index("! everybody can see github.com/mallory/loot") < told.index("+++ ")


HOSTILE = "ana\x1b]0;owned\x07\x1b[2J\u202e@acme.example"


def test_nothing_of_the_log_reaches_the_terminal_raw(scene: Scene, capsys: Any) -> None:
    event = scene.decision(subject=Subject(client="10.1.2.3", user=HOSTILE), ago=timedelta(minutes=1))
    run(scene, "approve", event.id, "--dry-run")
    run(scene, "approve", event.id, "--dry-run", "--json")
    captured = capsys.readouterr()
    assert not set("".join(captured)) & set("\x1b\x07\u202e")


def test_a_log_that_somebody_else_wrote_can_t_steer_a_terminal(scene: Scene, capsys: Any) -> None:
    event = scene.decision(subject=Subject(client="10.1.2.3", user="zed42"))
    (file,) = scene.events.glob("*.jsonl")
    file.write_text(file.read_text().replace("zed42", r"\u001b]0;owned\u0007\u202e"))
    assert run(scene, "approve", event.id, "--dry-run", "--who", "client") == 0
    run(scene, "approve", event.id, "--yes")
    run(scene, "revoke", event.id, "--yes")
    captured = capsys.readouterr()
    assert "owned" in captured.out
    assert not set("".join(captured)) & set("\x1b\x07\u202e")


def test_on_a_terminal_it_is_coloured_and_asks(scene: Scene) -> None:
    event = scene.decision(subject=ANA)
    told = scene.on_terminal("approve", event.id, "--dry-run")
    assert "\x1b[32m+  - " in told
    assert "\x1b[1;33m! " in told
    plain = scene.on_terminal("approve", event.id, "--dry-run", env={"NO_COLOR": "1"})
    assert "\x1b[3" not in plain

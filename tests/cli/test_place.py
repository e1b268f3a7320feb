from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import MAIN, NOW, Scene

from forgewall.cli import place
from forgewall.cli.parsing import Parser
from forgewall.review.case import State, Triage
from forgewall.review.store import INDEX, Store


def parsed(*words: str) -> argparse.Namespace:
    parser = Parser()
    place.add_events(parser)
    place.add_policy(parser)
    found: argparse.Namespace = parser.parse_args(list(words))
    return found


def test_options_win_over_the_environment_and_that_over_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORGEWALL_EVENTS", raising=False)
    monkeypatch.delenv("FORGEWALL_POLICY", raising=False)
    assert (parsed().events, parsed().policy) == (Path("events"), Path("policy/forgewall.yaml"))
    monkeypatch.setenv("FORGEWALL_EVENTS", "/var/log/forgewall")
    monkeypatch.setenv("FORGEWALL_POLICY", "/etc/forgewall.yaml")
    assert (parsed().events, parsed().policy) == (Path("/var/log/forgewall"), Path("/etc/forgewall.yaml"))
    assert parsed("--events", "x", "--policy", "y").events == Path("x")
    assert parsed().clock().tzinfo is not None


def test_another_command_is_led_to_the_same_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGEWALL_EVENTS", "/var/log/forgewall")
    assert place.again(parsed()) == ""
    assert place.again(parsed("--events", "a b", "--index", "x")) == " --events 'a b' --index x"
    assert place.again(parsed("--policy", "p.yaml")) == ""
    assert place.again(parsed("--policy", "p.yaml"), policy=True) == " --policy p.yaml"


def test_a_missing_log_is_a_sentence(tmp_path: Path, capsys: Any) -> None:
    scene = Scene(tmp_path)
    for command, *words in (["cases"], ["stats"], ["show", "x"], ["events"], ["events", "--user", "x"]):
        assert scene.run(command, *words) == 2
        assert "there is no event log in" in capsys.readouterr().err


def test_an_index_that_is_no_database_is_a_sentence_or_made_anew(tmp_path: Path, capsys: Any) -> None:
    scene = Scene(tmp_path)
    scene.decision()
    (scene.events / INDEX).mkdir()
    assert scene.run("cases") == 3
    message = capsys.readouterr().err
    assert message.startswith("forgewall: ")
    assert "Traceback" not in message


def test_an_index_is_made_anew_on_request_and_keeps_what_people_said(tmp_path: Path, capsys: Any) -> None:
    scene = Scene(tmp_path)
    event = scene.decision()
    with Store(scene.events, clock=lambda: NOW) as store:
        store.refresh()
        case = store.case(event.id)
        assert case is not None
        store.triage(Triage(case_id=case.id, state=State.CONFIRMED, by="bob", at=NOW))
    assert scene.run("cases", "--rebuild", "--all") == 0
    assert f"{case.id}  confirmed" in capsys.readouterr().out


def test_a_long_reading_shows_a_bar_on_a_terminal_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path)
    scene.decision()
    slow = (
        "from forgewall.review.store import Store; plain = Store.refresh; "
        "Store.refresh = lambda self, progress: (progress and progress(1 << 20, 1 << 30), plain(self))[1]; "
    )
    monkeypatch.setattr("tests.cli.scene.MAIN", slow + MAIN)
    assert "reading the log" in scene.on_terminal("cases")
    assert scene.on_terminal("cases", "--json", env={"TERM": "dumb"}).startswith("{")
    with scene.start("cases", stdout=-1, stderr=-1) as process:
        out, err = process.communicate()
    assert (out.startswith(b"CASE"), err) == (True, b"")

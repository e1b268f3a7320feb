from __future__ import annotations

import json
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import ANA, Scene
from tests.record import samples

from forgewall.review.store import INDEX


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.decision(ago=timedelta(days=10))
    made.decision(subject=replace(ANA, user="ben@acme.example", client="10.1.2.4"))
    approved = made.decision("git push https://github.com/acme-corp/api")
    made.upload(approved, signals=("secret:aws-access-token",))
    made.decision("POST https://api.github.com/repos/mallory/loot/issues", ago=timedelta(minutes=1))
    made.log.write(samples.policy_change())
    return made


@pytest.mark.parametrize(
    ("options", "operations"),
    [
        (["--since", "24h", "--dataset", "decision"], ["push", "push", "issue"]),
        (["--until", "24h"], ["push"]),
        (["--user", "ben@acme.example"], ["push"]),
        (["--client", "10.1.2.0/24", "--until", "now"], None),
        (["--client", "10.1.2.4/31"], ["push"]),
        (["--address", "github.com/acme-corp"], ["push", "push"]),
        (["--address", "github.com/mallory", "--operation", "issue,comment"], ["issue"]),
        (["--operation", "issue", "--operation", "comment"], ["issue"]),
        (["--verdict", "blocked"], ["push", "push", "issue"]),
        (["--verdict", "complete"], ["push"]),
        (["--code", "approved", "--dataset", "upload"], ["push"]),
        (["--rule", "approved/github.com/acme-corp"], ["push", "push"]),
        (["--signal", "secret"], ["push"]),
        (["--forge", "github", "--blocked"], ["push", "push", "issue"]),
        (["--text", "mallory loot", "--operation", "issue"], ["issue"]),
        (["--dataset", "policy"], [None]),
        (["--case", "C-0000000000"], []),
        (["--address", "github.com/mallory", "-n", "1"], ["issue"]),
        (["--address", "github.com/mallory", "-n", "0"], ["push", "push", "issue"]),
    ],
)
def test_filters_choose_oldest_first(
    scene: Scene, capsys: Any, options: list[str], operations: list[str | None] | None
) -> None:
    code = scene.run("events", "--json", *options)
    captured = capsys.readouterr()
    if operations is None:
        assert code == 2
        assert "`now` is no time" in captured.err
        return
    assert code == 0
    events = [json.loads(line) for line in captured.out.splitlines()]
    assert [event["forgewall"].get("operation") for event in events] == operations


def test_a_filtered_list_looks_like_the_whole(scene: Scene, capsys: Any) -> None:
    scene.run("events")
    whole = capsys.readouterr().out
    scene.run("events", "--since", "2000-01-01")
    filtered = capsys.readouterr().out
    assert sorted(filtered.splitlines()) == sorted(whole.splitlines())


def test_without_filters_no_index_is_made(scene: Scene, capsys: Any) -> None:
    scene.run("events", "--blocked", "--evidence")
    assert not (scene.events / INDEX).exists()
    scene.run("events", "--user", "x")
    assert (scene.events / INDEX).exists()
    assert "nothing to show" in capsys.readouterr().err


def test_the_index_may_stand_elsewhere(scene: Scene, tmp_path: Path, capsys: Any) -> None:
    scene.run("events", "--operation", "issue", "--index", str(tmp_path / "elsewhere.sqlite"))
    assert (tmp_path / "elsewhere.sqlite").exists()
    assert not (scene.events / INDEX).exists()
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_an_index_that_cannot_be_used_costs_time_only(scene: Scene, capsys: Any) -> None:
    for options in (["--operation", "issue"], ["--operation", "push", "-n", "0"], ["--operation", "push"]):
        scene.run("events", *options)
        expected = capsys.readouterr().out
        assert expected
        scene.run("events", *options, "--index", str(scene.directory / "absent" / "x.sqlite"))
        captured = capsys.readouterr()
        assert sorted(captured.out.splitlines()) == sorted(expected.splitlines())
        assert "reading the whole log instead" in captured.err


def test_a_list_cut_short_says_so(scene: Scene, capsys: Any) -> None:
    for _ in range(201):
        scene.decision("POST https://api.github.com/repos/mallory/loot/issues")
    scene.run("events", "--operation", "issue")
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 200
    assert captured.err == "forgewall events: the last 200; -n 0 lists all\n"


def test_following_shows_what_fits(scene: Scene) -> None:
    words = ("events", "--follow", "--user", "ben@acme.example", "--json", "--blocked")
    with scene.start(*words, stdout=-1, stderr=-1) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        scene.decision()
        scene.decision("git push https://github.com/acme-corp/api", subject=replace(ANA, user="ben@acme.example"))
        wanted = scene.decision(subject=replace(ANA, user="ben@acme.example"))
        second = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, complaint = process.communicate()
    assert first["user"]["name"] == "ben@acme.example"
    assert second["event"]["id"] == wanted.id
    assert (rest, complaint, process.returncode) == (b"", b"", 0)


def test_the_case_of_a_block_finds_its_events(scene: Scene, capsys: Any) -> None:
    scene.run("cases", "--json", "--operation", "issue")
    case = json.loads(capsys.readouterr().out)["id"]
    scene.run("events", "--case", case.lower(), "--json")
    assert json.loads(capsys.readouterr().out)["forgewall"]["operation"] == "issue"


def test_what_was_removed_from_the_log_is_not_shown(scene: Scene, capsys: Any) -> None:
    scene.run("events", "--operation", "push")
    assert capsys.readouterr().out
    for path in scene.events.glob("*.jsonl"):
        path.unlink()
    assert scene.run("events", "--operation", "push") == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "nothing to show" in captured.err

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import ANA, NOW, Scene

from forgewall.model import Visibility
from forgewall.review.case import State, Triage
from forgewall.review.store import Store

BEN = replace(ANA, user="ben@acme.example", client="10.1.2.4")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.decision(ago=timedelta(hours=3))
    made.decision(ago=timedelta(hours=2), subject=BEN)
    made.decision(ago=timedelta(minutes=5), visibility=Visibility.PUBLIC)
    made.decision("git push https://github.com/acme-corp/api")
    made.decision("POST https://api.github.com/repos/mallory/loot/issues", ago=timedelta(days=9))
    return made


def judge(scene: Scene, case_id: str, state: State, **changes: Any) -> None:
    with Store(scene.events, clock=lambda: NOW) as store:
        store.triage(Triage(case_id=case_id, state=state, by="bob", at=NOW, **changes))


def test_cases_are_told_newest_first_one_a_line(scene: Scene, capsys: Any) -> None:
    assert scene.run("cases") == 0
    captured = capsys.readouterr()
    title, *lines = captured.out.splitlines()
    assert title.split() == ["CASE", "STATE", "TIMES", "LAST", "SEEN", "WHO", "OPERATION", "ADDRESS", "WHY"]
    told = [re.split(r" {2,}", line) for line in lines]
    assert [cells[2:7] for cells in told] == [
        [
            "2",
            "2026-11-24 11:55 (5 min ago)",
            "ana@acme.example (10.1.2.3)",
            "push",
            "github.com/mallory/loot (public)",
        ],
        ["1", "2026-11-24 10:00 (2 h ago)", "ben@acme.example (10.1.2.4)", "push", "github.com/mallory/loot"],
        ["1", "2026-11-15 12:00 (9 d ago)", "ana@acme.example (10.1.2.3)", "issue", "github.com/mallory/loot"],
    ]
    assert all(re.fullmatch(r"C-[0-9A-Z]{10}", cells[0]) and cells[1] == "open" for cells in told)
    assert told[0][7] == "github.com/mallory/loot is not an approved repository"
    assert captured.err == ""


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--since", "24h"], 2),
        (["--user", "ben@acme.example,nobody"], 1),
        (["--operation", "issue"], 1),
        (["--operation", "issue", "--operation", "push"], 3),
        (["--address", "github.com/mallory"], 3),
        (["--address", "github.com/mall"], 0),
        (["--client", "10.1.2.4/32"], 1),
        (["-n", "1"], 1),
        (["-n", "0"], 3),
        (["--text", "not approved repo"], 3),
    ],
)
def test_filters_choose(scene: Scene, capsys: Any, options: list[str], count: int) -> None:
    assert scene.run("cases", "--json", *options) == 0
    assert len(capsys.readouterr().out.splitlines()) == count


def test_only_open_ones_unless_others_are_asked_for(scene: Scene, capsys: Any) -> None:
    def listed(*options: str) -> dict[str, str]:
        assert scene.run("cases", "--json", *options) == 0
        found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return {case["id"]: case["state"] for case in found}

    first, second, third = listed()
    judge(scene, first, State.MUTED, until=NOW + timedelta(days=3), note="known")
    judge(scene, second, State.CONFIRMED)
    assert listed() == {third: "open"}
    assert listed("--all") == {first: "muted", second: "confirmed", third: "open"}
    assert listed("--state", "muted,confirmed") == {first: "muted", second: "confirmed"}
    scene.run("cases", "--state", "muted")
    assert "muted (in 3 d)" in capsys.readouterr().out
    assert scene.run("cases", "--json", clock=lambda: NOW + timedelta(days=4)) == 0
    assert first in capsys.readouterr().out


def test_json_tells_all_of_a_case(scene: Scene, capsys: Any) -> None:
    scene.run("cases", "--json", "-n", "1")
    case = json.loads(capsys.readouterr().out)
    assert case["visibility"] == "public"
    assert (case["count"], case["blocked"], case["code"]) == (2, True, "unapproved")
    assert (case["first_seen"], case["last_seen"]) == ("2026-11-24T09:00:00.000Z", "2026-11-24T11:55:00.000Z")
    assert case["reference"] == f"{scene.file}:7"
    assert case["triage"] is None


def test_what_is_left_out_is_said(scene: Scene, capsys: Any) -> None:
    for number in range(60):
        scene.decision(f"git push https://github.com/mallory/loot{number}")
    scene.run("cases", "--client", "10.1.0.0/16")
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 51
    assert captured.err == "forgewall cases: 13 more; -n 0 lists all\n"


def test_nobody_s_cases_hide_those_of_others(scene: Scene, capsys: Any) -> None:
    flood = replace(ANA, user=None, client="10.9.9.9")
    for number in range(60):
        scene.decision(f"git push https://github.com/mallory/loot{number}", subject=flood, ago=timedelta(minutes=1))
    scene.run("cases")
    captured = capsys.readouterr()
    assert [captured.out.count(name) for name in ("10.9.9.9", "ana@", "ben@")] == [5, 2, 1]
    places = f"--events {scene.events}"
    assert captured.err == (
        f"forgewall cases: and 55 more of 10.9.9.9; `forgewall cases --client 10.9.9.9 {places}` lists them\n"
    )
    for words in (["--client", "10.9.9.9"], ["-n", "0"], ["--all", "-n", "63"], ["--json", "-n", "63"]):
        scene.run("cases", *words)
        assert capsys.readouterr().out.count("mallory/loot") >= 60


def test_nothing_to_list_says_why(tmp_path: Path, capsys: Any) -> None:
    scene = Scene(tmp_path)
    scene.decision("git push https://github.com/acme-corp/api")
    assert scene.run("cases") == 0
    assert capsys.readouterr().err == "forgewall cases: no open cases; --all lists those that were judged or muted\n"
    assert scene.run("cases", "--user", "x") == 0
    assert "no cases fit; --all also looks" in capsys.readouterr().err
    assert scene.run("cases", "--all", "--user", "x") == 0
    assert capsys.readouterr().err == "forgewall cases: no cases fit\n"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-n", "-1"], "-n takes a number of cases"),
        (["--all", "--state", "muted"], "contradict"),
        (["--operation", "pusch"], "`pusch` is no operation; did you mean `push`?"),
        (["--state", "mutd"], "`mutd` is no state; did you mean `muted`?"),
        (["--since", "yesterday"], "`yesterday` is no time"),
    ],
)
def test_mistakes_are_sentences(scene: Scene, capsys: Any, options: list[str], sentence: str) -> None:
    assert scene.run("cases", *options) == 2
    assert sentence in capsys.readouterr().err


def test_a_terminal_gets_a_table_that_fits_and_the_next_command(scene: Scene) -> None:
    printed = scene.on_terminal("cases", columns=118)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    assert printed != plain
    assert "\x1b" not in plain
    assert all(len(line) <= 118 for line in plain.splitlines())
    ids = re.findall(r"^C-[0-9A-Z]{10}  open ", plain, re.MULTILINE)
    assert len(ids) == 3
    assert re.search(
        r"\n`forgewall show C-\w{10}` tells all about one, `forgewall approve C-\w{10}` lets it pass", plain
    )
    assert "\x1b" not in scene.on_terminal("cases", env={"NO_COLOR": "1"})
    dumb = scene.on_terminal("cases", env={"TERM": "dumb"})
    assert "\x1b" not in dumb
    assert dumb.startswith("CASE  ")
    assert "\x1b" not in scene.on_terminal("cases", "--json", env={"FORCE_COLOR": "1"})


def test_hostile_cases_cannot_steer_the_terminal(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "\x1b]8;;https://evil.example\x07x\x1b[2J\u202e\u200b" + "\u0301" * 50 + "\r\n[bold]:smile:[/bold]"
    scene = Scene(tmp_path)
    scene.decision()
    event = {
        "@timestamp": "2026-11-24T10:00:00.000Z",
        "event": {
            "id": "01KB5Q7W5T0000000000000002",
            "dataset": "forgewall.decision",
            "kind": "alert",
            "reason": evil + "y" * (1 << 20),
        },
        "user": {"name": evil},
        "source": {"address": evil},
        "forgewall": {
            "action": "block",
            "code": evil,
            "address": evil,
            "key": evil,
            "operation": evil,
            "visibility": evil,
        },
        "rule": {"id": evil, "reference": evil},
        "message": evil,
    }
    with (scene.events / "forgewall-2026-11-24.jsonl").open("a") as file:
        file.write(json.dumps(event) + "\n")
    for options in ([], ["--json"]):
        assert scene.run("cases", *options) == 0
        printed = capsys.readouterr().out
        assert "evil.example" in printed
        assert all(line.isprintable() for line in printed.split("\n"))
        assert len(printed.splitlines()) == (2 if options else 3)
        assert "\u0301" * 3 not in printed
    monkeypatch.setenv("FORCE_COLOR", "1")
    scene.run("cases")
    coloured = capsys.readouterr().out
    assert "[bold]:smile:[/bold]" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).replace("\n", "").isprintable()


def test_a_damaged_line_is_counted(scene: Scene, capsys: Any) -> None:
    with (scene.events / "forgewall-2026-11-24.jsonl").open("ab") as file:
        file.write(b"\xff\x00garbage\n")
    assert scene.run("cases") == 0
    captured = capsys.readouterr()
    assert "skipped 1 line(s) of the log that are no event" in captured.err
    assert len(captured.out.splitlines()) == 4


def test_observed_cases_say_that_nothing_was_blocked(tmp_path: Path, capsys: Any) -> None:
    scene = Scene(tmp_path, text="version: 1\nmode: observe\ndefaults: {writes: block}\n")
    scene.decision()
    scene.run("cases")
    assert "(only observed)" in capsys.readouterr().out

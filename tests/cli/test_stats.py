from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.scene import ANA, Scene
from tests.record import samples


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    for hours in (1, 2, 30, 31, 32, 200):
        made.decision(ago=timedelta(hours=hours))
    made.decision(ago=timedelta(hours=3), subject=replace(ANA, user=None, client="10.9.9.9"))
    approved = made.decision("git push https://github.com/acme-corp/api", ago=timedelta(hours=5))
    made.upload(approved, wire_bytes=3 << 20)
    return made


def test_a_week_is_counted_and_drawn(scene: Scene, capsys: Any) -> None:
    assert scene.run("stats") == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert lines[0] == "2026-11-17 12:00 to 2026-11-24 12:00 UTC"
    assert lines[1] == "6 blocked, 0 would be blocked, 1 upload passed with 3 MiB; 2 open cases"
    assert "blocked, or would have been, each bar " in lines[3]
    assert "█" in printed
    assert re.search(r"\n +6 +0 bytes  github.com/mallory/loot  2026-11-24 11:00 \(1 h ago\)\n", printed)
    assert re.search(r"\n +5 +0 bytes  ana@acme.example ", printed)
    assert re.search(r"\n +1 +0 bytes  10.9.9.9 ", printed)
    assert re.search(r"\n +1 +3 MiB  github.com/acme-corp/api ", printed)
    assert re.search(r"\n +6 +0 bytes  unapproved ", printed)


def test_the_span_is_chosen(scene: Scene, capsys: Any) -> None:
    def counted(*options: str) -> tuple[int, int]:
        assert scene.run("stats", "--json", *options) == 0
        found = json.loads(capsys.readouterr().out)
        return sum(bucket["blocked"] for bucket in found["buckets"]), found["seconds"]

    assert counted() == (6, 6 * 3600)
    assert counted("--since", "24h") == (3, 1800)
    assert counted("--since", "30d")[0] == 7
    assert counted("--since", "2026-11-23", "--until", "2026-11-24")[0] == 3


def test_json_has_all_lists(scene: Scene, capsys: Any) -> None:
    scene.run("stats", "--json", "--top", "1")
    found = json.loads(capsys.readouterr().out)
    assert found["addresses"] == [
        {"name": "github.com/mallory/loot", "count": 6, "bytes": 0, "last": "2026-11-24T11:00:00.000Z"}
    ]
    assert [len(found[name]) for name in ("people", "operations", "reasons", "uploads")] == [1, 1, 1, 1]
    assert found["open_cases"] == 2


def test_without_block_characters_there_are_number_signs(scene: Scene) -> None:
    with scene.start("stats", stdout=-1, env={"PYTHONIOENCODING": "ascii"}) as process:
        out, _ = process.communicate()
    assert process.returncode == 0
    assert out.isascii()


def test_a_terminal_gets_bars_and_the_next_command(scene: Scene) -> None:
    printed = scene.on_terminal("stats", "--since", "2026-11-01", "--until", "2026-11-25", columns=90)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    assert "\x1b" not in plain
    assert all(len(line) <= 90 for line in plain.splitlines())
    assert re.search(r"█{20}  github.com/mallory/loot", plain)
    assert "`forgewall cases` lists what waits to be judged" in plain


def test_an_empty_span_is_all_zero(scene: Scene, capsys: Any) -> None:
    assert scene.run("stats", "--since", "2020-01-01", "--until", "2020-01-02") == 0
    assert "0 blocked, 0 would be blocked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--since", "soon"], "`soon` is no time"),
        (["--since", "2026-11-25"], "there is no time between"),
        (["--top", "0"], "--top takes"),
        (["--top", "x"], "invalid int value"),
    ],
)
def test_mistakes_are_sentences(scene: Scene, capsys: Any, options: list[str], sentence: str) -> None:
    try:
        code = scene.run("stats", *options)
    except SystemExit as exit:
        code = int(str(exit.code))
    assert code == 2
    assert sentence in capsys.readouterr().err


def test_hostile_names_are_harmless(tmp_path: Path, capsys: Any) -> None:
    scene = Scene(tmp_path)
    evil = "\x1b]0;gotcha\x07\u202e[red]x"
    scene.decision(subject=replace(ANA, user=evil), target=replace(samples.TARGET, address=evil, key=evil))
    for options in ([], ["--json"]):
        scene.run("stats", *options)
        assert capsys.readouterr().out.replace("\n", "").isprintable()

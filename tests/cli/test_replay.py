"""`forgewall replay`: the log under another policy, grouped, with its rate; nothing is changed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.replay_log import file, run, write
from tests.review.recordings import START, policy, recorded, target

from forgewall.cli import replay as command
from forgewall.errors import PolicyError, UsageError
from forgewall.model import Operation

OLD = "approved: [github.com/acme/site]"
NEW = "approved: [github.com/acme/api]"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    asked = [
        recorded("github.com/acme/api", user="ana"),
        recorded("github.com/acme/api", user="ben", time=START + timedelta(hours=1)),
        recorded("github.com/acme/site", user="zoe", operation=Operation.ISSUE),
        recorded("github.com/mallory/loot"),
    ]
    return write(tmp_path / "events", policy(OLD), asked)


def replay(log: Path, new: Path, *words: object) -> int:
    return run(command.add_parser, "replay", "--events", log, "--policy", new, *words)


def test_what_changes_is_listed_by_which_way_it_turns(log: Path, tmp_path: Path, capsys: Any) -> None:
    assert replay(log, file(tmp_path, "new.yaml", NEW)) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split()[:3] == ["CHANGE", "TIMES", "ADDRESS"]
    assert out[1].startswith("lets through      2  github.com/acme/api")
    assert "blocked (unapproved)" in out[1]
    assert "allowed (approved) approved/github.com/acme/api" in out[1]
    assert "ana, ben" in out[1]
    assert out[2].startswith("blocks            1  github.com/acme/site  issue")
    assert "zoe" in out[2]
    assert out[3].startswith("4 recorded decisions judged in ")
    assert out[3].endswith(": lets through 2, blocks 1")
    assert len(out) == 4


def test_as_json(log: Path, tmp_path: Path, capsys: Any) -> None:
    assert replay(log, file(tmp_path, "new.yaml", NEW), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["judged"], found["unjudged"], found["changed"]) == (4, 0, 3)
    first = found["changes"][0]
    assert (first["turn"], first["address"], first["operation"]) == ("lets through", "github.com/acme/api", "push")
    assert first["before"] == {
        "action": "block",
        "would_block": False,
        "code": "unapproved",
        "rule": "defaults/writes",
        "reason": "github.com/acme/api is not an approved repository",
    }
    assert (first["count"], first["people"], first["last_seen"]) == (2, ["ana", "ben"], "2026-11-24T10:00:00.000Z")


def test_against_an_older_policy_and_by_filters(log: Path, tmp_path: Path, capsys: Any) -> None:
    new, old = file(tmp_path, "new.yaml", NEW), file(tmp_path, "old.yaml", "")
    assert replay(log, new, "--against", old, "--json") == 0
    assert json.loads(capsys.readouterr().out)["changed"] == 2
    assert replay(log, new, "--user", "ben", "--json") == 0
    assert json.loads(capsys.readouterr().out)["judged"] == 1
    assert replay(log, new, "--since", "2h", "--json") == 0
    assert json.loads(capsys.readouterr().out)["judged"] == 1


def test_now_counts_what_expired_since(log: Path, tmp_path: Path, capsys: Any) -> None:
    new = file(tmp_path, "new.yaml", "approved: [{repo: github.com/acme/api, expires: 2026-11-24T11:00:00Z}]")
    assert replay(log, new, "--json") == 0
    assert [change["count"] for change in json.loads(capsys.readouterr().out)["changes"]] == [2, 1]
    assert replay(log, new, "--now", "--json") == 0
    assert [change["turn"] for change in json.loads(capsys.readouterr().out)["changes"]] == ["blocks"]


def test_what_cannot_be_judged_is_told(tmp_path: Path, capsys: Any) -> None:
    law = policy("approved: [{repo: github.com/acme, who: [ana]}]")
    log = write(tmp_path / "events", law, [recorded("github.com/acme/api", user="ana")], pseudonymise_users=True)
    new = file(tmp_path, "new.yaml", "approved: [{repo: github.com/acme, who: [ana]}]")
    assert replay(log, new) == 0
    told = capsys.readouterr()
    assert "none comes out otherwise" in told.out
    assert "without regard to case" in told.err
    (log / "pseudonym.key").unlink()
    assert replay(log, new) == 0
    told = capsys.readouterr()
    assert "1 could not be judged from the log (1: the log holds a stand-in" in told.err
    assert "pseudonym.key" in told.err
    assert not (log / "pseudonym.key").exists()


def test_only_so_many_groups(log: Path, tmp_path: Path, capsys: Any) -> None:
    assert replay(log, file(tmp_path, "new.yaml", NEW), "-n", "1") == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 3
    assert "1 more groups; -n 0 lists all" in told.err
    with pytest.raises(UsageError):
        replay(log, tmp_path / "new.yaml", "-n", "-1")


def test_an_empty_period_says_what_may_help(log: Path, tmp_path: Path, capsys: Any) -> None:
    assert replay(log, file(tmp_path, "new.yaml", NEW), "--since", "1m") == 0
    assert "--since takes an earlier time" in capsys.readouterr().err


def test_a_bad_policy_and_a_missing_log_are_named(log: Path, tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        replay(log, file(tmp_path, "new.yaml", "approved: [nowhere]"))
    with pytest.raises(UsageError):
        replay(tmp_path / "nothing", file(tmp_path, "new.yaml", NEW))


def test_hostile_names_reach_no_terminal(tmp_path: Path, capsys: Any) -> None:
    evil = "github.com/acme/\x1b[31m\u202eevil"
    one = replace(recorded("github.com/x", user="a\x1b]0;x\x07"), target=target(evil))
    log = write(tmp_path / "events", policy(""), [one])
    for words in ((), ("--json",)):
        assert replay(log, file(tmp_path, "new.yaml", "defaults: {writes: allow}"), *words) == 0
        assert not {"\x1b", "\u202e", "\x07"} & set(capsys.readouterr().out)

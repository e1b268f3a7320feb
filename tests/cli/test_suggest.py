"""`forgewall suggest`: YAML to review, from a real log; what is in the policy is left out."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.replay_log import file, run, write
from tests.record.samples import upload
from tests.review.recordings import START, decision, policy, recorded

from forgewall.cli import suggest as command
from forgewall.decide.load import load
from forgewall.errors import PolicyError, UsageError
from forgewall.record.event import Result
from forgewall.record.log import EventLog

NOW = START + timedelta(days=5)
OBSERVE = policy("mode: observe")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORGEWALL_POLICY", raising=False)
    asked = [
        recorded(f"github.com/acme/{name}", user=who, time=START + timedelta(days=day), size=1 << 20)
        for day in range(3)
        for who in ("ana", "ben")
        for name in ("api", "web")
    ]
    directory = write(tmp_path / "events", OBSERVE, [*asked, recorded("github.com/mallory/loot", user="zoe")])
    last = decision(OBSERVE, asked[-1])
    EventLog(directory, clock=lambda: START).write(
        upload(Result.COMPLETE, decision=last, wire_bytes=3 << 20, time=asked[-1].time)
    )
    return directory


def suggest(log: Path, *words: object) -> int:
    return run(command.add_parser, "suggest", "--events", log, *words, clock=NOW)


def test_what_is_printed_is_a_policy(log: Path, capsys: Any) -> None:
    assert suggest(log) == 0
    out = capsys.readouterr().out
    found = load(out, "p.yaml", NOW).policy
    assert list(found.approved) == ["github.com/acme"]
    assert "# 12 decisions by 2 people on 3 days, 2026-11-24 to 2026-11-26, 14 MiB: push 12\n" in out
    assert "# - github.com/mallory/loot\n#     only 1 person did it\n" in out
    assert "Review each entry.\n" in out


def test_a_secret_in_an_upload_keeps_its_repository_out(log: Path, capsys: Any) -> None:
    leak = decision(OBSERVE, recorded("github.com/acme/web", user="ana"))
    EventLog(log, clock=lambda: START).write(
        upload(Result.COMPLETE, decision=leak, signals=("secret:aws-access-token",), time=START)
    )
    assert suggest(log, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [entry["address"] for entry in found["entries"]] == ["github.com/acme/api"]
    assert "secret aws-access-token" in next(
        doubt["reason"] for doubt in found["doubts"] if doubt["address"] == "github.com/acme/web"
    )


def test_as_json(log: Path, capsys: Any) -> None:
    assert suggest(log, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["objected"], found["let_through"], found["approved"], found["unjudged"]) == (13, 12, 0, 0)
    (entry,) = found["entries"]
    assert (entry["address"], entry["allow"], entry["people"], entry["days"]) == ("github.com/acme", None, 2, 3)
    assert (entry["bytes"], entry["first_seen"]) == (14 << 20, "2026-11-24T09:00:00.000Z")
    assert len(entry["event_ids"]) == 3


def test_thresholds_and_the_period_count(log: Path, capsys: Any) -> None:
    assert suggest(log, "--min-people", "3") == 0
    told = capsys.readouterr()
    assert "approved: []" in told.out
    assert "nothing to approve" in told.err
    assert suggest(log, "--since", "2026-11-26", "--min-days", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["objected"] == 4
    with pytest.raises(UsageError):
        suggest(log, "--min-days", "0")


def test_the_policy_is_taken_into_account(log: Path, tmp_path: Path, capsys: Any) -> None:
    path = file(tmp_path, "p.yaml", "approved: [github.com/acme/api]")
    assert suggest(log, "--policy", path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["approved"], [entry["address"] for entry in found["entries"]]) == (6, ["github.com/acme/web"])
    assert suggest(log, "--policy", path) == 0
    assert f"join them with `approved:` of {path}.\n" in capsys.readouterr().out
    with pytest.raises(PolicyError):
        suggest(log, "--policy", tmp_path / "nothing.yaml")


def test_a_policy_at_the_usual_place_is_found(log: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "policy").mkdir()
    file(tmp_path / "policy", "forgewall.yaml", "approved: [github.com/acme]")
    assert suggest(log, "--json") == 0
    assert json.loads(capsys.readouterr().out)["approved"] == 12

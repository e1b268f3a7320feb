"""`forgewall diff`: exit codes as diff(1), with a log and without."""

from __future__ import annotations

import io
import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.cli.replay_log import file, run, write
from tests.review.recordings import policy, recorded

from forgewall.cli import diff as command
from forgewall.errors import UsageError

OLD = "approved: [github.com/acme]\ntests:\n  - {do: git push https://github.com/acme/api, expect: allow}"
NEW = (
    "approved: [{repo: github.com/acme, who: [ana]}]\ntests:\n  - {do: git push https://github.com/x/y, expect: block}"
)


def diff(*words: object) -> int:
    return run(command.add_parser, "diff", *words)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a log."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORGEWALL_EVENTS", raising=False)
    return tmp_path


def test_the_same_decisions_are_no_difference(elsewhere: Path, capsys: Any) -> None:
    old, new = file(elsewhere, "old.yaml", OLD), file(elsewhere, "new.yaml", f"contact: ben\n{OLD}")
    assert diff(old, new) == 0
    told = capsys.readouterr()
    assert "settings  contact  ben" in told.out
    assert "0 of 1 tests come out otherwise, 1 entries differ" in told.out
    assert "no log was looked at" in told.err


def test_a_test_that_turns_is_a_difference_without_any_log(elsewhere: Path, capsys: Any) -> None:
    old, new = file(elsewhere, "old.yaml", OLD), file(elsewhere, "new.yaml", NEW)
    assert diff(old, new) == 1
    out = capsys.readouterr().out
    assert "git push https://github.com/acme/api  allowed (approved)  blocked (unapproved) defaults/writes" in out
    assert f"{old}:4" in out
    assert "~  approved  github.com/acme  nothing -> who: ana" in out


def test_a_failing_test_of_the_new_file_is_told_as_such(elsewhere: Path, capsys: Any) -> None:
    new = file(elsewhere, "new.yaml", OLD.replace("approved: [github.com/acme]", ""))
    assert diff(file(elsewhere, "old.yaml", OLD), new, "--json") == 1
    (test,) = json.loads(capsys.readouterr().out)["tests"]
    assert (test["expect"], test["fails"], test["after"]["action"]) == ("allow", True, "block")


def test_the_log_is_looked_at_where_it_is(elsewhere: Path, capsys: Any) -> None:
    write(elsewhere / "events", policy(OLD), [recorded("github.com/acme/web", user="ben")])
    old, new = file(elsewhere, "old.yaml", "approved: [github.com/acme]"), file(elsewhere, "new.yaml", "")
    for words in ((), ("--events", elsewhere / "events")):
        assert diff(old, new, *words) == 1
        out = capsys.readouterr().out
        assert "blocks" in out
        assert "github.com/acme/web" in out
        assert "-  approved  github.com/acme" in out
    assert diff(old, new, "--json") == 1
    assert json.loads(capsys.readouterr().out)["recorded"]["changed"] == 1
    assert diff(old, new, "--since", "1m") == 0


def test_a_log_that_is_named_must_be_there(elsewhere: Path) -> None:
    old = file(elsewhere, "old.yaml", OLD)
    with pytest.raises(UsageError):
        diff(old, old, "--events", elsewhere / "nothing")


def test_a_policy_that_cannot_be_read_is_no_difference(elsewhere: Path, capsys: Any) -> None:
    old = file(elsewhere, "old.yaml", OLD)
    assert diff(old, file(elsewhere, "new.yaml", "approved: [nowhere]")) == 2
    assert "new.yaml:2:" in capsys.readouterr().err
    assert diff(elsewhere / "nothing.yaml", old) == 2


def test_one_of_the_two_may_come_from_a_pipe(elsewhere: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    new = file(elsewhere, "new.yaml", NEW)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(f"version: 1\n{OLD}".encode())))
    assert diff("-", new) == 1
    assert "standard input:4" in capsys.readouterr().out
    pipe = elsewhere / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(f"version: 1\n{NEW}"))
    writer.start()
    assert diff(pipe, new) == 0
    writer.join()
    with pytest.raises(UsageError):
        diff("-", "-")

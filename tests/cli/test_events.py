from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record import samples

import forgewall
from forgewall.cli import events as command
from forgewall.cli.event_line import readable
from forgewall.errors import UsageError
from forgewall.model import Operation, Visibility
from forgewall.record import reader
from forgewall.record.ecs import document
from forgewall.record.event import Change, Result, Severity
from forgewall.record.log import EventLog

SOURCES = Path(forgewall.__file__).parents[1]
MAIN = """
import argparse, sys
from forgewall.cli import events
parser = argparse.ArgumentParser()
events.add_parser(parser.add_subparsers())
sys.exit(events.run(parser.parse_args(["events", *sys.argv[1:]])))
"""


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return command.run(parser.parse_args(["events", *words]))


def start(*words: str, **options: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCES), **options.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,
    )


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(tmp_path)


def test_a_block_is_one_line_with_all_that_matters(tmp_path: Path, log: EventLog, capsys: Any) -> None:
    event = samples.decision(time=datetime(2026, 11, 24, 2, 14, 7, tzinfo=UTC))
    log.write(event)
    assert run("--events", str(tmp_path)) == 0
    assert capsys.readouterr().out == (
        "2026-11-24 02:14:07  BLOCKED      ana@acme.example (10.1.2.3)  push  github.com/mallory/loot  45.8 MiB  "
        f"github.com/mallory/loot isn't approved  [{event.id}]\n"
    )


def test_who_can_see_the_repository_and_where_it_went_stand_behind_the_address() -> None:
    target = replace(samples.TARGET, visibility=Visibility.PUBLIC, moved=samples.MOVE)
    line = readable(document(samples.decision(target=target)))
    assert "  github.com/mallory/loot (public) (moved to github.com/mallory/Prey)  " in line


def test_an_upload_is_one_line_with_what_was_in_it(tmp_path: Path, log: EventLog, capsys: Any) -> None:
    event = samples.upload(evidence=samples.EVIDENCE, time=datetime(2026, 11, 24, 2, 14, 7, tzinfo=UTC))
    log.write(event)
    run("--events", str(tmp_path))
    assert capsys.readouterr().out == (
        "2026-11-24 02:14:07  COMPLETE     ana@acme.example (10.1.2.3)  push  github.com/mallory/loot  1,000 bytes  "
        "github.com/mallory/loot isn't approved  3 commits, 12 files (1 encrypted, 1 archive), refs main, v1.0 (new), "
        f"old (deleted); 1 forced update (main), 1 secret (aws-access-token), not all of it was read  [{event.id}]\n"
    ).replace("github.com/mallory/loot isn't approved", samples.ALLOW.reason)


def test_evidence_is_told_below_its_event_on_request(tmp_path: Path, log: EventLog, capsys: Any) -> None:
    log.write(samples.upload(evidence=samples.EVIDENCE, would_cut=True))
    log.write(samples.decision())
    run("--events", str(tmp_path), "--evidence")
    upload, *below, decision = capsys.readouterr().out.splitlines()
    assert upload[21:32].strip() == "WOULD-CUT"
    assert decision[21:32].strip() == "BLOCKED"
    assert "CUT  " in readable(document(samples.upload(Result.CUT, would_cut=True)))[21:32]
    assert "    secret     aws-access-token  AKIA…(20)  deploy/env:3" in below
    assert all(line.startswith("    ") for line in below)
    run("--events", str(tmp_path), "--evidence", "--json")
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_every_kind_of_event_is_listed_newest_last(tmp_path: Path, log: EventLog, capsys: Any) -> None:
    for event in samples.ALL:
        log.write(event)
    run("--events", str(tmp_path))
    printed = capsys.readouterr().out.splitlines()
    assert [line[-27:-1] for line in printed] == [event.id for event in samples.ALL]
    words = {line[21:32].strip() for line in printed}
    assert {"BLOCKED", "ALLOWED", "WOULD-BLOCK", "LOGGED", "COMPLETE", "CUT", "LOADED", "REJECTED", "ERROR"} <= words


def test_blocked_shows_blocks_would_blocks_and_cuts(tmp_path: Path, log: EventLog, capsys: Any) -> None:
    shown = [
        samples.decision(),
        samples.decision(verdict=samples.WOULD),
        samples.upload(Result.CUT, verdict=samples.TOO_LARGE),
        samples.upload(would_cut=True),
    ]
    hidden = [
        samples.decision(verdict=samples.ALLOW),
        samples.upload(),
        samples.upload(evidence=samples.EVIDENCE),
        samples.policy_change(Change.LOADED),
        samples.aimed(Operation.FETCH, verdict=samples.ALLOW),
    ]
    for pair in zip(hidden, [*shown, shown[0]], strict=True):
        for event in pair:
            log.write(event)
    run("--events", str(tmp_path), "--blocked")
    assert [line[-27:-1] for line in capsys.readouterr().out.splitlines()] == [e.id for e in [*shown, shown[0]]]


def test_json_gives_the_lines_of_the_log(tmp_path: Path, log: EventLog, capsys: Any) -> None:
    for event in samples.ALL:
        log.write(event)
    run("--events", str(tmp_path), "--json", "-n", "0")
    (path,) = tmp_path.iterdir()
    assert capsys.readouterr().out == path.read_text()


@pytest.mark.parametrize("count, expected", [("1", 1), ("7", 7), ("500", 300), ("0", 300)])
def test_the_last_n_across_files(tmp_path: Path, capsys: Any, count: str, expected: int) -> None:
    log = EventLog(tmp_path, max_bytes=30_000)
    made = [samples.decision() for _ in range(300)]
    for event in made:
        log.write(event)
    run("--events", str(tmp_path), "-n", count)
    captured = capsys.readouterr()
    assert [line[-27:-1] for line in captured.out.splitlines()] == [event.id for event in made[-expected:]]
    assert captured.err == ""


def test_a_list_cut_short_says_so(tmp_path: Path, log: EventLog, capsys: Any) -> None:
    for _ in range(201):
        log.write(samples.decision())
    run("--events", str(tmp_path))
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 200
    assert captured.err == "forgewall events: the last 200; -n 0 lists all\n"


def test_lines_that_are_no_event_are_counted_and_skipped(tmp_path: Path, log: EventLog, capsys: Any) -> None:
    log.write(samples.decision())
    (path,) = tmp_path.iterdir()
    with path.open("ab") as file:
        file.write(b'{"@timestamp":"2026-\n\n\xff\xfe\n[1]\nnull\n' + b"[" * 100_000 + b'\n{"no":"time"}\n')
    log.write(samples.decision())
    for more in ([], ["--blocked"], ["-n", "0"]):
        run("--events", str(tmp_path), *more)
        captured = capsys.readouterr()
        assert len(captured.out.splitlines()) == 2
        assert captured.err.startswith("forgewall events: skipped ")


def test_a_forged_line_cannot_steer_the_terminal(tmp_path: Path, capsys: Any) -> None:
    forged = {
        "@timestamp": "2026\x1b[2J",
        "message": "\x1b]0;gotcha\x07\u202e",
        "event": {"id": "\x9b1m", "dataset": "forgewall.decision", "reason": "\ud800\n"},
        "user": {"name": "\x1b[31m"},
        "forgewall": {"action": "block\x1b", "address": "a\u2028b"},
        "log": {"level": "\x1b[1m"},
    }
    (tmp_path / "forgewall-2026-11-24.jsonl").write_text(json.dumps(forged) + "\n")
    for more in ([], ["--json"]):
        run("--events", str(tmp_path), *more)
        printed = capsys.readouterr().out
        assert printed.endswith("\n")
        assert printed[:-1].isprintable()


scalar = st.none() | st.booleans() | st.integers() | st.floats() | samples.anything
tree = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(samples.anything, inner, max_size=3),
    max_leaves=15,
)
known = st.fixed_dictionaries(
    {},
    optional={
        name: st.dictionaries(
            st.sampled_from(["id", "dataset", "reason", "action", "upload", "change", "request", "name"]), tree
        )
        | tree
        for name in ("@timestamp", "event", "forgewall", "user", "http", "log", "message")
    },
)


@given(known)
def test_any_object_is_one_printable_line(event: dict[str, Any]) -> None:
    assert readable(event).isprintable()


def test_colours_only_on_request() -> None:
    event = {"@timestamp": "", "event": {"dataset": "forgewall.decision"}, "forgewall": {"action": "block"}}
    assert "\x1b[31mBLOCKED" in readable(event, colour=True)
    assert "\x1b" not in readable(event)


def test_usage_errors_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no event log in .*; name its directory with --events DIR"):
        run("--events", str(tmp_path / "absent"))
    with pytest.raises(UsageError, match="-n takes"):
        run("--events", str(tmp_path), "-n", "-1")


def test_an_empty_log_says_so(tmp_path: Path, capsys: Any) -> None:
    assert run("--events", str(tmp_path)) == 0
    assert "nothing to show" in capsys.readouterr().err


def test_follow_goes_on_across_rotation_until_interrupted(tmp_path: Path) -> None:
    log = EventLog(tmp_path, max_bytes=6000)
    first = samples.decision()
    log.write(first)
    with start("--events", str(tmp_path), "--follow") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        seen = [process.stdout.readline()]  # it follows from here on, whatever comes
        made = [samples.decision() for _ in range(20)]
        for event in made:
            log.write(event)
        seen += [process.stdout.readline() for _ in made]
        process.send_signal(signal.SIGINT)
        rest, complaint = process.stdout.read(), process.stderr.read()
    assert [line[-28:-2] for line in seen] == [event.id for event in [first, *made]]
    assert (rest, complaint, process.returncode) == ("", "", 0)


def test_an_event_written_while_following_begins_is_shown_once(
    tmp_path: Path, log: EventLog, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write(samples.decision())

    class Late(reader.Follower):
        def __init__(self, directory: Path) -> None:
            super().__init__(directory)
            log.write(samples.decision())

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "Follower", Late)
    monkeypatch.setattr(command.time, "sleep", interrupt)
    assert run("--events", str(tmp_path), "--follow") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_follow_waits_for_a_log_that_is_not_there_yet(tmp_path: Path) -> None:
    directory = tmp_path / "events"
    with start("--events", str(directory), "--follow", "--json") as process:
        assert process.stdout is not None
        event = samples.decision()
        EventLog(directory).write(event)
        assert json.loads(process.stdout.readline())["event"]["id"] == event.id
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0


def test_nobody_reading_on_is_no_error(tmp_path: Path, log: EventLog) -> None:
    for _ in range(2000):
        log.write(samples.decision())
    with start("--events", str(tmp_path), "-n", "0") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
    assert (complaint, process.returncode) == ("", 0)


def test_an_output_without_unicode_is_survived(tmp_path: Path, log: EventLog) -> None:
    log.write(samples.decision(subject=samples.Subject(client="10.1.2.3", user="Zoë")))
    with start("--events", str(tmp_path), env={"PYTHONIOENCODING": "ascii"}) as process:
        out, complaint = process.communicate()
    assert "Zo? (10.1.2.3)" in out
    assert complaint == ""


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(1, 50))
def test_reading_backwards_is_reading_reversed(parts: list[bytes], block: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_BLOCK", block)
        directory = Path(name)
        for index, part in enumerate(parts):
            day = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=index // 5)).date()
            with (directory / f"forgewall-{day}.jsonl").open("ab") as file:
                file.write(part + b"\n")
        assert list(reader.lines_backwards(directory)) == list(reader.lines(directory))[::-1]


def test_a_follower_misses_nothing_when_files_move_between_looks(tmp_path: Path) -> None:
    log = EventLog(tmp_path, max_bytes=5000)
    log.write(samples.decision())
    follower = reader.Follower(tmp_path)
    made = [samples.decision() for _ in range(25)]  # a dozen rotations before it looks once
    for event in made:
        log.write(event)
    seen = [json.loads(line)["event"]["id"] for line in follower.lines(lambda: False)]
    assert seen == [event.id for event in made]
    more = samples.decision()
    for path in tmp_path.iterdir():
        path.unlink()
    log.write(more)
    assert [json.loads(line)["event"]["id"] for line in follower.lines(lambda: False)] == [more.id]
    (path,) = tmp_path.iterdir()
    path.write_bytes(b'{"short":1}\n')  # emptied and begun anew under its eyes
    assert list(follower.lines(lambda: False)) == [b'{"short":1}']
    follower.close()


def test_a_fault_names_the_client_once(tmp_path: Path, log: EventLog, capsys: Any) -> None:
    log.write(samples.fault())
    unreached = {"where": "upstream", "severity": Severity.NOTICE, "exception": None}
    log.write(samples.fault(**unreached, message="name not resolved"))
    run("--events", str(tmp_path))
    internal, upstream = capsys.readouterr().out.splitlines()
    assert internal.count("10.1.2.3") == 1
    assert upstream.count("10.1.2.3") == 1
    assert "Could not reach" in upstream

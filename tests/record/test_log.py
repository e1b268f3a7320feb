from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.record import samples

import forgewall
from forgewall.record import log as log_module
from forgewall.record.event import Event
from forgewall.record.log import EventLog, EventLogError

ROOT = Path(forgewall.__file__).parents[1]


class Clock:
    """A clock that stands until it's set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def read(directory: Path) -> list[dict[str, Any]]:
    """All events in the order of file names; every line must be whole."""
    return [json.loads(line) for path in sorted(directory.glob("*.jsonl")) for line in path.read_text().splitlines()]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob("*.jsonl"))


def test_writes_one_line_per_event_for_the_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "events"
    log = EventLog(directory, clock=Clock())
    for event in samples.ALL:
        log.write(event)
    assert [told["event"]["id"] for told in read(directory)] == [event.id for event in samples.ALL]
    assert names(directory) == ["forgewall-2026-11-24.jsonl"]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / names(directory)[0]).stat().st_mode) == 0o600


def test_a_line_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog(tmp_path)
    written: list[bytes] = []
    real = os.write

    def spy(descriptor: int, data: bytes) -> int:
        written.append(data)
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", spy)
    log.write(samples.decision())
    assert len(written) == 1
    assert written[0].endswith(b"}\n")


def test_rotates_by_size_and_names_sort_by_time(tmp_path: Path) -> None:
    log = EventLog(tmp_path, max_bytes=5000, clock=Clock())
    events: list[Event] = [samples.decision() for _ in range(30)]
    for event in events:
        log.write(event)
    assert len(names(tmp_path)) > 10
    assert names(tmp_path)[-1] == "forgewall-2026-11-24.jsonl"
    assert [told["event"]["id"] for told in read(tmp_path)] == [event.id for event in events]
    assert all(path.stat().st_size <= 5000 for path in tmp_path.iterdir())


def test_an_event_longer_than_a_file_is_written_all_the_same(tmp_path: Path) -> None:
    log = EventLog(tmp_path, max_bytes=10, clock=Clock())
    log.write(samples.decision())
    log.write(samples.decision())
    assert len(read(tmp_path)) == len(names(tmp_path)) == 2


def test_rotates_by_utc_day_and_removes_what_is_too_old(tmp_path: Path) -> None:
    clock = Clock()
    other = tmp_path / "forgewall-2020-01-01.jsonl.gz"
    other.touch()
    (tmp_path / "forgewall-2020-99-99.jsonl").touch()
    log = EventLog(tmp_path, keep=timedelta(days=2), clock=clock)
    for day in range(24, 29):
        clock.now = datetime(2026, 11, day, 23, 59, 59, tzinfo=UTC)
        log.write(samples.decision())
    assert names(tmp_path)[1:] == [f"forgewall-2026-11-{day}.jsonl" for day in (26, 27, 28)]
    assert other.exists()
    log.configure(keep=timedelta(hours=1), pseudonymise_users=False)
    assert names(tmp_path)[1:] == ["forgewall-2026-11-28.jsonl"]


def test_old_files_go_at_start(tmp_path: Path) -> None:
    (tmp_path / "forgewall-2026-01-01.0001.jsonl").touch()
    EventLog(tmp_path, keep=timedelta(days=90), clock=Clock()).check()
    assert names(tmp_path) == ["forgewall-2026-11-24.jsonl"]


def test_a_torn_line_of_an_earlier_process_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "forgewall-2026-11-24.jsonl"
    path.write_bytes(b'{"whole":1}\n{"torn":')
    EventLog(tmp_path, clock=Clock()).check()
    assert path.read_bytes() == b'{"whole":1}\n{"torn":\n'
    EventLog(tmp_path, clock=Clock()).check()
    assert path.read_bytes() == b'{"whole":1}\n{"torn":\n'
    log = EventLog(tmp_path, clock=Clock())
    path.write_bytes(b'{"torn":')
    log.write(samples.decision())
    assert path.read_bytes().startswith(b'{"torn":\n{"@timestamp"')


@pytest.mark.parametrize("part", [0, 1, 2, 100])
def test_a_short_write_is_an_error_and_mends_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    log = EventLog(tmp_path)
    log.write(samples.decision())
    real = os.write
    for _ in range(3):  # the second time something torn stands before it
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:part]))
            with pytest.raises(EventLogError, match="bytes were written"):
                log.write(samples.decision())
    last = samples.decision()
    log.write(last)
    (path,) = tmp_path.iterdir()
    good = []
    for line in path.read_bytes().split(b"\n"):
        try:
            good.append(json.loads(line))
        except ValueError:
            continue
    assert len(good) == 2
    assert good[-1]["event"]["id"] == last.id


def test_a_full_disk_is_told_once_and_recovery_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = EventLog(tmp_path)

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        for _ in range(3):
            with pytest.raises(EventLogError, match=r"No space left on device; free some space"):
                log.write(samples.decision())
    log.write(samples.decision())
    log.write(samples.decision())
    assert len(read(tmp_path)) == 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert "3 event(s) were lost" in caplog.records[1].message


@pytest.mark.parametrize("how", ["file deleted", "file moved", "file replaced", "directory deleted", "directory moved"])
def test_what_was_taken_away_is_made_anew(tmp_path: Path, how: str) -> None:
    directory = tmp_path / "events"
    log = EventLog(directory, clock=Clock())
    log.write(samples.decision())
    path = directory / "forgewall-2026-11-24.jsonl"
    match how:
        case "file deleted":
            path.unlink()
        case "file moved":
            path.rename(tmp_path / "elsewhere")
        case "file replaced":  # what logrotate does with `create`
            path.rename(tmp_path / "elsewhere")
            path.touch()
        case "directory deleted":
            path.unlink()
            directory.rmdir()
        case _:
            directory.rename(tmp_path / "elsewhere")
    event = samples.decision()
    log.write(event)
    assert [told["event"]["id"] for told in read(directory)] == [event.id]


def test_a_directory_that_cannot_be_made_is_an_error_every_time(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("a file")
    log = EventLog(tmp_path / "events")
    for attempt in (log.check, lambda: log.write(samples.decision()), lambda: log.write(samples.decision())):
        with pytest.raises(EventLogError, match="can't write the event log in"):
            attempt()
    (tmp_path / "events").unlink()
    log.write(samples.decision())
    assert len(read(tmp_path / "events")) == 1


@pytest.mark.parametrize("kind", ["directory", "link", "pipe"])
def test_only_a_regular_file_is_written_to(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "forgewall-2026-11-24.jsonl"
    if kind == "directory":
        path.mkdir()
    elif kind == "link":
        (tmp_path / "elsewhere").touch()
        path.symlink_to("elsewhere")
    else:
        os.mkfifo(path)
    with pytest.raises(EventLogError):
        EventLog(tmp_path, clock=Clock()).write(samples.decision())


def test_check_leaves_nothing_but_the_log(tmp_path: Path) -> None:
    EventLog(tmp_path, clock=Clock()).check()
    assert [path.name for path in tmp_path.iterdir()] == ["forgewall-2026-11-24.jsonl"]
    assert (tmp_path / "forgewall-2026-11-24.jsonl").read_bytes() == b""


def test_check_finds_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(EventLogError, match="No space left"):
        EventLog(tmp_path).check()


def test_threads_and_a_second_log_share_a_directory(tmp_path: Path) -> None:
    logs = [EventLog(tmp_path, max_bytes=20_000, clock=Clock()) for _ in range(2)]
    failures: list[Exception] = []

    def work(log: EventLog) -> None:
        try:
            for _ in range(60):
                log.write(samples.decision())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(log,)) for log in logs * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len({told["event"]["id"] for told in read(tmp_path)}) == 240


def test_a_line_that_another_process_is_writing_is_not_taken_for_a_torn_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "forgewall-2026-11-24.jsonl"
    other = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    real, asked = fcntl.flock, threading.Event()
    real(other, fcntl.LOCK_SH)
    os.write(other, b'{"half":')

    def spy(descriptor: int, how: int) -> None:
        asked.set()
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", spy)
    writer = threading.Thread(target=EventLog(tmp_path, clock=Clock()).write, args=(samples.decision(),))
    writer.start()
    assert asked.wait(10)
    os.write(other, b'"whole"}\n')
    real(other, fcntl.LOCK_UN)
    writer.join()
    os.close(other)
    assert read(tmp_path)[0] == {"half": "whole"}
    assert len(read(tmp_path)) == 2


def test_a_closed_log_opens_again(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    log.write(samples.decision())
    log.close()
    log.close()
    log.write(samples.decision())
    assert len(read(tmp_path)) == 2


WRITER = """
import sys
from pathlib import Path
from forgewall.record.log import EventLog
from tests.record import samples
log = EventLog(Path(sys.argv[1]))
while True:
    event = samples.decision()
    log.write(event)
    print(event.id, flush=True)  # told only after it is in the log
"""


def test_kill_9_costs_no_event_that_was_acknowledged(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{root}"}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(200)]
        process.send_signal(signal.SIGKILL)
        told += [line for line in process.stdout if line.endswith(b"\n")]
    written = [event["event"]["id"] for event in read(tmp_path)]
    assert [line.decode().strip() for line in told] == written[: len(told)]
    assert len(written) - len(told) <= 1


LIMITED = """
import resource, sys
from pathlib import Path
from forgewall.record.log import EventLog, EventLogError
from tests.record import samples
log = EventLog(Path(sys.argv[1]))
log.write(samples.decision())
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
failed = 0
for _ in range(10):
    try:
        log.write(samples.decision())
    except EventLogError:
        failed += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.write(samples.decision())
print(failed)
"""


def test_the_kernel_cutting_a_write_short_is_noticed(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{root}"}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, env=environment, check=True
    )
    (path,) = tmp_path.iterdir()
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    torn = [line for line in lines if not line.endswith(b"}")]
    assert len(torn) == 1
    assert len(lines) - len(torn) == 12 - int(done.stdout)
    assert int(done.stdout) > 5


def test_users_are_pseudonymised_under_a_key_of_the_directory(tmp_path: Path) -> None:
    log = EventLog(tmp_path, pseudonymise_users=True)
    log.write(samples.decision())
    log.write(samples.upload())
    text = "".join(path.read_text() for path in tmp_path.glob("*.jsonl"))
    assert "ana@acme.example" not in text
    aliases = {told["user"]["name"] for told in read(tmp_path)}
    assert len(aliases) == 1
    assert aliases.pop().startswith("u-")
    assert stat.S_IMODE((tmp_path / "pseudonym.key").stat().st_mode) == 0o600


def test_without_its_key_nothing_is_written_under_real_names(tmp_path: Path) -> None:
    (tmp_path / "pseudonym.key").write_text("short")
    log = EventLog(tmp_path, pseudonymise_users=True)
    with pytest.raises(EventLogError, match="holds no key"):
        log.write(samples.decision())
    assert read(tmp_path) == []


def test_a_bug_in_rendering_is_not_taken_for_a_written_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(event: Event) -> dict[str, Any]:
        raise LookupError

    monkeypatch.setattr(log_module, "document", broken)
    with pytest.raises(LookupError):
        EventLog(tmp_path).write(samples.decision())


def test_a_file_in_the_place_of_the_directory_is_named_as_such(tmp_path: Path) -> None:
    place = tmp_path / "events"
    place.write_text("")
    for directory in (place, place / "below"):
        with pytest.raises(EventLogError) as caught:
            EventLog(directory).check()
        assert str(caught.value).endswith("; something that is no directory is in its place.")

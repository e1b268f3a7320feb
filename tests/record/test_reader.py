"""Following a log that moves on while one looks: no line is left behind, none is seen twice."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from tests.record import samples

from forgewall.record import reader
from forgewall.record.log import EventLog
from forgewall.record.reader import Follower


def test_rotations_between_looking_and_opening_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog(tmp_path, max_bytes=1)  # a file for each event
    log.write(samples.decision())
    follower = Follower(tmp_path)
    look, to_come = reader.file_names, iter(range(3))

    def moved_on(directory: Path) -> Any:
        """What stood there before two more rotations."""
        found = look(directory)
        if next(to_come, None) is not None:
            log.write(samples.decision())
            log.write(samples.decision())
        return found

    monkeypatch.setattr(reader, "file_names", moved_on)
    seen = list(follower.lines(lambda: next(to_come, None) is not None))
    follower.close()
    assert len(seen) == len(list(reader.lines(tmp_path))) - 1


def test_a_writer_that_rotates_all_the_time_is_followed_whole(tmp_path: Path) -> None:
    log = EventLog(tmp_path, max_bytes=6000)
    log.write(samples.decision())
    follower, done = Follower(tmp_path), threading.Event()

    def write() -> None:
        for _ in range(60):
            log.write(samples.decision())
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = list(follower.lines(lambda: not done.is_set()))
    writer.join()
    seen += follower.lines(lambda: False)  # what came between the last look and the end
    follower.close()
    assert seen == list(reader.lines(tmp_path))[1:]


def test_after_its_file_was_removed_it_goes_on_with_the_next_one_and_not_with_old_ones(tmp_path: Path) -> None:
    log = EventLog(tmp_path, max_bytes=1)
    log.write(samples.decision())
    log.write(samples.decision())
    follower = Follower(tmp_path)
    (tmp_path / reader.file_names(tmp_path)[-1][0]).unlink()
    event = samples.decision()
    log.write(event)
    assert [event.id.encode() in line for line in follower.lines(lambda: False)] == [True]
    follower.close()

"""Brings the index up to what the log has: a transaction for each few megabytes, in which rows, sums and the file's
position change together. So several processes may do it at once, and one that dies leaves nothing half done.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from forgewall.review.store.database import Database
from forgewall.review.store.dropping import drop
from forgewall.review.store.errors import StoreError
from forgewall.review.store.intake import Intake, Placed
from forgewall.review.store.line import read
from forgewall.review.store.logs import LogFile, Logs, opened, tail, whole_lines

_WORK, _GAP = 1.0, 0.005
"""Seconds of one transaction, since small ones write the same pages again and again; and those left to others then."""

_CHUNK = 16 * 2**20
"""Bytes that are taken in at a time; more of them make a transaction."""

type Progress = Callable[[int, int], None]


class Refreshing:
    """Takes in the log in small steps; remembers which files can't have changed."""

    def __init__(self, database: Database, logs: Logs) -> None:
        self._database = database
        self._logs = logs
        self._intake = Intake()
        self._settled: dict[bytes, tuple[int, int, int, int]] = {}

    def forget(self) -> None:
        """Look at everything again."""
        self._intake.forget()
        self._settled.clear()

    def run(self, progress: Progress | None) -> int:
        """Take in all there is; how many events were new."""
        found = self._logs.found()
        if self._drop_lost(found):
            found = self._logs.found()
        total, events = sum(file.size for file in found), 0
        waiting = [file for file in reversed(found) if self._settled.get(file.head) != file.stamp]
        done = total - sum(file.size for file in waiting)
        try:
            while waiting:
                with self._database.writing() as connection:
                    fresh, offset, ended = self._work(connection, waiting)
                events += fresh
                self._settled.update({file.head: file.stamp for file in ended})
                done += sum(file.size for file in ended)
                if progress is not None:
                    progress(min(done + offset, total), total)
                if waiting:
                    time.sleep(_GAP)
        except BaseException:
            self.forget()
            raise
        return events

    def _work(self, connection: sqlite3.Connection, waiting: list[LogFile]) -> tuple[int, int, list[LogFile]]:
        """As much as one transaction is to do: how many events were new, how far the last of `waiting` was read, and
        which files ended, which are taken from there.
        """
        events, offset, ended = 0, 0, []
        until = time.monotonic() + _WORK
        while waiting:
            offset, more = 0, False
            try:
                offset, fresh, more = self._step(connection, waiting[-1])
                events += fresh
            except FileNotFoundError:  # removed by `events.keep`; the next refresh drops its rows
                pass
            except OSError as error:
                raise _unreadable(waiting[-1].path, error) from error
            if not more:
                ended.append(waiting.pop())
                offset = 0
            if time.monotonic() > until:
                break
        return events, offset, ended

    def _step(self, connection: sqlite3.Connection, file: LogFile) -> tuple[int, int, bool]:
        """A few megabytes: how far it got, how many events were new, and whether there is more."""
        number, offset = self._known(connection, file)
        end, skipped, placed = offset, 0, []
        with opened(file.path) as lines:
            for start, end, line in whole_lines(lines, offset):
                entry = read(line) if line is not None else None
                if entry is not None:
                    placed.append(Placed(entry=entry, offset=start, length=end - start))
                elif line is None or not line.isspace():
                    skipped += 1
                if end - offset >= _CHUNK:
                    break
            if end == offset:
                return offset, 0, False
            after = tail(lines, end)
        fresh = self._intake.take(connection, number, placed)
        doubled = len(placed) - fresh
        connection.execute(
            "UPDATE file SET name = ?, offset = ?, tail = ?, skipped = skipped + ?, doubled = doubled + ? WHERE id = ?",
            (file.path.name, end, after, skipped + doubled, doubled, number),
        )
        return end, fresh, end - offset >= _CHUNK

    def _known(self, connection: sqlite3.Connection, file: LogFile) -> tuple[int, int]:
        """The file's number and how far it was read; from its start if it isn't what it was."""
        row = connection.execute("SELECT id, offset, tail, name FROM file WHERE head = ?", (file.head,)).fetchone()
        if row is not None:
            number, offset, before, name = row
            with opened(file.path) as lines:
                if os.fstat(lines.fileno()).st_size >= offset and tail(lines, offset) == before:
                    if name != file.path.name:
                        connection.execute("UPDATE file SET name = ? WHERE id = ?", (file.path.name, number))
                    return number, offset
            drop(connection, [number])
        added = connection.execute(
            "INSERT INTO file (head, name, offset, tail, skipped, doubled) VALUES (?, ?, 0, ?, 0, 0)",
            (file.head, file.path.name, _tail_of_nothing(file)),
        )
        assert added.lastrowid is not None
        return added.lastrowid, 0

    def _drop_lost(self, found: list[LogFile]) -> bool:
        """Drop what files told that are gone, and what may now be told by another file alone."""
        known = dict(self._database.connection.execute("SELECT head, id FROM file"))
        if known.keys() <= {file.head for file in found}:
            return False
        with self._database.writing() as connection:
            present = {file.head for file in self._logs.found()}  # what another process took in meanwhile is there
            lost = [
                number
                for number, head in connection.execute("SELECT id, head FROM file").fetchall()
                if head not in present
            ]
            if lost:
                lost += [
                    number
                    for (number,) in connection.execute("SELECT id FROM file WHERE doubled").fetchall()
                    if number not in lost
                ]
                drop(connection, lost)
        self.forget()
        return True


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"can't read {path} of the event log: {error.strerror or error}; see to it that you may.")


def _tail_of_nothing(file: LogFile) -> bytes:
    with opened(file.path) as lines:
        return tail(lines, 0)

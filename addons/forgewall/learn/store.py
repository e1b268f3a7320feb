"""What was learned, kept on disk over restarts: one SQLite file, written by a thread of its own.

It never stands in the way. Whatever is wrong with the file is reported as a sentence, and from then on nothing is kept;
a file that isn't ours is never changed. It holds ids, addresses, visibilities and moves, no secrets. All of it decides
what is allowed, so a file that others may write to is not used. What is *not* here: what is believed and for how long
(`memory`).
"""

from __future__ import annotations

import os
import queue
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from forgewall.identify.directory import Id, IdKind, Named
from forgewall.learn.lesson import Fact, IdFact, MoveFact, VisibilityFact
from forgewall.learn.memory import ID_LIFE, MAX_IDS, MAX_MOVES, MAX_VISIBILITIES, VISIBILITY_LIFE, Dated
from forgewall.model import Move, Visibility

VERSION = 1
APPLICATION = 0x46574C4E
"""SQLite's `application_id`, by which our files are known."""

MAX_WAITING = 10_000
"""Answers whose facts may wait for the disk; more are not stored."""

_MAGIC = b"SQLite format 3\0"
_CLOSING_SECONDS = 5.0
_BUSY_SECONDS = 5.0
_TIDY_AFTER = 10_000  # rows written, until the oldest are looked for
_SCHEMA = f"""
BEGIN;
CREATE TABLE ids (
    forge TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, address TEXT NOT NULL, owner TEXT, repository TEXT,
    seen REAL NOT NULL, PRIMARY KEY (forge, kind, text)
) STRICT, WITHOUT ROWID;
CREATE TABLE visibilities (key TEXT PRIMARY KEY, visibility TEXT NOT NULL, seen REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE moves (
    key TEXT PRIMARY KEY, address TEXT NOT NULL, new_key TEXT NOT NULL, seen REAL NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
COMMIT;
"""
_LOAD_IDS = "SELECT forge, kind, text, address, owner, repository, seen FROM ids ORDER BY seen DESC LIMIT ?"
_LOAD_VISIBILITIES = "SELECT key, visibility, seen FROM visibilities ORDER BY seen DESC LIMIT ?"
_LOAD_MOVES = "SELECT key, address, new_key, seen FROM moves ORDER BY seen DESC LIMIT ?"
_DELETE_OLDEST = (
    ("DELETE FROM ids WHERE seen <= (SELECT seen FROM ids ORDER BY seen DESC LIMIT 1 OFFSET ?)", MAX_IDS),
    (
        "DELETE FROM visibilities WHERE seen <= (SELECT seen FROM visibilities ORDER BY seen DESC LIMIT 1 OFFSET ?)",
        MAX_VISIBILITIES,
    ),
    ("DELETE FROM moves WHERE seen <= (SELECT seen FROM moves ORDER BY seen DESC LIMIT 1 OFFSET ?)", MAX_MOVES),
)

type Report = Callable[[str], None]
type _Work = tuple[tuple[Fact, ...], datetime] | None


class _Unusable(Exception):
    """The file can't be used; the text is a sentence without a full stop."""


class Store:
    """One file. `save` and `close` may be called from any thread; `report` is called from the writing thread, too."""

    def __init__(self, connection: sqlite3.Connection | None, path: Path, report: Report) -> None:
        """Use `open`."""
        self._connection = connection
        self._path = path
        self._report = report
        self._queue: queue.Queue[_Work] = queue.Queue(MAX_WAITING)
        self._troubles: set[str] = set()
        self._written = 0
        self._thread: threading.Thread | None = None

    @classmethod
    def open(cls, path: Path, report: Report = lambda _sentence: None) -> Self:
        """The store in the file `path`, which is made with mode 0600 if there is none. Never raises."""
        try:
            return cls(_connect(path), path, report)
        except (OSError, sqlite3.Error, ValueError, _Unusable) as error:
            report(f"what the forges say is not kept over a restart: {path}: {error}")
            return cls(None, path, report)

    @property
    def usable(self) -> bool:
        """Whether anything is kept."""
        return self._connection is not None

    def load(self) -> tuple[Dated, ...]:
        """All that is kept, with the times when it was said. To be called before the first `save`. Never raises."""
        if self._connection is None or self._thread is not None:
            return ()
        try:
            return tuple(_rows(self._connection))
        except (sqlite3.Error, ValueError) as error:  # a damaged file may hold texts that are none
            self._connection = None
            self._trouble(f"what the forges say is not kept over a restart: {self._path}: {error}")
            return ()

    def save(self, facts: Iterable[Fact], now: datetime) -> None:
        """Keep `facts`, which were said at `now`. Returns at once; what can't be kept is reported. Never raises."""
        told = tuple(facts)
        if self._connection is None or not told:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, args=(self._connection,), daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait((told, now))
        except queue.Full:
            self._trouble(f"{self._path} takes too long; some of what the forges say is not kept over a restart")

    def flush(self) -> None:
        """Wait until all that was saved has been written, or given up."""
        self._queue.join()

    def close(self) -> None:
        """Write what waits, for some seconds at most, and let go of the file. Never raises."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._thread is None:
            with suppress(sqlite3.Error):
                connection.close()
            return
        with suppress(queue.Full):
            self._queue.put(None, timeout=_CLOSING_SECONDS)
        self._thread.join(_CLOSING_SECONDS)

    def _trouble(self, sentence: str) -> None:
        if sentence not in self._troubles and len(self._troubles) < 10:
            self._troubles.add(sentence)
            self._report(sentence)

    def _write_all(self, connection: sqlite3.Connection) -> None:
        with closing(connection):
            going = True
            while going:
                waiting: list[_Work] = [self._queue.get()]
                with suppress(queue.Empty):
                    while len(waiting) < 500:
                        waiting.append(self._queue.get_nowait())
                going = None not in waiting
                try:
                    with connection:
                        for work in waiting:
                            if work is not None:
                                self._write(connection, *work)
                except (sqlite3.Error, ValueError) as error:
                    self._trouble(f"some of what the forges say is not kept over a restart: {self._path}: {error}")
                for _ in waiting:
                    self._queue.task_done()

    def _write(self, connection: sqlite3.Connection, facts: tuple[Fact, ...], now: datetime) -> None:
        for fact in facts:
            _write_fact(connection, fact, now.timestamp())
        self._written += len(facts)
        if self._written >= _TIDY_AFTER:
            self._written = 0
            _tidy(connection, now)


def _connect(path: Path) -> sqlite3.Connection:
    """Raises OSError, sqlite3.Error and _Unusable."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise _Unusable("it is no file")
        start = os.read(descriptor, len(_MAGIC))
    finally:
        os.close(descriptor)
    if not _is_private(found) or not all(_is_private(beside) for beside in _beside(path)):
        raise _Unusable("others may read it or write to it; its mode must be 0600 and its owner who runs the proxy")
    if start not in (b"", _MAGIC):  # SQLite takes some short files for empty ones
        raise _Unusable("it is no database")
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_private(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _beside(path: Path) -> Iterator[os.stat_result]:
    """The files that SQLite takes for the newest part of the database, as far as they are there."""
    for suffix in ("-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            yield os.lstat(f"{path}{suffix}")


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file; a file of another kind is left as it is."""
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        connection.executescript(_SCHEMA)
    if _number(connection, "application_id") != APPLICATION:
        raise _Unusable("it is another program's database")
    version = _number(connection, "user_version")
    if version != VERSION:
        raise _Unusable(f"it was written by another version (it says {version}, this one writes {VERSION})")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _rows(connection: sqlite3.Connection) -> Iterator[Dated]:
    for forge, kind, text, address, owner, repository, seen in connection.execute(_LOAD_IDS, (MAX_IDS,)):
        if kind in _KINDS and (at := _time(seen)) is not None and _are_texts(forge, text, address):
            if not _are_texts(*(name for name in (owner, repository) if name is not None)):
                continue
            named = Named(address=address, owner=owner, repository=repository)
            yield IdFact(id=Id(forge=forge, kind=IdKind(kind), text=text), named=named), at
    for key, visibility, seen in connection.execute(_LOAD_VISIBILITIES, (MAX_VISIBILITIES,)):
        if visibility in _VISIBILITIES and (at := _time(seen)) is not None and _are_texts(key):
            yield VisibilityFact(key=key, visibility=Visibility(visibility)), at
    for key, address, new_key, seen in connection.execute(_LOAD_MOVES, (MAX_MOVES,)):
        if (at := _time(seen)) is not None and _are_texts(key, address, new_key):
            yield MoveFact(key=key, move=Move(address=address, key=new_key, seen=at)), at


_KINDS = frozenset(kind.value for kind in IdKind)
_VISIBILITIES = frozenset(visibility.value for visibility in Visibility)


def _are_texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


def _time(seen: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(seen, UTC) if isinstance(seen, float) else None
    except (ValueError, OverflowError, OSError):
        return None


def _write_fact(connection: sqlite3.Connection, fact: Fact, seen: float) -> None:
    match fact:
        case IdFact(id=known, named=named):
            connection.execute(
                "REPLACE INTO ids VALUES (?, ?, ?, ?, ?, ?, ?)",
                (known.forge, known.kind.value, known.text, named.address, named.owner, named.repository, seen),
            )
        case VisibilityFact():
            connection.execute("REPLACE INTO visibilities VALUES (?, ?, ?)", (fact.key, fact.visibility.value, seen))
        case MoveFact(move=move):
            row = (fact.key, move.address, move.key, move.seen.timestamp())
            connection.execute("REPLACE INTO moves VALUES (?, ?, ?, ?)", row)
        case _:
            pass


def _tidy(connection: sqlite3.Connection, now: datetime) -> None:
    """Delete what has ended, and the oldest of what is too many."""
    connection.execute("DELETE FROM ids WHERE seen < ?", ((now - ID_LIFE).timestamp(),))
    connection.execute("DELETE FROM visibilities WHERE seen < ?", ((now - VISIBILITY_LIFE).timestamp(),))
    for statement, most in _DELETE_OLDEST:
        connection.execute(statement, (most,))

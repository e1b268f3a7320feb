"""The file of the index: opening, making and mending it, and transactions. What its tables hold isn't
its business.

A file that isn't an index of this version, or is damaged, is made anew; what people said of cases is carried over as
far as it can be read.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

from forgewall.record import owner
from forgewall.review.store.errors import StoreError, is_broken, is_busy, told

APPLICATION = 0x46774C57
VERSION = 4
"""Of the schema; a file of another one is made anew."""

_PATIENCE = 60.0
_PAUSE = 0.004
_READ_PATIENCE = 10_000
_CACHE_KIB = 128 * 1024
_PAGES = 8000  # of the write-ahead log before it is taken over
_KEPT = ("said", "judged")
_READ_ONLY = ("ro", "ro&immutable=1")  # immutable: files that SQLite needs beside it are missing, so nobody writes


class Database:
    """The index in `file`, made where it is missing. `readonly` tells that it can't be written to.

    Raises StoreError, also wherever it is opened anew.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.readonly = False
        self._mode = "rw"
        self._identity = (0, 0)
        self.connection = self._opened()

    def close(self) -> None:
        """Close it; nothing of it can be used any more."""
        self.connection.close()

    def replaced(self) -> bool:
        """Whether another process has put a new file in its place; that one is open then."""
        if _identity(self.file) == self._identity:
            return False
        self.connection.close()
        self.connection = self._opened()
        return True

    def second(self) -> sqlite3.Connection:
        """A further connection, for reading alone."""
        return _connect(self.file, self._mode if self.readonly else "ro")

    def mend(self) -> None:
        """Make the damaged file anew."""
        self.connection.close()
        if self.readonly:
            raise StoreError(f"the index {self.file} is damaged and may not be written to: use `--index FILE`.")
        try:
            _make(self.file, replacing=self._identity)
        except sqlite3.Error as error:
            raise told(error, self.file) from error
        self.connection = self._opened()

    def empty(self) -> None:
        """Drop all but what people said, within a transaction."""
        names = self.connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " AND name NOT LIKE 'search_%' ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC"
        ).fetchall()
        (number,) = self.connection.execute("SELECT number FROM epoch").fetchone()
        for (name,) in names:
            if name not in _KEPT:
                self.connection.execute(f'DROP TABLE "{name}"')
        _lay(self.connection, "schema.sql")
        self.connection.execute("UPDATE epoch SET number = ?", (number + 1,))

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that writes: all of it happens, or nothing. Waits for those of other processes."""
        self._begin()
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            raise

    def _begin(self) -> None:
        """Asks often: SQLite's own waiting looks so seldom that whoever writes much always comes first."""
        deadline = time.monotonic() + _PATIENCE
        self.connection.execute("PRAGMA busy_timeout = 1")
        try:
            while True:
                try:
                    self.connection.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    if not is_busy(error) or time.monotonic() > deadline:
                        raise
                    time.sleep(_PAUSE)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {_READ_PATIENCE}")

    def _opened(self) -> sqlite3.Connection:
        try:
            if not self.file.exists():
                _make(self.file, replacing=(0, 0))
            for _ in range(3):
                self._identity = _identity(self.file)
                self.readonly = not (os.access(self.file, os.W_OK) and os.access(self.file.parent, os.W_OK))
                found = self._existing()
                if found is not None:
                    return found
                if self.readonly:
                    raise StoreError(f"the index {self.file} can't be read, nor made anew: use `--index FILE`.")
                _make(self.file, replacing=self._identity)
        except sqlite3.Error as error:
            raise told(error, self.file) from error
        except OSError as error:
            raise StoreError(
                f"can't make the index {self.file}: {error.strerror}; keep it elsewhere with `--index FILE`."
            ) from error
        raise StoreError(f"can't make the index {self.file}: something else is put in its place again and again.")

    def _existing(self) -> sqlite3.Connection | None:
        """The file as an index of ours; None if it is none."""
        for mode in _READ_ONLY if self.readonly else ("rw",):
            try:
                connection = _connect(self.file, mode)
                if _is_ours(connection):
                    self._mode = mode
                    return connection
                connection.close()
            except sqlite3.DatabaseError as error:
                if not is_broken(error) and not self.readonly:
                    raise
        return None


def _identity(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _connect(file: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(file.absolute()))}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        _settle(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _settle(connection: sqlite3.Connection) -> None:
    for words in (
        f"busy_timeout = {_READ_PATIENCE}",
        "synchronous = NORMAL",
        f"cache_size = -{_CACHE_KIB}",
        "temp_store = MEMORY",
        f"wal_autocheckpoint = {_PAGES}",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {words}")


def _is_ours(connection: sqlite3.Connection) -> bool:
    marks = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    connection.execute("SELECT number FROM epoch").fetchone()
    return marks == [APPLICATION, VERSION]


def _make(file: Path, *, replacing: tuple[int, int]) -> None:
    """Put an empty index in the place of `replacing`, with what people said there; nothing if another was faster."""
    with _lock(file):
        if _identity(file) != replacing:
            return
        said, judged = _salvaged(file) if replacing != (0, 0) else ([], [])
        draft = file.with_name(f".{file.name}.new")
        draft.unlink(missing_ok=True)
        os.close(owner.made(draft, os.O_WRONLY | os.O_CLOEXEC))
        try:
            with closing(_connect(draft, "rw")) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN")
                _lay(connection, "schema.sql")
                _lay(connection, "triage.sql")
                connection.executemany(
                    "INSERT INTO said (id, state, by, at, until, note) VALUES (?, ?, ?, ?, ?, ?)", said
                )
                connection.executemany("INSERT INTO judged (id, state, said, until) VALUES (?, ?, ?, ?)", judged)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
                connection.execute("COMMIT")
            for side in ("-wal", "-shm"):  # of the old file; SQLite would take them for the new one's
                file.with_name(file.name + side).unlink(missing_ok=True)
            draft.replace(file)
        finally:
            for side in ("", "-wal", "-shm"):
                draft.with_name(draft.name + side).unlink(missing_ok=True)


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    """Only one process at a time makes the file anew."""
    path = file.with_name(f".{file.name}.lock")
    descriptor = owner.opened(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _salvaged(file: Path) -> tuple[list[Any], list[Any]]:
    """What people said, as far as the old file can be read: each row by itself, for others may be damaged."""
    said: dict[int, Any] = {}
    judged: dict[str, Any] = {}
    with suppress(sqlite3.Error), closing(_connect(file, "rw")) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.Error):
                for no, *row in connection.execute(
                    f"SELECT no, id, state, by, at, until, note FROM said ORDER BY no {order}"  # noqa: S608
                ):
                    said[no] = row
            with suppress(sqlite3.Error):
                for row in connection.execute(f"SELECT id, state, said, until FROM judged ORDER BY id {order}"):  # noqa: S608
                    judged[row[0]] = row
    return [said[no] for no in sorted(said)], list(judged.values())


def _lay(connection: sqlite3.Connection, name: str) -> None:
    """Run the statements of the file `name` beside this module, within the transaction that is open."""
    statement = ""
    for line in resources.files("forgewall.review.store").joinpath(name).read_text("utf-8").splitlines(keepends=True):
        statement += line.partition("--")[0]
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""

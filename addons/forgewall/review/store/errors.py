"""What the index can't do, told to a person."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from forgewall.errors import ForgewallError

_HINTS = {
    sqlite3.SQLITE_FULL: "its disk is full: free some space, or keep the index elsewhere with `--index FILE`",
    sqlite3.SQLITE_READONLY: "it may not be written to: keep the index elsewhere with `--index FILE`",
    sqlite3.SQLITE_CANTOPEN: "it can't be made or opened: keep the index elsewhere with `--index FILE`",
    sqlite3.SQLITE_PERM: "it may not be written to: keep the index elsewhere with `--index FILE`",
    sqlite3.SQLITE_BUSY: "another process has been writing to it for long: try again",
    sqlite3.SQLITE_LOCKED: "another process has been writing to it for long: try again",
    sqlite3.SQLITE_IOERR: "its disk fails: look at the system's log, or keep the index elsewhere with `--index FILE`",
}
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class StoreError(ForgewallError):
    """The index can't be read or written."""


def told(error: sqlite3.Error, file: Path) -> StoreError:
    """`error` as a sentence about the index in `file`."""
    hint = _HINTS.get(_code(error), f"{error}: remove it, it is made anew from the log")
    return StoreError(f"can't use the index {file}: {hint}.")


def is_broken(error: sqlite3.Error) -> bool:
    """Whether the file holds no index that can be read, or another version's."""
    return _code(error) in _BROKEN or "no such table" in str(error) or "no such column" in str(error)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process is writing."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF

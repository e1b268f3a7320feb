"""The log's files as the index knows them: by a hash of their first line, whatever their name, and by how far they were
read. What their lines say is none of its business.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from forgewall.record.reader import file_names
from forgewall.review.store.errors import StoreError

_HEAD = 64 * 1024
"""Bytes of a first line that count, should it be longer."""
_TAIL = 64 * 1024  # whole lines, for they all end alike
_LONGEST = 16 * 2**20
"""Bytes of a line, a longer one is none."""
_BUFFER = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A file of the log with something in it. `stamp` changes when the file does."""

    path: Path
    head: bytes
    size: int
    stamp: tuple[int, int, int, int]


class Logs:
    """The files of the log in `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: dict[tuple[int, int], tuple[tuple[int, int, int, int], bytes]] = {}

    def found(self) -> list[LogFile]:
        """All files with a whole line, oldest first; one that begins as another does is left out. Raises StoreError."""
        files: dict[bytes, LogFile] = {}
        try:
            names = file_names(self._directory)
        except OSError as error:
            raise StoreError(f"can't read the event log in {self._directory}: {error.strerror or error}.") from error
        for match in names:
            path = self._directory / match[0]
            try:
                file = self._looked_at(path)
            except OSError:  # removed by `events.keep`, or moved aside, meanwhile
                continue
            if file is not None:
                files.setdefault(file.head, file)
        return list(files.values())

    def _looked_at(self, path: Path) -> LogFile | None:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            stamp = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
            known = self._seen.get(stamp[:2])
            head = known[1] if known is not None and known[0] == stamp else _head(file)
        if head is None:
            return None
        self._seen[stamp[:2]] = (stamp, head)
        return LogFile(path=path, head=head, size=state.st_size, stamp=stamp)


def _head(file: BinaryIO) -> bytes | None:
    """The hash of the first line that isn't blank; None if there is none yet."""
    for line in iter(lambda: file.readline(_HEAD), b""):
        if line.strip():
            return _hash(line) if line.endswith(b"\n") or len(line) == _HEAD else None
    return None


def tail(file: BinaryIO, offset: int) -> bytes:
    """The hash of what stands before `offset`."""
    start = max(0, offset - _TAIL)
    file.seek(start)
    return _hash(file.read(offset - start))


def opened(path: Path) -> BinaryIO:
    """A file of the log, to be read line by line. Raises OSError."""
    return path.open("rb", _BUFFER)


def whole_lines(file: BinaryIO, offset: int) -> Iterator[tuple[int, int, bytes | None]]:
    """The lines from `offset` on that have an end: where each begins, where the next one does, and its bytes with the
    end; None in place of one that is too long to be held.
    """
    file.seek(offset)
    while line := file.readline(_LONGEST):
        if line.endswith(b"\n"):
            end = offset + len(line)
            yield offset, end, line
        elif len(line) == _LONGEST and (rest := _rest(file)):
            end = offset + _LONGEST + rest
            yield offset, end, None
        else:
            return
        offset = end


def _rest(file: BinaryIO) -> int:
    """The bytes up to the end of a line, which are passed over; 0 if it has none."""
    length = 0
    while part := file.readline(_LONGEST):
        length += len(part)
        if part.endswith(b"\n"):
            return length
    return 0


def line_at(path: Path, offset: int, length: int) -> bytes:
    """What stands there. Raises OSError."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()

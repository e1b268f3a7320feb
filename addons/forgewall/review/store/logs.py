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

_HEAD = 64 * 1024
"""Bytes of a first line that count, should it be longer."""
_TAIL = 64 * 1024  # whole lines, for they all end alike
_CHUNK = 16 * 2**20
"""What is read, and taken in by one transaction, at a time; a longer line is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A file of the log with something in it. `stamp` changes when the file does."""

    path: Path
    head: bytes
    size: int
    stamp: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Whole lines without their ends, each with where it stands, and where the next ones begin. `overlong` lines were
    passed over; `more`: the file goes on.
    """

    lines: tuple[tuple[int, bytes], ...]
    end: int
    overlong: int = 0
    more: bool = False


class Logs:
    """The files of the log in `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: dict[tuple[int, int], tuple[tuple[int, int, int, int], bytes]] = {}

    def found(self) -> list[LogFile]:
        """All files with a whole line, oldest first; one that begins as another does is left out."""
        files: dict[bytes, LogFile] = {}
        for match in file_names(self._directory):
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


def chunk(file: BinaryIO, offset: int) -> Chunk:
    """The whole lines from `offset` on, as many as one transaction takes; a line without an end isn't whole."""
    file.seek(offset)
    data = file.read(_CHUNK)
    end = data.rfind(b"\n") + 1
    if end == 0 and len(data) == _CHUNK:
        return _overlong(file, offset)
    return Chunk(lines=tuple(_lines(data[:end], offset)), end=offset + end, more=len(data) == _CHUNK)


def line_at(path: Path, offset: int, length: int) -> bytes:
    """What stands there. Raises OSError."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def _lines(data: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    for line in data.split(b"\n")[:-1]:  # only this ends a line
        if line and not line.isspace():
            yield offset, line
        offset += len(line) + 1


def _overlong(file: BinaryIO, offset: int) -> Chunk:
    """Passes over a line without holding it."""
    position = offset + _CHUNK
    while data := file.read(_CHUNK):
        end = data.find(b"\n")
        if end >= 0:
            return Chunk(lines=(), end=position + end + 1, overlong=1, more=True)
        position += len(data)
    return Chunk(lines=(), end=offset)


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()

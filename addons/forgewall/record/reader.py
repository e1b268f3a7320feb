"""Reads the event log back as raw lines, in the order they were written: from its start, from its end, or as it grows.

It knows the names of the files and that a line may be torn; what stands in a line is the caller's business.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

NAME = re.compile(r"forgewall-(\d{4}-\d{2}-\d{2})(?:\.(\d{4,}))?\.jsonl")
"""The name of a log file, with its UTC day and, once it is full, its number; names sort by time."""
_BLOCK = 1 << 18


def file_names(directory: Path) -> list[re.Match[str]]:
    """The log files in `directory` as matches of `NAME`, oldest first; empty if there is no such directory."""
    try:
        names = sorted(os.listdir(directory))
    except FileNotFoundError:
        return []
    return [match for name in names if (match := NAME.fullmatch(name))]


def lines(directory: Path) -> Iterator[bytes]:
    """All lines, oldest first, without their line breaks; blank ones are left out."""
    for match in file_names(directory):
        with suppress(FileNotFoundError), (directory / match[0]).open("rb") as file:  # removed by `events.keep`
            for line in file:
                if stripped := line.strip():
                    yield stripped


def lines_backwards(directory: Path) -> Iterator[bytes]:
    """All lines, newest first, reading no more of the files than is asked for."""
    for match in reversed(file_names(directory)):
        with suppress(FileNotFoundError), (directory / match[0]).open("rb") as file:
            yield from _backwards(file)


def _backwards(file: BinaryIO) -> Iterator[bytes]:
    position = file.seek(0, os.SEEK_END)
    tail: list[bytes] = []  # what of the line that begins further up was read, last part first
    while position > 0:
        length = min(_BLOCK, position)
        position -= length
        file.seek(position)
        first, *rest = file.read(length).split(b"\n")
        for part in reversed(rest):
            tail.append(part)
            if line := b"".join(reversed(tail)).strip():
                yield line
            tail = []
        tail.append(first)
    if line := b"".join(reversed(tail)).strip():
        yield line


class Follower:
    """Yields lines as they are written, across rotation; at first those of the newest file from where it ends now."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file: BinaryIO | None = None
        self._name = ""
        self._rest = b""
        names = file_names(directory)
        if names:
            self._open(names[-1][0])
            if self._file is not None:
                self._file.seek(0, os.SEEK_END)

    def lines(self, wait: Callable[[], bool]) -> Iterator[bytes]:
        """New lines for ever; `wait` is called when there are none and ends it by returning False."""
        while True:
            successor = self._successor()  # asked for before reading, so that nothing before it is left behind
            yield from self._read()
            if successor is not None:
                if self._rest.strip():
                    yield self._rest.strip()
                self._enter(successor)
            elif not wait():
                return

    def close(self) -> None:
        """Closes the file that is being read."""
        if self._file is not None:
            self._file.close()

    def _read(self) -> Iterator[bytes]:
        if self._file is None:
            return
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)  # somebody emptied it
        while block := self._file.read(_BLOCK):
            *complete, self._rest = (self._rest + block).split(b"\n")
            for line in complete:
                if stripped := line.strip():
                    yield stripped

    def _successor(self) -> BinaryIO | None:
        """The file after the one being read, open; None if there is none yet.

        Names move on while we look, so that what was opened by its name is only believed to be the next file if the
        directory says so afterwards, too.
        """
        while (name := self._next_name()) is not None:
            with suppress(FileNotFoundError):  # renamed or removed since
                file = (self._directory / name).open("rb")
                again = self._next_name()
                if again is not None and _is(self._directory / again, file):
                    return file
                file.close()
        return None

    def _next_name(self) -> str | None:
        """The name of the file after the one being read, which may meanwhile have got another name."""
        names = [match[0] for match in file_names(self._directory)]
        if self._file is None:
            return names[0] if names else None
        for index, name in enumerate(names):
            if _is(self._directory / name, self._file):
                self._name = name
                return names[index + 1] if index + 1 < len(names) else None
        return next((name for name in names if name >= self._name), None)

    def _open(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._enter((self._directory / name).open("rb"))
            self._name = name

    def _enter(self, file: BinaryIO) -> None:
        self.close()
        self._file, self._rest = file, b""


def _is(path: Path, file: BinaryIO) -> bool:
    """Whether `path` names the open `file`."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    return False

"""Bytes of one request kept on disk: a body that has to be seen whole before it may go on, or a pack's delta bases.

The file has no name, so nothing is left behind whatever happens. All spools of a process share one cap: what would go
beyond it, or beyond a client's share of it (`shares`), is refused like any body that can't be examined.

Not here: what the bytes mean, and when they are too many for their own request.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO, Self

from forgewall.errors import StartError
from forgewall.inspect.inspector import SpoolFull
from forgewall.proxy.shares import Shares

TOTAL_BYTES = 8 * 1024 * 1024 * 1024
"""What all spools of this process may hold together, or half of what the disk has left at the start."""


def checked(directory: Path | None) -> Path | None:
    """`directory`, if a file can be made there; raises StartError if not. None stays None."""
    if directory is not None:
        try:
            tempfile.TemporaryFile(dir=directory).close()
        except OSError as error:
            raise StartError(f"cannot write to --spool {directory}: {error.strerror}.") from None
    return directory


class SpoolSpace:
    """The directory and the room that the spools of one process share."""

    def __init__(self, directory: Path | None = None, total: int = TOTAL_BYTES) -> None:
        """`directory` None: the system's directory for temporary files; `total` in bytes."""
        self._directory = directory
        self.shares = Shares(total)

    @property
    def free(self) -> int:
        """Bytes that nobody holds."""
        return self.shares.free

    @classmethod
    def at(cls, directory: Path | None) -> Self:
        """The space in `directory`, as much as the disk can spare."""
        return cls(directory, min(TOTAL_BYTES, shutil.disk_usage(directory or tempfile.gettempdir()).free // 2))

    def open(self, limit: int, client: str | None = None) -> DiskSpool:
        """A spool of at most `limit` bytes for the client at this address; None for one who may take all there is.

        Nothing is written, and no file made, before there is something to keep.
        """
        return DiskSpool(self, limit, client)

    def file(self) -> BinaryIO:
        """An open file that nobody else can name. Raises SpoolFull where none can be made."""
        try:
            return tempfile.TemporaryFile(dir=self._directory, prefix="forgewall-", buffering=0)
        except OSError as error:
            raise SpoolFull(f"no temporary file can be made: {error.strerror}") from None


class DiskSpool:
    """One spool. `close` it: that gives its room back."""

    def __init__(self, space: SpoolSpace, limit: int, client: str | None) -> None:
        self._space = space
        self._limit = limit
        self._client = client
        self._file: BinaryIO | None = None
        self.size = 0

    def append(self, data: bytes) -> int:
        """See `inspect.inspector.Spool`."""
        if self.size + len(data) > self._limit or not self._space.shares.fits(self._client, len(data)):
            raise SpoolFull("there is no room left to keep it")
        if self._file is None:
            self._file = self._space.file()
        position = self.size
        try:
            written = os.pwrite(self._file.fileno(), data, position)
        except OSError as error:
            raise SpoolFull(f"it can't be kept: {error.strerror}") from None
        if written != len(data):
            raise SpoolFull("the disk is full")
        self.size += written
        self._space.shares.take(self._client, written)
        return position

    def read(self, position: int, size: int) -> bytes:
        """See `inspect.inspector.Spool`."""
        return os.pread(self._file.fileno(), size, position) if self._file is not None else b""

    def close(self) -> None:
        """Forget everything; a closed spool takes nothing more."""
        self._space.shares.give(self._client, self.size)
        self._limit = self.size = 0
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

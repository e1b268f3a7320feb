"""Bytes of one request kept on disk: a body that has to be seen whole before it may go on, or a pack's delta bases.

The file has no name, so nothing is left behind whatever happens. All spools of a process share one cap: what would go
beyond it is refused like any body that can't be examined.

Theory. No client may hold more than it leaves free to the others. So one alone gets half of the space, the next at
least half of what is left, and whoever fills up all that he can get never keeps the next from starting. (Choudhury and
Hahne call it a dynamic threshold: nobody has to be counted in advance.) Clients of one IPv6 network of 64 bits count as
one, since each of them may take any address in there.

Not here: what the bytes mean, and when they are too many for their own request.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO, Self

from forgewall.errors import StartError
from forgewall.inspect.inspector import SpoolFull

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
        self._held: dict[str, int] = {}  # by client, none with nothing
        self.free = total

    @classmethod
    def at(cls, directory: Path | None) -> Self:
        """The space in `directory`, as much as the disk can spare."""
        return cls(directory, min(TOTAL_BYTES, shutil.disk_usage(directory or tempfile.gettempdir()).free // 2))

    def open(self, limit: int, client: str | None = None) -> DiskSpool:
        """A spool of at most `limit` bytes for the client at this address; None for one who may take all there is.

        Nothing is written, and no file made, before there is something to keep.
        """
        return DiskSpool(self, limit, None if client is None else _sharing(client))

    def has_room(self, sharing: str | None, size: int) -> bool:
        """Whether `size` more bytes may be kept for those that share as `sharing`."""
        left = self.free - size
        return left >= 0 if sharing is None else left >= self._held.get(sharing, 0) + size

    def take(self, sharing: str | None, size: int) -> None:
        """`size` bytes are kept for them; a negative number gives back."""
        self.free -= size
        if sharing is not None:
            held = self._held.pop(sharing, 0) + size
            if held:
                self._held[sharing] = held

    def file(self) -> BinaryIO:
        """An open file that nobody else can name. Raises SpoolFull where none can be made."""
        try:
            return tempfile.TemporaryFile(dir=self._directory, prefix="forgewall-", buffering=0)
        except OSError as error:
            raise SpoolFull(f"no temporary file can be made: {error.strerror}") from None


class DiskSpool:
    """One spool. `close` it: that gives its room back."""

    def __init__(self, space: SpoolSpace, limit: int, sharing: str | None) -> None:
        self._space = space
        self._limit = limit
        self._sharing = sharing
        self._file: BinaryIO | None = None
        self.size = 0

    def append(self, data: bytes) -> int:
        """See `inspect.inspector.Spool`."""
        if self.size + len(data) > self._limit or not self._space.has_room(self._sharing, len(data)):
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
        self._space.take(self._sharing, written)
        return position

    def read(self, position: int, size: int) -> bytes:
        """See `inspect.inspector.Spool`."""
        return os.pread(self._file.fileno(), size, position) if self._file is not None else b""

    def close(self) -> None:
        """Forget everything; a closed spool takes nothing more."""
        self._space.take(self._sharing, -self.size)
        self._limit = self.size = 0
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None


def _sharing(client: str) -> str:
    """Who is one client with the one at this address."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else client

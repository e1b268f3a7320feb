"""The event log: JSON lines in files of one directory, one write(2) per line, so that a crash costs no finished line.

The newest file is `forgewall-YYYY-MM-DD.jsonl` (UTC). Once it is full it becomes `forgewall-YYYY-MM-DD.NNNN.jsonl`; the
names sort by time. Nothing is synced to the disk: lines survive the death of the process, not that of the machine.
Several processes may write to one directory. Reading back is `record.reader`.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from forgewall.errors import ForgewallError
from forgewall.record import domain, owner, pseudonym
from forgewall.record.ecs import document
from forgewall.record.event import Event, utc_now
from forgewall.record.reader import file_names

MAX_BYTES = 100 * 2**20
_ONE_DAY = timedelta(days=1)
_PROBE_BYTES = 4096

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False).encode
_operator = logging.getLogger(__name__)
_HINTS = {
    errno.ENOSPC: "free some space on its disk",
    errno.EDQUOT: "raise the quota or free some space",
    errno.EACCES: "let the proxy's user write there",
    errno.EPERM: "let the proxy's user write there",
    errno.EEXIST: "something that is no directory is in its place",
    errno.ENOTDIR: "something that is no directory is in its place",
    errno.EINVAL: "move away what is in the place of its file",
    errno.EROFS: "give it a directory that can be written to",
}


class EventLogError(ForgewallError):
    """An event isn't in the log: not at all, or only in part."""


class EventLog:
    """Writes events to `directory`, which is made (mode 0700) where it is missing.

    `max_bytes` is the size at which a file is rotated. Files whose day ended more than `keep` ago are removed, None
    keeps all. The first failure and the recovery after it are told to the operator through `logging`, no more.
    """

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int = MAX_BYTES,
        keep: timedelta | None = None,
        pseudonymise_users: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.directory = directory
        self._max_bytes = max_bytes
        self._keep = keep
        self._pseudonymise = pseudonymise_users
        self._names: pseudonym.Pseudonyms | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._identity = (0, 0)
        self._path = directory / "forgewall.jsonl"
        self._day_ends = datetime.min.replace(tzinfo=UTC)
        self._suspect = False
        self._failures = 0

    def configure(self, *, keep: timedelta | None, pseudonymise_users: bool) -> None:
        """Takes over what a new policy says; files that are now too old are removed at once."""
        with self._lock:
            self._keep = keep
            self._pseudonymise = pseudonymise_users
            self._prune(self._clock())

    def check(self) -> None:
        """Proves that events can be written, and ends a line that an earlier process left torn.

        Raises EventLogError.
        """
        domain.split("example.com")  # loads the suffix list now rather than while somebody waits
        probe = self.directory / f".probe.{os.getpid()}"
        with self._lock:
            try:
                self._ready(0)
                if self._suspect:
                    self._put(b"")
                if self._pseudonymise:
                    self._pseudonyms()
                try:
                    probe.write_bytes(bytes(_PROBE_BYTES))
                finally:
                    probe.unlink(missing_ok=True)
            except (OSError, ValueError) as error:
                raise EventLogError(self._sentence(error)) from error

    def write(self, event: Event) -> None:
        """Appends `event` as one line. It is in the file, for every other process to see, when this returns.

        Raises EventLogError if it isn't there completely; the next call tries anew.
        """
        with self._lock:
            try:
                if self._pseudonymise:
                    event = self._pseudonyms().hide(event)
                line = _encode(document(event)).encode() + b"\n"
                self._ready(len(line))
                self._put(line)
            except (OSError, ValueError) as error:
                self._failures += 1
                sentence = self._sentence(error)
                if self._failures == 1:
                    _operator.error("%s", sentence)
                raise EventLogError(sentence) from error
            if self._failures:
                _operator.warning("the event log is written again; %d event(s) were lost", self._failures)
                self._failures = 0

    def close(self) -> None:
        """Closes the file; a later `write` opens it again."""
        with self._lock:
            self._close()

    def _put(self, line: bytes) -> None:
        """One write(2) of `line`, behind a line break if what stands before it is torn.

        Writers share a lock. Whoever suspects a torn line waits until it's alone, for the end of the file may as well
        be a line that another process is writing.
        """
        descriptor = self._descriptor
        assert descriptor is not None
        fcntl.flock(descriptor, fcntl.LOCK_EX if self._suspect else fcntl.LOCK_SH)
        try:
            data = b"\n" + line if self._suspect and _ends_torn(descriptor) else line
            self._suspect = True
            written = os.write(descriptor, data)
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        if written != len(data):
            raise OSError(errno.ENOSPC, f"only {written} of {len(data)} bytes were written")
        self._suspect = False

    def _ready(self, length: int) -> None:
        """Sees to it that the right file is open: of today, where its name says, with room for `length` bytes."""
        now = self._clock()
        if self._descriptor is not None and now < self._day_ends:
            found = _stat(self._path)
            if found is not None and (found.st_dev, found.st_ino) == self._identity:
                if found.st_size + length <= self._max_bytes or not found.st_size:
                    return
                self._move_aside()
        self._close()
        self._open(now)

    def _open(self, now: datetime) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._prune(now)
        today = now.astimezone(UTC).date()
        self._path = self.directory / f"forgewall-{today.isoformat()}.jsonl"
        self._day_ends = datetime.combine(today + _ONE_DAY, time(), UTC)
        descriptor = owner.opened(self._path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        self._descriptor = descriptor
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            self._close()
            raise OSError(errno.EINVAL, "it isn't a regular file")
        self._identity = (found.st_dev, found.st_ino)
        self._suspect = _ends_torn(descriptor)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):  # nothing is buffered here, so nothing can be lost
                os.close(descriptor)

    def _move_aside(self) -> None:
        """Gives the full file its number, under a lock on the directory so that two processes don't do it twice."""
        lock = os.open(self.directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = _stat(self._path)
            if found is None or (found.st_dev, found.st_ino) != self._identity:
                return
            day = self._path.name.removesuffix(".jsonl")
            numbers = [int(match[2] or 0) for match in file_names(self.directory) if match[0].startswith(day)]
            self._path.rename(self.directory / f"{day}.{max(numbers, default=0) + 1:04d}.jsonl")
        finally:
            os.close(lock)

    def _prune(self, now: datetime) -> None:
        if self._keep is None:
            return
        for match in file_names(self.directory):
            with suppress(ValueError):  # a date that isn't one: not a file of ours
                ended = datetime.combine(date.fromisoformat(match[1]) + _ONE_DAY, time(), UTC)
                if ended <= now - self._keep:
                    self._remove(self.directory / match[0])

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _operator.warning("%s is older than `events.keep` but can't be removed: %s", path, error.strerror)

    def _pseudonyms(self) -> pseudonym.Pseudonyms:
        if self._names is None:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._names = pseudonym.load(self.directory)
        return self._names

    def _sentence(self, error: Exception) -> str:
        if not isinstance(error, OSError):
            return f"can't write the event log in {self.directory}: {error}."
        hint = _HINTS.get(error.errno or 0, "make its directory writable")
        return f"can't write the event log in {self.directory}: {error.strerror or error}; {hint}."


def _ends_torn(descriptor: int) -> bool:
    """Whether the file holds something and its last line has no end."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _stat(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None

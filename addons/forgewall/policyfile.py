"""The policy file on disk: read, watched, and the last good policy kept whatever becomes of the file.

Changes are found by looking at the file's identity, size and times about twice a second, which sees every way to
replace a file (rename over it, edit in place, delete and recreate, a symbolic link turned elsewhere) on every file
system. A file written within the last second is read again until it is older, since a second edit in the same tick of
the file system's clock would leave no trace. Reading and parsing happen in a worker thread.

Not here: what a policy means (`decide`), and who is told of a change (the proxy).
"""

from __future__ import annotations

import asyncio
import errno
import gc
import hashlib
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from forgewall.decide.document import MAX_BYTES, decode
from forgewall.decide.load import Loaded, load
from forgewall.decide.policy import Policy
from forgewall.errors import PolicyError, Problem

INTERVAL = 0.5
"""Seconds between two looks at the file."""
SETTLED = 1.0
"""Seconds after which a file's times can be trusted to show the next edit."""

_log = logging.getLogger(__name__)

type _Signature = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a look at the file brought: a new policy, or the error for which `previous` stays in force."""

    policy: Policy | None = None
    error: PolicyError | None = None
    previous: Policy | None = None


class PolicyFile:
    """One policy file. `current` is the last good policy, None before the first `load`."""

    def __init__(self, path: Path | str, *, parse: Callable[[str, str], Loaded] = load) -> None:
        self.path = Path(path)
        self.current: Policy | None = None
        self._parse = parse
        self._signature: _Signature | str = ""
        self._settled = False
        self._state = ""
        self._forced = asyncio.Event()
        self._lock = threading.Lock()

    def load(self) -> Policy:
        """Read the file now and put it in force. Raises PolicyError, then `current` stays what it was."""
        change = self._look(force=True)
        assert change is not None
        if change.error is not None:
            raise change.error
        assert change.policy is not None
        return change.policy

    def load_with_warnings(self) -> Loaded:
        """Read the file without putting it in force. Raises PolicyError."""
        return self._compile(self._read()[0])

    def poll(self) -> Change | None:
        """Look at the file; None if nothing changed since the last look. Each bad state is told once."""
        return self._look(force=False)

    def reload_now(self) -> None:
        """Make a running `watch` read the file at once, changed or not: the handler of SIGHUP. Call it in the loop."""
        self._forced.set()

    async def watch(
        self,
        on_change: Callable[[Policy, Policy | None], None],
        on_error: Callable[[PolicyError], None],
        interval: float = INTERVAL,
    ) -> None:
        """Look at the file every `interval` seconds until cancelled.

        `on_change(new, previous)` and `on_error(error)` are called in the event loop.
        """
        while True:
            force = await self._pause(interval)
            change = await asyncio.to_thread(self._look, force=force)
            if change is None:
                continue
            try:
                if change.policy is not None:
                    on_change(change.policy, change.previous)
                elif change.error is not None:
                    on_error(change.error)
            except Exception as error:  # the watch outlives whoever listens to it
                _log.error("a listener to policy changes failed: %s", type(error).__name__)

    async def _pause(self, interval: float) -> bool:
        """Wait; whether a reload was asked for meanwhile."""
        try:
            async with asyncio.timeout(interval):
                await self._forced.wait()
        except TimeoutError:
            return False
        self._forced.clear()
        return True

    def _look(self, *, force: bool) -> Change | None:
        with self._lock:
            previous = self.current
            seen = self._stat()
            if not force and seen == self._signature and self._settled:
                return None
            try:
                data, self._signature, self._settled = self._read()
                state = hashlib.sha256(data).hexdigest()
                if not force and state == self._state:
                    return None
                self._state = state
                policy = self._compile(data).policy
            except PolicyError as error:
                if isinstance(error, _Unreadable):
                    self._signature, self._settled = seen, isinstance(seen, str)
                    if not force and str(error) == self._state:
                        return None
                    self._state = str(error)
                return Change(error=error, previous=previous)
            self.current = policy
            return Change(policy=policy, previous=previous)

    def _compile(self, data: bytes) -> Loaded:
        try:
            with _collection_paused():
                return self._parse(decode(data, str(self.path)), str(self.path))
        except PolicyError:
            raise
        except Exception as error:
            raise self._error(f"the policy can't be judged: Forgewall failed with {type(error).__name__}") from error

    def _stat(self) -> _Signature | str:
        try:
            return _signature(os.stat(self.path))
        except OSError as error:
            return f"errno {error.errno}"

    def _read(self) -> tuple[bytes, _Signature, bool]:
        """The file's bytes, what it looked like before reading, and whether that will show the next edit."""
        try:
            with open(self.path, "rb", opener=_open) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise _Unreadable(self.path, "the policy is not a regular file", "give the path of a YAML file")
                data = file.read(MAX_BYTES + 1)
                after = os.fstat(file.fileno())
        except OSError as error:
            raise _unreadable(self.path, error) from None
        settled = _signature(after) == _signature(status) and time.time() - status.st_mtime > SETTLED
        return data, _signature(status), settled

    def _error(self, message: str, hint: str = "") -> PolicyError:
        return PolicyError([Problem(file=str(self.path), line=1, column=1, message=message, hint=hint)])


class _Unreadable(PolicyError):
    """The file can't be read at all."""

    def __init__(self, path: Path, message: str, hint: str) -> None:
        super().__init__([Problem(file=str(path), line=1, column=1, message=message, hint=hint)])


def _unreadable(path: Path, error: OSError) -> _Unreadable:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return _Unreadable(path, "there is no such policy file", "give the path of one, or restore it")
        case errno.EACCES | errno.EPERM:
            return _Unreadable(path, "the policy file can't be read: permission denied", "check its mode and owner")
        case errno.EISDIR:
            return _Unreadable(path, "the policy is a directory", "give the path of a YAML file")
        case _:
            return _Unreadable(path, f"the policy file can't be read: {error.strerror}", "check the disk and the path")


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a FIFO in the file's place must not hold us


def _signature(status: os.stat_result) -> _Signature:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Put off cycle collection while a policy is parsed.

    A large policy makes many objects and no garbage; each full collection would stop the whole process for nothing.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

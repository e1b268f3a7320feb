"""The console as a child of `forgewall run`: a process of its own, so that no page ever slows the proxy down.

A pipe ties the child to its parent: only the parent holds the end for writing, so that the child learns of the
parent's end however that comes, and ends too. A child that dies is started again, but not without end. Nothing that
happens to it reaches the proxy.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

RESTARTS = 5
WINDOW_SECONDS = 300.0
"""A child that ends more often than RESTARTS in this time isn't started again."""
PAUSE_SECONDS = 1.0
END_SECONDS = 8.0
"""How long the child may take to end when asked to."""
_HOPELESS = (2, 3)
"""Exit codes of `forgewall` that a sentence on stderr explains: starting again wouldn't help."""
_START = "import sys; from forgewall.cli import main; sys.exit(main())"

_log = logging.getLogger(__name__)


class ConsoleChild:
    """Keeps one console running. `arguments` are those of `forgewall console`; `clock` is monotonic, in seconds."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        command: Sequence[str] = (sys.executable, "-P", "-c", _START, "console"),
        clock: Callable[[], float] = time.monotonic,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self._command = [*command, *arguments]
        self._clock = clock
        self._pause = pause
        self._ended = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name="forgewall-console", daemon=True)

    def start(self) -> None:
        """Start it and come back at once."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        with self._lock:
            self._ended.set()
            child = self._child
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        if self._thread.is_alive():
            self._thread.join(END_SECONDS)
        if child is not None and child.poll() is None:
            child.kill()

    @property
    def pid(self) -> int | None:
        """The child's number, None while there is none."""
        child = self._child
        return child.pid if child is not None else None

    def _keep(self) -> None:
        starts: list[float] = []
        while not self._ended.is_set():
            starts = [at for at in starts if self._clock() - at < WINDOW_SECONDS]
            if len(starts) > RESTARTS:
                _log.error("the console ended %d times and isn't started again; the proxy goes on", len(starts))
                return
            starts.append(self._clock())
            try:
                code = self._once()
            except OSError as error:
                _log.error("the console can't be started: %s; the proxy goes on", error.strerror)
                return
            if self._ended.is_set():
                return
            if code in _HOPELESS:
                _log.error("the console didn't start (exit code %d); the proxy goes on without it", code)
                return
            _log.error("the console ended (exit code %d); it is started again", code)
            self._ended.wait(self._pause)

    def _once(self) -> int:
        """Run it once; its exit code."""
        with _pipe() as reading:
            with self._lock:
                if self._ended.is_set():
                    return 0
                self._child = subprocess.Popen(
                    [*self._command, "--parent-pipe", str(reading)],
                    stdin=subprocess.DEVNULL,
                    pass_fds=(reading,),
                    start_new_session=True,  # Ctrl-C is for the parent, which then ends it
                )
            return self._child.wait()


@contextlib.contextmanager
def _pipe() -> Iterator[int]:
    """The end for reading of a pipe whose other end stays open meanwhile, here alone."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)

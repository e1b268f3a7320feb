"""A proxy whose windows and announcements run by a clock that a test moves on.

`before=AHEAD` runs in the proxy's process before it starts; the environment variable `CLOCK_AHEAD` names a file with
the seconds that its clock is ahead of the real one. Connections and time-outs keep the real time.
"""

from __future__ import annotations

from pathlib import Path

AHEAD = """
import os, time
import forgewall.proxy.examiner as _examiner
_init = _examiner.Examiner.__init__
def _ahead():
    with open(os.environ["CLOCK_AHEAD"]) as file:
        return time.monotonic() + float(file.read() or 0)
_examiner.Examiner.__init__ = lambda self, **given: _init(self, **given, clock=_ahead)
"""


class Clock:
    """The file, and what a proxy needs to read it."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "clock-ahead"
        self._file.write_text("0", encoding="ascii")
        self.env = {"CLOCK_AHEAD": str(self._file)}
        self.before = AHEAD

    def move(self, seconds: int) -> None:
        """Let the proxy's clock be so many seconds ahead."""
        self._file.write_text(str(seconds), encoding="ascii")

"""The policy as the console shows it: the last good one, and what is wrong with the file where it is broken."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from forgewall.decide.policy import Policy
from forgewall.errors import PolicyError
from forgewall.policyfile import PolicyFile


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """`policy` is the last good one, None if there never was one; `error` tells why the file's text isn't in force.

    `writable`: an approval can be written into the file.
    """

    file: Path
    policy: Policy | None
    error: PolicyError | None
    writable: bool


class PolicyWatch:
    """One policy file, looked at whenever somebody asks; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._file = PolicyFile(path)
        self._error: PolicyError | None = None
        self._lock = threading.Lock()

    def look(self) -> PolicyView:
        """What is in the file now; it is read only if it changed."""
        with self._lock:
            change = self._file.poll()
            if change is not None:
                self._error = change.error
            return PolicyView(
                file=self._file.path, policy=self._file.current, error=self._error, writable=_writable(self._file.path)
            )


def _writable(path: Path) -> bool:
    """Whether a new text can take the file's place, which needs a new file beside it."""
    real = Path(os.path.realpath(path))
    return os.access(real, os.W_OK) and os.access(real.parent, os.W_OK)

"""Files beside the log, made so that the proxy can use them whoever made them.

The log's directory belongs to the user whom the proxy runs as. What root makes there (an approval by the command line
just after midnight begins the new day's file) is given to that user; else the proxy couldn't write its log any more,
and would refuse every write. Not here: files that are there already, which stay whose they are.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def opened(path: Path, flags: int) -> int:
    """Opens `path` for `flags`, making it (mode 0600) where it is missing. Raises OSError."""
    try:
        return made(path, flags)
    except FileExistsError:
        return os.open(path, flags | os.O_CREAT, 0o600)


def made(path: Path, flags: int) -> int:
    """Makes `path` (mode 0600) and opens it for `flags`. Raises OSError, FileExistsError if it is there."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    if os.geteuid() == 0:
        with suppress(OSError):  # root may be one without that right; then the file stays root's
            place = os.stat(path.parent)
            os.fchown(descriptor, place.st_uid, place.st_gid)
    return descriptor

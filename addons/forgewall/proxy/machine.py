"""How much memory this process can hope for.

Not here: what it is used for.
"""

from __future__ import annotations

import os
from pathlib import Path

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where a container's limit stands, in bytes or as `max` (Linux, cgroup-v2.rst and cgroup-v1/memory.rst)."""
_USUAL = 4 * 1024 * 1024 * 1024


def memory() -> int:
    """Bytes: what the machine has, or its container may use; 4 GiB where nobody tells."""
    found = [size for path in _LIMITS if (size := _limit(Path(path)))]
    try:
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (ValueError, OSError):
        found.append(_USUAL)
    return min(found)


def _limit(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return int(text) if text.isdigit() else None

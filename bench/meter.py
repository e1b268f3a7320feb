"""What a process costs, from proc(5): processor time and memory, its children's included. Linux only.

Elsewhere every reading is None, and tables show a dash.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def processor_seconds(pid: int | None) -> float | None:
    """User and system time of a process and its children so far; None where there is no /proc."""
    ticks = 0
    try:
        ticks += sum(map(int, _stat(pid)[11:15]))  # utime, stime, and those of children that ended
    except OSError:
        return None
    for child in _children(pid):
        with contextlib.suppress(OSError):
            ticks += sum(map(int, _stat(child)[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def resident(pid: int | None) -> int | None:
    """Resident memory of a process and its children in bytes; None where there is no /proc."""
    return _sum(pid, "VmRSS")


def peak(pid: int | None) -> int | None:
    """The highest resident memory of each since `reset_peak`, added up, in bytes."""
    return _sum(pid, "VmHWM")


def reset_peak(pid: int | None) -> None:
    """Count the peaks from now on."""
    for each in (pid, *_children(pid)):
        with contextlib.suppress(OSError):
            Path(f"/proc/{each}/clear_refs").write_text("5", encoding="ascii")


def _sum(pid: int | None, name: str) -> int | None:
    try:
        total = _status(pid, name)
    except OSError:
        return None
    for child in _children(pid):
        with contextlib.suppress(OSError):
            total += _status(child, name)
    return total


def _status(pid: int | None, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0  # a process that is ending has no memory


def _stat(pid: int | None) -> list[str]:
    """The fields of /proc/PID/stat after the name; the first is the state."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()


def _children(pid: int | None) -> Iterator[int]:
    """The children of a process, and theirs."""
    if pid is None:
        return
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    waiting = list(parents.get(pid, ()))
    while waiting:
        child = waiting.pop()
        yield child
        waiting += parents.get(child, ())

"""A bar on standard error for work that is counted: it comes where a person looks, and goes when the work is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from forgewall.cli import terminal

_LONG = 20_000
"""Things that take long enough to show how far one is."""


def watched() -> bool:
    """Whether a person looks at standard error."""
    return terminal.look(sys.stderr).tables


@contextmanager
def counter(title: str, total: int) -> Iterator[Callable[[int], None] | None]:
    """What is to be told how many of `total` are done; None where nobody looks, or it isn't worth it."""
    if total < _LONG or not watched():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    progress = Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=terminal.console(sys.stderr),
        transient=True,
    )
    task = progress.add_task("", total=total)
    with progress:
        yield lambda done: progress.update(task, completed=done)

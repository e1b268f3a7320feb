"""Where a command finds the log, the index and the policy: the options all of them share, and their defaults.

Every command that reads works with no proxy running. What stands in the environment saves typing; options win.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from forgewall.cli import terminal
from forgewall.errors import UsageError

if TYPE_CHECKING:
    from forgewall.review.store import Store

EVENTS_VARIABLE = "FORGEWALL_EVENTS"
POLICY_VARIABLE = "FORGEWALL_POLICY"
_LONG = 16 << 20
"""Bytes of a log that take long enough to show how far the reading is."""


def add_events(parser: argparse.ArgumentParser) -> None:
    """Adds `--events`, `--index` and `--rebuild`; `store` opens what they say. `args.clock` tells the time."""
    parser.add_argument(
        "--events",
        metavar="DIR",
        type=Path,
        default=_default_events(),
        help=f"the log (default: {EVENTS_VARIABLE}, or events)",
    )
    parser.add_argument(
        "--index", metavar="FILE", type=Path, help="the index of the log (default: review.sqlite beside it)"
    )
    parser.add_argument(
        "--rebuild", action="store_true", help="make the index anew from the log first; what people said of cases stays"
    )
    parser.set_defaults(clock=utc_now)


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Adds `--policy`."""
    parser.add_argument(
        "--policy",
        metavar="FILE",
        type=Path,
        default=_default_policy(),
        help=f"the policy (default: {POLICY_VARIABLE}, or policy/forgewall.yaml)",
    )
    parser.set_defaults(clock=utc_now)


@contextmanager
def store(args: argparse.Namespace) -> Iterator[Store]:
    """The index of the log that `args` names, brought up to the log's present end.

    On a terminal, standard error shows how far a long reading is. Raises UsageError where there is no log, StoreError
    where the index can't be used.
    """
    from forgewall.review.store import Store  # noqa: PLC0415 - `events` without filters needs no SQLite

    directory(args)
    with Store(args.events, file=args.index, clock=args.clock) as opened:
        take_in = opened.rebuild if args.rebuild else opened.refresh
        with _progress() as progress:
            took_in = take_in(progress)
        if took_in.skipped:
            print(f"forgewall: skipped {took_in.skipped} line(s) of the log that are no event", file=sys.stderr)
        yield opened


def directory(args: argparse.Namespace) -> Path:
    """The log's directory. Raises UsageError if there is none."""
    events: Path = args.events
    if not events.is_dir():
        raise UsageError(
            f"there is no event log in `{terminal.safe(str(events))}`; name its directory with --events DIR"
        )
    return events


def again(args: argparse.Namespace, *, policy: bool = False) -> str:
    """The options that lead another command to the same log and index (and policy), as a shell takes them; '' where
    none are needed. With a space before.
    """
    pairs = [("--events", args.events, _default_events()), ("--index", args.index, None)]
    if policy:
        pairs.append(("--policy", args.policy, _default_policy()))
    return "".join(f" {name} {shlex.quote(str(value))}" for name, value, default in pairs if value != default)


def utc_now() -> datetime:
    """The present time, aware, in UTC."""
    return datetime.now(UTC)


def _default_events() -> Path:
    return Path(os.environ.get(EVENTS_VARIABLE) or "events")


def _default_policy() -> Path:
    return Path(os.environ.get(POLICY_VARIABLE) or "policy/forgewall.yaml")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """What shows how far a reading is, None where nobody looks."""
    if not terminal.look(sys.stderr).tables:
        yield None
        return
    with _Bar() as bar:
        yield bar.show


class _Bar:
    """A bar on standard error that comes when there is much to read, and goes when it is read."""

    def __init__(self) -> None:
        self._stop: Callable[[], None] = lambda: None
        self._update: Callable[[int, int], None] | None = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def show(self, done: int, total: int) -> None:
        """`done` of `total` bytes are read."""
        if self._update is None:
            if total - done < _LONG:
                return
            self._begin(total)
        assert self._update is not None
        self._update(done, total)

    def _begin(self, total: int) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        progress = Progress(
            TextColumn("reading the log"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=terminal.console(sys.stderr),
            transient=True,
        )
        task = progress.add_task("", total=total)
        progress.start()
        self._stop = progress.stop
        self._update = lambda done, total: progress.update(task, completed=done, total=total)

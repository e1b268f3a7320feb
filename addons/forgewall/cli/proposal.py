"""An edit of the policy on the screen, before anybody agrees: the entry, warnings, the difference, what else changes;
and the question. The same for all commands that edit the policy.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from forgewall.cli import change_table, login, place, terminal, when
from forgewall.cli.counter import counter, watched
from forgewall.cli.json_lines import dumped
from forgewall.errors import ForgewallError, UsageError
from forgewall.review import approval
from forgewall.review.approval import Proof
from forgewall.review.approval_proof import LOOKED_BACK, MOST
from forgewall.review.filters import Filters
from forgewall.review.preview import Preview
from forgewall.review.stand_ins import read_key

if TYPE_CHECKING:
    from forgewall.review.store import Store

_WIDE = 4096
_WHOLE = 1 << 24
"""Characters of one line of the policy that are shown, more than it has: nothing that is agreed to may be out of sight.
"""
_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_ROWS = 12
TAKEN_OVER = "A running Forgewall takes it over within 2 seconds."


@contextmanager
def proof(args: argparse.Namespace, store: Store) -> Iterator[Proof]:
    """What previews need of the log; on a terminal, standard error shows how far judging it is."""
    since = Filters(since=args.clock() - LOOKED_BACK, dataset=("decision",))
    total = store.count(since, most=MOST) if watched() else 0
    with counter("judging the log", total) as progress:
        yield Proof(store=store, names=read_key(args.events), progress=progress)


def carry_out(
    args: argparse.Namespace,
    preview: Preview,
    store: Store | None,
    *,
    reason: str,
    question: Callable[[], bool],
    done: Callable[[Preview], str],
    head: str = "",
) -> int:
    """Show `preview` below `head`, ask, write, and say what happens now. Returns the exit code."""
    now = args.clock()
    if not args.json:
        show(preview, now, head)
    if args.dry_run:
        print(dumped({"applied": False, **as_json(preview)}) if args.json else "Nothing was written (--dry-run).")
        return 0
    if args.yes and not preview.settles:
        raise approval.ObstacleError(f"it would still be refused, so nothing was written: {_plain(preview.refused)}")
    if not args.yes and not can_ask():
        raise UsageError("nobody can be asked here: --yes does it without a question, --dry-run only shows it")
    if not args.yes and not question():
        print("Nothing was written.")
        return 0
    approval.apply(preview, login.person(), place.directory(args), reason, args.clock, store=store)
    print(dumped({"applied": True, **as_json(preview)}) if args.json else done(preview))
    return 0


def agreed(question: str) -> bool:
    """Whether the person at the terminal says yes; anything else is no."""
    print(f"{question} [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def typed(word: str, question: str) -> bool:
    """Whether the person at the terminal types `word`."""
    print(f"{question} ", end="", flush=True)
    return sys.stdin.readline().strip() == word


def show(preview: Preview, now: datetime, head: str = "") -> None:
    """Prints the preview for people."""
    if head:
        say(head)
    for warning in preview.warnings:
        say(f"! {warning}", "bold yellow")
    if not preview.settles:
        say(f"! even with this entry it would be refused: {preview.refused}", "bold red")
    print()
    for line in preview.diff:
        say(line, _STYLES.get(line[:1], ""), _WHOLE)
    print()
    if preview.expires is not None:
        say(f"ends    {when.to_the_minute(preview.expires)} UTC ({when.relative(preview.expires, now)})")
    for problem in preview.lint:
        said = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
        say(f"lint    {problem.file}:{problem.line}: {said}", "yellow")
    say(f"tests   {preview.tests} of the policy's own pass" if preview.tests else "tests   the policy has none")
    _show_replayed(preview, now)
    for hint in preview.hints:
        say(f"hint    {hint}")


def _show_replayed(preview: Preview, now: datetime) -> None:
    replayed = preview.replayed
    if not replayed.judged and not replayed.unjudged:
        return
    count = f"{replayed.changed:,} of {replayed.judged:,} recorded decisions of the last {LOOKED_BACK.days} days"
    say(f"log     {count} would come out otherwise{':' if replayed.changes else ''}")
    if replayed.changes:
        change_table.draw(replayed.changes, now, most=_ROWS)
        more = len(replayed.changes) - _ROWS
        if more > 0:
            print(f"and {more:,} more groups; forgewall replay shows all")
    for warning in replayed.warnings:
        say(f"log     {warning}")


def say(text: str, style: str = "", most: int = _WIDE) -> None:
    """One line of at most so many characters, made safe, in colour where the other end can show it."""
    line = terminal.safe(text, most)
    if style and terminal.look().colour:
        from rich.text import Text  # noqa: PLC0415 - takes longer to import than the rest runs

        terminal.console().print(Text(line, style), soft_wrap=True)
        return
    terminal.never_fail_on(sys.stdout)
    print(line)


def refused(error: ForgewallError) -> ForgewallError:
    """`error`, whose text may quote the log, so that it can be printed."""
    if isinstance(error, approval.ObstacleError):
        return approval.ObstacleError("\n".join(_plain(line) for line in str(error).split("\n")))
    return error


def _plain(text: str) -> str:
    return terminal.safe(text, _WIDE)


def can_ask() -> bool:
    """Whether a person is there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def as_json(preview: Preview) -> dict[str, Any]:
    """The preview for programs; times are RFC 3339."""
    return {
        "edit": preview.edit.value,
        "file": str(preview.file),
        "old_digest": preview.old_digest,
        "new_digest": preview.new_digest,
        "address": preview.address,
        "entry": preview.entry,
        "lines": preview.lines,
        "expires": _stamp(preview.expires),
        "event_id": preview.event_id,
        "case_id": preview.case_id,
        "settles": preview.settles,
        "refused": preview.refused,
        "warnings": list(preview.warnings),
        "hints": list(preview.hints),
        "lint": [
            {"line": one.line, "code": one.code, "message": one.message, "hint": one.hint} for one in preview.lint
        ],
        "tests": preview.tests,
        "diff": list(preview.diff),
        "replay": change_table.as_json(preview.replayed),
    }


def _stamp(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

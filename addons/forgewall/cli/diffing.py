"""Two policies compared and the difference printed: `diff` once its options are read."""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from forgewall.cli import change_table, place, selection, table
from forgewall.cli.counter import counter
from forgewall.cli.json_lines import dumped
from forgewall.cli.replaying import counted
from forgewall.cli.table import Cell, Column
from forgewall.decide.document import MAX_BYTES, decode
from forgewall.decide.load import Loaded, compiled
from forgewall.errors import PolicyError, UsageError
from forgewall.policyfile import PolicyFile
from forgewall.review.diff import Difference, TurnedTest, diff
from forgewall.review.diff_entries import Edited, EntryChange
from forgewall.review.diff_words import Words
from forgewall.review.stand_ins import read_key

_NOT_COMPARED = 2
_SIGNS = {Edited.ADDED: ("+", "green"), Edited.REMOVED: ("-", "red"), Edited.CHANGED: ("~", "yellow")}
_TESTS = (
    Column(title="Test", least=20),
    Column(title="Before", least=14),
    Column(title="After", least=14),
    Column(title="Where", least=12),
)
_ENTRIES = (
    Column(title=""),
    Column(title="List"),
    Column(title="Entry", least=20),
    Column(title="What", least=24),
    Column(title="Where", least=12),
)


def run(args: argparse.Namespace) -> int:
    """Prints the difference. Returns 0 or 1, and 2 with all problems where a policy can't be read."""
    if args.count < 0:
        raise UsageError("-n takes a number of groups from 0 (all) up")
    if args.old == args.new == "-":
        raise UsageError("standard input can be one of the two policies, not both")
    now = args.clock()
    try:
        old, new = _loaded(args.old), _loaded(args.new)
    except PolicyError as error:
        print(error, file=sys.stderr)
        return _NOT_COMPARED
    with _compared(args, old, new, now) as found:
        if args.json:
            print(dumped(_as_json(found, old, new)))
        else:
            _print(found, now, args.count)
    return int(found.decides_otherwise)


@contextmanager
def _compared(args: argparse.Namespace, old: Loaded, new: Loaded, now: datetime) -> Iterator[Difference]:
    """The difference; over the log too, where there is one at its usual place or at the place that is named."""
    if args.events is None:
        args.events = args.usual_events
        if not args.events.is_dir():
            yield diff(old, new, None, now)
            return
    names = read_key(place.directory(args))
    filters = selection.chosen(args, now)
    with place.store(args) as store, counter("judging", counted(store, filters)) as progress:
        at = now if args.now else None
        found = diff(old, new, store.recorded(filters), now, at=at, names=names, progress=progress)
    yield found


def _loaded(name: str) -> Loaded:
    """The policy in file `name`, `-` for standard input. Its tests may fail: that is what is looked at."""
    if name == "-" or _is_pipe(name):
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        shown = "standard input" if name == "-" else name
        return compiled(decode(data, shown), shown)
    return PolicyFile(name, parse=compiled).load_with_warnings()


def _is_pipe(name: str) -> bool:
    """Whether `name` is what a shell makes of `<(…)`."""
    try:
        return stat.S_ISFIFO(os.stat(name).st_mode)
    except OSError:
        return False


def _print(found: Difference, now: datetime, most: int) -> None:
    if found.tests:
        table.draw(_TESTS, [_test_cells(test) for test in found.tests])
        print()
    if found.replayed is not None and found.replayed.changes:
        change_table.draw(found.replayed.changes, now, most=most)
        print()
    if found.entries:
        table.draw(_ENTRIES, [_entry_cells(change) for change in found.entries])
        print()
    print(f"{len(found.tests):,} of {found.tested:,} tests come out otherwise, {len(found.entries):,} entries differ")
    if found.replayed is None:
        print("forgewall diff: no log was looked at; name its directory with --events DIR", file=sys.stderr)
        return
    print(change_table.summary(found.replayed))
    more = len(found.replayed.changes) - most
    if most and more > 0:
        print(f"forgewall diff: {more:,} more groups of decisions; -n 0 lists all", file=sys.stderr)
    change_table.tell(found.replayed, "diff")


def _test_cells(test: TurnedTest) -> list[Cell | str]:
    asker = f" (user {test.subject.user})" if test.subject.user else ""
    wish = f", but the test expects {test.expect}" if test.fails else ""
    return [
        f"{test.sentence}{asker}",
        change_table.words(test.before),
        Cell(text=f"{change_table.words(test.after)} {test.after.rule}{wish}", style="red" if test.fails else ""),
        test.reference,
    ]


def _entry_cells(change: EntryChange) -> list[Cell | str]:
    sign, style = _SIGNS[change.edited]
    if change.edited is Edited.CHANGED:
        what = f"{_words(change.before) or 'nothing'} -> {_words(change.after) or 'nothing'}"
    else:
        what = _words(change.after or change.before)
    return [Cell(text=sign, style=style), change.section, change.name, what, change.reference]


def _words(words: Words) -> str:
    return "; ".join(f"{word}: {said}" if word else said for word, said in words)


def _as_json(found: Difference, old: Loaded, new: Loaded) -> dict[str, Any]:
    return {
        "old": old.policy.digest,
        "new": new.policy.digest,
        "decides_otherwise": found.decides_otherwise,
        "tested": found.tested,
        "tests": [
            {
                "do": test.sentence,
                "user": test.subject.user,
                "client": test.subject.client,
                "visibility": test.visibility,
                "reference": test.reference,
                "expect": test.expect,
                "fails": test.fails,
                "before": change_table.outcome_json(test.before),
                "after": change_table.outcome_json(test.after),
            }
            for test in found.tests
        ],
        "recorded": change_table.as_json(found.replayed) if found.replayed is not None else None,
        "entries": [
            {
                "section": change.section,
                "name": change.name,
                "edited": change.edited,
                "before": dict(change.before),
                "after": dict(change.after),
                "reference": change.reference,
            }
            for change in found.entries
        ],
    }

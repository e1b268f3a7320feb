"""`forgewall stats`: how much was blocked and uploaded over time, and by whom, where to and why."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from forgewall.cli import bars, place, table, terminal, when
from forgewall.cli.json_lines import dumped
from forgewall.cli.parsing import examples
from forgewall.cli.table import Cell, Column
from forgewall.errors import UsageError
from forgewall.review.figures import Bucket, Statistics, Tally
from forgewall.review.filters import parse_filters
from forgewall.sizes import rounded

_HEIGHT = 5
_BAR = 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "stats",
        description="Count blocks and uploads over time, and the addresses, people, operations and reasons behind the "
        "most blocks.",
        epilog=examples(
            ("forgewall stats", "the last seven days"),
            ("forgewall stats --since 24h", "the last day, in half hours"),
            ("forgewall stats --since 2026-11-01 --until 2026-12-01", "a month"),
            ("forgewall stats --json | jq .addresses", "for other programs"),
        ),
    )
    place.add_events(parser)
    parser.add_argument(
        "--since", metavar="TIME", default="7d", help="from then on, as 24h, 7d, 2026-11-01 (default: 7d)"
    )
    parser.add_argument("--until", metavar="TIME", help="before then (default: now)")
    parser.add_argument("--top", metavar="N", type=int, default=10, help="how many of each list (default: 10)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the numbers. Returns 0; raises UsageError or StoreError."""
    now = args.clock()
    since, until = _span(args, now)
    if args.top < 1:
        raise UsageError("--top takes a number from 1 up")
    with place.store(args) as store:
        found = store.statistics(since, until, top=args.top)
    if args.json:
        print(dumped(_as_json(found)))
    else:
        terminal.never_fail_on(sys.stdout)
        _print(found, now)
        if found.open_cases and terminal.look(sys.stdout).tables:
            print(f"\n`forgewall cases{terminal.safe(place.again(args))}` lists what waits to be judged")
    return 0


def _span(args: argparse.Namespace, now: datetime) -> tuple[datetime, datetime]:
    given = parse_filters([("since", args.since), ("until", args.until or "")], now)
    since, until = given.since or now - timedelta(days=7), given.until or now
    if since >= until:
        raise UsageError(f"there is no time between --since {when.exact(since)} and --until {when.exact(until)}")
    return since, until


def _print(found: Statistics, now: datetime) -> None:
    blocked = sum(bucket.blocked for bucket in found.buckets)
    would = sum(bucket.would_block for bucket in found.buckets)
    uploads = sum(bucket.uploads for bucket in found.buckets)
    size = sum(bucket.bytes for bucket in found.buckets)
    passed = "upload" if uploads == 1 else "uploads"
    cases = "case" if found.open_cases == 1 else "cases"
    print(f"{when.to_the_minute(found.since)} to {when.to_the_minute(found.until)} UTC")
    print(
        f"{blocked:,} blocked, {would:,} would be blocked, {uploads:,} {passed} passed with {rounded(size)}; "
        f"{found.open_cases:,} open {cases}"
    )
    refused = [bucket.blocked + bucket.would_block for bucket in found.buckets]
    _chart("blocked, or would have been", refused, found.buckets, found.seconds)
    _chart("uploads", [bucket.uploads for bucket in found.buckets], found.buckets, found.seconds)
    _list("blocked addresses", found.addresses, now)
    _list("blocked people", found.people, now)
    _list("blocked operations", found.operations, now)
    _list("reasons", found.reasons, now)
    _list("uploads by address", found.uploads, now, sized=True)


def _chart(title: str, values: Sequence[int], buckets: Sequence[Bucket], seconds: int) -> None:
    """Bars over time with the largest value at the side; nothing where there is nothing."""
    if not any(values):
        return
    most = f"{max(values):,}"
    lines = bars.columns(values, _HEIGHT, symbols=terminal.look(sys.stdout).symbols)
    print(f"\n{title}, each bar {_length(seconds)}")
    for index, line in enumerate(lines):
        print(f"{most if index == 0 else '':>{len(most)}} |{line}".rstrip())
    start, end = _tick(buckets[0].start, seconds), _tick(buckets[-1].start, seconds)
    gap = max(1, len(values) - len(start) - len(end))
    print(f"{0:>{len(most)}} +{'-' * len(values)}")
    print(f"{'':>{len(most)}}  {start}{' ' * gap}{end}")


def _tick(time: datetime, seconds: int) -> str:
    utc = time.astimezone(UTC)
    return f"{utc:%m-%d}" if seconds >= 86400 else f"{utc:%m-%d %H:%M}"


def _length(seconds: int) -> str:
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            count = seconds // size
            return unit if count == 1 else f"{count} {unit}s"
    return f"{seconds} seconds"


def _list(title: str, tallies: Sequence[Tally], now: datetime, *, sized: bool = False) -> None:
    if not tallies:
        return
    shown = terminal.look(sys.stdout)
    most = max(tally.bytes if sized else tally.count for tally in tallies)
    columns = [
        Column(title="Times", right=True),
        Column(title="Bytes", right=True),
        Column(title=title[0].upper() + title[1:], least=24),
        Column(title="Last seen", least=16),
    ]
    rows = [
        [
            Cell(text=f"{tally.count:,}"),
            Cell(text=rounded(tally.bytes)),
            Cell(text=tally.name or "(unknown)"),
            Cell(text=f"{when.to_the_minute(tally.last)} ({when.relative(tally.last, now)})"),
        ]
        for tally in tallies
    ]
    if shown.tables:
        columns.insert(2, Column(title=""))
        for row, tally in zip(rows, tallies, strict=True):
            value = tally.bytes if sized else tally.count
            row.insert(
                2, Cell(text=bars.row(value, most, _BAR, symbols=shown.symbols), style="red" if not sized else "green")
            )
    print()
    table.draw(columns, rows)


def _as_json(found: Statistics) -> dict[str, Any]:
    return {
        "since": when.stamp(found.since),
        "until": when.stamp(found.until),
        "seconds": found.seconds,
        "open_cases": found.open_cases,
        "buckets": [
            {
                "start": when.stamp(bucket.start),
                "blocked": bucket.blocked,
                "would_block": bucket.would_block,
                "passed": bucket.passed,
                "uploads": bucket.uploads,
                "bytes": bucket.bytes,
            }
            for bucket in found.buckets
        ],
        **{
            name: [
                {"name": tally.name, "count": tally.count, "bytes": tally.bytes, "last": when.stamp(tally.last)}
                for tally in tallies
            ]
            for name, tallies in (
                ("addresses", found.addresses),
                ("people", found.people),
                ("operations", found.operations),
                ("reasons", found.reasons),
                ("uploads", found.uploads),
            )
        },
    }

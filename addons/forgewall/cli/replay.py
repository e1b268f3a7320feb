"""`forgewall replay`: what of the log would come out otherwise under another policy. Nothing is changed."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from forgewall.cli import change_table, place, selection
from forgewall.cli.counter import counter, watched
from forgewall.cli.json_lines import dumped
from forgewall.cli.parsing import examples
from forgewall.errors import UsageError
from forgewall.policyfile import PolicyFile
from forgewall.review.filters import Filters
from forgewall.review.preview import Replayed
from forgewall.review.replay import replay
from forgewall.review.stand_ins import read_key
from forgewall.review.store import Store

FILTERS = ("since", "until", "user", "client", "forge", "address", "operation", "verdict", "code", "rule")
_SINCE = "7d"
_DEFAULT_COUNT = 50
_MOST = 10_000_000
"""Decisions that are counted for the bar."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "replay",
        description="Judge recorded decisions by the policy --policy and list those that come out otherwise than they "
        "did, or than --against has them: what it lets through first, then what it blocks. Decisions by limits, "
        "contents and broken messages can't be judged from the log; they are counted. The exit code is 0 whatever "
        "comes out.",
        epilog=examples(
            ("forgewall replay --policy new.yaml", "the last 7 days under new.yaml"),
            ("forgewall replay --policy new.yaml --against policy/forgewall.yaml --since 30d", "what of it is new"),
            ("forgewall replay --policy new.yaml --now", "as if all of it were asked now: what expired counts"),
            ("forgewall replay --policy enforce.yaml --verdict would-block", "what observe mode let pass"),
        ),
    )
    place.add_policy(parser)
    place.add_events(parser)
    parser.add_argument("--against", metavar="FILE", type=Path, help="compare with this policy, not with what was said")
    parser.add_argument("--now", action="store_true", help="judge as if it were asked now, not at its own time")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_count(parser)
    selection.add_filters(parser, FILTERS)
    parser.set_defaults(run=run, filter_since=_SINCE)


def add_count(parser: argparse.ArgumentParser) -> None:
    """Adds `-n`; `count` reads it."""
    parser.add_argument(
        "-n",
        dest="count",
        type=int,
        default=_DEFAULT_COUNT,
        metavar="N",
        help="at most N groups of decisions, 0 for all (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Lists what changes. Returns 0; raises PolicyError, UsageError and StoreError."""
    if args.count < 0:
        raise UsageError("-n takes a number of groups from 0 (all) up")
    now = args.clock()
    filters = selection.chosen(args, now)
    new = PolicyFile(args.policy).load()
    old = PolicyFile(args.against).load() if args.against is not None else None
    names = read_key(place.directory(args))
    with place.store(args) as store, counter("judging", counted(store, filters)) as progress:
        replayed = replay(
            store.recorded(filters), new, old=old, at=now if args.now else None, names=names, progress=progress
        )
    if args.json:
        print(dumped({"policy": new.digest, **change_table.as_json(replayed)}))
        return 0
    if replayed.changes:
        change_table.draw(replayed.changes, now, most=args.count)
    print(change_table.summary(replayed))
    _tell(replayed, args.count)
    return 0


def counted(store: Store, filters: Filters) -> int:
    """How many decisions will be judged, 0 where nobody looks at a bar."""
    return store.count(replace(filters, dataset=("decision",)), most=_MOST) if watched() else 0


def _tell(replayed: Replayed, count: int) -> None:
    more = len(replayed.changes) - count
    if count and more > 0:
        print(f"forgewall replay: {more:,} more groups; -n 0 lists all", file=sys.stderr)
    change_table.tell(replayed, "replay")
    if not replayed.judged and not replayed.unjudged:
        print("forgewall replay: the log has no such decisions; --since takes an earlier time", file=sys.stderr)

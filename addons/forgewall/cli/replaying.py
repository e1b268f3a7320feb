"""What comes out otherwise under another policy, judged and printed: `replay` once its options are read."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from forgewall.cli import change_table, place, selection
from forgewall.cli.counter import counter, watched
from forgewall.cli.json_lines import dumped
from forgewall.errors import UsageError
from forgewall.policyfile import PolicyFile
from forgewall.review.filters import Filters
from forgewall.review.preview import Replayed
from forgewall.review.replay import replay
from forgewall.review.stand_ins import read_key
from forgewall.review.store import Store

_MOST = 10_000_000
"""Decisions that are counted for the bar."""


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

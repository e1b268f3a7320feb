"""An allowlist made from the log and printed: `suggest` once its options are read."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from forgewall.cli import place, selection, when
from forgewall.cli.counter import counter
from forgewall.cli.json_lines import dumped
from forgewall.cli.replaying import counted
from forgewall.decide.document import decode
from forgewall.errors import UsageError
from forgewall.policyfile import PolicyFile
from forgewall.review.amend_entry import allow_words
from forgewall.review.filters import Filters
from forgewall.review.recorded import Recorded
from forgewall.review.replay import STEP
from forgewall.review.row import Row
from forgewall.review.stand_ins import read_key
from forgewall.review.store import Store
from forgewall.review.suggest import Suggestion, suggest
from forgewall.review.suggest_seen import Use
from forgewall.review.suggest_text import as_yaml
from forgewall.review.thresholds import Thresholds

_PAGE = 2000
_NOTHING = "version: 1\n"
_TIMES = 2
"""How often decisions are read: to find what to suggest, and to prove it."""


def run(args: argparse.Namespace) -> int:
    """Prints the suggestion. Returns 0; raises PolicyError, UsageError and StoreError."""
    if args.min_people < 1 or args.min_days < 1:
        raise UsageError("--min-people and --min-days take a number from 1 up")
    now = args.clock()
    filters = selection.chosen(args, now)
    filters = replace(filters, until=filters.until or now)  # it is read several times, and the log may grow meanwhile
    text, file = _policy(args)
    thresholds = Thresholds(people=args.min_people, days=args.min_days, owners=args.owners)
    names = read_key(place.directory(args))
    with place.store(args) as store, counter("judging", _TIMES * counted(store, filters)) as progress:
        read = _Read(store, filters, progress)
        found = suggest(
            read.decisions,
            lambda: _uploads(store, filters),
            text,
            file or "policy.yaml",
            now,
            thresholds,
            names=names,
        )
    if args.json:
        print(dumped(_as_json(found)))
    else:
        print(as_yaml(found, file=file, since=filters.since, until=filters.until or now), end="")
    if not found.entries:
        print(
            "forgewall suggest: nothing to approve; see the comments, or lower --min-people, --min-days",
            file=sys.stderr,
        )
    return 0


class _Read:
    """Reads decisions as often as is asked, and tells `progress` how many it was in all."""

    def __init__(self, store: Store, filters: Filters, progress: Callable[[int], None] | None) -> None:
        self._store = store
        self._filters = filters
        self._progress = progress
        self._done = 0

    def decisions(self) -> Iterator[Recorded]:
        """The decisions that fit."""
        for one in self._store.recorded(self._filters):
            self._done += 1
            if self._progress is not None and not self._done % STEP:
                self._progress(self._done)
            yield one


def _policy(args: argparse.Namespace) -> tuple[str, str]:
    """The policy's text and name; an empty one and '' where none is named and none is at the usual place."""
    path: Path = args.policy if args.policy is not None else args.usual_policy
    if args.policy is None and not path.exists():
        return _NOTHING, ""
    PolicyFile(path).load()
    return decode(path.read_bytes(), os.fspath(path)), os.fspath(path)


def _uploads(store: Store, filters: Filters) -> Iterator[Row]:
    """All uploads that fit, the newest first."""
    wanted = replace(filters, dataset=("upload",))
    page = store.events(wanted, limit=_PAGE)
    while page:
        yield from page
        page = store.events(wanted, limit=_PAGE, before=page[-1].id)


def _as_json(found: Suggestion) -> dict[str, Any]:
    return {
        "objected": found.objected,
        "let_through": found.let_through,
        "approved": found.seen.approved,
        "unjudged": found.seen.unjudged,
        "entries": [
            {
                "address": entry.wish.address,
                "allow": allow_words(entry.wish.allow, "") if entry.wish.allow is not None else None,
                "operations": {operation.value: count for operation, count in entry.operations},
                "bytes": entry.bytes,
                "places": list(entry.places),
                **_use(entry.use),
            }
            for entry in found.entries
        ],
        "doubts": [
            {
                "address": doubt.address,
                "operations": [operation.value for operation in doubt.operations],
                "reason": doubt.reason,
                **_use(doubt.use),
            }
            for doubt in found.doubts
        ],
        "unclear": [
            {"host": host, "reason": reason, **_use(use)} for (host, reason), use in found.seen.unclear.items()
        ],
        "settings": [{"rule": rule, **_use(use)} for rule, use in found.seen.settings.items()],
    }


def _use(use: Use) -> dict[str, Any]:
    return {
        "count": use.count,
        "people": len(use.people),
        "days": len(use.days),
        "first_seen": when.stamp(use.first) if use.first is not None else None,
        "last_seen": when.stamp(use.last) if use.last is not None else None,
        "event_ids": list(use.examples),
    }

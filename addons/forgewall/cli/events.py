"""`forgewall events`: the event log as lines for people, newest last. It only reads, and never needs the proxy.

Without filters it reads the log itself, from its end. With filters it asks the index, which is brought up to
date first.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from forgewall.cli import place, selection, terminal
from forgewall.cli.event_details import details
from forgewall.cli.event_line import at, readable
from forgewall.cli.json_lines import dumped
from forgewall.cli.parsing import examples
from forgewall.errors import UsageError
from forgewall.record.reader import Follower, lines, lines_backwards

if TYPE_CHECKING:
    from forgewall.review.filters import Filters
    from forgewall.review.store import Store

_DEFAULT_COUNT = 200
_POLL_SECONDS = 0.2
_PAGE = 1000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "events",
        description="List the event log, newest last.",
        epilog=examples(
            ("forgewall events --blocked -n 20", "what was refused last"),
            ("forgewall events --follow --user ana@acme.example", "what she does, as it happens"),
            ("forgewall events --since 7d --address github.com/mallory", "all that concerns this owner"),
            ("forgewall events --signal secret --json -n 0 | jq .", "whole events, for other programs"),
        ),
    )
    place.add_events(parser)
    parser.add_argument("--follow", action="store_true", help="go on as events are written, until Ctrl-C")
    parser.add_argument("--blocked", action="store_true", help="only what was blocked, cut, or would have been")
    parser.add_argument("--evidence", action="store_true", help="below each event, what was found in the upload")
    parser.add_argument("--json", action="store_true", help="the events themselves, one JSON object a line")
    parser.add_argument(
        "-n",
        dest="count",
        type=int,
        default=None,
        metavar="N",
        help=f"the last N, 0 for all (default: {_DEFAULT_COUNT})",
    )
    selection.add_filters(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Lists the log as `args` says. Returns 0, also when nobody reads on or Ctrl-C ends it; raises UsageError."""
    if args.count is not None and args.count < 0:
        raise UsageError("-n takes a number of events from 0 (all) up")
    if not args.follow:
        place.directory(args)
    filters = _filters(args)
    terminal.never_fail_on(sys.stdout)
    listing = _Listing(
        blocked=args.blocked,
        filters=filters,
        raw=args.json,
        evidence=args.evidence,
        colour=terminal.look(sys.stdout).colour,
    )
    try:
        follower = Follower(args.events) if args.follow else None
        _show_past(args, listing, filters)
        if follower is not None:
            _follow(follower, listing)
        sys.stdout.flush()
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
    finally:
        listing.report()
    return 0


class _Listing:
    """Turns raw lines into printed ones and counts those that are none."""

    def __init__(self, *, blocked: bool, filters: Filters | None, raw: bool, evidence: bool, colour: bool) -> None:
        self._blocked = blocked
        self._filters = filters
        self._raw = raw
        self._evidence = evidence
        self._colour = colour
        self._corrupt = 0
        self._shown: collections.deque[str] = collections.deque(maxlen=_DEFAULT_COUNT)

    def chosen(self, raw_lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        """The events among `raw_lines` that are asked for."""
        if self._filters is not None:
            raw_lines = self._fitting(raw_lines, self._filters)
        for line in raw_lines:
            if self._blocked and b'"alert"' not in line and line.startswith(b"{") and line.endswith(b"}"):
                continue  # spares parsing most of a long log
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                event = None
            if not isinstance(event, dict) or "@timestamp" not in event:
                self._corrupt += 1
            elif not self._blocked or at(event, "event.kind") == "alert":
                yield event

    def _fitting(self, raw_lines: Iterable[bytes], filters: Filters) -> Iterator[bytes]:
        from forgewall.review.filters import matches  # noqa: PLC0415
        from forgewall.review.store import line  # noqa: PLC0415 - a listing without filters needs neither

        for raw in raw_lines:
            entry = line.read(raw)
            if entry is None:
                self._corrupt += 1
            elif matches(filters, entry.row, words=entry.words):
                yield raw

    def show(self, event: dict[str, Any], *, flush: bool = False) -> None:
        """Prints one event."""
        self._shown.append(at(event, "event.id"))
        if self._raw:
            text = dumped(event)
        else:
            printed = [readable(event, colour=self._colour), *(details(event) if self._evidence else ())]
            text = "\n".join(printed)
        print(text, flush=flush)

    def showed(self, event: dict[str, Any]) -> bool:
        """Whether `event` is among those printed last."""
        identifier = at(event, "event.id")
        return bool(identifier) and identifier in self._shown

    def report(self) -> None:
        """Tells on stderr how many lines couldn't be read."""
        if self._corrupt:
            print(f"forgewall events: skipped {self._corrupt} line(s) that are no event", file=sys.stderr)


def _filters(args: argparse.Namespace) -> Filters | None:
    """What is asked for besides `--blocked`, None if nothing is."""
    if not selection.words(args):
        return None
    return replace(selection.chosen(args, args.clock()), alerts=args.blocked)


def _show_past(args: argparse.Namespace, listing: _Listing, filters: Filters | None) -> None:
    """Prints what there is already, and on standard error that there is more, or nothing."""
    count = _DEFAULT_COUNT if args.count is None else args.count
    look_for = count + (args.count is None)  # one more, to know whether there are more
    if filters is None or not args.events.is_dir():
        shown, more = _list(args, listing, count, look_for)
    else:
        from forgewall.review.store import StoreError  # noqa: PLC0415 - a listing without filters needs no SQLite

        try:
            with place.store(args) as store:
                shown, more = _list_indexed(store, listing, filters, count, look_for)
        except StoreError as error:
            print(f"forgewall events: {str(error).rstrip('.')}; reading the whole log instead", file=sys.stderr)
            shown, more = _list(args, listing, count, look_for)
    if more:
        print(f"forgewall events: the last {count}; -n 0 lists all", file=sys.stderr)
    if not shown and not args.follow:
        print(f"forgewall events: nothing to show in `{terminal.safe(str(args.events))}`", file=sys.stderr)


def _list(args: argparse.Namespace, listing: _Listing, count: int, look_for: int) -> tuple[int, bool]:
    """Prints the last `count` by reading the log, 0 for all. Returns how many, and whether there are more."""
    shown = 0
    if count == 0:
        for event in listing.chosen(lines(args.events)):
            listing.show(event)
            shown += 1
        return shown, False
    found = list(itertools.islice(listing.chosen(lines_backwards(args.events)), look_for))
    for event in reversed(found[:count]):
        listing.show(event)
    return len(found), len(found) > count


def _list_indexed(store: Store, listing: _Listing, filters: Filters, count: int, look_for: int) -> tuple[int, bool]:
    """As `_list`, by asking the index."""
    identifiers: list[str] = []
    while not count or len(identifiers) < look_for:
        page = store.events(
            filters,
            limit=min(_PAGE, look_for - len(identifiers)) if count else _PAGE,
            before=identifiers[-1] if identifiers else None,
        )
        identifiers += [row.id for row in page]
        if not page:
            break
    for identifier in reversed(identifiers[: count or None]):
        event = store.document(identifier)
        if event is not None:  # else it was removed from the log since
            listing.show(event)
    return len(identifiers), bool(count) and len(identifiers) > count


def _follow(follower: Follower, listing: _Listing) -> None:
    def wait() -> bool:
        sys.stdout.flush()
        time.sleep(_POLL_SECONDS)
        return True

    try:
        for event in listing.chosen(follower.lines(wait)):
            if not listing.showed(event):  # written between the start of the follower and that of the list
                listing.show(event, flush=True)
    finally:
        follower.close()

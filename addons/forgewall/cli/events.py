"""`forgewall events`: the event log as lines for people, newest last. It only reads, and never needs the proxy."""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from forgewall.cli.event_details import details
from forgewall.errors import UsageError
from forgewall.record import redact
from forgewall.record.reader import Follower, lines, lines_backwards
from forgewall.sizes import rounded

_DEFAULT_COUNT = 200
_POLL_SECONDS = 0.2
_COLOURS = {"ALLOWED": "32"} | dict.fromkeys(["BLOCKED", "CUT", "ERROR", "REJECTED"], "31")
_COLOURS |= dict.fromkeys(["WOULD-BLOCK", "WOULD-CUT"], "33")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "events", help="list what was allowed and blocked", description="List the event log, newest last."
    )
    parser.add_argument("--events", metavar="DIR", type=Path, default=Path("events"), help="the log (default: events)")
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
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Lists the log as `args` says. Returns 0, also when nobody reads on or Ctrl-C ends it; raises UsageError."""
    if args.count is not None and args.count < 0:
        raise UsageError("-n takes a number of events from 0 (all) up")
    if not args.events.is_dir() and not args.follow:
        raise UsageError(f"there is no event log in `{args.events}`; name its directory with --events DIR")
    _never_fail_on(sys.stdout)
    listing = _Listing(blocked=args.blocked, raw=args.json, evidence=args.evidence, colour=_wants_colour(sys.stdout))
    try:
        follower = Follower(args.events) if args.follow else None
        _list_past(args, listing)
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

    def __init__(self, *, blocked: bool, raw: bool, evidence: bool, colour: bool) -> None:
        self._blocked = blocked
        self._raw = raw
        self._evidence = evidence
        self._colour = colour
        self._corrupt = 0
        self._shown: collections.deque[str] = collections.deque(maxlen=_DEFAULT_COUNT)

    def chosen(self, raw_lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        """The events among `raw_lines` that are asked for."""
        for line in raw_lines:
            if self._blocked and b'"alert"' not in line and line.startswith(b"{") and line.endswith(b"}"):
                continue  # spares parsing most of a long log
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                event = None
            if not isinstance(event, dict) or "@timestamp" not in event:
                self._corrupt += 1
            elif not self._blocked or _at(event, "event.kind") == "alert":
                yield event

    def show(self, event: dict[str, Any], *, flush: bool = False) -> None:
        """Prints one event."""
        self._shown.append(_at(event, "event.id"))
        if self._raw:
            text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
            if not text.isprintable():  # not ours: somebody else wrote to the file
                text = json.dumps(event, separators=(",", ":"))
        else:
            lines = [readable(event, colour=self._colour), *(details(event) if self._evidence else ())]
            text = "\n".join(lines)
        print(text, flush=flush)

    def showed(self, event: dict[str, Any]) -> bool:
        """Whether `event` is among those printed last."""
        identifier = _at(event, "event.id")
        return bool(identifier) and identifier in self._shown

    def report(self) -> None:
        """Tells on stderr how many lines couldn't be read."""
        if self._corrupt:
            print(f"forgewall events: skipped {self._corrupt} line(s) that are no event", file=sys.stderr)


def _list_past(args: argparse.Namespace, listing: _Listing) -> None:
    if args.count == 0:
        for event in listing.chosen(lines(args.events)):
            listing.show(event)
        return
    count = args.count or _DEFAULT_COUNT
    found = list(itertools.islice(listing.chosen(lines_backwards(args.events)), count + (args.count is None)))
    if args.count is None and len(found) > count:
        print(f"forgewall events: the last {count}; -n 0 lists all", file=sys.stderr)
    if not found and not args.follow:
        print(f"forgewall events: nothing to show in `{args.events}`", file=sys.stderr)
    for event in reversed(found[:count]):
        listing.show(event)


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


def readable(event: dict[str, Any], *, colour: bool = False) -> str:
    """One line: time, what was done, who, operation, address, size, reason, what was found in it, event id."""
    stamp = str(event.get("@timestamp", ""))[:19].replace("T", " ")
    word = _word(event)
    shown = f"{word:<11}"
    if colour and word in _COLOURS:
        shown = f"\x1b[{_COLOURS[word]}m{shown}\x1b[0m"
    if _at(event, "event.dataset") in {"forgewall.decision", "forgewall.upload"}:
        reason, found = _at(event, "event.reason"), _at(event, "forgewall.evidence.summary")
        parts = [_who(event), _operation(event), _where(event), _size(event), reason, found]
    else:
        who, message = _who(event), str(event.get("message", ""))
        parts = [message] if who in message else [who, message]
    text = "  ".join(redact.printable(part, 400) for part in parts if part)
    return f"{redact.printable(stamp, 19)}  {shown}  {text}  [{redact.printable(_at(event, 'event.id'), 40)}]"


def _word(event: dict[str, Any]) -> str:
    dataset = _at(event, "event.dataset")
    action = _at(event, "forgewall.action")
    if dataset == "forgewall.upload":
        word = _at(event, "forgewall.upload.result")
        if word == "complete" and _at(event, "forgewall.upload.would_cut") == "True":
            word = "would-cut"
    elif dataset == "forgewall.policy":
        word = _at(event, "forgewall.change.result")
    elif dataset == "forgewall.decision" and action == "block":
        word = "blocked"
    elif dataset == "forgewall.decision":
        would = _at(event, "forgewall.would_action") == "block"
        word = "would-block" if would else {"allow": "allowed", "log": "logged"}.get(action, action)
    else:
        word = _at(event, "log.level")
    return redact.printable(word or "event", 12).upper()


def _who(event: dict[str, Any]) -> str:
    user, client = _at(event, "user.name"), _at(event, "source.address")
    return f"{user} ({client})" if user else client


def _operation(event: dict[str, Any]) -> str:
    operation = _at(event, "forgewall.operation")
    return operation or _at(event, "event.code") or _at(event, "forgewall.stage")


def _where(event: dict[str, Any]) -> str:
    address = _at(event, "forgewall.address")
    if not address:
        return _at(event, "url.full") or _at(event, "destination.address")
    seen_by, moved = _at(event, "forgewall.visibility"), _at(event, "forgewall.moved.address")
    return f"{address}{seen_by and f' ({seen_by})'}{moved and f' (moved to {moved})'}"


def _size(event: dict[str, Any]) -> str:
    text = _at(event, "http.request.body.bytes")
    if not text.isdecimal() or len(text) > 19:
        return ""
    return rounded(int(text))


def _at(event: dict[str, Any], path: str) -> str:
    """What stands at the dotted `path`, as text; empty if nothing does."""
    value: Any = event
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _wants_colour(stream: TextIO) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set (https://no-color.org) or the terminal is dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _never_fail_on(stream: TextIO) -> None:
    """Has `stream` write `?` for what its encoding lacks, instead of ending the listing."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")

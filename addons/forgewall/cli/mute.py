"""`forgewall mute`: hide a case for some time. What it is about stays blocked, and events are written as ever."""

from __future__ import annotations

import argparse

from forgewall.cli import judgement, span, when
from forgewall.cli.parsing import examples
from forgewall.review.case import State

_SPAN = "7d"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "mute",
        description="Hide a case for some time. It stays blocked, and its events are written as ever; then it is open "
        "again.",
        epilog=examples(
            ("forgewall mute C-4XK2M9QW7T", "for a week"),
            ("forgewall mute C-4XK2M9QW7T --for 12h --note 'asked ana'", "until tonight, with a note"),
        ),
    )
    parser.add_argument("id", metavar="ID", help="the case (C-…), or one of its events")
    parser.add_argument("--for", dest="span", metavar="SPAN", default=_SPAN, help="30m, 12h, 7d, 2w (default: 7d)")
    judgement.add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Mutes the case. Returns 0; raises UsageError, EventLogError and StoreError."""
    now = args.clock()
    until = span.ending(args.span, now)
    case = judgement.judge(args, State.MUTED, until)
    ends = f"{when.to_the_minute(until)} UTC ({when.relative(until, now)})"
    judgement.told(args, case, State.MUTED, f"muted until {ends}")
    return 0

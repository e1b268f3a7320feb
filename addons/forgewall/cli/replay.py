"""`forgewall replay`: what of the log would come out otherwise under another policy. Nothing is changed."""

from __future__ import annotations

import argparse
from pathlib import Path

from forgewall.cli import place, selection
from forgewall.cli.parsing import examples

FILTERS = ("since", "until", "user", "client", "forge", "address", "operation", "verdict", "code", "rule")
_SINCE = "7d"
_DEFAULT_COUNT = 50


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
    from forgewall.cli import replaying  # noqa: PLC0415 - the whole engine: a shell that completes can't wait for it

    return replaying.run(args)

"""`forgewall diff OLD NEW`: two policies compared by what they decide. Works without a log, and with one says more.

Exit codes as diff(1) has them: 0 the same decisions, 1 some are others, more than 1 nothing was compared.
"""

from __future__ import annotations

import argparse

from forgewall.cli import place, selection
from forgewall.cli.parsing import examples
from forgewall.cli.replay import FILTERS, add_count

_SINCE = "7d"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "diff",
        description="Compare two policies by what they decide: over the tests of both files, over recorded decisions "
        "if there is a log, and entry by entry. Exit code 0: no decision that was looked at changes; 1: some do; more "
        "than 1: nothing could be compared. What only reads otherwise is listed and doesn't count.",
        epilog=examples(
            ("forgewall diff policy/forgewall.yaml new.yaml", "with the log in events/, if there is one"),
            ("git show main:policy/forgewall.yaml | forgewall diff - policy/forgewall.yaml", "in CI"),
            ("forgewall diff old.yaml new.yaml --events DIR --since 30d --json", "for other programs"),
        ),
    )
    parser.add_argument("old", metavar="OLD", help="a policy file, - for standard input")
    parser.add_argument("new", metavar="NEW", help="another one")
    place.add_events(parser)
    parser.add_argument("--now", action="store_true", help="judge the log as if it were asked now")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_count(parser)
    selection.add_filters(parser, FILTERS)
    usual = parser.get_default("events")
    parser.set_defaults(run=run, filter_since=_SINCE, events=None, usual_events=usual)


def run(args: argparse.Namespace) -> int:
    """Prints the difference. Returns 0 or 1, and 2 with all problems where a policy can't be read."""
    from forgewall.cli import diffing  # noqa: PLC0415 - the whole engine: a shell that completes can't wait for it

    return diffing.run(args)

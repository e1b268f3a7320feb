"""`forgewall suggest`: from what was recorded, best in observe mode, the allowlist that would have let it through."""

from __future__ import annotations

import argparse

from forgewall.cli import place, selection
from forgewall.cli.parsing import examples
from forgewall.review.thresholds import Thresholds

_SINCE = "14d"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    usual = Thresholds()
    parser = subparsers.add_parser(
        "suggest",
        description="Write the smallest list of approvals that would have let through what looks like company work: an "
        "organisation where several people work steadily in several of its repositories, else single repositories. "
        "What speaks against it (one person only, somebody's own account, secrets in an upload, a copy of much) is "
        "listed as comments below, with the reason. Nothing is changed.",
        epilog=examples(
            ("forgewall suggest > approvals.yaml", "from the last 14 days, to be reviewed"),
            ("forgewall suggest --since 30d --min-people 3 --min-days 5", "only what is used a lot"),
            ("forgewall suggest --owners", "whole organisations wherever nothing speaks against it"),
        ),
    )
    place.add_events(parser)
    place.add_policy(parser)
    parser.add_argument(
        "--min-people",
        metavar="N",
        type=int,
        default=usual.people,
        help="used by so many people at least (default: %(default)s)",
    )
    parser.add_argument(
        "--min-days",
        metavar="N",
        type=int,
        default=usual.days,
        help="on so many days at least (default: %(default)s)",
    )
    parser.add_argument("--owners", action="store_true", help="organisations instead of repositories, where possible")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    selection.add_filters(parser, ("since", "until", "forge", "address"))
    parser.set_defaults(run=run, filter_since=_SINCE, policy=None, usual_policy=parser.get_default("policy"))


def run(args: argparse.Namespace) -> int:
    """Prints the suggestion. Returns 0; raises PolicyError, UsageError and StoreError."""
    from forgewall.cli import suggesting  # noqa: PLC0415 - the whole engine: a shell that completes can't wait for it

    return suggesting.run(args)

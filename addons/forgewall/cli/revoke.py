"""`forgewall revoke`: take an approval back."""

from __future__ import annotations

import argparse

from forgewall.cli import edit_options
from forgewall.cli.parsing import examples


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "revoke",
        description="Take the approval of exactly this address out of the policy. Given an event or a case, the one "
        "that lets its request pass; given the event of an approval, that approval. What of the last 30 days would "
        "then be blocked is shown before.",
        epilog=examples(
            ("forgewall revoke github.com/numpy/numpy", "all entries for this address"),
            ("forgewall revoke github.com/numpy/numpy --line 31", "that in line 31 alone"),
            ("forgewall revoke C-4XK2M9QW7T --reason 'done'", "what was approved for a case"),
        ),
    )
    parser.add_argument(
        "what", metavar="ADDRESS|ID", nargs="+", help="github.com/acme/x, also several; or an event, or a case (C-…)"
    )
    parser.add_argument("--line", type=int, metavar="N", help="only the entry in this line of the policy")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; stands in the log")
    edit_options.add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Shows, asks, writes. Returns 0; raises PolicyError, UsageError, and other errors with sentences."""
    from forgewall.cli import revoking  # noqa: PLC0415 - the whole engine: a shell that completes can't wait for it

    return revoking.run(args)

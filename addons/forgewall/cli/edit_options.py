"""The options that all commands share which edit the policy."""

from __future__ import annotations

import argparse

from forgewall.cli import place
from forgewall.errors import UsageError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them."""
    place.add_policy(parser)
    place.add_events(parser)
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be done")
    parser.add_argument("--json", action="store_true", help="print one JSON object; needs --yes or --dry-run")


def check(args: argparse.Namespace) -> None:
    """Raises UsageError for options that don't go together."""
    if args.json and not (args.yes or args.dry_run):
        raise UsageError("--json can't ask; give --yes to do it, or --dry-run to see what it would do")

"""`forgewall break-glass`: block nothing for some minutes, loudly, and mend it again."""

from __future__ import annotations

import argparse

from forgewall.cli import edit_options
from forgewall.cli.parsing import examples


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "break-glass",
        description="Block nothing for some minutes, for everybody, as in observe mode: for when work stands still and "
        "nobody knows why. It ends by itself. Each event of that time is marked, and who did it and why stands in the "
        "policy and in the log.",
        epilog=examples(
            ("forgewall break-glass --minutes 30 --reason 'INC-7: no deploys'", "asks, then blocks nothing"),
            ("forgewall break-glass --end", "block again at once"),
        ),
    )
    parser.add_argument("--minutes", type=int, metavar="N", help="for how long, 1 to 240")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; others will want to know")
    parser.add_argument("--end", action="store_true", help="end it at once")
    edit_options.add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Shows, asks, writes. Returns 0; raises PolicyError, UsageError, and other errors with sentences."""
    from forgewall.cli import breaking_glass  # noqa: PLC0415 - the whole engine: a shell that completes can't wait for it

    return breaking_glass.run(args)

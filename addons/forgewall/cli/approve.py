"""`forgewall approve`: let pass what was blocked, and nothing else; or approve an address."""

from __future__ import annotations

import argparse

from forgewall.cli import edit_options
from forgewall.cli.parsing import examples


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "approve",
        description="Let pass what an event or a case was blocked for: the narrowest entry is written into the policy, "
        "for exactly that address, operation and user. An address may be given instead, also as a URL or a git remote. "
        "Before anything is written, the difference is shown, what the linter and the policy's own tests say, and what "
        "of the last 30 days would come out otherwise. Who approved what and why stands in the event log.",
        epilog=examples(
            ("forgewall approve C-4XK2M9QW7T --for 7d", "a case, for a week"),
            ("forgewall approve 01KB5Q7W2M0000000000000001 --who oss", "an event's request, for a group"),
            ("forgewall approve github.com/numpy/numpy --operations push,issue", "an address, for everybody"),
            ("forgewall approve C-4XK2M9QW7T --dry-run", "only look"),
        ),
    )
    parser.add_argument("what", metavar="ID|ADDRESS", help="an event, a case (C-…), or github.com/acme/x")
    parser.add_argument("--for", dest="span", metavar="SPAN", help="until when: 30m, 12h, 7d, 2w (default: for good)")
    parser.add_argument(
        "--who",
        metavar="WHO",
        action="append",
        help="everyone, user (who asked), client (where from), or names, groups and networks, separated by commas "
        "(default: the user, the client where none is known; of an address everyone)",
    )
    operations = parser.add_argument(
        "--operations", metavar="WORDS", action="append", help="what to allow, by commas (default: what was refused)"
    )
    operations.completer = _allow_words  # type: ignore[attr-defined] # where argcomplete looks for it
    parser.add_argument("--confirm", action="store_true", help="of a repository that moved: confirm the old address")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; stands in the entry and in the log")
    parser.add_argument("--owner", metavar="TEXT", default="", help="who looks after the entry")
    edit_options.add_options(parser)
    parser.set_defaults(run=run)


def _allow_words(**_: object) -> list[str]:
    from forgewall.decide.entries import ALLOW_WORDS  # noqa: PLC0415 - only who completes such a word waits for it

    return list(ALLOW_WORDS)


def run(args: argparse.Namespace) -> int:
    """Shows, asks, writes. Returns 0; raises PolicyError, UsageError, and other errors with sentences."""
    from forgewall.cli import approving  # noqa: PLC0415 - the whole engine: a shell that completes can't wait for it

    return approving.run(args)

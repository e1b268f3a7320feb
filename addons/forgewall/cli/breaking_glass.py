"""The glass broken, or mended: `break-glass` once its options are read."""

from __future__ import annotations

import argparse

from forgewall.cli import edit_options, login, place, proposal, when
from forgewall.errors import UsageError
from forgewall.review import approval
from forgewall.review.approval import Current
from forgewall.review.preview import Preview

_WORD = "break"


def run(args: argparse.Namespace) -> int:
    """Shows, asks, writes. Returns 0; raises PolicyError, UsageError, and other errors with sentences."""
    edit_options.check(args)
    if args.end and args.minutes is not None:
        raise UsageError("--end ends it at once; it takes no --minutes")
    if not args.end and args.minutes is None:
        raise UsageError("say for how long: --minutes 30")
    place.directory(args)
    current = approval.read(args.policy, args.clock())
    return _end(args, current) if args.end else _break(args, current)


def _break(args: argparse.Namespace, current: Current) -> int:
    preview = approval.propose_break_glass(current, login.person().name, args.reason, args.minutes, args.clock())
    if not args.json:
        _banner(f" BREAK GLASS: for {args.minutes} minutes Forgewall blocks nothing, for anybody, anywhere ")
    return proposal.carry_out(
        args,
        preview,
        None,
        reason=args.reason,
        question=lambda: proposal.typed(_WORD, f"Type `{_WORD}` to go on:"),
        done=_broken,
    )


def _end(args: argparse.Namespace, current: Current) -> int:
    preview = approval.propose_end_break_glass(current, args.clock())
    return proposal.carry_out(
        args,
        preview,
        None,
        reason=args.reason,
        question=lambda: proposal.agreed("End it?"),
        done=lambda _: f"What the policy blocks is blocked again. {proposal.TAKEN_OVER}",
    )


def _banner(text: str) -> None:
    line = "*" * len(text)
    for part in (line, text, line):
        proposal.say(part, "bold white on red")


def _broken(preview: Preview) -> str:
    assert preview.expires is not None
    return (
        f"The glass is broken until {when.to_the_minute(preview.expires)} UTC: nothing is blocked. "
        f"{proposal.TAKEN_OVER} `forgewall break-glass --end` ends it before."
    )

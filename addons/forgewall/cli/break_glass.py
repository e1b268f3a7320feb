"""`forgewall break-glass`: block nothing for some minutes, loudly, and mend it again."""

from __future__ import annotations

import argparse

from forgewall.cli import login, place, proposal, when
from forgewall.cli.parsing import examples
from forgewall.errors import UsageError
from forgewall.review import approval
from forgewall.review.approval import Current
from forgewall.review.preview import Preview

_WORD = "break"


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
    proposal.add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Shows, asks, writes. Returns 0; raises PolicyError, UsageError, and other errors with sentences."""
    proposal.checked(args)
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

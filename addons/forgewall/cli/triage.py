"""`forgewall triage`: say what a case is. It changes no policy."""

from __future__ import annotations

import argparse

from forgewall.cli import judgement
from forgewall.cli.parsing import examples
from forgewall.review.case import State

_SAID = {
    State.OPEN: "open again",
    State.FALSE_POSITIVE: "a false positive",
    State.CONFIRMED: "rightly blocked",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "triage",
        description="Say what a case is: confirmed (rightly blocked), a false positive (wrongly blocked), or open "
        "again. It changes no policy; `forgewall approve` does.",
        epilog=examples(
            ("forgewall triage C-4XK2M9QW7T confirmed", "rightly blocked"),
            ("forgewall triage C-4XK2M9QW7T false-positive --note OPS-12", "wrongly, with a note"),
        ),
    )
    parser.add_argument("id", metavar="ID", help="the case (C-…), or one of its events")
    parser.add_argument("state", metavar="STATE", choices=[state.value for state in _SAID], help=", ".join(_SAID))
    judgement.add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Remembers it. Returns 0; raises UsageError, EventLogError and StoreError."""
    state = State(args.state)
    judgement.told(args, judgement.judge(args, state), state, _SAID[state])
    return 0

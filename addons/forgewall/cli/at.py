"""`--at TIME`: asks a policy about another moment than the present."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta

from forgewall.cli import place
from forgewall.decide.fields import moment_of
from forgewall.errors import UsageError


def add_at(parser: argparse.ArgumentParser) -> None:
    """Adds `--at`; `moment` tells what it says. `args.clock` tells the time where it isn't given."""
    parser.add_argument("--at", metavar="TIME", help="when, as 2027-01-31 (its last moment) or 2027-01-31T18:00:00Z")
    parser.set_defaults(clock=place.utc_now)


def moment(args: argparse.Namespace) -> datetime:
    """The time (aware) that `--at` names, else the present. Raises UsageError.

    Of a date it is the last moment, at which what expires that day still holds.
    """
    if not args.at:
        now: datetime = args.clock()
        return now
    try:
        end = moment_of(args.at)
    except ValueError as error:
        raise UsageError(f"--at: {error}") from None
    return end if ":" in args.at else end - timedelta(microseconds=1)

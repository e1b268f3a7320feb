"""What somebody says of a case at the command line: into the event log first, then into the index."""

from __future__ import annotations

import argparse
from datetime import datetime

from forgewall.cli import login, place, terminal
from forgewall.cli.json_lines import dumped
from forgewall.errors import UsageError
from forgewall.record.event import Deed, Review
from forgewall.record.log import EventLog
from forgewall.review.case import Case, State, Triage

LONGEST_NOTE = 500
_DEEDS = {
    State.OPEN: Deed.OPEN,
    State.FALSE_POSITIVE: Deed.FALSE_POSITIVE,
    State.CONFIRMED: Deed.CONFIRMED,
    State.MUTED: Deed.MUTED,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--note` and where the log is."""
    parser.add_argument("--note", metavar="TEXT", default="", help="why; stands beside the case and in the log")
    place.add_events(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def judge(args: argparse.Namespace, state: State, until: datetime | None = None) -> Case:
    """Remember that the case of `args.id` is `state`. Raises UsageError for an unknown case, and if it can't be
    written down.
    """
    note = " ".join(args.note.split())
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"--note takes at most {LONGEST_NOTE} characters")
    now, person = args.clock(), login.person()
    with place.store(args) as store:
        case = store.case(args.id)
        if case is None:
            raise UsageError("the log has no such case, and no event with this id that belongs to one")
        log = EventLog(args.events, clock=args.clock)
        try:
            log.write(
                Review(
                    deed=_DEEDS[state],
                    actor=person.name,
                    actor_source=person.source,
                    role=person.role.value,
                    case=case.id,
                    address=case.address,
                    operation=case.operation,
                    note=note,
                    until=until,
                    time=now,
                )
            )
        finally:
            log.close()
        store.triage(Triage(case_id=case.id, state=state, by=person.name, at=now, until=until, note=note))
        return case


def told(args: argparse.Namespace, case: Case, state: State, words: str) -> None:
    """Prints what the case is now."""
    if args.json:
        print(dumped({"case": case.id, "state": state.value}))
        return
    times = "once" if case.count == 1 else f"{case.count:,} times"
    about = ", ".join(part for part in (case.user or case.client, f"{case.operation} {case.address}", times) if part)
    print(terminal.safe(f"{case.id} is {words}: {about}"))

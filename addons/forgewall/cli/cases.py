"""`forgewall cases`: what was refused and waits for somebody's judgement, what was seen last first."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace

from forgewall.cli import case_columns, place, selection, table, terminal
from forgewall.cli.json_lines import dumped
from forgewall.cli.parsing import examples
from forgewall.errors import UsageError
from forgewall.review.case import Case, Others, State
from forgewall.review.filters import Filters, as_words
from forgewall.review.store import Store

_DEFAULT_COUNT = 50
_PAGE = 500


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "cases",
        description="List cases: the same person refused the same thing for the same reason. Only open ones, the one "
        "seen last first, and of each person (or client where none is known) at most five, unless --user or --client, "
        "--all, -n 0 or --json asks for more. A push that git tries in two requests counts once.",
        epilog=examples(
            ("forgewall cases", "what waits to be judged"),
            ("forgewall cases --since 24h --operation push", "pushes of the last day"),
            ("forgewall cases --all --address github.com/acme", "also what was judged or muted, below this owner"),
            ("forgewall cases --state muted,confirmed --json", "for other programs"),
        ),
    )
    place.add_events(parser)
    parser.add_argument("--all", action="store_true", help="also those that were judged or are muted")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "-n",
        dest="count",
        type=int,
        default=None,
        metavar="N",
        help=f"at most N, 0 for all (default: {_DEFAULT_COUNT})",
    )
    selection.add_filters(parser, selection.FOR_CASES)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Lists cases. Returns 0; raises UsageError or StoreError."""
    if args.count is not None and args.count < 0:
        raise UsageError("-n takes a number of cases from 0 (all) up")
    now = args.clock()
    filters = selection.chosen(args, now)
    if args.all and filters.state:
        raise UsageError("--all and --state contradict each other; leave one out")
    if not args.all and not filters.state:
        filters = replace(filters, state=(State.OPEN,))
    count = _DEFAULT_COUNT if args.count is None else args.count
    spread = bool(count) and not (args.all or args.json or filters.user or filters.client or filters.case_id)
    with place.store(args) as store:
        if spread:
            found, others = store.spread_cases(filters, limit=count)
        else:
            found, others = _found(store, filters, count), []
        more = store.count_cases(filters) - len(found) - sum(one.count for one in others) if count else 0
    if args.json:
        for case in found:
            print(dumped(case_columns.as_json(case)))
    elif found:
        table.draw(case_columns.COLUMNS, [case_columns.cells(case, now) for case in found])
    if args.json:
        return 0
    for one in others:
        print(f"forgewall cases: {_left_out(one, args)}", file=sys.stderr)
    if more > 0 and args.count is None:
        print(f"forgewall cases: {more:,} more; -n 0 lists all", file=sys.stderr)
    if found:
        _teach(found[0], terminal.safe(place.again(args)))
    else:
        print(f"forgewall cases: {_nothing(args, filters)}", file=sys.stderr)
    return 0


def _found(store: Store, filters: Filters, count: int) -> list[Case]:
    found: list[Case] = []
    while not count or len(found) < count:
        page = store.cases(filters, limit=min(_PAGE, count - len(found)) if count else _PAGE, offset=len(found))
        found += page
        if not page:
            break
    return found


def _left_out(one: Others, args: argparse.Namespace) -> str:
    """How many more one subject has, and what lists them."""
    name, option = (one.user, "user") if one.user else (one.client, "client")
    ((_, word),) = as_words(Filters(user=(name,)))
    count = f"{one.count:,}" if one.whole else f"more than {one.count:,}"
    command = f"forgewall cases --{option} {shlex.quote(word)}{place.again(args)}"
    return terminal.safe(f"and {count} more of {name}; `{command}` lists them")


def _teach(case: Case, places: str) -> None:
    """What to do next, where a person reads."""
    if terminal.look(sys.stdout).tables:
        show, approve = (f"`forgewall {command} {case.id}{places}`" for command in ("show", "approve"))
        print(f"\n{show} tells all about one, {approve} lets it pass")


def _nothing(args: argparse.Namespace, filters: Filters) -> str:
    """Why there is nothing to list, and what might help."""
    if filters == Filters(state=(State.OPEN,)):
        return "no open cases; --all lists those that were judged or muted"
    return "no cases fit" + ("" if args.all or args.filter_state else "; --all also looks among those that aren't open")

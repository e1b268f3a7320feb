"""`forgewall show ID`: all that is known about one event or one case, on one screen. It changes nothing."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from forgewall.cli import case_columns, place, sheet, terminal, when
from forgewall.cli.json_lines import dumped
from forgewall.cli.parsing import examples

if TYPE_CHECKING:
    from forgewall.cli.dossier import Dossier, Present
    from forgewall.review.remedy import Remedy
    from forgewall.review.row import Row


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "show",
        description="Tell everything about one event or case: who, what and where; why; what was found; what the "
        "policy would say today; what to do next.",
        epilog=examples(
            ("forgewall show 01KB5Q7W5T0000000000000002", "the event whose id a refused person quotes"),
            ("forgewall show 01KB5Q7W", "the same, as long as only one begins so"),
            ("forgewall show C-7QK2M9FD3A", "a case, with its last attempts"),
            ("forgewall show C-7QK2M9FD3A --json | jq .event", "whole documents, for other programs"),
        ),
    )
    parser.add_argument("id", metavar="ID", help="an event's id or its beginning, or a case's id")
    place.add_events(parser)
    place.add_policy(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints what is known. Returns 0; raises UsageError for an unknown id, StoreError."""
    from forgewall.cli.dossier import gather  # noqa: PLC0415 - the whole engine: a shell that completes can't wait for it
    from forgewall.cli.show_next import Places  # noqa: PLC0415
    from forgewall.cli.show_sections import sections  # noqa: PLC0415

    now = args.clock()
    with place.store(args) as store:
        found = gather(store, terminal.safe(args.id, 80), policy=args.policy, log=args.events, now=now)
    if args.json:
        print(dumped(_as_json(found)))
    else:
        places = Places(log=place.again(args), both=place.again(args, policy=True))
        sheet.draw(sections(found, now, places), sys.stdout)
    return 0


def _as_json(found: Dossier) -> dict[str, Any]:
    return {
        "event": found.document,
        "request": list(found.request),
        "case": case_columns.as_json(found.case) if found.case is not None else None,
        "attempts": [_row_json(row) for row in found.attempts],
        "history": [case_columns.triage_json(said) for said in found.history],
        "policy_line": found.line or None,
        "now": _present_json(found.present) if found.present is not None else None,
        "remedy": _remedy_json(found.remedy) if found.remedy is not None else None,
        "no_remedy": found.no_remedy or None,
    }


def _row_json(row: Row) -> dict[str, Any]:
    return {key: _plain(value) for key, value in dataclasses.asdict(row).items()}


def _present_json(present: Present) -> dict[str, Any]:
    verdict = present.judged.verdict if present.judged is not None else None
    return {
        "policy": {"file": present.file, "digest": present.digest, "problem": present.problem or None},
        "unjudged": present.unjudged or None,
        "verdict": None
        if verdict is None
        else {
            "action": verdict.action.value,
            "would_action": verdict.would_action.value if verdict.would_action is not None else None,
            "code": verdict.code,
            "rule": verdict.rule,
            "reference": verdict.reference,
            "reason": verdict.reason,
            "trace": [dataclasses.asdict(step) for step in verdict.trace],
        },
    }


def _remedy_json(remedy: Remedy) -> dict[str, Any]:
    return {
        "settled": remedy.settled,
        "wishes": [
            {
                "address": wish.address,
                "allow": sorted(one.value for one in wish.allow) if wish.allow is not None else None,
                "who": list(wish.who),
                "max_upload": wish.max_upload,
            }
            for wish in remedy.wishes
        ],
        "warnings": list(remedy.warnings),
        "obstacles": list(remedy.obstacles),
        "hints": list(remedy.hints),
    }


def _plain(value: Any) -> Any:
    return when.stamp(value) if isinstance(value, datetime) else value

"""`forgewall check FILE`: whether a policy can be used, and what may be wrong with it. It changes nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from forgewall.cli import place, problems
from forgewall.cli.json_lines import dumped
from forgewall.cli.parsing import examples
from forgewall.cli.terminal import never_fail_on, safe
from forgewall.decide.lint import warnings
from forgewall.decide.load import Loaded, load
from forgewall.errors import PolicyError, Problem
from forgewall.policyfile import PolicyFile


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "check",
        help="check a policy file",
        description="Check a policy file and run its own tests. Exit code 0: it can be used; 1: it can't. Warnings "
        "tell what can be used and may still be wrong: what has expired or never counts, names that look alike, "
        "approvals of a whole public forge, entries without a test.",
        epilog=examples(
            ("forgewall check policy/forgewall.yaml", "before you save it"),
            ("forgewall check FILE --warnings-as-errors", "in CI"),
            ("forgewall check FILE --json", "for other programs"),
        ),
    )
    parser.add_argument("file", metavar="FILE", help="the policy file")
    parser.add_argument("--warnings-as-errors", action="store_true", help="exit with 1 if there are warnings")
    parser.add_argument("--json", action="store_true", help="print one JSON object, with all problems")
    parser.set_defaults(run=run, clock=place.utc_now)


def run(args: argparse.Namespace) -> int:
    """Prints one line on the policy, and warnings on stderr. Returns 0, or 1 for warnings that count as errors.

    Raises PolicyError with all problems; with `--json` these are printed instead, and 1 returned.
    """
    now: datetime = args.clock()
    file = PolicyFile(args.file, parse=lambda text, name: load(text, name, now))
    try:
        loaded = file.load_with_warnings()
    except PolicyError as error:
        if not args.json:
            raise
        print(dumped({"file": args.file, "good": False, "problems": problems.as_json(error.problems, "error")}))
        return error.exit_code
    found = warnings(loaded, now)
    if args.json:
        print(dumped(_as_json(loaded, found, now)))
    else:
        _tell(loaded, found, now, strict=args.warnings_as_errors)
    return PolicyError.exit_code if found and args.warnings_as_errors else 0


def _tell(loaded: Loaded, found: Sequence[Problem], now: datetime, *, strict: bool) -> None:
    never_fail_on(sys.stderr)
    for line in problems.as_groups(found):
        print(line, file=sys.stderr)
    if found and strict:
        print(f"\n{_count(len(found), 'warning')}, taken for errors", file=sys.stderr)
    sys.stderr.flush()
    print(_summary(loaded, now))


def _summary(loaded: Loaded, now: datetime) -> str:
    policy = loaded.policy
    glass = policy.break_glass
    broken = f"GLASS BROKEN until {glass.until:%Y-%m-%dT%H:%M:%SZ}, " if glass and now < glass.until else ""
    limits = f"{_count(len(policy.limits), 'limit')}, " if policy.limits else ""
    limits += f"ids of {_count(_with_ids(loaded), 'address', 'addresses')}, " if policy.ids else ""
    return (
        f"{safe(policy.file)}: good, mode {policy.mode}, {broken}{_count(policy.approvals, 'approval')}, "
        f"{len(policy.forbidden)} forbidden, {limits}{_count(policy.tests - len(loaded.stale), 'test')} passed, "
        f"digest {policy.digest}"
    )


def _with_ids(loaded: Loaded) -> int:
    return len({named.address.lower() for named in loaded.policy.ids.values()})


def _as_json(loaded: Loaded, found: Sequence[Problem], now: datetime) -> dict[str, Any]:
    policy = loaded.policy
    glass = policy.break_glass
    return {
        "file": policy.file,
        "good": True,
        "mode": policy.mode.value,
        "observing": policy.observing(now),
        "break_glass": glass and {"until": glass.until.isoformat(), "by": glass.by, "reason": glass.reason},
        "approvals": policy.approvals,
        "forbidden": len(policy.forbidden),
        "limits": len(policy.limits),
        "addresses_with_ids": _with_ids(loaded),
        "tests": {"passed": policy.tests - len(loaded.stale), "stale": len(loaded.stale)},
        "digest": policy.digest,
        "problems": problems.as_json(found, "warning"),
    }


def _count(number: int, noun: str, nouns: str = "") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {nouns or f'{noun}s'}"

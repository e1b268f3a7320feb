"""`forgewall check FILE`: whether a policy can be used, and what may be wrong with it. It changes nothing."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from forgewall.decide.lint import warnings
from forgewall.policyfile import PolicyFile


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "check",
        help="check a policy file",
        description="Check a policy file and run its own tests. Exit code 0: it can be used; 1: it can't.",
    )
    parser.add_argument("file", metavar="FILE", help="the policy file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints one line on the policy, and warnings on stderr. Returns 0; raises PolicyError with all problems."""
    now = datetime.now(UTC)
    loaded = PolicyFile(args.file).load_with_warnings()
    for warning in warnings(loaded, now):
        print(f"{warning.file}:{warning.line}: warning: {_tail(warning.message, warning.hint)}", file=sys.stderr)
    policy = loaded.policy
    passed = policy.tests - len(loaded.stale)
    limits = f"{_count(len(policy.limits), 'limit')}, " if policy.limits else ""
    things = len({named.address.lower() for named in policy.ids.values()})
    limits += f"ids of {_count(things, 'address', 'addresses')}, " if policy.ids else ""
    print(
        f"{policy.file}: good, mode {policy.mode}, {_count(policy.approvals, 'approval')}, "
        f"{len(policy.forbidden)} forbidden, {limits}{_count(passed, 'test')} passed, digest {policy.digest}"
    )
    return 0


def _tail(message: str, hint: str) -> str:
    return f"{message} ({hint})" if hint else message


def _count(number: int, noun: str, nouns: str = "") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {nouns or f'{noun}s'}"

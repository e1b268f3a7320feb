"""`forgewall test FILE`: a policy's own tests, each with what decided it, and the entries that none is decided by.

It also works on a policy that its failing tests refuse, and so says why they fail.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from forgewall.cli import problems, table
from forgewall.cli.at import add_at, moment
from forgewall.cli.json_lines import dumped
from forgewall.cli.parsing import examples
from forgewall.cli.table import Cell, Column
from forgewall.cli.terminal import safe
from forgewall.decide.coverage import Entry, untested
from forgewall.decide.load import compiled
from forgewall.decide.policy import Policy, Prohibition
from forgewall.decide.trial import Outcome, Trial, rule_hint, shortfall, trials
from forgewall.errors import PolicyError
from forgewall.policyfile import PolicyFile

MOST_ENTRIES = 100
"""Entries without a test that people are shown; programs get all."""
_COLUMNS = (
    Column(title="Result"),
    Column(title="Line", right=True),
    Column(title="Test", least=24),
    Column(title="Verdict"),
    Column(title="Decided by", least=20),
    Column(title="Where", least=12),
)
_STYLES = {Outcome.PASSED: "green", Outcome.STALE: "yellow", Outcome.FAILED: "bold red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    policy: Policy
    trials: Sequence[Trial]
    entries: Sequence[Entry]
    now: datetime

    @property
    def counts(self) -> Counter[Outcome]:
        return Counter(trial.outcome for trial in self.trials)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "test",
        help="run a policy's own tests",
        description="Run the tests that stand in a policy, and tell of each whether it passes and what decided it; "
        "then the entries that no test is decided by. Exit code 0: none fails; 1: some do, or the file can't be read. "
        "A test that only fails because an approval has expired is stale, which refuses no policy.",
        epilog=examples(
            ("forgewall test policy/forgewall.yaml", "run them now"),
            ("forgewall test FILE --at 2027-01-31", "as they would come out on that day"),
            ("forgewall test FILE --json", "for other programs"),
        ),
    )
    parser.add_argument("file", metavar="FILE", help="the policy file")
    add_at(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints how the tests come out. Returns 0, or 1 if one fails. Raises PolicyError for what can't be read.

    With `--json` its problems are printed instead, and 1 returned. Raises UsageError.
    """
    now = moment(args)
    file = PolicyFile(args.file, parse=lambda text, name: compiled(text, name, args.clock()))
    try:
        loaded = file.load_with_warnings()
    except PolicyError as error:
        if not args.json:
            raise
        print(dumped({"file": args.file, "problems": problems.as_json(error.problems, "error")}))
        return error.exit_code
    ran = [*trials(loaded.policy, loaded.tests, now)]
    entries = [entry for entry in untested(loaded.policy, ran) if _holds(entry, now)]
    report = _Report(policy=loaded.policy, trials=ran, entries=entries, now=now)
    if args.json:
        print(dumped(_as_json(report)))
    else:
        _tell(report)
    return PolicyError.exit_code if report.counts[Outcome.FAILED] else 0


def _holds(entry: Entry, now: datetime) -> bool:
    return isinstance(entry, Prohibition) or entry.terms.unexpired(now)


def _tell(report: _Report) -> None:
    if report.trials:
        table.draw(_COLUMNS, [_row(trial) for trial in report.trials])
    for trial in report.trials:
        if trial.outcome is not Outcome.PASSED:
            print(f"\n{safe(_complaint(report.policy, trial))}")
    if report.entries:
        print(f"\nEntries that no test is decided by ({len(report.entries):,}):")
        for entry in sorted(report.entries, key=lambda entry: entry.line)[:MOST_ENTRIES]:
            print(safe(f"{report.policy.reference(entry.line)}: {entry.rule}"))
        if len(report.entries) > MOST_ENTRIES:
            print(f"… and {len(report.entries) - MOST_ENTRIES:,} more, which --json lists")
    counts = report.counts
    told = [f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome] or outcome is Outcome.PASSED]
    blank = "\n" if report.trials or report.entries else ""
    print(f"{blank}{safe(report.policy.file)}: {', '.join(told)}, digest {report.policy.digest}")
    if not report.trials:
        print("forgewall test: the policy has no `tests`; write what must pass, and what must not", file=sys.stderr)


def _row(trial: Trial) -> list[Cell | str]:
    verdict = trial.verdict
    return [
        Cell(text="FAILED" if trial.outcome is Outcome.FAILED else trial.outcome.value, style=_STYLES[trial.outcome]),
        str(trial.case.line),
        _sentence(trial),
        verdict.action.value,
        verdict.rule,
        verdict.reference,
    ]


def _sentence(trial: Trial) -> str:
    """The test's sentence, with who asks where it says so."""
    case, subject = trial.case, trial.case.subject
    asker = [f"user {subject.user}"] if subject.user is not None else []
    asker += [f"client {subject.client}"] if subject.client != "127.0.0.1" else []
    asker += [case.visibility.value] if case.visibility is not None else []
    return f"{case.sentence.text} ({', '.join(asker)})" if asker else case.sentence.text


def _complaint(policy: Policy, trial: Trial) -> str:
    """Why a test doesn't pass, as a line that editors understand."""
    hint = rule_hint(policy, trial)
    if trial.outcome is Outcome.STALE:
        hint = "it passed before an approval expired: renew that, or change the test"
    place = f"{policy.file}:{trial.case.line}:{trial.case.column}"
    tail = f" ({hint})" if hint else ""
    return f"{place}: `{trial.case.sentence.text}` {shortfall(trial)}{tail}"


def _as_json(report: _Report) -> dict[str, Any]:
    return {
        "file": report.policy.file,
        "digest": report.policy.digest,
        "at": report.now.astimezone(UTC).isoformat(),
        **{outcome.value: report.counts[outcome] for outcome in Outcome},
        "tests": [_trial_as_json(report.policy, trial) for trial in report.trials],
        "untested": [
            {"rule": entry.rule, "reference": report.policy.reference(entry.line), "line": entry.line}
            for entry in report.entries
        ],
    }


def _trial_as_json(policy: Policy, trial: Trial) -> dict[str, Any]:
    case, verdict, target = trial.case, trial.verdict, trial.target
    return {
        "outcome": trial.outcome.value,
        "do": case.sentence.text,
        "expect": case.expect.value,
        "because": case.because or None,
        "user": case.subject.user,
        "client": case.subject.client,
        "visibility": case.visibility and case.visibility.value,
        "line": case.line,
        "column": case.column,
        "address": target.address if target is not None else None,
        "operation": target.operation.value if target is not None else None,
        "action": verdict.action.value,
        "would_action": verdict.would_action and verdict.would_action.value,
        "code": verdict.code,
        "rule": verdict.rule,
        "reference": verdict.reference,
        "reason": verdict.reason,
        "message": None if trial.outcome is Outcome.PASSED else shortfall(trial),
        "hint": rule_hint(policy, trial) if trial.outcome is Outcome.FAILED else "",
    }

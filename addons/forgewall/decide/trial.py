"""Running the policy's own tests: how each comes out, and which of them refuse the policy.

A test that would pass if nothing had expired doesn't refuse the policy: otherwise a proxy that is restarted on the
day after an approval ended would not come up. All tell what the policy is for, so that they run as if no glass were
broken. What a test is, is `cases`' business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from forgewall.decide.cases import Case, judge
from forgewall.decide.complaints import Complaints, nearest, quote
from forgewall.decide.policy import Policy
from forgewall.model import Target, Verdict

A_TEST = "the test"
"""So begins what is said of a test that fails."""
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_MOST_COMPARED = 1000
"""Entries up to which the nearest rule is looked for: comparing takes its time."""


class Outcome(StrEnum):
    """How a test comes out."""

    PASSED = "passed"
    STALE = "stale"  # it fails, and passed while nothing had expired
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test that was run: what its request is about (None: its host is no forge), and the verdict it got."""

    case: Case
    outcome: Outcome
    target: Target | None
    verdict: Verdict


def unbroken(policy: Policy) -> Policy:
    """`policy` without its break-glass."""
    return policy if policy.break_glass is None else replace(policy, break_glass=None)


def trials(policy: Policy, tests: Sequence[Case], now: datetime) -> Iterator[Trial]:
    """Run `tests` as at `now` (aware), one after the other."""
    policy = unbroken(policy)
    for case in tests:
        target, verdict = judge(policy, case.sentence, case.subject, now, case.visibility)
        outcome = Outcome.PASSED
        if not _passes(case, verdict):
            _, unexpired = judge(policy, case.sentence, case.subject, _BEFORE_ALL, case.visibility)
            outcome = Outcome.STALE if _passes(case, unexpired) else Outcome.FAILED
        yield Trial(case=case, outcome=outcome, target=target, verdict=verdict)


def run(policy: Policy, tests: Sequence[Case], now: datetime, complaints: Complaints) -> list[Case]:
    """Run `tests`; complain about those that fail, and return those that fail only because something has expired."""
    stale = []
    for trial in trials(policy, tests, now):
        if trial.outcome is Outcome.STALE:
            stale.append(trial.case)
        elif trial.outcome is Outcome.FAILED:
            what = f"{A_TEST} {quote(trial.case.sentence.text)}"
            complaints.add((trial.case.line, trial.case.column), f"{what} {shortfall(trial)}", rule_hint(policy, trial))
    return stale


def shortfall(trial: Trial) -> str:
    """What a test that didn't pass expects, and what it got instead; the test itself stands before."""
    case, verdict = trial.case, trial.verdict
    came = f"{verdict.action} by `{verdict.rule}` ({verdict.reference}): {verdict.reason}"
    if verdict.action is not case.expect:
        return f"expects {case.expect}, but got {came}"
    return f"expects {case.expect} because of {quote(case.because)}, but got {came}"


def rule_hint(policy: Policy, trial: Trial) -> str:
    """The rule that a test's `because` may mean, where only that doesn't fit."""
    if trial.verdict.action is not trial.case.expect or len(policy.approved) >= _MOST_COMPARED:
        return ""
    rules = [entry.rule for entries in policy.approved.values() for entry in entries]
    return nearest(trial.case.because, [*rules, *(entry.rule for entry in policy.forbidden.values())])


def _passes(case: Case, verdict: Verdict) -> bool:
    return verdict.action is case.expect and case.because in {"", verdict.rule}

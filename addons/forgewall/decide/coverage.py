"""Which entries no test of the policy is decided by: nobody has shown that they do what they are there for. Part of
`lint`.

Counted exactly: a test covers the entries that its trace says decided a part of its request, whatever came of it. An
entry that was looked at and didn't fit isn't covered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from forgewall.decide.complaints import quote
from forgewall.decide.policy import Approval, Policy, Prohibition
from forgewall.decide.remark import Code, Remark
from forgewall.decide.trial import Trial

MOST_TOLD = 20
"""Entries without a test up to which each is told; more are one line."""

type Entry = Approval | Prohibition


def untested(policy: Policy, trials: Iterable[Trial]) -> Iterator[Entry]:
    """The entries that decided none of `trials`, approvals first."""
    covered = {(step.rule, step.reference) for trial in trials for step in trial.verdict.trace if step.matched}
    for entries in policy.approved.values():
        for entry in entries:
            if (entry.rule, policy.reference(entry.line)) not in covered:
                yield entry
    for prohibition in policy.forbidden.values():
        if (prohibition.rule, policy.reference(prohibition.line)) not in covered:
            yield prohibition


def uncovered(policy: Policy, trials: Iterable[Trial], besides: Collection[int]) -> list[Remark]:
    """What to say of entries without a test, but for those on the lines `besides`, of which worse was said."""
    if not policy.approved and not policy.forbidden:
        return []
    if not policy.tests:
        note = "the policy has no `tests`: nothing shows that it does what it is meant to"
        return [Remark(code=Code.UNTESTED, line=1, message=note, hint="say what must pass, and what must not")]
    found = [entry for entry in untested(policy, trials) if entry.line not in besides]
    if len(found) > MOST_TOLD:
        first = min(found, key=lambda entry: entry.line)
        note = f"{len(found)} entries have no test, the first is {quote(first.address)}"
        return [Remark(code=Code.UNTESTED, line=first.line, message=note, hint="`forgewall test` tells which")]
    return [
        Remark(
            code=Code.UNTESTED,
            line=entry.line,
            message=f"no test is decided by {quote(entry.rule)}",
            hint="add one to `tests`",
        )
        for entry in found
    ]

"""What may be wrong with a policy that can be used. Warnings never refuse a policy; errors are found by `load`.

Each kind of warning is found by a module of its own, and has a stable word (`remark.Code`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from forgewall.decide.breadth import over_broad
from forgewall.decide.complaints import quote
from forgewall.decide.coverage import uncovered
from forgewall.decide.futile import futile, futile_in_general
from forgewall.decide.lapse import broken_glass, lapses
from forgewall.decide.load import Loaded
from forgewall.decide.lookalike import lookalike_addresses, lookalike_hosts, lookalike_people
from forgewall.decide.people import people
from forgewall.decide.policy import Policy
from forgewall.decide.reach import repeated_prohibitions, unreachable
from forgewall.decide.remark import Code, Remark
from forgewall.decide.trial import trials
from forgewall.errors import Problem

_WORSE = {Code.EXPIRED, Code.UNREACHABLE, Code.SHADOWED, Code.DUPLICATE}
"""What is said of an entry that has to go; that it has no test is no news then."""


def warnings(loaded: Loaded, now: datetime) -> list[Problem]:
    """The warnings on a policy at `now` (aware), in file order; the time in which its tests are run anew."""
    policy = loaded.policy
    remarks = [*_remarks(loaded, now)]
    worse = {remark.line for remark in remarks if remark.code in _WORSE}
    remarks += uncovered(policy, trials(policy, loaded.tests, now), worse)
    return [_problem(policy, remark) for remark in sorted(remarks, key=lambda remark: remark.line)]


def _remarks(loaded: Loaded, now: datetime) -> Iterator[Remark]:
    """Everything but the coverage."""
    policy = loaded.policy
    for case in loaded.stale:
        note = f"the test {quote(case.sentence.text)} fails because an approval has expired"
        yield Remark(code=Code.STALE_TEST, line=case.line, message=note, hint="renew the approval, or change the test")
    yield from broken_glass(policy, now)
    yield from unreachable(policy, now)
    yield from repeated_prohibitions(policy, loaded.repeated)
    for entries in policy.approved.values():
        for entry in entries:
            yield from lapses(policy, entry, now)
            yield from over_broad(policy, entry)
            for note, hint in futile(policy, entry):
                yield Remark(code=Code.FUTILE, line=entry.line, message=note, hint=hint)
    for line, note, hint in futile_in_general(policy):
        yield Remark(code=Code.FUTILE, line=line, message=note, hint=hint)
    yield from people(policy)
    yield from lookalike_people(policy)
    yield from lookalike_addresses(policy)
    yield from lookalike_hosts(policy, loaded.hosts)


def _problem(policy: Policy, remark: Remark) -> Problem:
    return Problem(
        file=policy.file, line=remark.line, column=1, message=remark.message, hint=remark.hint, code=remark.code.value
    )

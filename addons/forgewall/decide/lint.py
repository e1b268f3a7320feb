"""What may be wrong with a policy that can be used: expired, repeated and futile words, tests that expiry made fail.

Warnings never refuse a policy; errors are found by `load`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from forgewall.decide import wording
from forgewall.decide.complaints import nearest, quote
from forgewall.decide.futile import futile, futile_in_general
from forgewall.decide.load import Loaded
from forgewall.decide.policy import Approval, Policy, Terms
from forgewall.decide.visibility import tells_nothing
from forgewall.errors import Problem

_DAY = timedelta(days=1)


def warnings(loaded: Loaded, now: datetime) -> list[Problem]:
    """The warnings on a policy at `now` (aware), in file order."""
    policy = loaded.policy
    found = [
        _warning(policy, case.line, f"the test {quote(case.sentence.text)} fails because an approval has expired", hint)
        for case in loaded.stale
        for hint in ["renew the approval, or change the test"]
    ]
    for entries in policy.approved.values():
        for index, entry in enumerate(entries):
            found += _of_entry(policy, entry, entries[:index], now)
            found += [_warning(policy, entry.line, *said) for said in futile(policy, entry)]
    found += [_warning(policy, *said) for said in futile_in_general(policy)]
    return sorted(found, key=lambda problem: problem.line)


def _of_entry(policy: Policy, entry: Approval, earlier: tuple[Approval, ...], now: datetime) -> list[Problem]:
    found = []
    terms = entry.terms
    if terms.expires is not None and not terms.unexpired(now):
        note = wording.expired(entry.address, terms.expires)
        found.append(_warning(policy, entry.line, note, "renew or remove the entry"))
    same = next((other for other in earlier if _same(other.terms, terms)), None)
    if same is not None:
        note = f"{quote(entry.address)} stands here a second time, first in line {same.line}"
        found.append(_warning(policy, entry.line, note, "remove one"))
    for term in terms.who.terms if terms.who is not None else ():
        if term not in policy.groups and "@" not in term and (hint := nearest(term, policy.groups)):
            note = f"{quote(term)} is no group and counts as a user's name"
            found.append(_warning(policy, entry.line, note, hint))
    if terms.visibility is not None and tells_nothing(entry.key):
        note = f"`visibility` of {quote(entry.address)} is never met: nobody tells who can see gists and snippets"
        found.append(_warning(policy, entry.line, note, "remove `visibility`, or the entry"))
    if terms.confirmed is not None and terms.confirmed - now > _DAY:
        note = f"`confirmed` of {quote(entry.address)} is still to come: moves that nobody has seen yet won't count"
        found.append(_warning(policy, entry.line, note, "write the day on which you looked"))
    if (prohibition := policy.prohibition(entry.key)) is not None:
        note = f"{quote(entry.address)} is approved in vain: line {prohibition.line} forbids {prohibition.address}"
        found.append(_warning(policy, entry.line, note, "remove one of the two"))
    return found


def _same(first: Terms, second: Terms) -> bool:
    """Whether two entries say the same, wherever in the file."""
    return _placeless(first) == _placeless(second)


def _placeless(terms: Terms) -> Terms:
    content = replace(terms.scrutiny.content, rule="", reference="", places=())
    return replace(terms, scrutiny=replace(terms.scrutiny, content=content))


def _warning(policy: Policy, line: int, message: str, hint: str) -> Problem:
    return Problem(file=policy.file, line=line, column=1, message=message, hint=hint)

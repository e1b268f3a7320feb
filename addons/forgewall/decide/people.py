"""Words of `who:` and `groups:` that don't mean what they seem to. Part of `lint`."""

from __future__ import annotations

from collections.abc import Iterator

from forgewall.decide.complaints import nearest, quote
from forgewall.decide.policy import Policy
from forgewall.decide.remark import Code, Remark

_MOST_COMPARED = 2000
"""Words that are compared with the names of groups: comparing takes its time, and a long policy has many users."""


def people(policy: Policy) -> Iterator[Remark]:
    """Users that may be groups misspelled, and groups that nothing names."""
    meant: dict[str, str] = {}
    used: set[str] = set()
    for entries in policy.approved.values():
        for entry in entries:
            who = entry.terms.who
            if who is None:
                continue
            if not who.users and not who.networks:
                note = f"{quote(entry.address)} is approved for nobody: nobody is in {', '.join(map(quote, who.terms))}"
                yield Remark(code=Code.GROUP, line=entry.line, message=note, hint="fill the group")
            for term in who.terms:
                if term in policy.groups:
                    used.add(term)
                    continue
                if "@" in term or not policy.groups:
                    continue
                if term not in meant and len(meant) < _MOST_COMPARED:
                    meant[term] = nearest(term, policy.groups)
                if hint := meant.get(term):
                    note = f"{quote(term)} is no group and counts as a user's name"
                    yield Remark(code=Code.GROUP, line=entry.line, message=note, hint=hint)
    for name, group in policy.groups.items():
        if name not in used:
            note = f"no entry is for the group {quote(name)}"
            yield Remark(code=Code.GROUP, line=group.line, message=note, hint="name it in `who`, or remove it")

"""Entries that can never decide, or that change nothing: only what can be proven from the policy alone. Part of `lint`.

| an entry | is |
|---|---|
| whose address is forbidden | unreachable, unless reading depends on approvals |
| that admits no write, below no broader one | unreachable, unless reading depends on approvals |
| beside an alternative that admits all that it does, and at least as much of it | unreachable |
| that says the same as an alternative | a duplicate |
| that says the same as the next broader address, which lasts as long | shadowed |
| of `forbidden` below a forbidden address, without words of its own | shadowed |

Whether a longer address leaves a broader entry anything to decide can't be told: an owner has any number of names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from forgewall.decide.audience import Audience
from forgewall.decide.complaints import quote
from forgewall.decide.policy import Approval, Policy, Prohibition, Reads, Terms
from forgewall.decide.remark import Code, Remark
from forgewall.model import Action, Effect, Mode, Scrutiny

_MOST_ALTERNATIVES = 200
"""Alternatives of one address up to which each is compared with each."""
_SEVERITY = {Action.ALLOW: 0, Action.LOG: 1, Action.BLOCK: 2}
_ONE = "remove one"


def unreachable(policy: Policy, now: datetime) -> Iterator[Remark]:
    """The entries of `approved` that never decide, or not otherwise than another would."""
    with_ids = {named.address.lower() for named in policy.ids.values()}
    for key, entries in policy.approved.items():
        different: Sequence[Approval] = entries
        hint = "join the two" if key.lower() in with_ids else _ONE
        if len(entries) > 1:
            first: dict[object, Approval] = {}
            for entry in entries:
                if (same := first.setdefault(_words(entry.terms), entry)) is not entry:
                    note = f"{quote(entry.address)} stands here a second time, first in line {same.line}"
                    yield Remark(code=Code.DUPLICATE, line=entry.line, message=note, hint=hint)
            different = [*first.values()]
        valid = [entry for entry in different if entry.terms.unexpired(now)]
        if len(valid) > 1:
            yield from _outdone(valid, hint)
        for entry in valid:
            yield from _never_asked(policy, entry)
        if valid and "/" in key and key.lower() not in with_ids:
            yield from _as_above(policy, valid, now)


def repeated_prohibitions(policy: Policy, repeated: Sequence[tuple[Prohibition, int]]) -> Iterator[Remark]:
    """Entries of `forbidden` that another one makes needless; `repeated` are those that load left out, each with the
    line of the first.
    """
    for entry, first in repeated:
        note = f"{quote(entry.address)} is forbidden here a second time, first in line {first}"
        yield Remark(code=Code.DUPLICATE, line=entry.line, message=note, hint=_ONE)
    for key, entry in policy.forbidden.items():
        above = policy.prohibition(key.rpartition("/")[0]) if "/" in key else None
        if above is not None and not (entry.owner or entry.reason):
            note = f"{quote(entry.address)} is forbidden already: line {above.line} forbids {above.address}"
            yield Remark(code=Code.SHADOWED, line=entry.line, message=note, hint=_ONE)


def _outdone(valid: Sequence[Approval], hint: str) -> Iterator[Remark]:
    """Alternatives that are never chosen, as another admits all that they do. No two of `valid` say the same."""
    everybodys = [number for number, entry in enumerate(valid) if entry.terms.who is None]
    wide = range(len(valid)) if len(valid) <= _MOST_ALTERNATIVES else everybodys[:10]
    for number, entry in enumerate(valid):
        for index in wide:
            other = valid[index]
            if other is entry or not _outdoes(other.terms, entry.terms, first=index < number):
                continue
            if index > number and _outdoes(entry.terms, other.terms, first=True):
                continue  # each makes the other needless, and of the two the later one is told
            note = f"{quote(entry.address)} never counts: line {other.line} admits all that this entry does"
            yield Remark(code=Code.UNREACHABLE, line=entry.line, message=note, hint=hint)
            break


def _never_asked(policy: Policy, entry: Approval) -> Iterator[Remark]:
    prohibition = policy.prohibition(entry.key)
    if prohibition is not None and policy.defaults.reads is not Reads.APPROVED_ONLY:
        note = f"{quote(entry.address)} is approved in vain: line {prohibition.line} forbids {prohibition.address}"
        yield Remark(code=Code.UNREACHABLE, line=entry.line, message=note, hint="remove one of the two")
    reads = policy.defaults.reads
    if reads is not Reads.APPROVED_ONLY and _only_reads(entry) and not _below_another(policy, entry):
        note = f"{quote(entry.address)} admits nothing: it names no write, and `reads: {reads}` holds for every read"
        yield Remark(code=Code.UNREACHABLE, line=entry.line, message=note, hint="see `allow`, or remove the entry")


def _only_reads(entry: Approval) -> bool:
    return entry.terms.mode is Mode.ENFORCE and all(operation.effect is Effect.READ for operation in entry.terms.allow)


def _below_another(policy: Policy, entry: Approval) -> bool:
    """Whether a broader address is approved: then an entry that admits less takes something away."""
    return sum(1 for _ in policy.covering(entry.key)) > 1


def _as_above(policy: Policy, valid: Sequence[Approval], now: datetime) -> Iterator[Remark]:
    """Entries that could go, as the next broader address says the same and lasts as long."""
    for entries in policy.covering(valid[0].key.rpartition("/")[0]):
        above = [entry for entry in entries if entry.terms.unexpired(now)]
        if not above:
            continue
        if len(above) == len(valid) == 1:
            end, last = valid[0].terms.expires, above[0].terms.expires
            same = _effect(valid[0].terms, timeless=True) == _effect(above[0].terms, timeless=True)
            needless = same and (last is None or (end is not None and end <= last))
        else:
            needless = {_effect(entry.terms) for entry in valid} == {_effect(entry.terms) for entry in above}
        if needless:
            note = (
                f"{quote(valid[0].address)} changes nothing: line {above[0].line} says the same of {above[0].address}"
            )
            yield Remark(
                code=Code.SHADOWED, line=valid[0].line, message=note, hint="remove it, or say what is different"
            )
        return


def _outdoes(wide: Terms, narrow: Terms, *, first: bool) -> bool:
    """Whether `wide` is chosen for each request that `narrow` admits too. `first`: it stands before it in the file.

    The most generous of those that admit is chosen (`engine`): by the refs, by what is beyond the limit, by the limit.
    """
    if not (narrow.allow <= wide.allow and _within(narrow.who, wide.who) and _lasts(wide, narrow)):
        return False
    if wide.visibility is not None and (narrow.visibility is None or not narrow.visibility <= wide.visibility):
        return False
    if narrow.mode is Mode.OBSERVE and wide.mode is not Mode.OBSERVE:
        return False
    if narrow.confirmed is not None and (wide.confirmed is None or wide.confirmed < narrow.confirmed):
        return False
    if narrow.over != wide.over:
        return False
    larger = narrow.max_upload is not None and wide.max_upload is not None and narrow.max_upload < wide.max_upload
    if narrow.max_upload != wide.max_upload and not larger:
        return False  # an own limit isn't compared with the general one, which may change
    return _as_lenient(wide.scrutiny, narrow.scrutiny, first=first or larger)


def _as_lenient(wide: Scrutiny, narrow: Scrutiny, *, first: bool) -> bool:
    """Whether refs never speak for `narrow`. `first`: a draw is decided for `wide`, or there is none."""
    if wide.refs is not None and (narrow.refs is None or not set(narrow.refs) <= set(wide.refs)):
        return False
    if _SEVERITY[wide.deletes] > _SEVERITY[narrow.deletes]:
        return False
    return first or (wide.refs is None and narrow.refs is not None) or _placeless(wide) == _placeless(narrow)


def _lasts(wide: Terms, narrow: Terms) -> bool:
    return wide.expires is None or (narrow.expires is not None and narrow.expires <= wide.expires)


def _within(narrow: Audience | None, wide: Audience | None) -> bool:
    """Whether everybody in `narrow` is in `wide` too; None is everybody."""
    if wide is None:
        return True
    if narrow is None or not narrow.users <= wide.users:
        return False
    return all(
        any(
            version == family and prefix <= length and number >> (length - prefix) in numbers
            for (version, prefix), numbers in wide.networks.items()
        )
        for (family, length), inside in narrow.networks.items()
        for number in inside
    )


def _words(terms: Terms) -> object:
    """All that an entry says, wherever in the file it stands; to be compared."""
    return _effect(terms), terms.owner, terms.reason


def _effect(terms: Terms, *, timeless: bool = False) -> object:
    """What an entry does, to be compared."""
    return (
        terms.allow,
        frozenset(terms.who.terms) if terms.who is not None else None,
        (terms.max_upload, terms.over, terms.mode, terms.visibility, terms.confirmed),
        None if timeless else terms.expires,
        _placeless(terms.scrutiny),
    )


def _placeless(scrutiny: Scrutiny) -> Scrutiny:
    content = replace(scrutiny.content, rule="", reference="", places=())
    refs = tuple(sorted(scrutiny.refs)) if scrutiny.refs is not None else None
    return replace(scrutiny, content=content, refs=refs, places=())

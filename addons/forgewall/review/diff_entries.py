"""What two policies say differently, entry by entry and setting by setting; lines, order and comments don't count.

Whether that changes any decision is not asked here (`diff`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from forgewall.decide.policy import Policy
from forgewall.review.diff_words import Words, of_terms, settings


class Edited(StrEnum):
    """What happened to an entry."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """An entry of `section` (`approved`, `forbidden`), or a setting (`defaults/writes` in section `settings`).

    `name` is the address or the setting. `before` and `after` are its words where it is added or removed, and only
    those that differ where it is changed. `reference` is its file:line in the new policy, of a removed one in the old
    one; '' of a setting.
    """

    section: str
    name: str
    edited: Edited
    before: Words
    after: Words
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    address: str
    words: Words
    reference: str


def entry_changes(old: Policy, new: Policy) -> tuple[EntryChange, ...]:
    """The entries and settings that differ: by section, then by address."""
    return (
        *_lists("approved", _approved(old), _approved(new)),
        *_lists("forbidden", _forbidden(old), _forbidden(new)),
        *_settings(settings(old), settings(new)),
    )


def _approved(policy: Policy) -> dict[str, list[_Entry]]:
    general = policy.defaults.scrutiny
    return {
        key: [
            _Entry(address=entry.address, words=of_terms(entry.terms, general), reference=policy.reference(entry.line))
            for entry in entries
        ]
        for key, entries in policy.approved.items()
    }


def _forbidden(policy: Policy) -> dict[str, list[_Entry]]:
    return {
        key: [
            _Entry(
                address=entry.address,
                words=tuple((word, said) for word, said in (("owner", entry.owner), ("reason", entry.reason)) if said),
                reference=policy.reference(entry.line),
            )
        ]
        for key, entry in policy.forbidden.items()
    }


def _lists(section: str, old: Mapping[str, list[_Entry]], new: Mapping[str, list[_Entry]]) -> Iterator[EntryChange]:
    for key in sorted(old.keys() | new.keys()):
        yield from _alternatives(section, old.get(key, []), new.get(key, []))


def _alternatives(section: str, old: list[_Entry], new: list[_Entry]) -> Iterator[EntryChange]:
    """What became of the entries at one address: those that say the same are the same, one other each is changed."""
    gone, come = list(old), []
    for entry in new:
        same = next((other for other in gone if other.words == entry.words), None)
        if same is None:
            come.append(entry)
        else:
            gone.remove(same)
    if len(gone) == len(come) == 1:
        yield EntryChange(
            section=section,
            name=come[0].address,
            edited=Edited.CHANGED,
            before=tuple(pair for pair in gone[0].words if pair not in come[0].words),
            after=tuple(pair for pair in come[0].words if pair not in gone[0].words),
            reference=come[0].reference,
        )
        return
    for edited, entries in ((Edited.REMOVED, gone), (Edited.ADDED, come)):
        for entry in entries:
            before, after = (entry.words, ()) if edited is Edited.REMOVED else ((), entry.words)
            yield EntryChange(
                section=section,
                name=entry.address,
                edited=edited,
                before=before,
                after=after,
                reference=entry.reference,
            )


def _settings(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[EntryChange]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield EntryChange(
                section="settings",
                name=name,
                edited=Edited.ADDED if before is None else Edited.REMOVED if after is None else Edited.CHANGED,
                before=(("", before),) if before is not None else (),
                after=(("", after),) if after is not None else (),
            )

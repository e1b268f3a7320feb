"""Users whom the log calls by a stand-in (`record.pseudonym`), found again among the names that a policy holds.

Only names that stand in the policy are ever found: nobody else's is. A stand-in is the same for every spelling that
differs in case, while a policy's names count exactly; so a name that fits but for its case is found, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from forgewall.decide.policy import Policy
from forgewall.record import pseudonym
from forgewall.record.pseudonym import KEY_FILE, Pseudonyms

_SHAPE = re.compile(r"u-[0-9a-f]{24}", re.ASCII)


def is_stand_in(user: str | None) -> bool:
    """Whether `user` looks like a stand-in; a real name hardly ever does."""
    return user is not None and _SHAPE.fullmatch(user) is not None


def read_key(directory: Path) -> Pseudonyms | None:
    """The key of the log in `directory`; None where there is none, or it can't be read. It is never made here."""
    if not (directory / KEY_FILE).is_file():
        return None
    try:
        return pseudonym.load(directory)
    except (OSError, ValueError):
        return None


class StandIns:
    """The names in `policies` by their stand-ins, worked out when the first one is asked for."""

    def __init__(self, key: Pseudonyms | None, policies: Iterable[Policy]) -> None:
        self._key = key
        self._policies = tuple(policies)
        self._names: dict[str, str | None] | None = None

    @property
    def known(self) -> bool:
        """Whether there is a key to find names by."""
        return self._key is not None

    def name(self, stand_in: str) -> str | None:
        """The policy's name behind `stand_in`; itself if there is none. None where several names may be meant."""
        if self._key is None:
            return stand_in
        if self._names is None:
            self._names = self._found(self._key)
        return self._names.get(stand_in, stand_in)

    def _found(self, key: Pseudonyms) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for user in _users(self._policies):
            stand_in = key.of(user)
            found[stand_in] = None if stand_in in found else user
        return found


def _users(policies: Iterable[Policy]) -> set[str]:
    """All names of users for whom an entry is."""
    users: set[str] = set()
    seen: set[int] = set()
    for policy in policies:
        for entries in policy.approved.values():
            for entry in entries:
                who = entry.terms.who
                if who is not None and id(who) not in seen:
                    seen.add(id(who))
                    users |= who.users
    return users

"""What stands in the input of a mutation: each text and number with the names that lead to it.

What is *not* here: which of them name a repository (`mutations`), and whom an id names (`locators`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.graphql.values import ABSENT

MAX_WORK = 100_000
"""Values, and 64 characters of them, that are looked at in one request, however often a variable is used."""

type Place = tuple[str, ...]
"""The names that lead to a value; lists have none."""

# The last word of a name that may say where something goes: `headRepositoryId`, `fullPath`, `ids`.
_WORDS = r"Ids?|IDs?|Paths?|Urls?|URLs?|Uris?|Logins?|Owner|Projects?|Repository|Repositories|Namespaces?|Groups?"
_NAMES_A_PLACE = re.compile(
    rf"(?:[A-Za-z0-9_]*[a-z0-9_])?(?:{_WORDS})|(?:{_WORDS.lower()})",
    re.ASCII,
)


class Budget:
    """How much may still be looked at."""

    __slots__ = ("left",)

    def __init__(self, left: int = MAX_WORK) -> None:
        self.left = left

    def spend(self, value: object) -> None:
        """Count one value. Raises Unclear when there is nothing left."""
        self.left -= 1 + (len(value) >> 6 if isinstance(value, str) else 0)
        if self.left < 0:
            raise Unclear("the arguments are too many to look at")


def leaves(value: object, budget: Budget) -> Iterator[tuple[Place, object]]:
    """Each value in `value` that is no list, no object and not null, with its place. Raises Unclear beyond `budget`."""
    left: list[tuple[Place, object]] = [((), value)]
    while left:
        place, found = left.pop()
        budget.spend(found)
        match found:
            case dict():
                left += [((*place, name), below) for name, below in reversed(found.items())]
            case list():
                left += [(place, below) for below in reversed(found)]
            case None:
                pass
            case _ if found is ABSENT:
                pass
            case _:
                yield place, found


def names_a_place(name: str) -> bool:
    """Whether what is called so may say where something goes, by its last word."""
    return _NAMES_A_PLACE.fullmatch(name) is not None

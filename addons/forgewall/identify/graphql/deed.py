"""What one mutation does, and to whom.

What is *not* here: finding the mutations of a request (`selection`), and what several make together (`outcome`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from forgewall.identify.directory import Directory, Named
from forgewall.identify.graphql.inputs import Budget, Place, leaves, names_a_place
from forgewall.identify.graphql.locators import new_repository, place_of
from forgewall.identify.graphql.mutations import Locator, Mutation, Naming, Otherwise, Table
from forgewall.identify.graphql.selection import Call
from forgewall.identify.graphql.unclear import Unclear
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import personal_snippets
from forgewall.model import GROUPS, Also, Effect, Kind, Operation, Visibility

_SEEN: Mapping[str, Visibility] = MappingProxyType({one.value: one for one in Visibility})
# Quick actions that copy an issue elsewhere, or mail it to somebody. GitLab drops each CR before it looks for them.
_LEAVES = re.compile(
    r"^[^\S\n]*+/(?:move|clone|add_email|invite_email|convert_to_ticket)\b", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a mutation does. The first of `places` is written to, and so are the others; None is nowhere certain."""

    name: str
    operation: Operation
    places: tuple[Named | None, ...]
    also: tuple[Also, ...] = ()
    visibility: Visibility | None = None


class Reader:
    """Reads the mutations of one request to a forge."""

    __slots__ = ("_budget", "_directory", "_forge_host", "_table")

    def __init__(self, table: Table, forge_host: ForgeHost, directory: Directory) -> None:
        self._table = table
        self._forge_host = forge_host
        self._directory = directory
        self._budget = Budget()

    def deed(self, call: Call) -> Deed:
        """What `call` does. Raises Unclear, with a sentence that names the mutation, if it isn't certain."""
        row = self._table.rows.get(call.name)
        if row is None:
            raise Unclear(f"the mutation {call.name[:60]} is not understood")
        if row.operation is Operation.UNIDENTIFIED:
            raise Unclear(f"{row.name} concerns no repository or owner that could be approved")
        try:
            return self._deed(row, call)
        except Unclear as doubt:
            raise Unclear(f"{row.name}: {doubt}") from None

    def _deed(self, row: Mutation, call: Call) -> Deed:
        found = _Input(call.input, self._budget)
        operation = next((other for place, other in row.turns if place in found.given), row.operation)
        if operation.effect is not Effect.WRITE:
            return Deed(name=row.name, operation=operation, places=(_forge(self._forge_host),))
        found.check(row, self._table, self._forge_host)
        where = _Where(found, self._forge_host, self._directory)
        places: list[Named | None] = list(where.named(one for one in row.locators if one.role is None))
        if row.new is not None:
            places.append(where.made(*row.new))
        if row.renamed is not None:
            places += where.renamed(places, row.renamed)
        if not places:
            places.append(_otherwise(row, self._forge_host))
        also = (
            Also(
                address=one.address, owner=one.owner, repository=one.repository, role=role, operation=locator.operation
            )
            for locator in row.locators
            if (role := locator.role) is not None
            for one in where.named((locator,))
        )
        return Deed(
            name=row.name,
            operation=operation,
            places=tuple(dict.fromkeys(places)),
            also=tuple(dict.fromkeys(also)),
            visibility=None if row.visibility is None else _SEEN.get(found.text(row.visibility).lower()),
        )


class _Input:
    """The values of a mutation's input by their places."""

    def __init__(self, value: object, budget: Budget) -> None:
        self.given: dict[Place, list[object]] = {}
        for place, leaf in leaves(value, budget):
            self.given.setdefault(place, []).append(leaf)

    def text(self, place: Place) -> str:
        values = self.given.get(place, [])
        return values[0] if len(values) == 1 and isinstance(values[0], str) else ""

    def check(self, row: Mutation, table: Table, forge_host: ForgeHost) -> None:
        """Raises Unclear if something else than what the row lists may say where something goes."""
        known = row.known
        remarks = forge_host.kind is Kind.GITLAB and row.operation in GROUPS["text"]
        for place, values in self.given.items():
            if not place:
                raise Unclear("the input is no object")
            if place not in known and place[-1] not in table.beside and names_a_place(place[-1]):
                raise Unclear(f"{'.'.join(place)[:80]} may name another repository")
            if remarks and any(isinstance(one, str) and _leaves(one) for one in values):
                raise Unclear("a quick action may copy the issue to another project, or mail it")


def _leaves(text: str) -> bool:
    readings = (text.replace("\r", ""), text.replace("\r", "\n")) if "\r" in text else (text,)
    return any(_LEAVES.search(reading) is not None for reading in readings)


class _Where:
    """Whom the values of a mutation's input name."""

    def __init__(self, found: _Input, forge_host: ForgeHost, directory: Directory) -> None:
        self._found = found
        self._forge_host = forge_host
        self._directory = directory

    def named(self, locators: Iterable[Locator]) -> list[Named]:
        places = []
        for one in locators:
            for value in self._found.given.get(one.place, ()):
                field = ".".join(one.place)
                place = place_of(one.naming, value, field, self._forge_host, self._directory)
                if place is not None:
                    places.append(place)
        return places

    def made(self, owner: Place, name: Place) -> Named | None:
        """The repository that is made; None if it will belong to whoever asks, whom nobody names."""
        owners = self._found.given.get(owner, [])
        if not owners:
            return None
        names = self._found.given.get(name, [])
        if len(owners) != 1 or len(names) != 1:
            raise Unclear("the new repository is not named once")
        found = place_of(Naming.NODE, owners[0], ".".join(owner), self._forge_host, self._directory)
        assert found is not None
        return new_repository(found, names[0], ".".join(name))

    def renamed(self, places: Sequence[Named | None], name: Place) -> list[Named]:
        """The address that the repository written to has from now on, if it gets another name."""
        names = self._found.given.get(name, [])
        if not names:
            return []
        if len(names) != 1 or len(places) != 1 or places[0] is None or places[0].repository is None:
            raise Unclear("it isn't certain what the repository is called from now on")
        owner = Named(address=places[0].address.rpartition("/")[0], owner=places[0].owner)
        return [new_repository(owner, names[0], ".".join(name))]


def _otherwise(row: Mutation, forge_host: ForgeHost) -> Named:
    match row.otherwise:
        case Otherwise.INSTANCE:
            return _forge(forge_host)
        case Otherwise.SNIPPETS:
            return Named(address=personal_snippets(forge_host), owner=None)
        case None:
            raise Unclear("the input doesn't say whose repository it concerns")


def _forge(forge_host: ForgeHost) -> Named:
    return Named(address=forge_host.forge, owner=None)

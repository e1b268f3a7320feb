"""What one mutation does, and to whom; and what several of them in one request make together.

What is *not* here: finding the mutations of a request (`selection`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from forgewall.identify.directory import Directory, Named
from forgewall.identify.graphql.inputs import Budget, Place, leaves, names_a_place
from forgewall.identify.graphql.locators import new_repository, place_of
from forgewall.identify.graphql.mutations import Locator, Mutation, Naming, Otherwise, Table
from forgewall.identify.graphql.request import Unclear
from forgewall.identify.graphql.selection import Call
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import named, personal_snippets
from forgewall.model import GROUPS, PLAIN_APPROVAL, Also, Effect, Kind, Operation, Target, Visibility

_SEEN: Mapping[str, Visibility] = MappingProxyType({one.value: one for one in Visibility})
# Quick actions that copy an issue elsewhere.
_LEAVES = re.compile(r"^\s*/(?:move|clone)\b", re.IGNORECASE | re.MULTILINE)
_NAMED = 3
"""Names of mutations that evidence holds."""


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
            if remarks and any(isinstance(one, str) and _LEAVES.search(one.replace("\r", "\n")) for one in values):
                raise Unclear("a quick action may copy the issue to another project")


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


def together(deeds: list[Deed], forge_host: ForgeHost) -> Target:
    """The target of all `deeds` of a request: the strictest, with every other place beside it.

    Strictest is what an ordinary approval doesn't cover, then what stands first; what concerns only the asker counts
    only if there is nothing else.
    """
    written = [one for one in deeds if one.operation.effect is Effect.WRITE] or deeds[:1]
    main = next((one for one in written if one.operation not in PLAIN_APPROVAL), written[0])
    also: list[Also] = []
    for one in (main, *(other for other in written if other is not main)):
        for place in one.places[1:] if one is main else one.places:
            also.append(_beside(one, place, main))
        also += (_own(given, one, main) for given in one.also)
    names = list(dict.fromkeys(one.name for one in written))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    evidence = f"GraphQL: {', '.join(names[:_NAMED])}{more}"
    first = main.places[0]
    if first is None:
        evidence = f"GraphQL: {main.name} names no owner, so the new repository would be the asker's own"
        target = named(forge_host, None, None, main.operation, evidence)
    else:
        target = named(forge_host, first.owner, first.repository, main.operation, evidence, address=first.address)
    others = tuple(
        one
        for one in dict.fromkeys(also)
        if one.address is None
        or (one.address, one.operation or main.operation, one.role) != (target.address, main.operation, "destination")
    )
    return replace(target, also=others, visibility=main.visibility)


def _beside(one: Deed, place: Named | None, main: Deed) -> Also:
    same = one.operation is main.operation
    return Also(
        address=None if place is None else place.address,
        owner=None if place is None else place.owner,
        repository=None if place is None else place.repository,
        role="destination" if same else "second",
        operation=None if same else one.operation,
        visibility=one.visibility,
    )


def _own(also: Also, one: Deed, main: Deed) -> Also:
    """`also` of a deed that isn't the main one: what it does there has to be said."""
    if also.operation is not None or also.role in ("source", "parent") or one.operation is main.operation:
        return also
    return replace(also, operation=one.operation)

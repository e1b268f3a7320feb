"""What a line for `forgewall identify` supposes to be known already: whom ids name, who can see what, what has moved.

    {"ids": [{"kind": "repository", "id": "1234", "address": "gitlab.com/acme/api"}],
     "visibility": {"gitlab.com/acme/api": "private"}, "moved": {"gitlab.com/acme/old": "gitlab.com/acme/new"}}

In the proxy the forges' own answers tell so. Not here: requests and targets (`identify`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from forgewall.decide.ids import named
from forgewall.identify.address import Address, parse_address
from forgewall.identify.directory import Directory, Id, IdKind, Named
from forgewall.identify.registry import Registry
from forgewall.model import Move, Visibility

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_OF_OWNERS = frozenset({IdKind.OWNER, IdKind.USER, IdKind.GIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """A directory of what one line says, and of what was `known` before it."""

    ids: Mapping[Id, Named]
    visibilities: Mapping[str, Visibility]
    moves: Mapping[str, Move]
    known: Directory

    def find(self, wanted: Id) -> Named | None:
        """What `wanted` names."""
        return self.ids.get(wanted) or self.known.find(wanted)

    def visibility(self, key: str) -> Visibility | None:
        """Who can see the repository with the folded address `key`."""
        return self.visibilities.get(key) or self.known.visibility(key)

    def moved(self, key: str) -> Move | None:
        """Where the repository with the folded address `key` went."""
        return self.moves.get(key) or self.known.moved(key)


def supposed(row: Mapping[str, object], registry: Registry, known: Directory) -> Directory:
    """`known`, with what `row` supposes besides. Raises ValueError with a sentence."""
    if not row.keys() & {"ids", "visibility", "moved"}:
        return known
    return Supposed(
        ids=_ids(row.get("ids"), registry),
        visibilities={
            parse_address(address, registry).key: _word(seen_by, Visibility, "visibility")
            for address, seen_by in _pairs(row.get("visibility"), "visibility")
        },
        moves={
            parse_address(old, registry).key: _move(parse_address(new, registry))
            for old, new in _pairs(row.get("moved"), "moved")
        },
        known=known,
    )


def _ids(found: object, registry: Registry) -> dict[Id, Named]:
    if found is None:
        return {}
    if not isinstance(found, list):
        raise ValueError("`ids` must be a list")
    ids = {}
    for one in found:
        if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("kind", "id", "address")):
            raise ValueError("an entry of `ids` must have the texts `kind`, `id` and `address`")
        kind = _word(one["kind"], IdKind, "kind")
        address = parse_address(one["address"], registry)
        if not address.segments:
            raise ValueError(f"`{one['address']}` is a whole forge, which no id names")
        ids[Id(forge=address.host, kind=kind, text=one["id"])] = named(address, group=kind in _OF_OWNERS)
    return ids


def _pairs(found: object, name: str) -> list[tuple[str, str]]:
    if found is None:
        return []
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f"`{name}` must be an object of texts")
    return list(found.items())


def _word[Word: (Visibility, IdKind)](text: str, words: type[Word], name: str) -> Word:
    try:
        return words(text)
    except ValueError:
        raise ValueError(f"`{name}` must be one of {', '.join(words)}") from None


def _move(address: Address) -> Move:
    return Move(address="/".join((address.host, *address.segments)), key=address.key, seen=_LONG_AGO)

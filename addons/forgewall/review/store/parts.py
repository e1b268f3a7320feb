"""A `model.Target` and the refs of a push, between the log's JSON and the values that the engine judges."""

from __future__ import annotations

from datetime import datetime

import msgspec

from forgewall.evidence import RefAction, RefUpdate
from forgewall.model import Also, Effect, Kind, Move, Operation, Target, Visibility


class _MoveParts(msgspec.Struct, frozen=True):
    address: str
    key: str
    seen: datetime | None = None


class _AlsoParts(msgspec.Struct, frozen=True):
    role: str
    address: str | None = None
    owner: str | None = None
    repository: str | None = None
    operation: Operation | None = None
    visibility: Visibility | None = None
    moved: _MoveParts | None = None


class TargetParts(msgspec.Struct, frozen=True, array_like=True):
    """What the log tells of a target; `also` and `moved` as they stand there."""

    forge: str
    host: str
    address: str | None
    key: str | None
    owner: str | None
    repository: str | None
    operation: str
    effect: str
    identified_by: str
    visibility: str
    also: object = ()
    moved: object = None


class _Parts(msgspec.Struct, frozen=True, array_like=True):
    """`TargetParts`, each of its type."""

    forge: Kind
    host: str
    address: str | None
    key: str | None
    owner: str | None
    repository: str | None
    operation: Operation
    effect: Effect
    identified_by: str
    visibility: str
    also: tuple[_AlsoParts, ...]
    moved: _MoveParts | None


class _RefParts(msgspec.Struct, frozen=True):
    name: str
    action: RefAction
    old_id: str | None = None
    new_id: str | None = None


_decode = msgspec.json.Decoder(_Parts).decode
_decode_refs = msgspec.json.Decoder(tuple[_RefParts, ...]).decode


def parts_of(text: bytes) -> Target:
    """The target whose `TargetParts` are `text` in JSON. Raises msgspec.ValidationError or ValueError."""
    parts = _decode(text)
    return Target(
        kind=parts.forge,
        host=parts.host,
        address=parts.address,
        key=parts.key,
        owner=parts.owner,
        repository=parts.repository,
        operation=parts.operation,
        effect=parts.effect,
        evidence=parts.identified_by,
        also=tuple([_also(one) for one in parts.also]),
        visibility=Visibility(parts.visibility) if parts.visibility else None,
        moved=_move(parts.moved),
    )


def refs_of(text: bytes | None) -> tuple[RefUpdate, ...]:
    """The refs as they stand in an event; none where they can't be read."""
    if text is None:
        return ()
    try:
        parts = _decode_refs(text)
    except (msgspec.MsgspecError, ValueError):
        return ()
    return tuple([RefUpdate(name=ref.name, action=ref.action, old=ref.old_id, new=ref.new_id) for ref in parts])


def _also(parts: _AlsoParts) -> Also:
    return Also(
        address=parts.address,
        owner=parts.owner,
        repository=parts.repository,
        role=parts.role,
        operation=parts.operation,
        visibility=parts.visibility,
        moved=_move(parts.moved),
    )


def _move(parts: _MoveParts | None) -> Move | None:
    if parts is None or parts.seen is None:
        return None
    return Move(address=parts.address, key=parts.key, seen=parts.seen)

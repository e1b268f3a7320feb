"""The repositories of a request, each with what is done there: the one that it is about, and those in `Target.also`.

| role | what is done there |
|---|---|
| `source`, `parent` | it is read, unless `operation` says more |
| `destination` | the same as to the target, or `operation` |
| `second` | `operation`; without one, nobody knows |

A part that is written to and whose address isn't known is unidentified; so is a copy from an unknown place. What is
personal, signs in or reports needs no address, as in a target. Not here: what the policy says of a part (`engine`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forgewall.evidence import RefUpdate
from forgewall.identify.registry import Registry
from forgewall.identify.targets import UNNAMED, fold
from forgewall.model import Also, Effect, Kind, Move, Operation, Target, Visibility

COPIED_FROM = frozenset({"source", "parent"})
"""Roles of a second repository that is only read."""
UNHEARD = "nobody has said yet"
"""How evidence begins that names the request by which an id becomes known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One repository of a request, and what happens to it."""

    address: str | None
    key: str | None
    repository: str | None
    operation: Operation
    effect: Effect
    evidence: str
    gist: bool = False
    refs: Sequence[RefUpdate] = ()
    visibility: Visibility | None = None
    moved: Move | None = None


def main_part(target: Target, refs: Sequence[RefUpdate]) -> Part:
    """What the request is about. An effect that belies the operation counts as a write."""
    certain = target.effect is target.operation.effect and target.operation is not Operation.UNIDENTIFIED
    return Part(
        address=target.address,
        key=target.key,
        repository=target.repository,
        operation=target.operation,
        effect=target.effect if certain else Effect.WRITE,
        evidence=target.evidence,
        gist=target.kind is Kind.GITHUB and target.host.startswith("gist."),
        refs=refs,
        visibility=target.visibility,
        moved=target.moved,
    )


def second_part(also: Also, main: Part, registry: Registry) -> Part:
    """`also` as a part of its own, of the request whose first part is `main`."""
    key, gist = _place(also.address, registry)
    operation, effect = _deed(also, main)
    if effect is Effect.READ and key is None:
        # What is copied from an unknown place may as well be written to it.
        operation, effect = main.operation, Effect.WRITE
    if key is None:
        known = UNHEARD in main.evidence or UNNAMED in main.evidence
        role = "second repository" if also.role == "second" else also.role
        evidence = main.evidence if known else f"the {role} is not known"
    elif operation is Operation.UNIDENTIFIED:
        evidence = f"it doesn't say what is done to {also.address}"
    else:
        evidence = main.evidence
    return Part(
        address=also.address if key is not None else None,
        key=key,
        repository=also.repository,
        operation=operation,
        effect=effect,
        evidence=evidence,
        gist=gist,
        visibility=also.visibility,
        moved=also.moved,
    )


def _place(address: str | None, registry: Registry) -> tuple[str | None, bool]:
    """The folded address, None if no forge has it; and whether it is of a gist."""
    if address is None:
        return None, False
    host = address.partition("/")[0]
    forge = registry.lookup(host)
    if forge is None:
        return None, False
    return fold(forge.kind, address), forge.kind is Kind.GITHUB and host.startswith("gist.")


def _deed(also: Also, main: Part) -> tuple[Operation, Effect]:
    """What is done to `also`."""
    if also.operation is not None:
        return also.operation, also.operation.effect
    if also.role in COPIED_FROM:
        return Operation.FETCH, Effect.READ
    if also.role == "second":
        return Operation.UNIDENTIFIED, Effect.WRITE
    return main.operation, Effect.WRITE if main.effect is Effect.READ else main.effect

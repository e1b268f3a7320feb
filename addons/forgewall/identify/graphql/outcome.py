"""What all mutations of one request make together: one target, and every other place beside it.

What is *not* here: what one mutation does (`deed`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from forgewall.identify.directory import Named
from forgewall.identify.graphql.deed import Deed
from forgewall.identify.registry import ForgeHost
from forgewall.identify.targets import named
from forgewall.model import PLAIN_APPROVAL, Also, Effect, Target

_NAMED = 3
"""Names of mutations that evidence holds."""
_READ = frozenset({"source", "parent"})


def together(deeds: Sequence[Deed], forge_host: ForgeHost) -> Target:
    """The target of all `deeds` of a request, at least one: the strictest, and the others beside it.

    Strictest is what an ordinary approval doesn't cover, then what stands first. What concerns only the asker counts
    only if there is nothing else.
    """
    written = [one for one in deeds if one.operation.effect is Effect.WRITE] or list(deeds[:1])
    main = next((one for one in written if one.operation not in PLAIN_APPROVAL), written[0])
    first = main.places[0]
    if first is None:
        evidence = f"GraphQL: {main.name} names no owner, so the new repository would be the asker's own"
        target = named(forge_host, None, None, main.operation, evidence)
    else:
        evidence = f"GraphQL: {_names(written)}"
        target = named(forge_host, first.owner, first.repository, main.operation, evidence, address=first.address)
    others = [*_beside(main, main.places[1:], main)]
    for one in written:
        if one is not main:
            others += _beside(one, one.places, main)
    also = tuple(dict.fromkeys(one for one in others if not _covered(one, target)))
    return replace(target, also=also, visibility=main.visibility)


def _beside(one: Deed, places: Sequence[Named | None], main: Deed) -> Iterator[Also]:
    """Where else `one` leads, with its operation where that isn't the main one's."""
    operation = None if one.operation is main.operation else one.operation
    for place in places:
        yield Also(
            address=None if place is None else place.address,
            owner=None if place is None else place.owner,
            repository=None if place is None else place.repository,
            role="destination" if operation is None else "second",
            operation=operation,
            visibility=one.visibility,
        )
    for also in one.also:
        said = also.role in _READ or also.operation is not None
        yield also if said else replace(also, operation=operation)


def _covered(also: Also, target: Target) -> bool:
    """Whether what the target says covers `also`: it is read there only, or the same is done there."""
    if also.address is None or also.address != target.address:
        return False
    return also.role in _READ or also.operation in (None, target.operation)


def _names(deeds: Sequence[Deed]) -> str:
    names = list(dict.fromkeys(one.name for one in deeds))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more

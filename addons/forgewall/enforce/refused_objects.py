"""LFS objects whose content was refused, so that the next batch that names one is refused at once, with that reason.

git-lfs takes the refusal of an object for a fault that may pass: it asks for the batch again, up to eight times, and
would send the object each time. An object is named by its hash, so what was found in it will be found again; where the
policy has changed it is looked at anew. Not here: what is found (`decide.content`), and reading the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cachetools import TTLCache

from forgewall.decide.objection import Objection

MAX_OBJECTS = 10_000
SECONDS = 900
"""How long an object is remembered."""


class RefusedObjects:
    """All that were refused of late; the oldest are forgotten first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that only grow."""
        self._known: TTLCache[tuple[str, ...], Objection] = TTLCache(MAX_OBJECTS, SECONDS, timer=clock)

    def remember(self, place: tuple[str, ...], oid: str, objection: Objection) -> None:
        """Keep why the object `oid` was refused. `place` is what the answer depends on: client, policy, repository."""
        self._known[(*place, oid)] = objection

    def find(self, place: tuple[str, ...], oids: Iterable[str]) -> Objection | None:
        """Why the first of `oids` that was refused at `place` was."""
        if not self._known:
            return None
        return next((found for oid in oids if (found := self._known.get((*place, oid))) is not None), None)

"""The hashes of what may be long: a file, a pack. Whoever has a better place to make them than here passes a `NewHash`.

Not here: the ids of small objects, which are hashed in one call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol


class Hash(Protocol):
    """What is used of a `hashlib` object."""

    def update(self, data: bytes | memoryview, /) -> None:
        """The next bytes; they must not change afterwards."""
        ...

    def digest(self) -> bytes:
        """The hash of all bytes so far."""
        ...

    def hexdigest(self) -> str:
        """As `digest`, in hex."""
        ...


type NewHash = Callable[[str], Hash]
"""Makes a hash by its name, `sha1` or `sha256`."""


def here(name: str) -> Hash:
    """A hash that is made on the caller's own thread."""
    return hashlib.new(name, usedforsecurity=False)

"""What every reader of a body has in common: bytes go in, facts come out, and the caller decides what they mean.

An inspector is fed the body after Content-Encoding is undone, in chunks of any size, and must give the same facts
whatever the sizes are. It never raises for any bytes: what it can't read is `Malformed` (the body must not pass) or
`Unread` (a cap was reached; the policy decides). Its memory and its work per byte are bounded, whatever it is fed.
After a `Malformed` it is not fed again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from forgewall.evidence import Fact
from forgewall.turns import Turns


class Inspector(Protocol):
    """Reads one body."""

    def feed(self, data: bytes) -> Iterable[Fact]:
        """What `data` adds, as soon as it is certain."""
        ...

    def finish(self) -> Iterable[Fact]:
        """The body has ended: the rest of the facts, and `Malformed` if it should have gone on."""
        ...


@runtime_checkable
class Patient(Protocol):
    """An inspector whose work may be much more than its bytes, as what a pack unfolds to is."""

    def turns(self, data: bytes) -> Turns[Iterable[Fact]]:
        """As `feed`, in turns."""
        ...


class Spool(Protocol):
    """Bytes kept outside of memory for one body. The proxy keeps them on disk; its owner closes it."""

    def append(self, data: bytes) -> int:
        """Keep `data`; the position of its first byte. Raises SpoolFull beyond the spool's cap."""
        ...

    def read(self, position: int, size: int) -> bytes:
        """`size` bytes from `position`; fewer only at the end."""
        ...


class SpoolFull(Exception):
    """A spool's cap is reached, or the disk is full."""

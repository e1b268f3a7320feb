"""Long work in turns: a generator that yields where others may go first, and returns what the work comes to.

One event loop serves all clients, so whoever reads a body that unfolds to much more than its bytes, or whose bytes take
long each, gives the others a turn in between. Not here: how long a turn may be (`proxy.turns`).
"""

from __future__ import annotations

from collections.abc import Generator

type Turns[T] = Generator[None, None, T]
"""Work that has to be taken to its end before the same worker gets more of it."""


def at_once[T](turns: Turns[T]) -> T:
    """What `turns` come to, all taken one after another."""
    while True:
        try:
            next(turns)
        except StopIteration as end:
            found: T = end.value
            return found

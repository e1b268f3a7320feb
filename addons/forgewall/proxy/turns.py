"""Takes turns with everybody else: work that takes long is left off for a moment, and its stream waits meanwhile.

What arrives for the stream in that time is queued, and `backlog` stops the client's reads before it is too much. Not
here: the work, and where it may be left off.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from mitmproxy.connection import Client
from mitmproxy.proxy import commands, layer

from forgewall.turns import Turns

SECONDS = 0.02
"""How long one upload may work before the others get their turn."""

ROUNDS = 10
"""Rounds of the event loop that the others get: a request goes through several tasks on its way to the forge."""


@dataclass
class TurnHook(commands.StartHook):
    """Comes back after the others had their turn."""

    client: Client


def taken[T](turns: Turns[T], client: Client) -> layer.CommandGenerator[T]:
    """What `turns` come to; the stream that does them for `client` waits in between."""
    begun = time.monotonic()
    while True:
        try:
            next(turns)
        except StopIteration as end:
            found: T = end.value
            return found
        if time.monotonic() - begun > SECONDS:
            yield TurnHook(client)
            begun = time.monotonic()


async def others() -> None:
    """Return after everybody else had a turn."""
    for _ in range(ROUNDS):
        await asyncio.sleep(0)

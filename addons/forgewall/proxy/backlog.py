"""What a client sends while its stream waits (for DNS, for the forge) is bounded: past a limit its socket isn't read.

mitmproxy queues events for a waiting layer without end; a fast client and a slow connect would fill the memory. Not
here: the back-pressure of an open upload, which mitmproxy has by draining its writers.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

MAX_QUEUED = 1024 * 1024
"""Bytes that may wait in one stream before its client's connection is no longer read."""


class Waiting(Protocol):
    """A stream that may wait; `context.client.id` names its client connection."""

    @property
    def context(self) -> object: ...


class _Stall:
    def __init__(self) -> None:
        self.queued: dict[int, int] = {}
        self.open = asyncio.Event()
        self.open.set()


_stalls: dict[str, _Stall] = {}


def _client_id(stream: Waiting) -> str:
    return str(stream.context.client.id)  # type: ignore[attr-defined]


def queued(stream: Waiting, size: int) -> None:
    """`size` more bytes wait in `stream`."""
    stall = _stalls.setdefault(_client_id(stream), _Stall())
    waiting = stall.queued[id(stream)] = stall.queued.get(id(stream), 0) + size
    if waiting > MAX_QUEUED:
        stall.open.clear()


def released(stream: Waiting) -> None:
    """`stream` no longer waits."""
    if not _stalls:
        return
    stall = _stalls.get(_client_id(stream))
    if stall is not None and stall.queued.pop(id(stream), None) is not None and not stall.queued:
        stall.open.set()


async def wait(client_id: str) -> None:
    """Return when this client may be read on."""
    stall = _stalls.get(client_id)
    if stall is not None:
        await stall.open.wait()


def forget(client_id: str) -> None:
    """The client is gone."""
    stall = _stalls.pop(client_id, None)
    if stall is not None:
        stall.open.set()

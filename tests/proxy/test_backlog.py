"""Past a limit of bytes that wait in a stream its client isn't read, and it is read again when they are gone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.proxy import backlog
from forgewall.proxy.backlog import MAX_QUEUED


def stream(client: str) -> Any:
    return SimpleNamespace(context=SimpleNamespace(client=SimpleNamespace(id=client)))


def read_on(client: str) -> bool:
    """Whether this client may be read on right now."""

    async def ask() -> bool:
        waiting = asyncio.ensure_future(backlog.wait(client))
        await asyncio.sleep(0)  # one turn of the loop: an open gate lets it through
        if waiting.done():
            return True
        waiting.cancel()
        return False

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("sizes", "may_be_read"), [([MAX_QUEUED], True), ([MAX_QUEUED, 1], False), ([MAX_QUEUED + 1], False)]
)
def test_a_client_is_not_read_past_the_limit(sizes: list[int], may_be_read: bool) -> None:
    waiting = stream("a")
    for size in sizes:
        backlog.queued(waiting, size)
    assert read_on("a") is may_be_read
    assert read_on("b")


def test_a_client_is_read_again_when_its_stream_goes_on() -> None:
    waiting = stream("a")
    backlog.queued(waiting, MAX_QUEUED + 1)
    backlog.released(waiting)
    assert read_on("a")
    backlog.queued(waiting, MAX_QUEUED)
    assert read_on("a")  # what waited before no longer counts


def test_all_streams_of_a_client_have_to_go_on() -> None:
    first, second = stream("a"), stream("a")
    backlog.queued(first, MAX_QUEUED + 1)
    backlog.queued(second, 1)
    backlog.released(first)
    assert not read_on("a")
    backlog.released(second)
    assert read_on("a")


def test_a_stream_that_never_waited_opens_nothing() -> None:
    backlog.released(stream("a"))
    backlog.queued(first := stream("a"), MAX_QUEUED + 1)
    backlog.released(stream("a"))
    assert not read_on("a")
    backlog.released(first)
    assert read_on("a")


def test_a_client_that_is_gone_leaves_nothing_and_nobody_waiting() -> None:
    async def scene() -> None:
        backlog.queued(stream("a"), MAX_QUEUED + 1)
        waiting = asyncio.ensure_future(backlog.wait("a"))
        await asyncio.sleep(0)
        assert not waiting.done()
        backlog.forget("a")
        await waiting

    asyncio.run(scene())
    assert backlog._stalls == {}
    backlog.forget("a")
    assert read_on("a")


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, MAX_QUEUED) | st.none()), max_size=20))
def test_a_client_is_held_only_while_something_waits(steps: list[tuple[int, int | None]]) -> None:
    backlog._stalls.clear()
    streams = [stream("a") for _ in range(3)]
    waiting: dict[int, int] = {}
    for which, size in steps:
        if size is None:
            waiting.pop(which, None)
            backlog.released(streams[which])
        else:
            waiting[which] = waiting.get(which, 0) + size
            backlog.queued(streams[which], size)
    if not waiting:
        assert read_on("a")
    if any(size > MAX_QUEUED for size in waiting.values()):
        assert not read_on("a")

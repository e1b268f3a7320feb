"""Break-glass is told when it begins and when it is over: by itself or by a new policy, not by a clock set back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.proxy.glass import Glass
from forgewall.proxy.journal import Journal
from forgewall.record.event import Change, PolicyChange

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


class Told:
    """A journal that only remembers, and wakes who waits."""

    def __init__(self) -> None:
        self.events: list[PolicyChange] = []
        self.came = asyncio.Event()

    def write(self, event: PolicyChange) -> bool:
        self.events.append(event)
        self.came.set()
        return True


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def policy(until: datetime | None = None, reason: str = "INC-42") -> Policy:
    glass = "" if until is None else f"break_glass: {{until: {until.isoformat()}, by: ana, reason: {reason}}}\n"
    return parse(f"version: 1\n{glass}", "policy.yaml", NOW)


def watching(play: Callable[[Glass, Told, Clock], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        told, clock = Told(), Clock()
        glass = Glass(cast(Journal, told), clock)
        try:
            await play(glass, told, clock)
        finally:
            glass.close()

    asyncio.run(run())


def test_it_ends_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    async def play(glass: Glass, told: Told, clock: Clock) -> None:
        glass.take(policy(NOW + timedelta(milliseconds=20)))
        clock.now += timedelta(milliseconds=20)
        await asyncio.wait_for(told.came.wait(), 10)
        assert [event.change for event in told.events] == [Change.BREAK_GLASS_OVER]

    with caplog.at_level(logging.WARNING):
        watching(play)
    said = [record.message for record in caplog.records]
    assert said[0] == (
        "BREAK-GLASS by ana until 2026-11-24 18:00:00 UTC (INC-42): NOTHING IS BLOCKED, everything is logged"
    )
    assert said[1:] == ["break-glass is over: what the policy blocks is blocked again"]


def test_a_clock_that_was_set_back_does_not_end_it() -> None:
    async def play(glass: Glass, told: Told, clock: Clock) -> None:
        glass.take(policy(NOW + timedelta(milliseconds=10)))
        looked = asyncio.Event()

        def late() -> datetime:
            looked.set()
            return NOW - timedelta(hours=1)

        glass._clock = late
        await asyncio.wait_for(looked.wait(), 10)
        assert told.events == []

    watching(play)


def test_a_policy_without_it_ends_it_and_one_with_the_same_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def play(glass: Glass, told: Told, clock: Clock) -> None:
        glass.take(policy())
        glass.take(policy(NOW + timedelta(hours=1)))
        glass.take(policy(NOW + timedelta(hours=1)))
        glass.take(policy())
        glass.take(policy())
        assert [event.change for event in told.events] == [Change.BREAK_GLASS_OVER]

    with caplog.at_level(logging.WARNING):
        watching(play)
    assert len(caplog.records) == 2


def test_one_that_is_over_already_is_none(caplog: pytest.LogCaptureFixture) -> None:
    async def play(glass: Glass, told: Told, clock: Clock) -> None:
        glass.take(policy(NOW - timedelta(hours=1)))
        assert told.events == []

    with caplog.at_level(logging.WARNING):
        watching(play)
    assert caplog.records == []

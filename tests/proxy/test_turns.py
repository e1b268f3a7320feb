"""Long work leaves off where it may, its stream waits, and everybody else comes first meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from mitmproxy.proxy import layer
from tests.proxy.playing import context

from forgewall.proxy import turns
from forgewall.proxy.turns import ROUNDS, SECONDS, TurnHook, others, taken
from forgewall.turns import Turns


class Clock:
    """A clock that goes on by `step` seconds each time it is looked at."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += self.step
        return self.now


def work(turns: int) -> Turns[str]:
    for _ in range(turns):
        yield
    return "done"


@pytest.mark.parametrize(("step", "turns_taken", "waits"), [(0.001, 15, 0), (0.04, 20, 20), (1.0, 0, 0)])
def test_only_work_that_takes_long_waits(
    monkeypatch: pytest.MonkeyPatch, step: float, turns_taken: int, waits: int
) -> None:
    monkeypatch.setattr(turns, "time", Clock(step))
    client = context().client
    came_to: list[str] = []

    def going() -> layer.CommandGenerator[None]:
        came_to.append((yield from taken(work(turns_taken), client)))

    hooks = [*going()]
    assert came_to == ["done"]
    assert [(type(hook), hook.client) for hook in hooks if isinstance(hook, TurnHook)] == [(TurnHook, client)] * waits
    assert len(hooks) == waits


def test_the_clock_starts_anew_after_each_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(SECONDS * 0.4)
    monkeypatch.setattr(turns, "time", clock)
    going = taken(work(12), context().client)
    assert len([*going]) == 4  # three looks each, and one that starts the clock


def test_others_come_first() -> None:
    """A chain of tasks, as a request goes through them, comes to its end while the long work waits."""

    async def scene() -> list[str]:
        order: list[str] = []

        async def request(left: int) -> None:
            if left:
                await asyncio.ensure_future(request(left - 1))
            order.append("others")

        asked = asyncio.ensure_future(request(ROUNDS // 3))
        await others()
        order.append("long work")
        await asked
        return order

    order = asyncio.run(scene())
    assert order[-1] == "long work"

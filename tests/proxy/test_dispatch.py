"""Hooks reach their listeners in order, whatever one of them does, and nothing of an error's text is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from mitmproxy import connection, exceptions, hooks, http, options
from mitmproxy.master import Master
from mitmproxy.proxy import server_hooks

from forgewall.proxy.dispatch import Dispatch


class Listener:
    """An addon that notes the hooks it is told of, and does `then`."""

    def __init__(self, name: str, told: list[str], then: Callable[[], Any] = lambda: None) -> None:
        self.name = name
        self._told = told
        self._then = then

    def client_connected(self, _client: connection.Client) -> Any:
        self._told.append(self.name)
        return self._then()


CLIENT = connection.Client(peername=("192.0.2.1", 1), sockname=("127.0.0.1", 2))


def play(scene: Callable[[Dispatch, list[str]], Any]) -> list[str]:
    """Run `scene` with a dispatch that has no addon yet; what was told."""
    told: list[str] = []

    async def run() -> None:
        dispatch = Dispatch(Master(options.Options()))
        await scene(dispatch, told)

    asyncio.run(run())
    return told


async def connected(dispatch: Dispatch) -> None:
    await dispatch.handle_lifecycle(server_hooks.ClientConnectedHook(CLIENT))


def test_listeners_are_called_in_the_order_they_were_added() -> None:
    async def scene(dispatch: Dispatch, told: list[str]) -> None:
        dispatch.add(Listener("a", told), Listener("b", told))
        await connected(dispatch)

    assert play(scene) == ["a", "b"]


def test_what_a_listener_waits_for_is_waited_for() -> None:
    async def scene(dispatch: Dispatch, told: list[str]) -> None:
        async def wait() -> None:
            await asyncio.sleep(0)
            told.append("waited")

        dispatch.add(Listener("a", told, wait), Listener("b", told))
        await connected(dispatch)

    assert play(scene) == ["a", "waited", "b"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_listener_that_fails_does_not_keep_others_from_being_called(
    caplog: pytest.LogCaptureFixture, asynchronous: bool
) -> None:
    def fail() -> None:
        raise ValueError("classified payload")

    async def fail_later() -> None:
        fail()

    async def scene(dispatch: Dispatch, told: list[str]) -> None:
        dispatch.add(Listener("a", told, fail_later if asynchronous else fail), Listener("b", told))
        await connected(dispatch)

    assert play(scene) == ["a", "b"]
    assert [record.getMessage() for record in caplog.records] == ["the hook client_connected failed: ValueError"]
    assert "classified" not in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


def test_an_addon_may_halt_the_others() -> None:
    def halt() -> None:
        raise exceptions.AddonHalt

    async def scene(dispatch: Dispatch, told: list[str]) -> None:
        dispatch.add(Listener("a", told, halt), Listener("b", told))
        await connected(dispatch)

    assert play(scene) == ["a"]


def test_an_addon_that_comes_or_goes_later_counts() -> None:
    async def scene(dispatch: Dispatch, told: list[str]) -> None:
        first = Listener("a", told)
        dispatch.add(first)
        await connected(dispatch)
        dispatch.add(Listener("b", told))
        await connected(dispatch)
        dispatch.remove(first)
        await connected(dispatch)

    assert play(scene) == ["a", "a", "b", "b"]


def test_the_listeners_are_looked_up_once() -> None:
    async def scene(dispatch: Dispatch, told: list[str]) -> None:
        dispatch.add(Listener("a", told))
        assert dispatch.listeners("client_connected") is dispatch.listeners("client_connected")
        assert dispatch.listeners("no_such_hook") == ()

    play(scene)


def test_what_is_no_function_listens_to_nothing() -> None:
    async def scene(dispatch: Dispatch, told: list[str]) -> None:
        listener = Listener("a", told)
        listener.client_connected = None  # type: ignore[method-assign,assignment]
        dispatch.add(listener)
        await connected(dispatch)

    assert play(scene) == []


class Updated:
    name = "updated"

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def update(self, flows: list[http.HTTPFlow]) -> None:
        self._told.append(f"update of {len(flows)}")


def test_an_update_is_told_to_whoever_listens() -> None:
    flow = http.HTTPFlow(CLIENT, connection.Server(address=None))

    async def scene(dispatch: Dispatch, told: list[str]) -> None:
        from mitmproxy.proxy.layers.http import HttpRequestHook

        await dispatch.handle_lifecycle(HttpRequestHook(flow))
        dispatch.add(Updated(told))
        await dispatch.handle_lifecycle(HttpRequestHook(flow))
        await dispatch.trigger_event(hooks.DoneHook())

    assert play(scene) == ["update of 1"]

"""Sockets are closed whatever their reading task waits for, and a client is not read while its streams pile up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy.connection import Client, ConnectionState
from mitmproxy.proxy import events, mode_servers
from mitmproxy.proxy.server import ConnectionIO

from forgewall.proxy import backlog, connection
from forgewall.proxy.connection import LEAST_BYTES, READ_BYTES, FairReader, Handler
from forgewall.proxy.turns import SECONDS


class Setting:
    """A handler whose client is one end of a pair of sockets; `task` is what reads it."""

    def __init__(self) -> None:
        self.client = Client(peername=("192.0.2.1", 1), sockname=("127.0.0.1", 2), state=ConnectionState.OPEN)
        self.handler = Handler.__new__(Handler)
        self.handler.client = self.client
        self.handler.log = lambda *_args, **_kwargs: None  # type: ignore[method-assign]
        self.handler._drain_lock = asyncio.Lock()
        self.io = ConnectionIO()
        self.handler.transports = {self.client: self.io}

    async def open(self, reading: Coroutine[Any, Any, None]) -> asyncio.StreamReader:
        """Connect, and have `reading` as the reading task; returns the other end."""
        ours, theirs = socket.socketpair()
        self.io.reader, self.io.writer = await asyncio.open_connection(sock=ours)
        self.io.handler = asyncio.ensure_future(reading)  # type: ignore[assignment]
        other, self.other = await asyncio.open_connection(sock=theirs)
        await asyncio.sleep(0)
        return other


async def forever() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("half", [False, True])
def test_the_socket_is_closed_though_its_task_waits_for_something_else(half: bool) -> None:
    async def scene() -> None:
        setting = Setting()
        other = await setting.open(forever())
        setting.handler.close_connection(setting.client, half_close=half)
        assert await other.read() == b""
        assert isinstance(setting.io.writer, asyncio.StreamWriter)
        assert setting.io.writer.is_closing() is not half
        assert setting.client.state is (ConnectionState.CAN_READ if half else ConnectionState.CLOSED)
        setting.io.writer.close()
        setting.other.close()

    asyncio.run(scene())


def test_what_is_no_stream_of_asyncio_is_left_alone() -> None:
    async def scene() -> None:
        setting = Setting()
        await setting.open(forever())
        assert isinstance(setting.io.writer, asyncio.StreamWriter)
        setting.io.writer.close()
        setting.io.writer = SimpleNamespace()  # type: ignore[assignment]
        setting.handler.close_connection(setting.client)
        setting.other.close()

    asyncio.run(scene())


def test_a_client_is_not_read_while_its_streams_pile_up() -> None:
    async def scene() -> None:
        setting = Setting()
        done: list[str] = []
        stream: Any = SimpleNamespace(context=SimpleNamespace(client=setting.client))
        backlog.queued(stream, backlog.MAX_QUEUED + 1)

        async def reading() -> None:
            await setting.handler.drain_writers()
            done.append("read on")

        await setting.open(reading())
        for _ in range(5):
            await asyncio.sleep(0)
        assert done == []
        await setting.handler.drain_writers()  # another task, such as the forge's side, is not held up
        backlog.released(stream)
        await setting.io.handler  # type: ignore[misc]
        assert done == ["read on"]
        assert isinstance(setting.io.writer, asyncio.StreamWriter)
        setting.io.writer.close()
        setting.other.close()

    asyncio.run(scene())


def test_a_client_that_is_gone_holds_nobody() -> None:
    async def scene() -> None:
        setting = Setting()
        setting.handler.transports = {}
        await setting.handler.drain_writers()

    asyncio.run(scene())


def test_installed_it_is_what_mitmproxy_s_servers_make() -> None:
    connection.install()
    assert mode_servers.ProxyConnectionHandler is Handler


@pytest.mark.parametrize(
    ("took", "size"),
    [
        ([], READ_BYTES),
        ([(READ_BYTES, 0.001)], READ_BYTES),
        ([(READ_BYTES, 4 * SECONDS)], READ_BYTES // 4),
        ([(READ_BYTES, 4 * SECONDS), (READ_BYTES // 4, SECONDS / 2)], READ_BYTES // 4),
        ([(READ_BYTES, 4 * SECONDS), (READ_BYTES // 4, SECONDS / 5)], READ_BYTES // 2),
        ([(READ_BYTES, 4 * SECONDS)] + [(1000, 0.0)] * 9, READ_BYTES),
        ([(READ_BYTES, 1000.0)], LEAST_BYTES),
        ([(1, 2 * SECONDS)], LEAST_BYTES),
    ],
)
def test_no_more_is_read_than_one_turn_is_enough_for(took: list[tuple[int, float]], size: int) -> None:
    async def scene() -> None:
        inner = asyncio.StreamReader()
        inner.feed_data(bytes(2 * READ_BYTES))
        reader = FairReader(inner)
        for bytes_, seconds in took:
            reader.took(bytes_, seconds)
        assert len(await reader.read(65535)) == size

    asyncio.run(scene())


def test_after_a_long_turn_others_come_first() -> None:
    async def scene(seconds: float) -> list[str]:
        order: list[str] = []
        inner = asyncio.StreamReader()
        inner.feed_data(b"here already")
        reader = FairReader(inner)
        reader.took(100, seconds)
        asyncio.get_running_loop().call_soon(order.append, "others")
        await reader.read(65535)
        order.append("reader")
        return [*order]

    assert asyncio.run(scene(SECONDS / 2)) == ["reader"]
    assert asyncio.run(scene(SECONDS * 2)) == ["others", "reader"]


def test_what_data_leads_to_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, float]] = []

    async def handled(_self: object, _event: object) -> None:
        now[0] += 0.5

    now = [0.0]
    monkeypatch.setattr(connection, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(mode_servers.server.ConnectionHandler, "server_event", handled)
    monkeypatch.setattr(FairReader, "took", lambda _self, size, seconds: told.append((size, seconds)))

    async def scene() -> None:
        setting = Setting()
        setting.io.reader = FairReader(asyncio.StreamReader())  # type: ignore[assignment]
        await setting.handler.server_event(events.DataReceived(setting.client, b"abc"))
        await setting.handler.server_event(events.ConnectionClosed(setting.client))
        gone = Client(peername=("192.0.2.1", 3), sockname=("127.0.0.1", 2))
        await setting.handler.server_event(events.DataReceived(gone, b"abc"))

    asyncio.run(scene())
    assert told == [(3, 0.5)]

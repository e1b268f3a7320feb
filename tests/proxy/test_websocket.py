"""WebSockets driven by wsproto: messages go on up to their cap, nothing of them is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import wsproto
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy import connection, http
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers import websocket
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketData
from tests.proxy.playing import Play, closed, context, sent
from wsproto.events import BytesMessage, CloseConnection, Event, Message, Ping, Pong, TextMessage

from forgewall.proxy import websocket as room
from forgewall.proxy.websocket import MAX_FROM_CLIENT, MAX_FROM_SERVER, CappedWebsocketLayer


class Socket:
    """A client and a server in wsproto with the layer between them."""

    def __init__(self) -> None:
        self.context = context()
        self.context.server = connection.Server(address=("alive.github.com", 443))
        self.context.server.state = connection.ConnectionState.OPEN
        self.flow: http.HTTPFlow = tflow.twebsocketflow(messages=False)
        self.flow.websocket = WebSocketData()
        self.layer = CappedWebsocketLayer(self.context, self.flow)
        self.play = Play(self.layer)
        self.play.start()
        self.client = wsproto.Connection(wsproto.ConnectionType.CLIENT)
        self.server = wsproto.Connection(wsproto.ConnectionType.SERVER)

    def pass_on(self, data: bytes, *, from_client: bool) -> list[commands.Command]:
        end = self.context.client if from_client else self.context.server
        return self.play.send(events.DataReceived(end, data))

    def say(self, *said: Event, from_client: bool = True) -> tuple[list[Event], list[Event]]:
        """Send these events from one end; what the other and the same end got."""
        speaker, listener = (self.client, self.server) if from_client else (self.server, self.client)
        out = self.pass_on(b"".join(speaker.send(event) for event in said), from_client=from_client)
        self.out = out
        there, back = (
            (self.context.server, self.context.client) if from_client else (self.context.client, self.context.server)
        )
        for end, data in ((listener, sent(out, there)), (speaker, sent(out, back))):
            if data:
                end.receive_data(data)
        return list(listener.events()), list(speaker.events())

    @property
    def kept(self) -> int:
        """How many messages and bytes the layer holds."""
        assert self.flow.websocket is not None
        held = sum(len(part) for end in (self.layer.client_ws, self.layer.server_ws) for part in end.frame_buf)
        return len(self.flow.websocket.messages) + held


def content(found: list[Event]) -> list[str | bytes]:
    """The messages among these events, put together."""
    whole: list[str | bytes] = []
    parts: list[str | bytes] = []
    for event in found:
        assert isinstance(event, Message)
        parts.append(event.data)
        if event.message_finished:
            whole.append(parts[0][:0].join(parts))  # type: ignore[arg-type]
            parts = []
    return whole


KINDS: list[Callable[[int], Message]] = [lambda n: TextMessage("x" * n), lambda n: BytesMessage(b"x" * n)]


@pytest.mark.parametrize("from_client", [True, False])
@pytest.mark.parametrize("message", KINDS)
@pytest.mark.parametrize("size", [0, 1, 125, 126, MAX_FROM_CLIENT])
def test_a_message_up_to_the_cap_goes_on(from_client: bool, message: Callable[[int], Message], size: int) -> None:
    socket = Socket()
    said = message(size)
    got, back = socket.say(said, from_client=from_client)
    assert content(got) == [said.data]
    assert back == []
    assert socket.kept == 0


@pytest.mark.parametrize("message", KINDS)
def test_a_message_over_the_cap_ends_both_sides(message: Callable[[int], Message]) -> None:
    socket = Socket()
    got, back = socket.say(message(MAX_FROM_CLIENT + 1))
    for end in (got, back):
        assert [(type(event), getattr(event, "code", None)) for event in end] == [(CloseConnection, 1009)]
    assert closed(socket.out, socket.context.client)
    assert closed(socket.out, socket.context.server)
    assert "websocket_end" in socket.play.hooks


def test_a_server_may_send_more_than_a_client() -> None:
    socket = Socket()
    got, _ = socket.say(BytesMessage(b"x" * (MAX_FROM_CLIENT + 1)), from_client=False)
    assert content(got) == [b"x" * (MAX_FROM_CLIENT + 1)]


def test_a_server_has_a_cap_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_FROM_SERVER < 2**26
    monkeypatch.setattr(room, "MAX_FROM_SERVER", 1000)
    socket = Socket()
    assert content(socket.say(BytesMessage(b"x" * 1000), from_client=False)[0]) == [b"x" * 1000]
    got, _ = socket.say(BytesMessage(b"x" * 1001), from_client=False)
    assert [type(event) for event in got] == [CloseConnection]


def test_a_text_is_counted_in_bytes() -> None:
    got, _ = Socket().say(TextMessage("é" * (MAX_FROM_CLIENT // 2 + 1)))
    assert [type(event) for event in got] == [CloseConnection]


def frames(sizes: list[int]) -> list[BytesMessage]:
    last = len(sizes) - 1
    return [BytesMessage(b"x" * size, message_finished=index == last) for index, size in enumerate(sizes)]


@given(st.lists(st.integers(0, 30000), min_size=1, max_size=6))
@settings(max_examples=40)
def test_the_frames_of_a_message_count_together(sizes: list[int]) -> None:
    socket = Socket()
    got, _ = socket.say(*frames(sizes))
    if sum(sizes) <= MAX_FROM_CLIENT:
        assert content(got) == [b"x" * sum(sizes)]
        assert socket.kept == 0
    else:
        assert [type(event) for event in got] == [CloseConnection]


@given(st.lists(st.integers(0, 30000), min_size=1, max_size=6))
@settings(max_examples=40)
def test_messages_are_counted_one_by_one(sizes: list[int]) -> None:
    socket = Socket()
    for size in sizes:
        assert content(socket.say(BytesMessage(b"x" * size))[0]) == [b"x" * size]
    assert socket.kept == 0


def test_no_byte_of_a_message_over_the_cap_goes_on_when_it_comes_bit_by_bit() -> None:
    socket = Socket()
    data = socket.client.send(BytesMessage(b"x" * (MAX_FROM_CLIENT + 5000)))
    for start in range(0, len(data), 4096):
        out = socket.pass_on(data[start : start + 4096], from_client=True)
        if passed := sent(out, socket.context.server):
            socket.server.receive_data(passed)
        if closed(out, socket.context.client):
            break
    else:
        raise AssertionError("never closed")
    assert [type(event) for event in socket.server.events()] == [CloseConnection]
    assert socket.kept <= MAX_FROM_CLIENT
    assert socket.pass_on(data, from_client=True) == []


def test_pings_and_closes_go_on() -> None:
    socket = Socket()
    assert socket.say(Ping(b"abc"))[0] == [Ping(b"abc")]
    assert socket.say(Pong(b"abc"), from_client=False)[0] == [Pong(b"abc")]
    got, _ = socket.say(CloseConnection(1000, "bye"))
    assert got == [CloseConnection(1000, "bye")]


def test_the_cap_holds_for_every_message_not_only_the_first() -> None:
    socket = Socket()
    for _ in range(3):
        socket.say(TextMessage("x" * MAX_FROM_CLIENT))
    got, _ = socket.say(TextMessage("x" * (MAX_FROM_CLIENT + 1)))
    assert [type(event) for event in got] == [CloseConnection]


def test_installed_it_is_what_mitmproxy_makes() -> None:
    room.install()
    assert websocket.WebsocketLayer is CappedWebsocketLayer

"""A real WebSocket through the proxy: notification sockets work, with small client messages and nothing kept."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Message, Request, TextMessage

if TYPE_CHECKING:
    from tests.e2e.conftest import Run, StartProxy


class EchoServer:
    """Accepts WebSockets on a plain port, answers `N` with a message of N bytes, and counts what it got."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        """With `context` it speaks TLS."""
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.received = 0
        self.offered: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                accepted, _peer = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(accepted,), daemon=True).start()

    def _talk(self, accepted: socket.socket) -> None:
        server = WSConnection(ConnectionType.SERVER)
        if self._context is not None:
            accepted = self._context.wrap_socket(accepted, server_side=True)
        with accepted:
            while data := accepted.recv(65536):
                server.receive_data(data)
                for event in server.events():
                    if isinstance(event, Request):
                        self.offered += [str(extension) for extension in event.extensions]
                        accepted.sendall(server.send(AcceptConnection()))
                    elif isinstance(event, TextMessage):
                        self.received += len(event.data)
                        if event.message_finished and event.data.isdigit():
                            accepted.sendall(server.send(TextMessage(data="x" * int(event.data))))

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server() -> Iterator[EchoServer]:
    echo = EchoServer()
    yield echo
    echo.close()


@contextmanager
def opened(run: Run, host: str, path: str) -> Iterator[tuple[socket.socket, WSConnection]]:
    """A WebSocket to `host` through the proxy, handshake done."""
    client = WSConnection(ConnectionType.CLIENT)
    with socket.create_connection(("127.0.0.1", run.port), timeout=15) as connection:
        request = client.send(Request(host=host, target=path)).replace(b"GET /", f"GET http://{host}/".encode())
        connection.sendall(request)
        client.receive_data(connection.recv(65536))
        assert any(isinstance(event, AcceptConnection) for event in client.events())
        yield connection, client


def receive(connection: socket.socket, client: WSConnection) -> str | CloseConnection:
    """The next whole message, or the close."""
    text = ""
    while True:
        data = connection.recv(65536)
        client.receive_data(data or None)
        for event in client.events():
            if isinstance(event, CloseConnection):
                return event
            if isinstance(event, Message):
                text += str(event.data)
                if event.message_finished:
                    return text


def test_notifications_arrive_and_nothing_is_kept(proxy: StartProxy, server: EchoServer) -> None:
    run = proxy(connect_to=[f"alive.github.com:80:127.0.0.1:{server.port}"])
    with opened(run, "alive.github.com", "/_sockets/u/1/ws") as (connection, client):
        idle = run.memory()
        run.reset_peak()
        for _ in range(200):
            connection.sendall(client.send(TextMessage(data="1000000")))
            answer = receive(connection, client)
            assert isinstance(answer, str)
            assert len(answer) == 1_000_000
        assert run.peak_memory() - idle < 30 << 20
    assert server.offered == []  # a compressed message could be larger than its cap


@pytest.mark.parametrize("fragments", [1, 100])
def test_a_large_client_message_ends_the_socket(proxy: StartProxy, server: EchoServer, fragments: int) -> None:
    run = proxy(connect_to=[f"gitlab.com:80:127.0.0.1:{server.port}"])
    with opened(run, "gitlab.com", "/-/cable") as (connection, client):
        piece = "x" * (200_000 // fragments)
        try:
            for index in range(fragments):
                connection.sendall(client.send(TextMessage(data=piece, message_finished=index == fragments - 1)))
            end = receive(connection, client)
        except (BrokenPipeError, ConnectionResetError):
            pass  # closed while there was still something to send
        else:
            assert isinstance(end, CloseConnection)
            assert end.code == 1009
    assert server.received <= 64 * 1024

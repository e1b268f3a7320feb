"""Nobody holds the console's connections for ever: heads that don't come, answers that aren't read."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path

import pytest
from tests.review.console.served import Console, console

from forgewall.review.console import protocol, server

SCRIPT = b"GET /static/htmx.min.js HTTP/1.1\r\nHost: 127.0.0.1\r\n"
UNREAD = {
    "many answers": (SCRIPT + b"\r\n") * 60,
    "one small answer after the other": b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 20,
    "answers and the end": (SCRIPT + b"\r\n") * 2 + SCRIPT + b"Connection: close\r\n\r\n",
    "half a head": b"GET /sign-in HTTP/1.1\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("sent", UNREAD.values(), ids=UNREAD)
def test_whoever_doesnt_read_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(protocol, "STALLED_SECONDS", 0.1)
    gone, lost = threading.Event(), protocol.Protocol.connection_lost

    def connection_lost(self: protocol.Protocol, exc: Exception | None) -> None:
        lost(self, exc)
        gone.set()

    monkeypatch.setattr(protocol.Protocol, "connection_lost", connection_lost)
    with console(tmp_path) as served, stubborn(served) as client:
        client.sendall(sent)
        assert gone.wait(10)


def stubborn(served: Console) -> socket.socket:
    """A connection with room for next to nothing on its way in."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    client.connect(("127.0.0.1", served.port))
    return client


def test_a_slow_reader_gets_all(tmp_path: Path) -> None:
    with console(tmp_path) as served, stubborn(served) as client:
        client.sendall((SCRIPT + b"\r\n") * 9 + SCRIPT + b"Connection: close\r\n\r\n")
        found = b""
        while part := client.recv(4096):
            found += part
    assert found.count(b"HTTP/1.1 200 OK") == 10
    assert found.endswith(b"return Y}();")


def test_what_is_no_http_is_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wire, root = logging.getLogger("uvicorn.error"), logging.getLogger()
    before = wire.level, list(wire.filters), root.level, list(root.handlers)
    try:
        server.log_plainly()
        with console(tmp_path) as served:
            for head in (
                b"NO HTTP\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
            ):
                with socket.create_connection(("127.0.0.1", served.port), timeout=20) as client:
                    client.sendall(head)
                    assert client.recv(100).startswith(b"HTTP/1.1 4")
    finally:
        wire.level, wire.filters[:], root.level, root.handlers[:] = before
    assert capsys.readouterr().err == ""

"""Clients that try to use the proxy up: memory, sockets and its one event loop stay usable for everyone else."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from tests.attacks.raw import Raw, Scripted, head_of

if TYPE_CHECKING:
    from tests.attacks.conftest import Inside
    from tests.e2e.conftest import Run, StartProxy

MIB = 1 << 20
FLOOD = 64 * MIB


def flood(raw: Raw, size: int = FLOOD) -> None:
    """Send up to `size` bytes; stop as soon as the peer no longer reads."""
    raw.socket.settimeout(1)
    block = bytes(MIB)
    try:
        for _ in range(size // MIB):
            raw.socket.sendall(block)
    except OSError:
        pass


def test_what_is_pipelined_behind_a_waiting_request_does_not_pile_up(proxy: StartProxy, forge: Forge) -> None:
    """A forge takes its time, and the client sends on without end: its socket is no longer read."""
    done = threading.Event()

    def slow(connection: socket.socket) -> None:
        head_of(connection)
        done.wait(20)

    with Scripted(slow) as stage:
        run = proxy(connect_to=[f"github.com:80:127.0.0.1:{stage.port}"])
        idle = run.memory()
        with Raw(run.port) as raw:
            raw.send(b"GET http://github.com/acme/api HTTP/1.1\r\nHost: github.com\r\n\r\n")
            run.wait_for(lambda: stage.connections == 1)
            flood(raw)
            grown = run.memory() - idle
        done.set()
    assert grown < 16 * MIB


def test_what_is_sent_into_a_tunnel_that_is_not_connected_yet_does_not_pile_up(proxy: StartProxy, forge: Forge) -> None:
    """The other end doesn't answer its SYN, and the client sends on without end: its socket is no longer read."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        run = proxy(connect_to=[f"stuck.example:443:127.0.0.1:{full.getsockname()[1]}"])
        idle = run.memory()
        with Raw(run.port) as raw:
            raw.send(b"CONNECT stuck.example:443 HTTP/1.1\r\nHost: stuck.example:443\r\n\r\n")
            flood(raw)
            grown = run.memory() - idle
        for each in waiting:
            each.close()
    assert grown < 16 * MIB


@pytest.mark.parametrize(
    "path, host", [("/graphql", "api.github.com"), ("/mallory/loot", "github.com")], ids=["held", "refused"]
)
def test_requests_that_are_over_are_forgotten(proxy: StartProxy, forge: Forge, path: str, host: str) -> None:
    """Hundreds of refused requests with large headers on one connection: none of them is kept for its deadline."""
    run = proxy()
    head = (
        f"POST http://{host}{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"X: {'x' * 60_000}\r\nContent-Length: 2\r\n\r\n{{}}"
    ).encode()
    with Raw(run.port) as raw:
        for _ in range(30):
            raw.send(head)
            assert raw.answer().status == 403
        idle = run.memory()
        for _ in range(400):
            raw.send(head)
            raw.answer()
        grown = run.memory() - idle
    assert grown < 16 * MIB


def test_tiny_chunks_are_put_together(proxy: StartProxy, forge: Forge) -> None:
    """Chunks of one byte cost a client nothing and the one event loop a lot: what arrived together goes on together."""
    finished = threading.Event()
    received = bytearray()

    def count(connection: socket.socket) -> None:
        received.extend(head_of(connection))
        while not received.endswith(b"0\r\n\r\n"):
            received.extend(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        finished.set()

    with Scripted(count) as stage:
        run = proxy(connect_to=[f"uploads.github.com:80:127.0.0.1:{stage.port}"])
        with Raw(run.port) as raw:
            raw.send(
                b"POST http://uploads.github.com/repos/acme/api/releases/1/assets?name=a HTTP/1.1\r\n"
                b"Host: uploads.github.com\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"
            )
            assert raw.answer().status == 200
        assert finished.is_set()
    assert received.count(b"\r\nx\r\n") < 2_000


def test_no_state_of_a_connection_leaks_its_socket(gateway: Run, forge: Forge, inside: Inside) -> None:
    """Clients leave in each state, in order or with a reset: all sockets of the proxy are closed."""
    with inside("github.com") as raw:
        raw.send(b"GET /acme/api HTTP/1.1\r\nHost: github.com\r\n\r\n")
        assert raw.answer().status == 200

    def sockets() -> int:
        return len(list(Path(f"/proc/{gateway.process.pid}/fd").iterdir()))

    gateway.wait_for(lambda: not any(connection.open for connection in forge.connections()))
    before = sockets()
    for number in range(70):
        state = number % 7
        raw = inside("github.com") if state >= 4 else Raw(gateway.port)
        if state in (1, 2, 3):
            raw.send(b"CONNECT github.com:443 HTTP/1.1\r\nHost: github.com\r\n")
        if state in (2, 3):
            raw.send(b"\r\n")
        if state == 3:
            assert raw.answer().status == 200
            raw.send(b"\x16\x03\x01\x02\x00\x01")
        if state in (4, 5):
            repository = b"acme/api" if state == 4 else b"mallory/loot"
            raw.send(b"POST /%s.git/git-receive-pack HTTP/1.1\r\nHost: github.com\r\n" % repository)
            raw.send(b"Content-Length: 1000\r\n\r\n0000")
        if number % 2:
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif state == 6:
            raw.socket.shutdown(socket.SHUT_WR)
        raw.socket.close()
    gateway.wait_for(lambda: sockets() <= before)
    forge.settle()
    assert not [seen for seen in forge.requests() if seen.outcome == "complete" and seen.method == "POST"]


def test_a_head_without_end_is_answered_and_closed(gateway: Run, forge: Forge) -> None:
    """A header line of any length: 431 after 64 KiB, with memory as it was."""
    idle = gateway.memory()
    gateway.reset_peak()
    with Raw(gateway.port) as raw:
        raw.send(b"GET http://github.com/acme/api HTTP/1.1\r\nX: ")
        for _ in range(64):
            raw.send(b"x" * MIB)
        assert raw.answer().status in (0, 431)  # 0: the reset of the closed connection came before the answer was read
    assert gateway.peak_memory() - idle < 16 * MIB


def test_many_silent_connections_do_not_keep_others_out(gateway: Run, inside: Inside) -> None:
    """Connections that say nothing, or half a CONNECT, or half a ClientHello, in the hundreds."""
    silent = [Raw(gateway.port) for _ in range(300)]
    for number, raw in enumerate(silent):
        if number % 3:
            raw.send(b"CONNECT github.com:443 HTTP/1.1\r\nHost: github.com\r\n")
        if number % 3 == 2:
            raw.send(b"\r\n\x16\x03\x01")
    with inside("github.com") as raw:
        raw.send(b"GET /acme/api HTTP/1.1\r\nHost: github.com\r\n\r\n")
        assert raw.answer().status == 200
    for raw in silent:
        raw.socket.close()

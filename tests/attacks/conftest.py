"""The harness of tests/e2e for attacks: the same proxy, forge and clients, and raw connections through the proxy."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from demo.forge import Forge
from tests.attacks.raw import H2, Answer, Raw, Scripted, head_of
from tests.e2e.conftest import (
    Run,
    StartProxy,
    _forge,
    _gateway,
    forge,
    gateway,
    proxy,
    pytest_configure,
    pytest_runtest_setup,
)

__all__ = ["_forge", "_gateway", "forge", "gateway", "proxy", "pytest_configure", "pytest_runtest_setup"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "attacks" in item.path.parts:
            item.add_marker(pytest.mark.e2e)


type Inside = Callable[[str], Raw]
type Inside2 = Callable[[str], H2]


def tunnel(run: Run, host: str, protocol: str = "http/1.1") -> Raw:
    """A connection through the proxy inside TLS with `host`."""
    raw = Raw(run.port)
    assert raw.connect(f"{host}:443") == 200
    raw.tls(host, run.ca_file, protocol)
    return raw


@pytest.fixture
def inside(gateway: Run) -> Inside:
    """Call it with a host: a connection through the shared proxy, inside TLS with that host."""
    return lambda host: tunnel(gateway, host)


@pytest.fixture
def inside2(gateway: Run) -> Inside2:
    """Call it with a host: an HTTP/2 connection through the shared proxy."""
    return lambda host: H2(tunnel(gateway, host, "h2"))


class Stage:
    """A proxy in front of a scripted forge: it reads a head, says `line`, and closes if `close`."""

    def __init__(self, start: StartProxy) -> None:
        self.line = b""
        self.close = False
        self.received = bytearray()
        self.scripted = Scripted(self._serve)
        hosts = ("github.com", "alive.github.com", "www.example.org")
        self.run = start(connect_to=[f"{host}:80:127.0.0.1:{self.scripted.port}" for host in hosts])

    def _serve(self, connection: socket.socket) -> None:
        while head_of(connection):
            connection.sendall(self.line)
            if self.close:
                return
            if self.line.startswith(b"HTTP/1.1 101"):
                while data := connection.recv(65536):
                    self.received += data

    def play(self, line: bytes, *, close: bool = False) -> None:
        """Answer so from now on; forget what was received."""
        self.line, self.close = line, close
        self.received.clear()

    def ask(self, request: bytes, more: bytes = b"") -> tuple[Answer, bytes]:
        """The answer to `request`, and what came behind it and `more` until the connection ended."""
        with Raw(self.run.port) as raw:
            raw.socket.settimeout(4)
            raw.send(request)
            first = raw.answer()
            raw.send(more)
            if not more:
                raw.socket.shutdown(socket.SHUT_WR)
            return first, raw.rest()


@pytest.fixture(scope="session")
def _stage(tmp_path_factory: pytest.TempPathFactory, _forge: Forge) -> Iterator[Stage]:
    start = StartProxy(tmp_path_factory.mktemp("stage"), _forge)
    stage = Stage(start)
    with stage.scripted:
        yield stage
    start.close()


@pytest.fixture
def stage(_stage: Stage, tmp_path: Path) -> Stage:
    """One scripted forge with its proxy, shared by all tests."""
    _stage.run.begin(tmp_path / "stage-home")
    return _stage

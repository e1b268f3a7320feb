"""The local forge and a way to it for clients that can't be told where names lead: a proxy that only forwards."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from demo.clients import Result
from demo.forge import Forge

from demo import clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Runs programs whose every connection ends at the forge, under whatever name."""

    home: Path
    env: dict[str, str]

    def run(self, *command: str, cwd: Path | None = None) -> Result:
        return clients.run(command, env=self.env, cwd=cwd or self.home)

    def lfs_tree(self, *contents: bytes) -> Path:
        """A work tree in which each of `contents` is a git-lfs object, committed."""
        tree = self.home / "tree"
        commands = (("init", "-q", "-b", "main", str(tree)),)
        for command in commands:
            self.run("git", *command).check()
        for command in (("lfs", "install", "--local"), ("lfs", "track", "*.iso")):
            self.run("git", *command, cwd=tree).check()
        for number, content in enumerate(contents):
            (tree / f"{number}.iso").write_bytes(content)
        for command in (("add", "."), ("commit", "-qm", "images")):
            self.run("git", *command, cwd=tree).check()
        return tree


@pytest.fixture(scope="session")
def _origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with Forge(tmp_path_factory.mktemp("lfs-origin") / "forge") as forge:
        yield forge


@pytest.fixture
def lfs_forge(_origin: Forge) -> Forge:
    """A forge for git-lfs, one for the session, its journal empty."""
    _origin.settle()
    _origin.clear()
    return _origin


@pytest.fixture(scope="session")
def _relay(_origin: Forge) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, _origin.tls_port), daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


@pytest.fixture
def client(_relay: str, lfs_forge: Forge, tmp_path: Path) -> Client:
    """Clients that reach the forge under any name."""
    home = tmp_path / "home"
    home.mkdir()
    return Client(home=home, env=clients.environment(home, _relay, lfs_forge.ca_file))


def _accept(listener: socket.socket, port: int) -> None:
    while True:
        try:
            accepted, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_forward, args=(accepted, port), daemon=True).start()


def _forward(accepted: socket.socket, port: int) -> None:
    with accepted, contextlib.suppress(OSError):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += accepted.recv(1)  # byte by byte, so that nothing of the TLS handshake is taken
        with socket.create_connection(("127.0.0.1", port)) as onward:
            accepted.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_copy, args=(onward, accepted), daemon=True)
            back.start()
            _copy(accepted, onward)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)

"""The load client: keep-alive HTTP/1.1 over TLS, through a proxy's CONNECT or straight, and uploads of any length.

Blocking sockets, one thread each. It checks that each answer is a 200 and that the origin got the whole body, so that
a proxy that refuses or loses something isn't taken for a fast one. HTTP/2 is left to curl.
"""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from types import TracebackType

BLOCK = bytes(64 * 1024)
TIMEOUT = 60.0  # seconds


class Unexpected(Exception):
    """An answer that isn't the origin's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way to the origin: what it is called there, the proxy's port (None: straight), and whom to trust."""

    name: str
    host: str
    port: int
    proxy_port: int | None
    trust: ssl.SSLContext
    ca_file: Path
    pid: int | None = None  # of the proxy


class Connection:
    """One connection to the origin, TLS included."""

    def __init__(self, route: Route) -> None:
        port = route.proxy_port or route.port
        plain = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._authority = f"{route.host}:{route.port}"
            if route.proxy_port is not None:
                plain.sendall(f"CONNECT {self._authority} HTTP/1.1\r\nHost: {self._authority}\r\n\r\n".encode())
                _connected(plain)
            self._socket = route.trust.wrap_socket(plain, server_hostname=route.host)
        except BaseException:
            plain.close()
            raise

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def head(self, method: str, path: str, *fields: str) -> bytes:
        """The head of a request as a common client writes it."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._authority}", "User-Agent: bench/1", "Accept: */*", *fields]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def exchange(self, request: bytes, length: int) -> None:
        """Send a whole request with a body of `length` bytes and read its answer; raises Unexpected."""
        self._socket.sendall(request)
        self.answer(length)

    def answer(self, length: int) -> None:
        """Read one answer; raises Unexpected unless the origin says that it got `length` bytes."""
        content = self.content()
        if json.loads(content) != {"received": length}:
            raise Unexpected(f"of {length} bytes the origin got {content.decode('latin-1').strip()}")

    def content(self) -> bytes:
        """The content of one answer; raises Unexpected unless it is a 200."""
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive(data)
        head = data[:end].lower()
        _, found, rest = head.partition(b"content-length:")
        if not data.startswith(b"HTTP/1.1 200") or not found:
            raise Unexpected(data[:500].decode("latin-1"))
        expected = end + 4 + int(rest.split(b"\r\n", 1)[0])
        while len(data) < expected:
            data += self._receive(data)
        return data[end + 4 :]

    def _receive(self, so_far: bytes) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise Unexpected(f"the connection ended after {so_far[:200]!r}")
        return data

    def stream(self, head: bytes, parts: Iterable[bytes], *, chunked: bool) -> int:
        """Send a head and a body; its length. Chunks are as large as the parts. `answer` has to be read afterwards."""
        self._socket.sendall(head)
        length = 0
        for part in parts:
            self._socket.sendall(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
            length += len(part)
        if chunked:
            self._socket.sendall(b"0\r\n\r\n")
        return length

    def upload(self, path: str, length: int, *, chunked: bool) -> None:
        """PUT `length` bytes, a multiple of 64 KiB, and read the answer."""
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
        head = self.head("PUT", path, "Content-Type: application/octet-stream", framing)
        self.stream(head, repeat(BLOCK, length // len(BLOCK)), chunked=chunked)
        self.answer(length)


def _connected(plain: socket.socket) -> None:
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        more = plain.recv(65536)
        data += more
        if not more or not data.startswith(b"HTTP/1.1 200"[: len(data)]):
            raise Unexpected(data[:500].decode("latin-1") or "the proxy closed the connection")


def requests_answered(route: Route, connections: int, seconds: float, method: str, path: str, body: bytes) -> int:
    """How many requests `connections` keep-alive connections get answered in `seconds`, each asking when answered."""

    def ask() -> int:
        try:
            with Connection(route) as connection:
                fields = ("Content-Type: application/json", f"Content-Length: {len(body)}") if body else ()
                request = connection.head(method, path, *fields) + body
                connection.exchange(request, len(body))
                ready.wait(TIMEOUT)
                count = 0
                end = time.perf_counter() + seconds
                while time.perf_counter() < end:
                    connection.exchange(request, len(body))
                    count += 1
                return count
        except BaseException:
            ready.abort()  # nobody needs to wait for this one
            raise

    ready = threading.Barrier(connections)
    return sum(_together(connections, ask))


def connections_made(route: Route, clients: int, seconds: float, path: str) -> int:
    """How many new connections (CONNECT, TLS handshake, one GET, close) `clients` threads make in `seconds`."""

    def connect() -> int:
        count = 0
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            with Connection(route) as connection:
                connection.exchange(connection.head("GET", path), 0)
            count += 1
        return count

    return sum(_together(clients, connect))


def _together(count: int, work: Callable[[], int]) -> Iterator[int]:
    results: list[int] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return iter(results)


def upload_seconds(route: Route, path: str, length: int, *, chunked: bool) -> float:
    """How long an HTTP/1.1 upload takes on an open connection, its answer included."""
    with Connection(route) as connection:
        start = time.perf_counter()
        connection.upload(path, length, chunked=chunked)
        return time.perf_counter() - start


def upload_seconds_http2(route: Route, path: str, file: Path) -> float:
    """How long curl takes to upload `file` over HTTP/2, from the end of its TLS handshake."""
    seconds, answer = _curl(route, path, file, "2", ())
    _check(answer, file)
    return seconds


def asset_seconds(route: Route, path: str, file: Path) -> float:
    """How long curl takes to POST `file` over HTTP/1.1 with its length, from the end of its TLS handshake."""
    seconds, answer = _curl(route, path, file, "1.1", ("-X", "POST", "-H", "Content-Type: application/octet-stream"))
    _check(answer, file)
    return seconds


def push_seconds(route: Route, path: str, file: Path) -> float:
    """How long curl takes to POST a recorded push over HTTP/1.1 in chunks, as git does."""
    headers = (
        "Content-Type: application/x-git-receive-pack-request",
        "Accept: application/x-git-receive-pack-result",
        "User-Agent: git/2.39.5",
        "Transfer-Encoding: chunked",
    )
    seconds, answer = _curl(
        route, path, file, "1.1", ("-X", "POST", *(word for one in headers for word in ("-H", one)))
    )
    if b"unpack ok" not in answer or b"received %d\n" % file.stat().st_size not in answer:
        raise Unexpected(f"the push was answered {answer[:500]!r}")
    return seconds


def _check(answer: bytes, file: Path) -> None:
    if json.loads(answer) != {"received": file.stat().st_size}:
        raise Unexpected(answer[:500].decode("utf-8", "replace"))


def _curl(route: Route, path: str, file: Path, version: str, options: Sequence[str]) -> tuple[float, bytes]:
    command = ["curl", "-q", "-sS", f"--http{version}", "--fail", "--cacert", str(route.ca_file), "-T", str(file)]
    if route.proxy_port is not None:
        command += ["--proxy", f"http://127.0.0.1:{route.proxy_port}", "--noproxy", ""]
    command += ["-H", "Expect:", "-w", "\n%{http_version} %{time_appconnect} %{time_total}", *options]
    command.append(f"https://{route.host}:{route.port}{path}")
    done = subprocess.run(command, capture_output=True, timeout=10 * TIMEOUT, check=False)
    if done.returncode:
        raise Unexpected(f"curl ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace').strip()}")
    answer, _, facts = done.stdout.rpartition(b"\n")
    spoken, connected, total = facts.decode().split()
    if spoken != version:
        raise Unexpected(f"HTTP/{spoken} instead of {version}: {answer[:200]!r}")
    return float(total) - float(connected), answer

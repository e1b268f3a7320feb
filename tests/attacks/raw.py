"""A client that says what no proper client says: raw bytes through the proxy, over TCP, TLS or HTTP/2.

Not here: any judgement. It also plays a forge that answers from a script.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h2.config
import h2.connection
import h2.events

SECONDS = 15.0
"""How long any read waits; it only ends a test that has failed anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP/1 response. `status` is 0 and `head` empty where the peer closed without one."""

    status: int
    head: bytes = b""
    body: bytes = b""


class Raw:
    """One connection through the proxy."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        """Connect to the proxy at `port`, as the client with the address `source`."""
        there = ("127.0.0.1", port)
        self.socket: socket.socket = socket.create_connection(there, timeout=SECONDS, source_address=(source, 0))
        self.buffer = b""

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send all of `data`; that the peer has closed is for the answer to show."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.socket.sendall(data)

    def connect(self, authority: str) -> int:
        """CONNECT; the status of the answer."""
        self.send(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
        return self.answer().status

    def tls(self, name: str, ca: Path, protocol: str = "http/1.1") -> None:
        """Shake hands for `name` and trust `ca` alone."""
        context = ssl.create_default_context(cafile=str(ca))
        context.set_alpn_protocols([protocol])
        self.socket = context.wrap_socket(self.socket, server_hostname=name)

    def read(self) -> bytes:
        """Some bytes, empty at the end."""
        try:
            return self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            return b""

    def rest(self) -> bytes:
        """All bytes until the peer closes."""
        while data := self.read():
            self.buffer += data
        taken, self.buffer = self.buffer, b""
        return taken

    def answer(self, *, head_only: bool = False) -> Answer:
        """The next response."""
        while b"\r\n\r\n" not in self.buffer:
            data = self.read()
            if not data:
                return Answer(status=0, body=self.buffer)
            self.buffer += data
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        status = int(head.split(None, 2)[1])
        fields = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        }
        if head_only or status in (101, 204, 304) or (status == 200 and b"established" in head.split(b"\r\n")[0]):
            return Answer(status=status, head=head)
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            return Answer(status=status, head=head, body=self._chunks())
        if b"content-length" in fields:
            return Answer(status=status, head=head, body=self._exactly(int(fields[b"content-length"])))
        return Answer(status=status, head=head, body=self.rest())

    def _exactly(self, size: int) -> bytes:
        while len(self.buffer) < size:
            data = self.read()
            if not data:
                break
            self.buffer += data
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self.buffer:
                data = self.read()
                if not data:
                    return body
                self.buffer += data
            line, _, self.buffer = self.buffer.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            part = self._exactly(size + 2)
            if size == 0:
                return body
            body += part[:-2]


class H2:
    """One HTTP/2 connection that may break every rule: nothing it sends is checked."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.connection = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
            )
        )
        self.status: dict[int, int] = {}
        self.body: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.closed = False
        self.connection.initiate_connection()
        self.flush()

    def flush(self) -> None:
        """Send what is queued."""
        self.raw.send(self.connection.data_to_send())

    def request(self, fields: list[tuple[bytes, bytes]], body: bytes | None = None, *, end: bool = True) -> int:
        """Open a stream with these fields; `body` None: no DATA frame. `end` closes our side."""
        stream = self.connection.get_next_available_stream_id()
        self.connection.send_headers(stream, fields, end_stream=end and body is None)
        if body is not None:
            self.connection.send_data(stream, body, end_stream=end)
        self.flush()
        return stream

    def step(self) -> bool:
        """Read once; False when the peer has closed."""
        data = self.raw.read()
        if not data:
            self.closed = True
            return False
        for event in self.connection.receive_data(data):
            match event:
                case h2.events.ResponseReceived():
                    self.status[event.stream_id] = int(dict(event.headers)[b":status"])
                case h2.events.DataReceived():
                    self.body[event.stream_id] = self.body.get(event.stream_id, b"") + event.data
                    self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2.events.StreamEnded() | h2.events.StreamReset():
                    self.ended.add(event.stream_id)
                case h2.events.ConnectionTerminated():
                    self.closed = True
        self.flush()
        return not self.closed

    def finish(self, *streams: int) -> int:
        """Read until these streams have ended or the connection has; the status of the first, 0 for none."""
        while not self.closed and not self.ended.issuperset(streams):
            self.step()
        return self.status.get(streams[0], 0)


def fields(method: str, authority: str, path: str, *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """The header fields of an HTTP/2 request."""
    pseudo = [
        (b":method", method.encode()),
        (b":scheme", b"https"),
        (b":authority", authority.encode()),
        (b":path", path.encode()),
    ]
    return [*pseudo, *more]


@dataclass(slots=True)
class Scripted:
    """A forge that runs `script(connection)` for each connection, behind TLS if there is a context."""

    script: Callable[[socket.socket], None]
    context: ssl.SSLContext | None = None
    connections: int = 0
    received: bytes = b""
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> Scripted:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        accepted.settimeout(SECONDS)
        with contextlib.suppress(OSError), accepted:
            if self.context is None:
                self.script(accepted)
                return
            with self.context.wrap_socket(accepted, server_side=True) as secured:
                self.script(secured)


def head_of(connection: socket.socket) -> bytes:
    """Read a request's head, and whatever came with it; empty if the peer left."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    return data


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """`data` in parts of `size` bytes."""
    for start in range(0, len(data), size):
        yield data[start : start + size]

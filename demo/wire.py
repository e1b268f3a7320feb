"""HTTP/1.1 as the local forge reads and writes it (RFC 9112): strict, streaming, and counting every byte.

It is not a general server: what a well-behaved proxy never sends (two framings, bad chunk sizes, line folding) is
`Malformed`, so that a test sees it instead of a guess.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

READ = 65536
_MAX_LINE = 65536
_HEX = frozenset(b"0123456789abcdefABCDEF")


class Malformed(Exception):
    """The bytes are no HTTP/1.1 request; the message says which part."""


class Aborted(Exception):
    """The peer closed the connection in the middle of a request."""


class Stream:
    """A socket with a read buffer, a count of received bytes, and a brake for tests of back-pressure."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()
        self._closed = False
        self.received = 0
        self.bytes_per_second: int | None = None

    def line(self) -> bytes:
        """One line without its CRLF; Aborted at the end of the stream, Malformed if it is too long or ends in LF."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _MAX_LINE:
                raise Malformed(f"a line of more than {_MAX_LINE} bytes: {bytes(self._buffer[:80])!r}")
            self._fill()
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        if not line.endswith(b"\r\n"):
            raise Malformed(f"a line that does not end in CRLF: {line[:80]!r}")
        return line[:-2]

    def some(self, limit: int) -> bytes:
        """Between 1 and `limit` bytes; Aborted at the end of the stream."""
        if not self._buffer:
            self._fill()
        part = bytes(self._buffer[:limit])
        del self._buffer[:limit]
        return part

    def at_end(self) -> bool:
        """Whether the peer closed the connection and nothing is left to read; waits for the next byte."""
        if self._buffer:
            return False
        try:
            self._fill()
        except Aborted:
            return True
        return False

    def send(self, data: bytes) -> None:
        """Send all of `data`; Aborted if the peer is gone."""
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise Aborted from error

    def finish_early(self, limit: int = 64 << 20) -> None:
        """Send no more and read away at most `limit` bytes, so that the peer can still read what was sent to it."""
        with contextlib.suppress(OSError):
            self._connection.settimeout(10)
            self._connection.shutdown(socket.SHUT_WR)
            while limit > 0 and (data := self._connection.recv(READ)):
                limit -= len(data)

    def _fill(self) -> None:
        size = READ
        if self.bytes_per_second is not None:
            size = max(1, min(READ, self.bytes_per_second // 20))
        try:
            data = self._connection.recv(size)
        except OSError as error:
            raise Aborted from error
        if not data:
            raise Aborted
        if self.bytes_per_second is not None:
            time.sleep(len(data) / self.bytes_per_second)
        self.received += len(data)
        self._buffer += data


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A request line and its header fields; names are lower case, in wire order."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        """The value of header `name` (lower case), several joined by commas."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query without its question mark."""
        return self.target.partition("?")[2]

    @property
    def host(self) -> str:
        """The Host header without a port, lower case."""
        return (self.header("host") or "").rsplit(":", 1)[0].lower()

    @property
    def keep_alive(self) -> bool:
        """Whether the connection may serve another request."""
        return self.version == "HTTP/1.1" and "close" not in (self.header("connection") or "").lower()


def read_head(stream: Stream) -> Head:
    """The next request's head; Malformed if it is none, Aborted if the stream ends inside it."""
    line = stream.line()
    parts = line.split(b" ")
    if len(parts) != 3 or not parts[0].isalpha() or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise Malformed(f"not a request line: {line[:80]!r}")
    headers: list[tuple[str, str]] = []
    while field := stream.line():
        name, colon, value = field.partition(b":")
        if not colon or not name or name != name.strip():
            raise Malformed(f"not a header field: {field[:80]!r}")
        headers.append((name.decode("latin-1").lower(), value.strip().decode("latin-1")))
    method, target, version = (part.decode("latin-1") for part in parts)
    head = Head(method=method, target=target, version=version, headers=tuple(headers))
    lengths = [value for key, value in headers if key == "content-length"]
    if len(lengths) > 1 or (lengths and head.header("transfer-encoding") is not None):
        raise Malformed("more than one framing")
    if lengths and not lengths[0].isdecimal():
        raise Malformed("a Content-Length that is no number")
    if (head.header("transfer-encoding") or "chunked").lower() != "chunked":
        raise Malformed("a transfer coding other than chunked")
    return head


def body(stream: Stream, head: Head) -> Iterator[bytes]:
    """The request's body in parts, transfer coding removed; raises Aborted or Malformed where it breaks off."""
    if head.header("transfer-encoding") is not None:
        yield from _chunks(stream)
        return
    left = int(head.header("content-length") or 0)
    while left:
        part = stream.some(min(left, READ))
        left -= len(part)
        yield part


def _chunks(stream: Stream) -> Iterator[bytes]:
    while True:
        size_text = stream.line().partition(b";")[0].strip()
        if not size_text or len(size_text) > 16 or not _HEX.issuperset(size_text):
            raise Malformed(f"not a chunk size: {size_text[:80]!r}")
        left = int(size_text, 16)
        if left == 0:
            break
        while left:
            part = stream.some(min(left, READ))
            left -= len(part)
            yield part
        if stream.line():
            raise Malformed("a chunk longer than its size")
    while stream.line():
        pass  # trailers


def response(status: int, headers: list[tuple[str, str]], content: bytes, *, head_only: bool = False) -> bytes:
    """A whole response with a Content-Length."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if status != 204:  # RFC 9110, section 8.6
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (b"" if head_only else content)


_REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Content",
}

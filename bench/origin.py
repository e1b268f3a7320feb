"""The forge at the far end: a TLS server that reads any body and says how long it was, as fast as plain Python can.

It runs in a process of its own (`python -m bench.origin DIRECTORY`), so that it takes no time from the load client.
A push it takes without looking at it: it advertises an empty repository and reports that all went well, so that the
cost of unpacking isn't measured. Not here: names, mistakes of clients. `demo.forge` behaves like a forge.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from demo.authority import Authority

HOST = "localhost"
"""What a client without a proxy, and a proxy that can't be told where names lead, call the server."""

READ = 256 * 1024
ANSWER_BYTES = 200
REF = "refs/heads/main"
"""The one ref whose push is reported as done."""

RECORD = "Bench-Record"
"""A request with this header has its body written to `recorded` below the directory."""

_TEMPLATE = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
_CAPABILITIES = b"report-status delete-refs side-band-64k quiet atomic ofs-delta object-format=sha1 agent=bench/1"


class Origin:
    """The server's process. `ca_file` signs its certificate for any name; it listens on loopback, at `port`."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.recorded = directory / "recorded"
        self.ca_file = directory / "forge-ca.pem"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.origin", str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parent.parent,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Origin:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


class _Reader:
    """The bytes of one connection, in the order they arrive. Raises EOFError where the client leaves."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._connection = connection
        self._buffer = b""
        self._scratch = bytearray(READ)

    def _more(self) -> None:
        data = self._connection.recv(READ)
        if not data:
            raise EOFError
        self._buffer += data

    def until(self, mark: bytes) -> bytes:
        """What stands before `mark`; both are taken."""
        while (end := self._buffer.find(mark)) < 0:
            self._more()
        taken = self._buffer[:end]
        self._buffer = self._buffer[end + len(mark) :]
        return taken

    def skip(self, count: int, sink: BinaryIO | None = None) -> None:
        """Take `count` bytes and forget them, or write them to `sink`."""
        taken = min(count, len(self._buffer))
        if sink is not None:
            sink.write(self._buffer[:taken])
        self._buffer = self._buffer[taken:]
        left = count - taken
        while left:
            got = self._connection.recv_into(self._scratch, min(left, READ))
            if not got:
                raise EOFError
            if sink is not None:
                sink.write(memoryview(self._scratch)[:got])
            left -= got


def _body_length(reader: _Reader, lines: dict[bytes, bytes], sink: BinaryIO | None) -> int:
    if b"chunked" not in lines.get(b"transfer-encoding", b""):
        length = int(lines.get(b"content-length", b"0"))
        reader.skip(length, sink)
        return length
    length = 0
    while size := int(reader.until(b"\r\n").partition(b";")[0], 16):
        if sink is not None:
            reader.skip(size, sink)
            reader.skip(2)
        else:
            reader.skip(size + 2)
        length += size
    reader.until(b"\r\n")
    return length


def _packet(content: bytes) -> bytes:
    """A pkt-line (gitprotocol-common)."""
    return b"%04x%s" % (len(content) + 4, content)


def _answer(target: bytes, length: int) -> bytes:
    """A whole response to a request for `target` with a body of `length` bytes."""
    kind = b"application/json"
    body = (b'{"received": %d}' % length).ljust(ANSWER_BYTES)
    if target.endswith(b"/info/refs?service=git-receive-pack"):
        kind = b"application/x-git-receive-pack-advertisement"
        empty = _packet(b"0" * 40 + b" capabilities^{}\0" + _CAPABILITIES + b"\n")
        body = _packet(b"# service=git-receive-pack\n") + b"0000" + empty + b"0000"
    elif target.endswith(b"/git-receive-pack"):
        kind = b"application/x-git-receive-pack-result"
        report = _packet(b"unpack ok\n") + _packet(b"ok %s\n" % REF.encode()) + b"0000"
        body = _packet(b"\2received %d\n" % length) + _packet(b"\1" + report) + b"0000"
        if length <= 4:  # git asks with an empty request before it sends a large one
            body = b""
    return _TEMPLATE % (kind, len(body), body)


def _serve(accepted: socket.socket, context: ssl.SSLContext, recorded: Path) -> None:
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(OSError, EOFError), context.wrap_socket(accepted, server_side=True) as connection:
        reader = _Reader(connection)
        while True:
            first, *fields = reader.until(b"\r\n\r\n").split(b"\r\n")
            lines = dict(field.lower().split(b":", 1) for field in fields)
            if RECORD.lower().encode() in lines:
                with recorded.open("wb") as sink:
                    length = _body_length(reader, lines, sink)
            else:
                length = _body_length(reader, lines, None)
            connection.sendall(_answer(first.split(b" ")[1], length))


def _accept(listener: socket.socket, context: ssl.SSLContext, recorded: Path) -> None:
    while True:
        accepted, _ = listener.accept()
        threading.Thread(target=_serve, args=(accepted, context, recorded), daemon=True).start()


def main(directory: Path) -> None:
    """Serve until standard input ends; the port is the one line on standard output."""
    authority = Authority(directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def choose(tls: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
        tls.context = authority.context(name or HOST)

    context.sni_callback = choose
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    port = listener.getsockname()[1]
    listeners = [listener]
    with contextlib.suppress(OSError):  # `localhost` may mean ::1 first, and then a refusal would cost time
        listeners.append(socket.create_server(("::1", port), family=socket.AF_INET6, backlog=1024))
    for each in listeners:
        threading.Thread(target=_accept, args=(each, context, directory / "recorded"), daemon=True).start()
    print(port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

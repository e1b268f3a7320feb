"""A loopback HTTP server that answers everything with Forgewall's reply, as the proxy would: for real clients."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from forgewall.enforce.reply import Reply
from forgewall.model import Request

type Answer = Callable[[Request, bytes], Reply | None]


class Origin:
    """The server's address, and the request lines it saw."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.seen: list[str] = []


@contextmanager
def serving(answer: Answer) -> Iterator[Origin]:
    """Serve `answer(request, head of the body)` on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def handle_one(self) -> None:
            origin.seen.append(f"{self.command} {self.path}")
            headers = tuple((name.lower(), value) for name, value in self.headers.items())
            request = Request(
                method=self.command, scheme="https", host="github.com", port=443, path=self.path, headers=headers
            )
            reply = answer(request, self.read_body())
            assert reply is not None
            self.send_response(reply.status, reply.phrase or None)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def read_body(self) -> bytes:
            if self.headers.get("transfer-encoding", "").lower() == "chunked":
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body
            return self.rfile.read(int(self.headers.get("content-length") or 0))

        do_GET = do_POST = do_PUT = do_HEAD = do_PATCH = do_DELETE = handle_one

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    origin = Origin(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield origin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The throw-away local forge: a threaded TLS origin that answers under any name and notes all it sees.

    with Forge(directory) as forge:
        forge.make_repository("github.com/acme/api")
        ...                                  # clients reach it at 127.0.0.1:forge.tls_port
        forge.requests(host="github.com")    # what arrived, how long it was, and whether it was complete

git and git-lfs work; any other request is a sink that reads the body and says how long it was. It is a test double:
no accounts, no web pages, HTTP/1.1 only. Everything lies below `directory`; `close` ends all threads and sockets.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from demo import lfs, smart_http, wire
from demo.authority import Authority, Flaw
from demo.journal import Connection, Journal, Seen

HOSTS = (
    "github.com",
    "www.github.com",
    "api.github.com",
    "uploads.github.com",
    "gist.github.com",
    "codeload.github.com",
    "raw.githubusercontent.com",
    "github-cloud.s3.amazonaws.com",
    "ghcr.io",
    "ssh.github.com",
    "alive.github.com",
    "gitlab.com",
    "altssh.gitlab.com",
    "registry.gitlab.com",
    "bitbucket.org",
    "api.bitbucket.org",
    "altssh.bitbucket.org",
    "git.acme.example",
    "www.example.org",
)
"""Names that the demo and the tests lead to the local forge; it answers under any other name too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How the forge treats one host name; the default is a healthy forge.

    `bytes_per_second`: reads request bodies no faster. `refuse_after`: answers 413 after that many body bytes and
    closes, as a forge with its own size limit does. `flaw`: what is wrong with the certificate.
    """

    bytes_per_second: int | None = None
    refuse_after: int | None = None
    flaw: Flaw = Flaw.NONE


class Forge:
    """See the module. `tls_port`, `http_port` and `raw_port` are on 127.0.0.1; the proxy must trust `ca_file`."""

    def __init__(self, directory: Path, journal_file: Path | None = None, raw_banner: bytes = b"") -> None:
        self.root = directory / "repositories"
        self.root.mkdir(parents=True)
        self._objects = directory / "lfs"
        self._objects.mkdir()
        self._authority = Authority(directory / "certificates")
        self._journal = Journal(journal_file)
        self._behaviours: dict[str, Behaviour] = {}
        self._raw_banner = raw_banner
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = False
        self.ca_file = self._authority.file
        self.requests = self._journal.requests
        self.connections = self._journal.connections
        self.clear = self._journal.clear
        self.settle = self._journal.settle
        self.wait = self._journal.wait
        self.tls_port = self._listen(self._serve_tls)
        self.http_port = self._listen(self._serve_plain)
        self.raw_port = self._listen(self._serve_raw)

    def __enter__(self) -> Forge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all sockets; threads end by that."""
        with self._lock:
            self._closing = True
            for open_socket in self._sockets:
                with contextlib.suppress(OSError):
                    open_socket.shutdown(socket.SHUT_RDWR)
                open_socket.close()

    def make_repository(self, address: str) -> Path:
        """Make an empty bare repository for `address` (`github.com/acme/api`), replacing an older one of that name."""
        host, _, path = address.partition("/")
        directory = smart_http.repository_path(self.root, host, path)
        environment = smart_http.git_environment(self.root)
        if directory.exists():
            subprocess.run(["rm", "-rf", "--", str(directory)], check=True)
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(directory)], check=True, env=environment
        )
        for setting in ("http.receivepack", "uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            subprocess.run(["git", "-C", str(directory), "config", setting, "true"], check=True, env=environment)
        return directory

    def git(self, address: str, *arguments: str) -> str:
        """What `git` prints when run inside the bare repository of `address`; CalledProcessError if it fails."""
        host, _, path = address.partition("/")
        directory = smart_http.repository_path(self.root, host, path)
        return subprocess.run(
            ["git", "-C", str(directory), *arguments],
            check=True,
            env=smart_http.git_environment(self.root),
            capture_output=True,
            text=True,
        ).stdout.strip()

    def refs(self, address: str) -> dict[str, str]:
        """Ref name to object id of the repository at `address`."""
        lines = self.git(address, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def connect_to(self, hosts: tuple[str, ...] = HOSTS) -> list[str]:
        """`HOST:PORT:ADDR:PORT` values that lead `hosts` here: 443 and 8443 to TLS, 80 to plain HTTP, 22 to raw."""
        ports = ((443, self.tls_port), (8443, self.tls_port), (80, self.http_port), (22, self.raw_port))
        return [f"{host}:{port}:127.0.0.1:{here}" for host in hosts for port, here in ports]

    @contextlib.contextmanager
    def behave(self, host: str, behaviour: Behaviour) -> Iterator[None]:
        """While this context is open, the forge behaves so under `host`."""
        self._behaviours[host] = behaviour
        try:
            yield
        finally:
            del self._behaviours[host]

    def _behaviour(self, host: str | None) -> Behaviour:
        return self._behaviours.get(host or "", Behaviour())

    def _listen(self, serve: Callable[[socket.socket, Connection], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        kind = serve.__name__.removeprefix("_serve_")
        self._sockets.add(listener)
        threading.Thread(target=self._accept, args=(listener, kind, serve), daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    def _accept(self, listener: socket.socket, kind: str, serve: Callable[[socket.socket, Connection], None]) -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closing:
                    accepted.close()
                    return
                self._sockets.add(accepted)
            threading.Thread(target=self._hold, args=(accepted, kind, serve), daemon=True).start()

    def _hold(self, accepted: socket.socket, kind: str, serve: Callable[[socket.socket, Connection], None]) -> None:
        connection = self._journal.connect(kind)
        try:
            serve(accepted, connection)
        except (OSError, wire.Aborted):
            pass  # the peer left; what it did so far is in the journal
        finally:
            self._journal.note(connection, open=False)
            with self._lock:
                self._sockets.discard(accepted)
            accepted.close()

    def _serve_raw(self, accepted: socket.socket, connection: Connection) -> None:
        if self._raw_banner:
            accepted.sendall(self._raw_banner)
        while data := accepted.recv(wire.READ):
            self._note_raw(connection, data)

    def _note_raw(self, connection: Connection, data: bytes) -> None:
        self._journal.note(connection, received=connection.received + len(data), raw=(connection.raw + data)[:4096])

    def _serve_tls(self, accepted: socket.socket, connection: Connection) -> None:
        def choose(tls: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
            connection.sni = name
            tls.context = self._authority.context(name or "no-name.example", self._behaviour(name).flaw)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = choose
        with context.wrap_socket(accepted, server_side=True) as secured:
            with self._lock:
                self._sockets.add(secured)
            try:
                self._journal.note(connection, handshake=True)
                self._serve_http(secured, connection)
            finally:
                with self._lock:
                    self._sockets.discard(secured)

    def _serve_plain(self, accepted: socket.socket, connection: Connection) -> None:
        self._serve_http(accepted, connection)

    def _serve_http(self, accepted: socket.socket, connection: Connection) -> None:
        stream = wire.Stream(accepted)
        keep_alive = True
        try:
            while keep_alive and not stream.at_end():
                keep_alive = self._serve_request(stream, connection)
        finally:
            self._journal.note(connection, received=stream.received)

    def _serve_request(self, stream: wire.Stream, connection: Connection) -> bool:
        try:
            head = wire.read_head(stream)
        except wire.Malformed as error:
            seen = Seen(
                connection=connection.number,
                sni=connection.sni,
                host="",
                method="",
                path="",
                outcome="malformed",
                note=str(error),
            )
            self._journal.begin(seen)
            self._journal.serve(seen)
            stream.send(wire.response(400, [("Connection", "close")], b"not HTTP/1.1\n"))
            return False
        seen = Seen(
            connection=connection.number,
            sni=connection.sni,
            host=head.host,
            method=head.method,
            path=head.target,
            headers=head.headers,
        )
        self._journal.begin(seen)
        behaviour = self._behaviour(head.host)
        stream.bytes_per_second = behaviour.bytes_per_second
        try:
            if (head.header("expect") or "").lower() == "100-continue":
                stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            return self._answer(stream, head, seen, behaviour) and head.keep_alive
        except wire.Aborted:
            if seen.outcome == "open":
                self._journal.note(seen, outcome="aborted")
            raise
        except wire.Malformed as error:
            self._journal.note(seen, outcome="malformed", note=str(error))
            return False
        finally:
            stream.bytes_per_second = None
            self._journal.serve(seen)

    def _answer(self, stream: wire.Stream, head: wire.Head, seen: Seen, behaviour: Behaviour) -> bool:
        """Serve one request; False if the connection must be closed afterwards."""
        body = self._counted(wire.body(stream, head), seen, behaviour.refuse_after)
        try:
            found = smart_http.find_repository(self.root, head.host, head.path)
            if found is not None:
                seen.status = smart_http.serve(stream, head, body, *found)
                return True
            reply = self._reply(head, body)
        except _TooMuch:
            seen.status = 413
            stream.send(wire.response(413, [("Connection", "close")], b"too much for this forge\n"))
            return False
        seen.status = reply.status
        headers = [("Content-Type", reply.media_type)]
        stream.send(wire.response(reply.status, headers, reply.content, head_only=head.method == "HEAD"))
        return True

    def _reply(self, head: wire.Head, body: Iterator[bytes]) -> lfs.Answer:
        if lfs.is_lfs(head.path):
            return lfs.answer(self._objects, head.host, head.method, head.path, body)
        length = sum(len(part) for part in body)
        if head.path.endswith("/info/refs"):
            return lfs.Answer(status=404, content=b"no such repository\n", media_type="text/plain")
        status = 201 if head.method in ("POST", "PUT") else 200
        return lfs.Answer(
            status=status,
            content=json.dumps({"forge": "local", "path": head.path, "bytes": length}).encode() + b"\n",
            media_type="application/json",
        )

    def _counted(self, body: Iterator[bytes], seen: Seen, refuse_after: int | None) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for part in body:
            digest.update(part)
            self._journal.note(seen, body=seen.body + len(part))
            if refuse_after is not None and seen.body > refuse_after:
                raise _TooMuch
            yield part
        self._journal.note(seen, sha256=digest.hexdigest(), outcome="complete")


class _TooMuch(Exception):
    """The body is larger than this host's `refuse_after`."""

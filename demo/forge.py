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
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from demo import smart_http, wire
from demo.authority import Authority, Flaw
from demo.exchange import Behaviour, Exchange
from demo.journal import Connection, Journal
from demo.store import STORES, Store

HOSTS = (
    "github.com",
    "www.github.com",
    "api.github.com",
    "uploads.github.com",
    "gist.github.com",
    "codeload.github.com",
    "raw.githubusercontent.com",
    "lfs.github.com",
    "ghcr.io",
    "ssh.github.com",
    "alive.github.com",
    "gitlab.com",
    "altssh.gitlab.com",
    "registry.gitlab.com",
    "bitbucket.org",
    "api.bitbucket.org",
    "altssh.bitbucket.org",
    "huggingface.co",
    "cas-server.xethub.hf.co",
    "git.acme.example",
    "www.example.org",
    *STORES,
)
"""Names that the demo and the tests lead to the local forge; it answers under any other name too."""

_CONFIG = """\
[http]
\treceivepack = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[receive]
\tadvertisePushOptions = true
"""


class Forge:
    """See the module. `tls_port`, `http_port` and `raw_port` are on 127.0.0.1; the proxy must trust `ca_file`.

    `store` holds the git-lfs objects of all hosts.
    """

    def __init__(self, directory: Path, journal_file: Path | None = None, raw_banner: bytes = b"") -> None:
        self.root = directory / "repositories"
        self.root.mkdir(parents=True)
        self.store = Store(directory / "lfs")
        self._authority = Authority(directory / "certificates")
        self._journal = Journal(journal_file)
        self._behaviours: dict[str, Behaviour] = {}
        self._exchange = Exchange(self.root, self.store, self._journal, self._behaviour)
        self._raw_banner = raw_banner
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = False
        self._markers: dict[int, threading.Event] = {}
        self.ca_file = self._authority.file
        self.requests = self._journal.requests
        self.connections = self._journal.connections
        self.clear = self._journal.clear
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

    def settle(self, *, closed: bool = False, seconds: float = 20) -> bool:
        """Wait until all that reached the forge so far stands in the journal; False after `seconds`.

        Connections are accepted in order, so one of our own that got through proves that earlier ones did. With
        `closed` it also waits until no connection is open: after the proxy has ended, nothing can be on its way then.
        """
        for port in (self.tls_port, self.http_port, self.raw_port):
            with socket.socket() as marker:
                marker.bind(("127.0.0.1", 0))
                accepted = self._markers[marker.getsockname()[1]] = threading.Event()
                marker.connect(("127.0.0.1", port))
                if not accepted.wait(seconds):
                    return False
        return self._journal.wait(lambda: self._journal.settled(closed), seconds)

    def make_repository(self, address: str, *, object_format: str = "sha1") -> Path:
        """Make an empty bare repository for `address` (`github.com/acme/api`), replacing an older one of that name.

        It takes pushes, also atomic ones and with options; `object_format` is `sha1` or `sha256`.
        """
        host, _, path = address.partition("/")
        directory = smart_http.repository_path(self.root, host, path)
        environment = smart_http.git_environment(self.root)
        if directory.exists():
            subprocess.run(["rm", "-rf", "--", str(directory)], check=True)
        init = ["git", "init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={object_format}"]
        subprocess.run([*init, str(directory)], check=True, env=environment)
        with (directory / "config").open("a", encoding="utf-8") as config:
            config.write(_CONFIG)
        return directory

    def seed(self, address: str, work_tree: Path) -> None:
        """Make a repository for `address` that holds all branches and tags of `work_tree`; no HTTP is involved."""
        directory = self.make_repository(address)
        for what in ("--all", "--tags"):
            subprocess.run(
                ["git", "-C", str(work_tree), "push", "--quiet", what, str(directory)],
                check=True,
                env=smart_http.git_environment(self.root),
            )

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

    def tls_context(self, host: str) -> ssl.SSLContext:
        """How another server of a test speaks TLS as `host`, so that who trusts the forge trusts it."""
        return self._authority.context(host, Flaw.NONE)

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
                accepted, peer = listener.accept()
            except OSError:
                return
            marker = self._markers.pop(peer[1], None)
            if marker is not None:
                marker.set()
                accepted.close()
                continue
            with self._lock:
                if self._closing:
                    accepted.close()
                    return
                self._sockets.add(accepted)
            connection = self._journal.connect(kind)
            threading.Thread(target=self._hold, args=(accepted, connection, serve), daemon=True).start()

    def _hold(
        self, accepted: socket.socket, connection: Connection, serve: Callable[[socket.socket, Connection], None]
    ) -> None:
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
                self._exchange.serve(secured, connection)
            finally:
                with self._lock:
                    self._sockets.discard(secured)

    def _serve_plain(self, accepted: socket.socket, connection: Connection) -> None:
        self._exchange.serve(accepted, connection)

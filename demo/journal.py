"""What the local forge saw: every connection and every request, with lengths and hashes, and how each ended.

This is the proof in tests that a refused upload never arrived. Bodies themselves are not kept.
"""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True, kw_only=True)
class Connection:
    """One accepted connection. `received` counts bytes after TLS; `raw` holds the first bytes on the raw listener."""

    number: int
    listener: str  # tls, http or raw
    sni: str | None = None
    handshake: bool = False
    received: int = 0
    raw: bytes = b""
    open: bool = True


@dataclass(slots=True, kw_only=True)
class Seen:
    """One request. `body` is its length in bytes without transfer coding, `sha256` the hash of those bytes.

    `outcome`: `open` while it is being read, then `complete`, `aborted` (the peer left), `malformed`, or
    `refused` (the forge itself answered early).
    """

    connection: int
    sni: str | None
    host: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: int = 0
    sha256: str = ""
    outcome: str = "open"
    status: int | None = None
    note: str = ""
    served: bool = False

    def header(self, name: str) -> str | None:
        """The value of header `name` (lower case)."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(slots=True)
class Journal:
    """A thread-safe list of what was seen; each finished request is also a JSON line in `file`, if one is given."""

    file: Path | None = None
    _connections: list[Connection] = field(default_factory=list)
    _requests: list[Seen] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def connect(self, listener: str) -> Connection:
        """Note a new connection."""
        with self._changed:
            connection = Connection(number=len(self._connections), listener=listener)
            self._connections.append(connection)
            self._changed.notify_all()
            return connection

    def begin(self, seen: Seen) -> None:
        """Note a request as soon as its head has arrived."""
        with self._changed:
            self._requests.append(seen)
            self._changed.notify_all()

    def note(self, subject: Connection | Seen, **changes: object) -> None:
        """Set fields of a connection or request that stands in the journal, and wake those who wait."""
        with self._changed:
            for name, value in changes.items():
                setattr(subject, name, value)
            self._changed.notify_all()

    def serve(self, seen: Seen) -> None:
        """Note that nothing more will happen with this request."""
        with self._changed:
            seen.served = True
            if self.file is not None:
                with self.file.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(dataclasses.asdict(seen)) + "\n")
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget all that was seen so far (the file stays)."""
        with self._changed:
            self._connections.clear()
            self._requests.clear()

    def requests(self, host: str | None = None, path: str | None = None, method: str | None = None) -> list[Seen]:
        """Copies of the requests seen, in order; `host` and `method` must be equal, `path` must be contained."""
        with self._changed:
            return [
                dataclasses.replace(seen)
                for seen in self._requests
                if (host is None or seen.host == host)
                and (path is None or path in seen.path)
                and (method is None or seen.method == method)
            ]

    def connections(self, listener: str | None = None, sni: str | None = None) -> list[Connection]:
        """Copies of the connections seen, in order."""
        with self._changed:
            return [
                dataclasses.replace(connection)
                for connection in self._connections
                if (listener is None or connection.listener == listener) and (sni is None or connection.sni == sni)
            ]

    def wait(self, condition: Callable[[], bool], seconds: float = 20) -> bool:
        """Wait until `condition()` holds, at most `seconds`; False if it never did. It is asked at every change."""
        until = time.monotonic() + seconds
        with self._changed:
            return self._changed.wait_for(condition, until - time.monotonic())

    def settled(self, closed: bool) -> bool:
        """Whether every request seen so far has been served or given up, and with `closed` no connection is open."""
        with self._changed:
            return all(seen.served for seen in self._requests) and not (
                closed and any(connection.open for connection in self._connections)
            )

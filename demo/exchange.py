"""One HTTP connection of the local forge: reads requests, notes them, and answers each from git, LFS or the sink."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from demo import smart_http, wire
from demo.answer import Answer, document
from demo.authority import Flaw
from demo.batch import LfsStyle
from demo.journal import Connection, Journal, Seen
from demo.lfs import Lfs
from demo.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How the forge treats one host name; the default is a healthy forge.

    `bytes_per_second`: reads request bodies no faster. `refuse_after`: answers 413 after
    that many body bytes and closes, as a forge with its own size limit does. `early_head`: git gets the response's
    head before the forge has read the request's body. `flaw`: what is wrong with the certificate. `lfs`: where git-lfs
    objects are to go. `answer`: what the host's own API answers to a request and its body; None where it has no answer.
    `hidden`: paths of repositories (`/acme/api`) that it shows only to those who sign in, whoever they are.
    """

    bytes_per_second: int | None = None
    refuse_after: int | None = None
    early_head: bool = False
    flaw: Flaw = Flaw.NONE
    lfs: LfsStyle = field(default_factory=LfsStyle)
    answer: Callable[[wire.Head, bytes], Answer | None] | None = None
    hidden: frozenset[str] = frozenset()


class Exchange:
    """Serves connections; `behaviour` says how to treat the host that a request names."""

    def __init__(
        self, root: Path, store: Store, journal: Journal, behaviour: Callable[[str | None], Behaviour]
    ) -> None:
        self._root = root
        self._store = store
        self._lfs = Lfs(store, lambda host: behaviour(host).lfs)
        self._journal = journal
        self._behaviour = behaviour

    def serve(self, accepted: socket.socket, connection: Connection) -> None:
        """Serve requests on one connection until it ends; Aborted or OSError if the peer leaves in the middle."""
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
            found = smart_http.find_repository(self._root, head.host, head.path)
            asks = _asks_to_sign_in(head, behaviour)
            if found is not None and not asks:
                seen.status = smart_http.serve(stream, head, body, *found, early_head=behaviour.early_head)
                return True
            reply = self._sign_in(body) if asks else self._reply(head, body)
        except _TooMuch:
            self._journal.note(seen, outcome="refused", status=413)
            stream.send(wire.response(413, [("Connection", "close")], b"too much for this forge\n"))
            stream.finish_early()
            return False
        seen.status = reply.status
        headers = [("Content-Type", reply.media_type), *reply.headers]
        stream.send(wire.response(reply.status, headers, reply.content, head_only=head.method == "HEAD"))
        return True

    @staticmethod
    def _sign_in(body: Iterator[bytes]) -> Answer:
        for _ in body:
            pass
        basic = ("WWW-Authenticate", 'Basic realm="forge"')
        return Answer(status=401, content=b"sign in first\n", headers=(basic,))

    def _reply(self, head: wire.Head, body: Iterator[bytes]) -> Answer:
        own = self._behaviour(head.host).answer
        if own is not None:
            content = b"".join(body)
            answer = own(head, content)
            if answer is not None:
                return answer
            body = iter((content,))
        if self._store.serves(head.host):
            return self._store.answer(head.host, head.method, head.target, body)
        known = self._lfs.answer(head.host, head.method, head.target, head.header("authorization"), body)
        if known is not None:
            return known
        length = sum(len(part) for part in body)
        if head.path.endswith("/info/refs"):
            return Answer(status=404, content=b"no such repository\n")
        status = 201 if head.method in ("POST", "PUT") else 200
        return document(status, {"forge": "local", "path": head.path, "bytes": length})

    def _counted(self, body: Iterator[bytes], seen: Seen, refuse_after: int | None) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for part in body:
            digest.update(part)
            self._journal.note(seen, body=seen.body + len(part))
            if refuse_after is not None and seen.body > refuse_after:
                raise _TooMuch
            yield part
        self._journal.note(seen, sha256=digest.hexdigest(), outcome="complete")


def _asks_to_sign_in(head: wire.Head, behaviour: Behaviour) -> bool:
    return head.header("authorization") is None and any(
        head.path.startswith((f"{path}/", f"{path}.git/")) for path in behaviour.hidden
    )


class _TooMuch(Exception):
    """The body is larger than this host's `refuse_after`."""

"""One request of the corpus surface.jsonl as it is sent, and a client that sends it through the proxy. `test_surface`
says what the fields of a row mean.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tests.attacks.raw import H2, Answer, Raw
from tests.e2e.conftest import Run

MARK = "x-attempt"
"""The header that holds a request's token."""

_TIMES = re.compile(r"\{(\d+)x\}")


def filled(value: Any, token: str) -> Any:
    """`value` with the placeholders in all its texts filled in."""
    match value:
        case str():
            return _TIMES.sub(lambda found: "x" * int(found[1]), value.replace("{t}", token))
        case dict():
            return {key: filled(one, token) for key, one in value.items()}
        case list():
            return [filled(one, token) for one in value]
        case _:
            return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One request as it is sent, marked with a token that nothing else holds."""

    token: str
    row: dict[str, Any]

    @property
    def url(self) -> SplitResult:
        """Where it goes."""
        return urlsplit(self.row["url"])

    @property
    def host(self) -> str:
        """What the Host header says."""
        return self.url.netloc

    @property
    def tunnel(self) -> tuple[str | None, str | None, str, str]:
        """What to CONNECT to, the SNI, the protocol, and the client's address: connections with the same are shared."""
        authority = self.host if ":" in self.host.rpartition("]")[2] else f"{self.host}:443"
        plain = self.url.scheme == "http"
        connect = self.row.get("connect", None if plain else authority.rpartition("@")[2])
        sni = self.row.get("sni", None if plain else (self.url.hostname or ""))
        return connect, sni, self.row.get("http", "1.1"), self.row.get("from", "127.0.0.1")

    @property
    def body(self) -> bytes | None:
        """The body; None if there is none."""
        if "base64" in self.row:
            return base64.b64decode(self.row["base64"])
        body = self.row.get("body")
        if body is None:
            return None
        return body.encode() if isinstance(body, str) else json.dumps(body).encode()

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The header fields besides Host and the length."""
        given = self.row.get("headers", {})
        pairs = list(given.items()) if isinstance(given, dict) else [(name, value) for name, value in given]
        said = {name.lower() for name, _ in pairs}
        if not isinstance(self.row.get("body", ""), str) and "content-type" not in said:
            pairs.append(("content-type", "application/json"))
        return [*pairs, (MARK, self.token)]

    def lines(self, *, absolute: bool) -> bytes:
        """The request as HTTP/1.1."""
        if "raw" in self.row:
            return str(self.row["raw"]).encode("latin-1")
        target = self.row["url"].partition("://")[2].partition("/")[2]
        target = f"/{target}" if not absolute else self.row["url"]
        head = [f"{self.row['method']} {target} HTTP/1.1"]
        if not any(name.lower() == "host" for name, _ in self.fields):
            head.append(f"Host: {self.host.rpartition('@')[2]}")
        head += [f"{name}: {value}" for name, value in self.fields]
        length = self.row.get("length", None if self.body is None else len(self.body))
        if length is not None:
            head.append(f"Content-Length: {length}")
        return "\r\n".join([*head, "", ""]).encode("utf-8") + (self.body or b"")

    def pseudo(self) -> list[tuple[bytes, bytes]]:
        """The header fields in HTTP/2."""
        target = self.row["url"].partition("://")[2].partition("/")[2]
        usual = {":method": self.row["method"], ":scheme": "https", ":authority": self.host, ":path": f"/{target}"}
        pairs = [*self.row.get("pseudo", usual.items()), *self.fields]
        return [(name.encode(), value.encode()) for name, value in pairs]


@dataclass(slots=True)
class Client:
    """Sends shots through the proxy, on connections that are kept as long as they last."""

    run: Run
    kept: dict[object, Raw] = field(default_factory=dict)

    def send(self, shot: Shot) -> Answer:
        """The answer; status 0 if the connection ended without one."""
        try:
            if shot.tunnel[2] == "2":
                return self._send2(shot)
            fresh = shot.tunnel not in self.kept
            answer = self._send1(shot)
            if answer.status == 0 and not fresh:  # it had ended before
                answer = self._send1(shot)
            return answer
        except (ssl.SSLError, ConnectionError, TimeoutError):
            self._drop(shot)
            return Answer(status=0)

    def _send1(self, shot: Shot) -> Answer:
        raw = self._open(shot)
        if raw is None:
            return Answer(status=0, head=b"CONNECT")
        raw.send(shot.lines(absolute=shot.tunnel[0] is None))
        answer = raw.answer(head_only=shot.row.get("method") == "HEAD")
        if not answer.status or shot.row.keys() & {"raw", "length"} or b"close" in answer.head.lower():
            self._drop(shot)
        return answer

    def _send2(self, shot: Shot) -> Answer:
        raw = self._open(shot)
        if raw is None:
            return Answer(status=0, head=b"CONNECT")
        client = H2(raw)
        stream = client.request(shot.pseudo(), shot.body)
        status = client.finish(stream)
        self._drop(shot)
        return Answer(status=status, body=client.body.get(stream, b""))

    def _open(self, shot: Shot) -> Raw | None:
        connect, sni, protocol, source = shot.tunnel
        raw = self.kept.get(shot.tunnel)
        if raw is not None:
            return raw
        raw = self.kept[shot.tunnel] = Raw(self.run.port, source)
        if connect is not None and raw.connect(connect) != 200:
            self._drop(shot)
            return None
        if sni is not None:
            handshake(raw, sni, "h2" if protocol == "2" else "http/1.1")
        return raw

    def _drop(self, shot: Shot) -> None:
        raw = self.kept.pop(shot.tunnel, None)
        if raw is not None:
            raw.socket.close()


def handshake(raw: Raw, sni: str, protocol: str) -> None:
    """Shake hands with whoever is there: an attacker doesn't look at certificates."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    raw.socket = context.wrap_socket(raw.socket, server_hostname=sni or None)

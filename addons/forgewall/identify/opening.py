"""What the first bytes of a tunnel say: TLS and for which name, HTTP/1 and for which host, SSH, or something else.

It reads just enough to compare names; it does not validate a handshake or a request. Sans-io: `read_opening` returns
None while it needs more bytes, and never keeps any.

A ClientHello is taken strictly (RFC 8446 section 4.1.2, RFC 6066 section 3): one server_name extension, one entry, a
plain ASCII host name. What two parsers could read differently is a `problem`, since the other reader is the forge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_OPENING = 64 * 1024
"""Bytes after which an opening that still isn't complete counts as malformed."""

MAX_RECORDS = 16
"""TLS records a ClientHello may be split into; real ones take one or two."""

_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_PORT = re.compile(r":[0-9]*", re.ASCII)
_METHOD = re.compile(rb"[A-Za-z!#$%&'*+.^_`|~-]{1,24}(?: |\Z)")


class Protocol(StrEnum):
    """What the client speaks."""

    TLS = "tls"
    HTTP1 = "http/1"
    SSH = "ssh"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The first words of a tunnel. `name` is the SNI or the Host in lower case without port and trailing dot.

    `problem` says in a few words why the name can't be trusted; then `name` is None.
    """

    protocol: Protocol
    name: str | None = None
    problem: str | None = None


class _Malformed(Exception):
    """The bytes aren't a ClientHello that can be read in one way only."""


class _Incomplete(Exception):
    """More bytes are needed."""


def read_opening(data: bytes) -> Opening | None:
    """Tell what `data`, all that the client sent so far, begins. None: send more; the answer may still change."""
    if not data:
        return None
    if data[0] == 0x16:
        return _tls(data)
    if b"SSH-".startswith(data[:4]):
        return Opening(protocol=Protocol.SSH) if len(data) >= 4 else None
    if _METHOD.match(data):
        return _http1(data)
    return Opening(protocol=Protocol.OTHER)


def _tls(data: bytes) -> Opening | None:
    try:
        name = _server_name(_client_hello(data))
    except _Incomplete:
        if len(data) < MAX_OPENING:
            return None
        return Opening(protocol=Protocol.TLS, problem="the TLS ClientHello is too long")
    except _Malformed as error:
        return Opening(protocol=Protocol.TLS, problem=str(error))
    return Opening(protocol=Protocol.TLS, name=name)


def _client_hello(data: bytes) -> bytes:
    """Join the handshake fragments of the leading TLS records; return the body of the ClientHello."""
    hello = b""
    offset = 0
    for _ in range(MAX_RECORDS):
        if offset + 5 > len(data):
            raise _Incomplete
        if data[offset] != 0x16 or data[offset + 1] != 3:
            raise _Malformed("the TLS ClientHello is malformed")
        size = int.from_bytes(data[offset + 3 : offset + 5])
        if not 0 < size <= 2**14:
            raise _Malformed("the TLS ClientHello is malformed")
        hello += data[offset + 5 : offset + 5 + size]
        if hello[0:1] != b"\x01" and hello:
            raise _Malformed("the TLS connection does not begin with a ClientHello")
        if len(hello) >= 4 and len(hello) >= 4 + int.from_bytes(hello[1:4]):
            return hello[4 : 4 + int.from_bytes(hello[1:4])]
        if offset + 5 + size > len(data):
            raise _Incomplete
        offset += 5 + size
    raise _Malformed("the TLS ClientHello is split into too many records")


class _Reader:
    """A cursor over length-prefixed vectors, RFC 8446 section 3.4."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, size: int) -> bytes:
        if size > len(self.data):
            raise _Malformed("the TLS ClientHello is malformed")
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def vector(self, width: int) -> bytes:
        return self.take(int.from_bytes(self.take(width)))


def _server_name(hello: bytes) -> str | None:
    reader = _Reader(hello)
    reader.take(2 + 32)  # legacy_version, random
    reader.vector(1)  # legacy_session_id
    reader.vector(2)  # cipher_suites
    reader.vector(1)  # legacy_compression_methods
    if not reader.data:
        return None
    extensions = _Reader(reader.vector(2))
    if reader.data:
        raise _Malformed("the TLS ClientHello is malformed")
    names: list[str] = []
    while extensions.data:
        kind, body = extensions.take(2), extensions.vector(2)
        if kind == b"\x00\x00":
            names.append(_host_name(body))
    if len(names) > 1:
        raise _Malformed("the TLS ClientHello has more than one server name")
    return names[0] if names else None


def _host_name(extension: bytes) -> str:
    outer = _Reader(extension)
    entries = _Reader(outer.vector(2))
    kind, name = entries.take(1), entries.vector(2)
    if outer.data or entries.data or kind != b"\x00":
        raise _Malformed("the TLS server name is malformed or not the only one")
    try:
        text = name.decode("ascii").lower()
    except UnicodeDecodeError:
        raise _Malformed("the TLS server name is not ASCII") from None
    text = text.removesuffix(".")
    if not _HOST_NAME.fullmatch(text):
        raise _Malformed("the TLS server name is not a host name")
    return text


def _http1(data: bytes) -> Opening | None:
    if data.startswith(b"PRI * HTTP/2"):
        return Opening(protocol=Protocol.OTHER)
    head, end, _ = data.partition(b"\r\n\r\n")
    if not end:
        if b"\n\n" in data:
            return Opening(protocol=Protocol.HTTP1, problem="the request head has bare line feeds")
        if len(data) < MAX_OPENING:
            return None
        return Opening(protocol=Protocol.HTTP1, problem="the request head is too long")
    if b"\n" in head.replace(b"\r\n", b""):
        return Opening(protocol=Protocol.HTTP1, problem="the request head has bare line feeds")
    hosts = [
        value.strip().decode("latin-1").lower()
        for name, colon, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        if colon and name.strip().lower() == b"host"
    ]
    if len(hosts) > 1:
        return Opening(protocol=Protocol.HTTP1, problem="the request has more than one Host header")
    return Opening(protocol=Protocol.HTTP1, name=bare_host(hosts[0]) if hosts else None)


def split_authority(authority: str) -> tuple[str, str]:
    """Host and port of an authority (`Host:`, `:authority`): lower case, without brackets and one trailing dot.

    The port is the digits as they stand, empty where there are none. What is no authority comes back as a host that
    equals no real one.
    """
    text = authority.lower()
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        bracketed = ":" in host and (not rest or _PORT.fullmatch(rest) is not None)
        return (host, rest.removeprefix(":")) if bracketed else (text, "")
    host, colon, port = text.partition(":")
    if colon and not _PORT.fullmatch(colon + port):
        return text, ""
    return host.removesuffix("."), port


def bare_host(authority: str) -> str:
    """The host of an authority alone, see `split_authority`."""
    return split_authority(authority)[0]

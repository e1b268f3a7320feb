"""Where a forge's answer tells the client to upload: the announcement, and the target of a request that follows it.

An object store's URL names no repository. The answer that announces it does (to an LFS batch, to a request for an
attachment's or an artifact's place, for a token of a store), so what it announced is remembered for the client that
asked (`announced_memory`), and a request to exactly such a URL, or with exactly such a token, is an upload to the
repository that asked. Only what requests are compared by is kept, never the URL or the token: they are credentials.
What is *not* here: reading answers (`inspect.lfs_answer`, `forgewall.learn`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from forgewall.model import Operation, Request, Target

MAX_URL = 8192
"""Characters of a URL that may be announced; signed ones take about 2,000."""

_PORTS = {"http": 80, "https": 443}
# RFC 3986 section 3: what may stand in a path and a query unencoded. Possessive, so that a mismatch isn't tried again.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>(?:/|\?|\Z)(?:[A-Za-z0-9._~:/?@!$&'()*+,;=\[\]-]++|%[0-9A-Fa-f]{2})*+)(?P<fragment>#[\x21-\x7e]*)?",
    re.ASCII,
)
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_VARIABLE = re.compile(r"%[0-9A-Fa-f]{2}|[\[\]]")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Use(StrEnum):
    """What an announced URL is for."""

    UPLOAD = "upload"  # the whole object
    PART = "part"  # a part of it
    VERIFY = "verify"  # "is it there?"
    COMMIT = "commit"  # the parts become the object
    ABORT = "abort"


_PURPOSES: Mapping[Use, str] = MappingProxyType(
    {
        Use.UPLOAD: "for an upload",
        Use.PART: "for a part of an upload",
        Use.VERIFY: "to verify an upload",
        Use.COMMIT: "to complete an upload",
        Use.ABORT: "to give up an upload",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A URL as requests are compared with it: `host` folded, `digest` of path and query in their canonical spelling."""

    scheme: str
    host: str
    port: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One URL or token that an answer announced, and what may be done with it.

    `asker` is the target of the request that was answered. `oid` is the SHA-256 of the whole object in hex, `size` its
    bytes, empty and 0 where the answer doesn't tell; `most` are the bytes that one request may carry (the object's
    size, or the part's), None for the policy's limit alone. `whole`: a request carries all of it, so that its hash can
    be checked. `seconds` is how long the announcement holds. `request_id` is the asking request's own, in events.
    `operation` is what a request that follows does.
    """

    place: Place
    methods: frozenset[str]
    use: Use
    oid: str
    size: int
    most: int | None
    whole: bool
    transfer: str
    asker: Target
    seconds: int
    request_id: str = ""
    operation: Operation = Operation.LFS_UPLOAD

    @property
    def carries_content(self) -> bool:
        """Whether the body is the object or a part of it, not a word about it."""
        return self.use in (Use.UPLOAD, Use.PART)


def parse_place(url: str, asked: Request) -> Place | str:
    """The place of an announced URL, or a sentence why it can't be one. `asked` is the batch request.

    Only what all clients send alike is taken: an absolute URL of RFC 3986 without user and dot segments. Plain HTTP
    and bare IP addresses are taken where the batch itself went to the same scheme and host.
    """
    if len(url) > MAX_URL:
        return f"an announced address has more than {MAX_URL} characters"
    match = _URL.fullmatch(url)
    if match is None:
        return "an announced address is not an absolute URL in plain spelling"
    scheme, host = match["scheme"], match["host"].lower().removesuffix(".")
    port = int(match["port"]) if match["port"] else _PORTS[scheme]
    if not 0 < port < 65536:
        return "an announced address has a port that doesn't exist"
    same_host = host.strip("[]") == asked.host.lower().removesuffix(".").strip("[]")
    if scheme == "http" and not (asked.scheme == "http" and same_host):
        return "an announced address is plain HTTP"
    wrong = _wrong_host(host)
    if wrong and not same_host:
        return wrong
    target = match["rest"]
    path = target.partition("?")[0]
    if any(_decoded_dots(segment) for segment in path.split("/")):
        return "an announced address holds a dot segment"
    return Place(scheme=scheme, host=host.strip("[]"), port=port, digest=_digest(target))


def place_of(request: Request) -> Place:
    """Where a request goes, in the spelling that announcements are compared in."""
    host = request.host.lower().removesuffix(".").strip("[]")
    return Place(scheme=request.scheme, host=host, port=request.port, digest=_digest(request.path))


def token_place(scheme: str, host: str, port: int, token: str) -> Place:
    """The place that a bearer token (RFC 6750) opens on a host; only its SHA-256 is kept."""
    digest = hashlib.sha256(b"bearer\0" + token.encode("utf-8", "surrogatepass")).digest()
    return Place(scheme=scheme, host=host.lower().removesuffix("."), port=port, digest=digest)


def token_place_of(request: Request) -> Place | None:
    """The place that the bearer token of `request` opens; None without exactly one."""
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or "," in token:
        return None
    return token_place(request.scheme, request.host, request.port, token.strip())


def announced_target(announcement: Announcement, request: Request) -> Target:
    """The target of a request that `announcement` covers: an upload to the repository that asked."""
    asker, operation = announcement.asker, announcement.operation
    what = "LFS" if operation is Operation.LFS_UPLOAD else operation.value
    evidence = f"{what}: {request.method} {_PURPOSES[announcement.use]} that {asker.address or asker.host} announced"
    return replace(asker, operation=operation, effect=operation.effect, evidence=evidence, wants_body=False)


def doubted_target(announcement: Announcement, doubt: str) -> Target:
    """The target of a request that `announcement` covers, but that a server may read otherwise: nothing is certain."""
    operation = Operation.UNIDENTIFIED
    return replace(announcement.asker, operation=operation, effect=operation.effect, evidence=doubt, wants_body=False)


def _wrong_host(host: str) -> str:
    if host.startswith("[") or _is_address(host):
        return "an announced address holds an IP address instead of a name"
    if _NAME.fullmatch(host) is None or len(host) > 253:
        return "an announced address has no valid host name"
    if host == "localhost" or host.endswith((".localhost", ".local", ".localdomain")):
        return "an announced address leads to the client itself"
    return ""


def _is_address(host: str) -> bool:
    """Whether a resolver may take `host` for an IPv4 address: also `127.1`, `0x7f.1` and `2130706433`."""
    return _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _decoded_dots(segment: str) -> bool:
    return len(segment) <= 6 and segment.lower().replace("%2e", ".") in (".", "..")


def _digest(target: str) -> bytes:
    """SHA-256 of a path and query, normalised as RFC 3986 section 6.2.2 says two spellings are the same."""
    path, mark, query = target.partition("#")[0].partition("?")
    canonical = f"{path or '/'}?{query}" if mark and query else path or "/"
    canonical = _VARIABLE.sub(_normal, canonical)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).digest()


def _normal(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) == 1:
        return f"%{ord(found):02X}"
    char = chr(int(found[1:], 16))
    return char if char in _UNRESERVED else found.upper()

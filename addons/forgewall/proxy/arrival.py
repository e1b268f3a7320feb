"""What the enforcer is shown of a request that has arrived: plain facts, taken from mitmproxy's objects by the layers.

Not here: mitmproxy. The enforcer and its tests work on these values alone.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from forgewall.model import Request, Subject
from forgewall.record.ulid import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request's head. `authorities` are the values of Host and :authority, in order; `head_bytes` is its size.

    `has_body`: a body was announced or is still open (HTTP/2). `content_length` in bytes, None if not announced.
    """

    request: Request
    subject: Subject
    authorities: tuple[str, ...]
    http_version: str
    head_bytes: int
    has_body: bool
    content_length: int | None = None
    server_name: str | None = None
    id: str = field(default_factory=new_id)


def subject_of(peername: tuple[Any, ...] | None) -> Subject:
    """The subject behind a socket's peer name; an IPv4 address mapped into IPv6 is the IPv4 address."""
    if not peername:
        return Subject(client="0.0.0.0")  # noqa: S104 - stands for an unknown client, nothing is bound
    return Subject(client=_canonical(str(peername[0])), port=int(peername[1]))


@lru_cache(maxsize=4096)
def _canonical(host: str) -> str:
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)

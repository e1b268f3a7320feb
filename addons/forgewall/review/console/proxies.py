"""Reverse proxies in front of the console: which peers are believed, and what their headers say of whoever asks.

A header counts only if the connection comes from a trusted peer; from any other it is as if it weren't there. What a
trusted proxy must do is to replace these headers, never to pass on a client's own.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from forgewall.errors import ForgewallError
from forgewall.review.person import Person, Role

type Headers = Sequence[tuple[bytes, bytes]]
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded", b"x-real-ip"})
"""Headers about the client that only a trusted proxy may send."""
LONGEST_NAME = 128


class HeaderError(ForgewallError):
    """A trusted proxy says something that can't be relied upon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxies:
    """`networks` are where trusted proxies connect from. `user_header` names who is signed in there, '' if tokens are
    used behind the proxy. He is a reviewer if `reviewers` has his name or `role_header` says `reviewer`.
    """

    networks: tuple[Network, ...]
    user_header: str = ""
    role_header: str = ""
    reviewers: frozenset[str] = frozenset()

    def trusts(self, peer: str) -> bool:
        """Whether the peer of a connection is such a proxy."""
        address = plain_address(peer)
        return address is not None and any(address in network for network in self.networks)

    def own_headers(self) -> frozenset[bytes]:
        """The names, in lower case, of headers that nobody else may send."""
        named = {name.lower().encode("ascii") for name in (self.user_header, self.role_header) if name}
        return FORWARDED | named

    def person(self, headers: Headers) -> Person | None:
        """Whom the headers of a trusted proxy name; None if nobody. Raises HeaderError."""
        if not self.user_header:
            return None
        name = _only(headers, self.user_header)
        if not name:
            return None
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise HeaderError(f"{self.user_header} holds what is no name: it must be printable and not longer than 128")
        return Person(name=name, source="header", role=self._role(name, headers))

    def _role(self, name: str, headers: Headers) -> Role:
        said = _only(headers, self.role_header).split(",") if self.role_header else []
        named = name in self.reviewers or Role.REVIEWER in (word.strip().lower() for word in said)
        return Role.REVIEWER if named else Role.VIEWER

    def client(self, peer: str, headers: Headers) -> str:
        """Who is behind a trusted peer: the last address of X-Forwarded-For that is no trusted proxy."""
        told = ",".join(_all(headers, "x-forwarded-for")).split(",")
        for word in reversed(told):
            address = plain_address(word.strip())
            if address is None:
                break
            if not self.trusts(str(address)):
                return str(address)
        return peer

    def secure(self, headers: Headers) -> bool:
        """Whether a trusted peer says that the client's own connection is encrypted."""
        return [word.strip().lower() for word in _all(headers, "x-forwarded-proto")] == ["https"]


def plain_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """`text` as an IP address, an IPv4 one also where it's written as IPv6 (`::ffff:127.0.0.1`); None if it's none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(text: str) -> bool:
    """Whether `text` is an address of this machine for itself."""
    address = plain_address(text)
    return address is not None and address.is_loopback


def _all(headers: Headers, name: str) -> list[str]:
    wanted = name.lower().encode("ascii")
    return [value.decode("utf-8", "replace") for key, value in headers if key == wanted]


def _only(headers: Headers, name: str) -> str:
    values = _all(headers, name)
    if len(values) > 1:
        raise HeaderError(f"{name} came more than once: the proxy must replace a client's own, not add to it")
    return values[0].strip() if values else ""

"""Whom an approval is for: users, client addresses and networks, and groups of these. Who asks is not found out here.

Matching costs the same however many members there are. An unknown subject matches no user and no group of users: a
client address counts only where the policy lists addresses. User names are compared exactly.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from forgewall.model import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A set of users and networks. `networks` maps (IP version, prefix length) to network numbers."""

    users: frozenset[str] = frozenset()
    networks: Mapping[tuple[int, int], Collection[int]] = field(default_factory=dict)
    terms: tuple[str, ...] = ()

    def admits(self, subject: Subject) -> bool:
        """Whether `subject` is one of those meant."""
        if subject.user is not None and subject.user in self.users:
            return True
        return bool(self.networks) and _within(subject.client, self.networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A name for users and networks, with the line it stands in."""

    name: str
    line: int
    audience: Audience


def audience(terms: Iterable[str], groups: Mapping[str, Group]) -> Audience:
    """The audience that `terms` name: a group's name, an IP address, a CIDR network, or else a user's name.

    Raises ValueError with a sentence for a network that isn't one.
    """
    users: set[str] = set()
    networks: dict[tuple[int, int], set[int]] = {}
    listed = tuple(terms)
    for term in listed:
        if group := groups.get(term):
            users |= group.audience.users
            for key, numbers in group.audience.networks.items():
                networks.setdefault(key, set()).update(numbers)
        elif network := network_of(term):
            version, prefix, number = network
            networks.setdefault((version, prefix), set()).add(number)
        else:
            users.add(term)
    return Audience(users=frozenset(users), networks=networks, terms=listed)


def network_of(term: str) -> tuple[int, int, int] | None:
    """(IP version, prefix length, network number without host bits) of an address or network; None for another word.

    Raises ValueError with a sentence where `term` looks like a network and isn't one.
    """
    if ":" not in term and not term[:1].isdigit():
        return None  # most terms are user names, and ip_network takes its time to say so
    try:
        network = ip_network(term, strict=False)
    except ValueError:
        if _LIKE_A_NETWORK.match(term):
            raise ValueError("it is neither an IP address nor a network such as 10.4.0.0/16") from None
        return None
    address, slash, _ = term.partition("/")
    if slash and ip_address(address) != network.network_address:
        raise ValueError(f"it has bits set after its prefix: write {network} for the network, or {address} alone")
    bits = network.max_prefixlen
    return network.version, network.prefixlen, int(network.network_address) >> (bits - network.prefixlen)


_LIKE_A_NETWORK = re.compile(r"(?:[0-9]+(?:\.[0-9]+)+|[0-9a-fA-F]*:[0-9a-fA-F:.]*)(?:/.*)?\Z")


def _within(client: str, networks: Mapping[tuple[int, int], Collection[int]]) -> bool:
    try:
        address: IPv4Address | IPv6Address = ip_address(client.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    number, bits, version = int(address), address.max_prefixlen, address.version
    return any(
        family == version and number >> (bits - prefix) in numbers for (family, prefix), numbers in networks.items()
    )

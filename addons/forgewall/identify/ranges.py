"""Which IP addresses belong to a forge, by what the forges have published. A table and a lookup, no network.

A tunnel under another name that arrives at such an address talks to the forge, whatever its name says: many servers
answer to any name, and whoever asks inside can ask for the forge's. Addresses that others share aren't in the table
(`data/forges.ranges` says which).
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import Self

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_ALL_OTHERS = "but"
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class Ranges:
    """Networks and the forge each belongs to. Immutable; a lookup takes logarithmic time."""

    def __init__(
        self, networks: Iterable[tuple[Network, str]] = (), others: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        """`networks` with the forge of each; of two that overlap the narrower one wins. `others` are the names that
        each forge's owner serves from the same addresses.
        """
        self._networks = tuple(networks)
        self._others = dict(others or {})
        self._rows: dict[int, list[tuple[int, int, str]]] = {4: [], 6: []}
        for network, forge in sorted(self._networks, key=lambda pair: (pair[0].version, int(pair[0].network_address))):
            last = int(network.network_address) + network.num_addresses - 1
            self._rows[network.version].append((int(network.network_address), last, forge))
        self._starts = {version: [row[0] for row in rows] for version, rows in self._rows.items()}
        self._reach = {version: list(accumulate((row[1] for row in rows), max)) for version, rows in self._rows.items()}

    @classmethod
    def built_in(cls) -> Self:
        """The published networks of `data/forges.ranges`."""
        networks, others = _built_in()
        return cls(networks, others)

    def with_addresses(self, addresses: Mapping[str, Iterable[Address]]) -> Ranges:
        """These and the single `addresses` of each forge."""
        single = [
            (ipaddress.ip_network(str(address)), forge) for forge, known in addresses.items() for address in known
        ]
        return Ranges([*self._networks, *single], self._others)

    def forge_at(self, address: Address, name: str) -> str | None:
        """The forge at `address`, None if it is none's, or if the forge's owner serves `name` from there too.

        `name` is lower case and without a trailing dot.
        """
        address = _embedded(address) or address
        rows, reach, number = self._rows[address.version], self._reach[address.version], int(address)
        index = bisect_right(self._starts[address.version], number) - 1
        # The nearest start decides, unless that network ends before: then an earlier, wider one may still reach.
        while index >= 0 and rows[index][1] < number <= reach[index]:
            index -= 1
        if index < 0 or rows[index][1] < number:
            return None
        forge = rows[index][2]
        return None if _is_below(name, self._others.get(forge, frozenset())) else forge


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, translated (RFC 6052) or tunnelled (RFC 3056)."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_below(name: str, names: frozenset[str]) -> bool:
    labels = name.split(".")
    return any(".".join(labels[index:]) in names for index in range(len(labels)))


def parse_ranges(text: str) -> tuple[tuple[tuple[Network, str], ...], Mapping[str, frozenset[str]]]:
    """The networks and the other names of a table's `text`. Raises ValueError with the line if one can't be read."""
    networks: list[tuple[Network, str]] = []
    others: dict[str, frozenset[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        forge, *rest = words
        if rest[:1] == [_ALL_OTHERS]:
            others[forge] = others.get(forge, frozenset()) | frozenset(rest[1:])
            continue
        try:
            networks += [(ipaddress.ip_network(word), forge) for word in rest]
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return tuple(networks), others


@cache
def _built_in() -> tuple[tuple[tuple[Network, str], ...], Mapping[str, frozenset[str]]]:
    return parse_ranges(resources.files("forgewall.identify").joinpath("data/forges.ranges").read_text("utf-8"))

"""Client addresses as numbers that can be compared, so that a network is a span of them."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

type Span = tuple[bytes, bytes]
"""The first and the last address, 16 bytes each."""

_MAPPED = bytes(10) + b"\xff\xff"


@lru_cache(maxsize=8192)
def packed(address: str) -> bytes | None:
    """`address` as 16 bytes (RFC 4291 section 2.5.5.2 for IPv4), its zone left out; None if it is none."""
    try:
        number = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return number.packed if number.version == 6 else _MAPPED + number.packed


@lru_cache(maxsize=256)
def span(word: str) -> Span | None:
    """The addresses that `word` (an address or a network) covers; None if it is neither."""
    try:
        network = ipaddress.ip_network(word.partition("%")[0] if "/" not in word else word, strict=False)
    except ValueError:
        return None
    first, last = network.network_address.packed, network.broadcast_address.packed
    return (first, last) if network.version == 6 else (_MAPPED + first, _MAPPED + last)


def within(address: str, borders: Span) -> bool:
    """Whether `address` lies within `borders`; no if it is no address."""
    number = packed(address)
    return number is not None and borders[0] <= number <= borders[1]

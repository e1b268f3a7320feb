"""Which forge's address a connection under another name has arrived at: published networks, and the addresses that the
names of self-hosted forges resolve to now.

Names are resolved again every few minutes and at each new policy; what can't be resolved keeps the addresses it had.
A name that resolves to loopback doesn't count, and neither do forges whose entry says `shared_address`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Callable
from pathlib import Path

from forgewall.errors import StartError
from forgewall.identify.ranges import Address, Ranges, parse_ranges
from forgewall.identify.registry import Registry

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 300.0


class Peers:
    """One per process. Asked for each connection to a host that is no forge."""

    def __init__(self, ranges: Ranges | None = None) -> None:
        self._published = ranges or Ranges.built_in()
        self._ranges = self._published
        self._known: dict[str, frozenset[Address]] = {}
        self._changed = asyncio.Event()

    def forge_at(self, peer: str, name: str) -> str | None:
        """The forge at the IP address `peer`, which was reached as `name`; None if it is none's."""
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return None
        return self._ranges.forge_at(address, name.lower().removesuffix("."))

    async def follow(self, current: Callable[[], Registry]) -> None:
        """Keep the addresses of self-hosted forges up to date, until cancelled; `current` gives those of the policy."""
        while True:
            self._changed.clear()
            await self.refresh(current())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), REFRESH_SECONDS)

    def changed(self) -> None:
        """There is a new policy, whose forges are to be resolved."""
        self._changed.set()

    async def refresh(self, registry: Registry) -> None:
        """Resolve the names of the policy's forges once."""
        wanted = {host: instance.host for instance in registry.instances for host in (instance.host, *instance.hosts)}
        shared = {instance.host for instance in registry.instances if instance.shared_address}
        found = {}
        for host, forge in wanted.items():
            if forge not in shared:
                found[host] = await _resolved(host) or self._known.get(host, frozenset())
        self._known = found
        addresses: dict[str, set[Address]] = {}
        for host, known in found.items():
            addresses.setdefault(wanted[host], set()).update(known)
        self._ranges = self._published.with_addresses(addresses)


def read_ranges(file: Path | None) -> Ranges:
    """The networks of `file`, a table like `identify/data/forges.ranges`, or the built-in ones. Raises StartError."""
    if file is None:
        return Ranges.built_in()
    try:
        return Ranges(*parse_ranges(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise StartError(f"cannot read --forge-ranges {file}: {error.strerror or error}.") from None
    except ValueError as error:
        raise StartError(f"--forge-ranges {file} can't be used: {error}.") from None


async def _resolved(host: str) -> frozenset[Address]:
    try:
        rows = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        logger.info("the forge %s can't be resolved now", host)
        return frozenset()
    found = {ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows}
    return frozenset(address for address in found if not address.is_loopback)

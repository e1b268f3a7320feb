"""Forges whose API isn't read in full, and hosts of a forge that only store or stream: plain reads, nothing else.

git and LFS on these forges are understood by `git` and `lfs` before a request comes here.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from forgewall.identify.paths import Path, widest
from forgewall.identify.registry import ForgeHost, Role
from forgewall.identify.targets import named, plain_read, unidentified
from forgewall.model import Operation, Request, Target

READS = frozenset({"GET", "HEAD", "OPTIONS"})
UNTOLD = "what becomes of data that is sent there isn't known"
"""Evidence for a write to one of a forge's other services: tunnels, spaces, pages, agents."""

_UNKNOWN_SERVICES = frozenset({Role.OTHER, Role.PAGES})


def identify(request: Request, forge_host: ForgeHost, path: Path) -> Target:
    """A plain read, telemetry, or unidentified."""
    if forge_host.role is Role.TELEMETRY and request.method not in READS:
        evidence = f"{forge_host.host} takes telemetry only"
        return named(forge_host, None, None, Operation.TELEMETRY, evidence, address=forge_host.forge)
    if request.method not in READS:
        if forge_host.role in _UNKNOWN_SERVICES:
            return unidentified(forge_host, f"{forge_host.host} is {forge_host.forge}'s, and {UNTOLD}")
        return unidentified(forge_host, f"{request.method} on {forge_host.host} is not understood")
    if may_write(request.path):
        return unidentified(forge_host, f"this {request.method} may open a write")
    return plain_read(forge_host, f"{request.method} without a body")


def may_write(target: str) -> bool:
    """Whether a raw request target has all words of one row of `data/reads-that-write.txt`."""
    text = widest(target)
    return any(all(word in text for word in row) for row in _rows())


@cache
def _rows() -> tuple[tuple[str, ...], ...]:
    text = resources.files("forgewall.identify").joinpath("data/reads-that-write.txt").read_text("utf-8")
    return tuple(tuple(line.split()) for line in text.splitlines() if line and not line.startswith("#"))

"""What the command line of `forgewall run` says, checked and typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from forgewall.errors import UsageError

type Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Flags of `forgewall run`. `listen` is host and port, port 0 for any free one."""

    policy: Path
    listen: Address
    events: Path
    certs: Path
    upstream_ca: Path | None
    connect_to: Mapping[Address, Address]
    spool: Path | None = None
    secret_rules: Path | None = None
    forge_ranges: Path | None = None
    memory: Path | None = None


def parse_listen(text: str) -> Address:
    """`HOST:PORT` as host and port; raises UsageError."""
    host, colon, port = text.rpartition(":")
    if not colon or _port(port) is None:
        raise UsageError(f"--listen {text!r} is not HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080")
    return host.strip("[]"), int(port)


def parse_connect_to(texts: Sequence[str]) -> dict[Address, Address]:
    """`HOST:PORT:ADDR:PORT` with curl's meaning: an empty HOST or PORT is any, an empty ADDR or PORT is the same.

    Any is kept as `""` and 0. The first of two for the same host and port counts. Raises UsageError.
    """
    found: dict[Address, Address] = {}
    for text in texts:
        parts = _split(text)
        ports = [_port(part or "0") for part in parts[1::2]]
        if len(parts) != 4 or None in ports:
            raise UsageError(f"--connect-to {text!r} is not HOST:PORT:ADDR:PORT, such as github.com:443:127.0.0.1:8443")
        key = (parts[0].lower().removesuffix("."), ports[0] or 0)
        found.setdefault(key, (parts[2], ports[1] or 0))
    return found


def led_to(connect_to: Mapping[Address, Address], host: str, port: int) -> Address | None:
    """Where a connection to `host` and `port` really goes; None if nothing leads it elsewhere."""
    name = host.lower().removesuffix(".")
    for key in ((name, port), (name, 0), ("", port), ("", 0)):
        if key in connect_to:
            address, address_port = connect_to[key]
            return address or host, address_port or port
    return None


def _port(text: str) -> int | None:
    """The port that `text` says; None if there is no such port."""
    plain = text.isascii() and text.isdecimal() and len(text) <= 5
    return int(text) if plain and int(text) <= 65535 else None


def _split(text: str) -> list[str]:
    """Split at colons outside of brackets; the brackets of an IPv6 address are dropped."""
    parts, depth = [""], 0
    for char in text:
        if char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
        elif char == ":" and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts

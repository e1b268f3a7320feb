"""By which names browsers may ask for the console.

A site that lets its own name lead to 127.0.0.1 ("DNS rebinding") would otherwise be of the same origin as the console.
The port isn't compared: it may have been forwarded, and it tells nothing that a site couldn't choose.
"""

from __future__ import annotations

import re

from forgewall.review.console.proxies import plain_address

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?")


def allowed_names(listen: str, named: frozenset[str]) -> frozenset[str]:
    """The names that count: those of this machine for itself, the address it listens on, and what was `named`."""
    own = plain_address(listen)
    bound = {str(own)} if own is not None and not own.is_unspecified else set()
    return LOOPBACK | bound | {name.lower().strip("[]").removesuffix(".") for name in named}


def name_of(host: str) -> str | None:
    """The name in a Host header (RFC 9110 section 7.2), lower case, without brackets; None if it is no such header."""
    match = _HOST.fullmatch(host)
    return match["name"].lower().strip("[]").removesuffix(".") if match else None

"""Requests whose head two readers could understand differently, or whose names don't agree: refused, whoever asks.

Not here: what the request is about (`identify`), and the framing that mitmproxy's own parsers refuse.
"""

from __future__ import annotations

import re

from forgewall.decide.protocol import protocol_block
from forgewall.identify.opening import split_authority
from forgewall.identify.registry import ForgeHost
from forgewall.model import Verdict
from forgewall.proxy.arrival import Arrival


def syntax_problem(arrival: Arrival) -> Verdict | None:
    """A head that two readers could understand differently, whoever it is for (RFC 9112 sections 2.3, 3.2 and 5.5)."""
    request = arrival.request
    if arrival.http_version not in {"1.0", "1.1", "2"}:
        return protocol_block("framing", "the request is of no HTTP version that can be passed on")
    if any(_BREAKS.search(name) or _BREAKS.search(value) for name, value in request.headers):
        return protocol_block("framing", "a header field holds a line break or NUL")
    starts_well = request.path.startswith("/") or (request.method == "OPTIONS" and request.path == "*")
    if not starts_well or _NO_TARGET.search(request.path):
        return protocol_block("framing", "the request target is not a path")
    return None


_BREAKS = re.compile(r"[\r\n\x00]")
_NO_TARGET = re.compile(r"[\x00-\x20\x7f]")


def protocol_problem(arrival: Arrival, forge: ForgeHost | None) -> Verdict | None:
    """What makes a request one that can't be trusted to be what it says; None if nothing does.

    `forge` None: it goes to a host that others use too, where any port may be open.
    """
    request = arrival.request
    if forge is not None and (request.scheme, request.port) not in {("https", forge.tls_port), ("http", 80)}:
        open_ports = f"{forge.tls_port} (HTTPS) and 80 (HTTP)"
        reason = f"{request.host} is a code forge, and only its ports {open_ports} are open, not {request.port}"
        return protocol_block("port", reason)
    coding = request.header("transfer-encoding")
    if coding is not None and coding.lower() != "chunked":
        return protocol_block("framing", "the body has a transfer coding that can't be counted")
    disagreement = _host_disagreement(arrival)
    return protocol_block("host-mismatch", disagreement) if disagreement is not None else None


def _host_disagreement(arrival: Arrival) -> str | None:
    """Why the names in a request to a forge don't agree, or None (RFC 9110 section 7.2, RFC 9113 section 8.3.1)."""
    request = arrival.request
    if not arrival.authorities:
        return f"the request to {request.host} names no Host"
    if sum(name == "host" for name, _ in request.headers) > 1:
        return f"the request to {request.host} names more than one Host"
    default = 443 if request.scheme == "https" else 80
    for authority in arrival.authorities:
        host, port = split_authority(authority)
        if host != request.host or (port or str(default)) != str(request.port):
            return f"the request goes to {request.host}:{request.port}, but its Host is {authority[:100]!r}"
    return None

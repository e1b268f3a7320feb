"""What mitmproxy's layers reach Forgewall through: one object per process, because mitmproxy makes the layers itself.

`current()` raises where nothing is installed, and a layer that gets an exception refuses: no wiring, no traffic.

Not here: judging (`enforcer`), tunnels (`tunnels`), and the hooks (`addon`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mitmproxy import http
from mitmproxy.connection import Client, Server
from mitmproxy.proxy.context import Context

from forgewall.decide.policy import Policy
from forgewall.decide.protocol import protocol_block
from forgewall.enforce.reply import Failure, Reply
from forgewall.identify.registry import ForgeHost
from forgewall.inspect.inspector import SpoolFull
from forgewall.model import Request
from forgewall.proxy.arrival import Arrival, subject_of
from forgewall.proxy.enforcer import MAX_HEAD_BYTES, Enforcer
from forgewall.proxy.ruling import Refused, Ruling

if TYPE_CHECKING:
    from forgewall.proxy.tunnels import Tunnel, TunnelDesk

logger = logging.getLogger(__name__)

type Address = tuple[str, int]


class Wiring:
    """The enforcer, the tunnel desk, the page of the proxy's own address, and which connections may be opened."""

    def __init__(self, enforcer: Enforcer, tunnels: TunnelDesk, own_page: Callable[[Request], Reply]) -> None:
        self.enforcer = enforcer
        self.tunnels = tunnels
        self.own_page = own_page
        self._permitted: dict[str, set[Address]] = {}
        self._overdue: set[tuple[str, Address]] = set()

    def install_policy(self, policy: Policy) -> None:
        """Judge by `policy` from now on; tunnels to hosts that are forges now are closed."""
        self.enforcer.policy = policy
        self.tunnels.recheck(policy)

    def judge(self, arrival: Arrival, *, origin_form: bool, invalid: bool) -> Ruling:
        """The ruling on a request; one in origin form is meant for the proxy itself (RFC 9112 section 3.2.1).

        `invalid`: mitmproxy's own check of the head failed (lengths that contradict each other, names that are none).
        """
        if invalid:
            reason = "the request's header fields contradict each other or are malformed"
            return Refused(self.enforcer.refuse(arrival, protocol_block("framing", reason)))
        if origin_form:
            return Refused(self.own_page(arrival.request))
        return self.enforcer.judge(arrival)

    def stalled(self, arrival: Arrival) -> Reply:
        """The reply to a client that doesn't send the part of a body that has to be seen first."""
        verdict = protocol_block("framing", "the request's body did not arrive in time")
        return self.enforcer.refuse(arrival, verdict, self._forge(arrival))

    def internal_error(self, arrival: Arrival | None, where: str, error: BaseException) -> Reply:
        """The reply where our code failed; a bare one where that can't be made either."""
        if arrival is None:
            return last_resort(where, error)
        try:
            return self.enforcer.internal_error(arrival, where, error)
        except Exception as another:
            return last_resort(f"telling of a failure while {where}", another)

    def no_room(self, arrival: Arrival | None, error: SpoolFull) -> Reply:
        """The reply where a body has to be kept on disk and can't be."""
        if arrival is None:
            return last_resort("keeping a body", error)
        reason = f"the request's body has to be seen whole before it goes on, and {error}"
        return self.enforcer.refuse(arrival, protocol_block("spool", reason), forge=self._forge(arrival))

    def _forge(self, arrival: Arrival) -> ForgeHost | None:
        return self.enforcer.policy.registry.lookup(arrival.request.host)

    def unavailable(self, arrival: Arrival, failure: Failure, detail: str) -> Reply:
        """The reply where the forge can't be reached."""
        return self.enforcer.unavailable(arrival, failure, detail)

    def open_tunnel(self, context: Context, flow: http.HTTPFlow) -> Tunnel | Reply:
        """The layer for a CONNECT, or the reply that refuses it."""
        return self.tunnels.open(context, flow, self.permit)

    def astray(self, arrival: Arrival, client: Client, host: str) -> Reply | None:
        """The reply where a connection to `host`, no forge's name, arrived at a forge's address."""
        return self.tunnels.astray(arrival, client, host)

    def permit(self, client: Client, address: Address) -> None:
        """From now on this client's connection may lead to `address`."""
        self._permitted.setdefault(client.id, set()).add(address)

    def permitted(self, client: Client, server: Server) -> bool:
        """Whether an upstream connection was permitted: the second barrier behind the stream's own."""
        return server.address is not None and server.address[:2] in self._permitted.get(client.id, ())

    def overdue(self, client: Client, address: Address) -> None:
        """A connection to `address` was not ready in time and is given up."""
        self._overdue.add((client.id, address))

    def was_overdue(self, client: Client, address: Address) -> bool:
        """Whether that is why it failed; asked once."""
        known = (client.id, address) in self._overdue
        self._overdue.discard((client.id, address))
        return known

    def forget(self, client: Client) -> None:
        """The client is gone."""
        for address in self._permitted.pop(client.id, ()):
            self._overdue.discard((client.id, address))


_current: Wiring | None = None


def install(wiring: Wiring | None) -> None:
    """Make `wiring` what all layers use from now on; None takes it away, and all traffic is refused."""
    global _current  # noqa: PLW0603 - mitmproxy makes the layers, so there is no one to hand it to
    _current = wiring


def current() -> Wiring:
    """The installed wiring; raises LookupError where there is none."""
    if _current is None:
        raise LookupError("no enforcer is installed")
    return _current


def last_resort(where: str, error: BaseException | None) -> Reply:
    """The reply when not even the enforcer can be asked; it tells the operator where, never what."""
    name = type(error).__name__ if error is not None else "no ruling"
    logger.error("refused without a ruling while %s: %s", where, name)
    return bare_reply(503, "Forgewall failed while it examined this request, and a failure never lets one through.")


def bare_reply(status: int, text: str) -> Reply:
    """A plain answer outside of any judged request."""
    body = f"{text}\n".encode()
    headers = (
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
    )
    return Reply(status=status, headers=headers, body=body)


def oversized_head(context: Context, data: bytes) -> Reply:
    """Record and answer a head that was never read to its end: all that is known is the connection and `data`."""
    reason = f"the request line and headers take more than the {MAX_HEAD_BYTES} bytes allowed"
    try:
        wiring = current()
        arrival = Arrival(
            request=_begun(context, data),
            subject=subject_of(context.client.peername),
            authorities=(),
            http_version="1.1",
            head_bytes=MAX_HEAD_BYTES + 1,
            has_body=False,
        )
        return wiring.enforcer.refuse(arrival, protocol_block("header-size", reason))
    except Exception as error:
        return last_resort("refusing an oversized head", error)


def _begun(context: Context, data: bytes) -> Request:
    """As much of a request as its first bytes tell."""
    scheme = "https" if context.client.tls else "http"
    method, _, rest = data[:4096].decode("latin-1").partition(" ")
    target = rest.split(" ", 1)[0].split("\r", 1)[0]
    host, port = context.server.address[:2] if context.server.address else ("", 80)
    if not target.startswith("/"):
        try:
            parts = urlsplit(target)
            host, port, target = parts.hostname or host, parts.port or port, parts.path
        except ValueError:
            target = ""
    return Request(method=method, scheme=scheme, host=host, port=port, path=target)


def failure_of(message: str, server: Server) -> tuple[Failure, str]:
    """What an upstream error of mitmproxy means, and the part of its text that may be shown (never payload bytes)."""
    text = message.lower()
    if "certificate verify failed" in text:
        return Failure.CERTIFICATE, message.partition(":")[2].strip()
    if "name or service not known" in text or "getaddrinfo" in text or "name resolution" in text or "nodename" in text:
        return Failure.DNS, ""
    if "timed out" in text or "timeout" in text:
        return Failure.TIMEOUT, ""
    if "connect call failed" in text or "refused" in text or "unreachable" in text or "errno" in text:
        return Failure.CONNECT, ""
    if not server.connected and ("tls" in text or "ssl" in text):
        return Failure.PROTOCOL, "the TLS handshake failed"
    return Failure.PROTOCOL, "the connection was closed" if "closed" in text else ""

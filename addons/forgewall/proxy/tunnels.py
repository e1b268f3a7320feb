"""CONNECT tunnels: planned by name, checked again by their first bytes, and only then led anywhere.

A forge's tunnel becomes a TLS endpoint of our own (or, on port 80, plain HTTP); any other is relayed untouched. Until
the first bytes are read, nothing the client sent goes upstream.

Not here: what names and bytes mean (`decide.tunnel`, `identify.opening`), and the requests inside a forge's tunnel.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from mitmproxy import http
from mitmproxy.connection import Client, Server
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.layers import tcp, tls

from forgewall.decide.policy import Policy
from forgewall.decide.protocol import internal_error
from forgewall.decide.tunnel import Passage, Plan, misled, parse_ip, plan_connect, plan_opening
from forgewall.enforce.reply import Reply
from forgewall.enforce.ssh import disconnect
from forgewall.identify.opening import Opening, Protocol, read_opening
from forgewall.identify.registry import fold_host
from forgewall.model import Request, Subject
from forgewall.proxy import backlog
from forgewall.proxy.arrival import Arrival, subject_of
from forgewall.proxy.enforcer import Enforcer
from forgewall.proxy.peers import Peers
from forgewall.record.event import Stage

logger = logging.getLogger(__name__)

OPENING_SECONDS = 30.0
"""How long a client may take to say what it wants in a tunnel to a forge or to a bare address."""

QUIET_SECONDS = 2.0
"""How long bytes that look like the start of an HTTP request are kept in a tunnel to another host."""

type Permit = Callable[[Client, tuple[str, int]], None]


class TunnelDesk:
    """Plans tunnels and knows which raw ones are open, so that a new policy can close them."""

    def __init__(self, enforcer: Enforcer, close: Callable[[Client], None], peers: Peers | None = None) -> None:
        self.peers = peers or Peers()
        self._enforcer = enforcer
        self._close = close
        self._raw: dict[str, tuple[Client, frozenset[str]]] = {}
        self._misled: dict[tuple[str, str], str] = {}

    def open(self, context: Context, flow: http.HTTPFlow, permit: Permit) -> Tunnel | Reply:
        """The layer for this CONNECT, or the reply that refuses it; never raises. `permit` is asked before a relay."""
        arrival = _arrival(context, flow)
        try:
            policy = self._enforcer.policy
            host = fold_host(flow.request.host.strip("[]")) or flow.request.host.lower()
            arrival = replace(arrival, request=replace(arrival.request, host=host))
            context.server.address = (host, flow.request.port)
            plan = self._plan(policy, arrival.subject, host, flow.request.port)
            if plan.verdict is not None:
                reply = self._enforcer.refuse(arrival, plan.verdict, plan.forge, Stage.CONNECTION)
                if plan.passage is Passage.REFUSE:
                    return reply
            return Tunnel(context, self, policy=policy, plan=plan, arrival=arrival, permit=permit)
        except Exception as error:
            return self._enforcer.internal_error(arrival, "opening a tunnel", error)

    def read(self, arrival: Arrival, data: bytes) -> Opening | None:
        """What the client's first bytes say, None for more; never raises: what can't be read names nobody."""
        try:
            return read_opening(data)
        except Exception as error:
            self._enforcer.internal_error(arrival, "reading the first bytes of a tunnel", error)
            return Opening(protocol=Protocol.OTHER, problem="the first bytes could not be read")

    def opened(self, planned: Policy, plan: Plan, arrival: Arrival, opening: Opening) -> tuple[Plan, bytes]:
        """What becomes of a tunnel whose first bytes are known, and last words to the client if it is refused.

        Never raises, and records what it refuses.
        """
        told = plan.verdict
        try:
            policy = self._enforcer.policy
            host, port = arrival.request.host, arrival.request.port
            if policy is not planned:  # a reload in between: plan by what holds now
                plan = self._plan(policy, arrival.subject, host, port)
            now = self._checked(policy, host, plan_opening(policy, host, plan, opening, datetime.now(UTC)))
            if now.verdict is not None and plan.passage is Passage.DECRYPT and plan.forge is None:
                # No TLS to the announced store, so nothing that was announced: as if there were no announcement.
                plan = plan_connect(policy, host, port, datetime.now(UTC))
                now = plan if plan.verdict is not None else plan_opening(policy, host, plan, opening, datetime.now(UTC))
            if now.verdict is None or now.verdict == told:
                return now, b""
            seen = replace(arrival, server_name=opening.name)
            reply = self._enforcer.refuse(seen, now.verdict, now.forge, Stage.CONNECTION)
            words = disconnect(" ".join(reply.body.decode().split())) if opening.protocol is Protocol.SSH else b""
            return now, words
        except Exception as error:
            self._enforcer.internal_error(arrival, "reading the first bytes of a tunnel", error)
            return Plan(passage=Passage.REFUSE, verdict=internal_error()), b""

    def _plan(self, policy: Policy, subject: Subject, host: str, port: int) -> Plan:
        """What becomes of a tunnel; one to a shared store is read for clients that were told to upload there."""
        plan = plan_connect(policy, host, port, datetime.now(UTC))
        if plan.forge is None and self._enforcer.examiner.announcements.names(subject.client, host):
            return Plan(passage=Passage.DECRYPT)
        return plan

    def _checked(self, policy: Policy, host: str, plan: Plan) -> Plan:
        """`plan`, unless it relays to a bare address that is a forge's."""
        address = parse_ip(host) if plan.passage is Passage.TUNNEL else None
        forge = self.peers.forge_at(str(address), host) if address is not None else None
        if forge is None:
            return plan
        return Plan(passage=Passage.REFUSE, verdict=misled(host, forge), forge=policy.registry.lookup(forge))

    def arrived(self, client: Client, server: Server) -> bool:
        """Whether a connection may stay: not one that is relayed unread and has arrived at a forge's address."""
        assert server.address is not None
        host, policy = server.address[0], self._enforcer.policy
        if server.tls or server.peername is None or policy.registry.lookup(host) is not None:
            return True
        forge = self.peers.forge_at(server.peername[0], host)
        if forge is None:
            return True
        self._misled[client.id, host] = forge
        return False

    def astray(self, arrival: Arrival, client: Client, host: str) -> Reply | None:
        """The reply where a connection to `host` did not stay for that reason; it is recorded."""
        forge = self._misled.pop((client.id, host), None)
        if forge is None:
            return None
        known = self._enforcer.policy.registry.lookup(forge)
        return self._enforcer.refuse(arrival, misled(host, forge), known, Stage.CONNECTION)

    def relayed(self, client: Client, names: frozenset[str]) -> None:
        """A raw tunnel of `client` to these names is open."""
        self._raw[client.id] = (client, names)

    def forget(self, client: Client) -> None:
        """The client is gone."""
        self._raw.pop(client.id, None)
        for key in [key for key in self._misled if key[0] == client.id]:
            del self._misled[key]

    def recheck(self, policy: Policy) -> None:
        """Close the raw tunnels to hosts that are forges by `policy`, and look where those are."""
        self.peers.changed()
        for client, names in list(self._raw.values()):
            if any(policy.registry.lookup(name) is not None for name in names):
                self._raw.pop(client.id, None)
                logger.warning("closed a tunnel to %s, which is a forge now", ", ".join(sorted(names)))
                self._close(client)


class Tunnel(layer.Layer):
    """What stands inside a CONNECT: holds the client's first bytes until it is known what they are."""

    def __init__(
        self, context: Context, desk: TunnelDesk, *, policy: Policy, plan: Plan, arrival: Arrival, permit: Permit
    ) -> None:
        super().__init__(context)
        self._desk = desk
        self._policy = policy
        self._plan = plan
        self.arrival = arrival
        self._permit = permit
        self._buffer = b""
        self._deadline: commands.RequestWakeup | None = None
        self._child: layer.Layer | None = None
        self._settled = False

    @property
    def relays(self) -> bool:
        """Whether this tunnel leads to its host untouched, so that the host may speak first."""
        return self._plan.passage is Passage.TUNNEL

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Go on, and stop the client's reads while the relay's connection is still being opened."""
        if self._connecting and isinstance(event, events.DataReceived):
            backlog.queued(self, len(event.data))
        yield from self._advance(event)
        if not self._connecting:
            backlog.released(self)

    @property
    def _connecting(self) -> bool:
        return self._child is not None and self._child._paused is not None

    def _advance(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, events.Start):
            if self.relays:
                self._child = self._relay(frozenset({self.arrival.request.host}))
                yield from self._child.handle_event(event)
            self._deadline = commands.RequestWakeup(QUIET_SECONDS if self.relays else OPENING_SECONDS)
            yield self._deadline
        elif isinstance(event, events.Wakeup) and event.command is self._deadline:
            yield from self._overdue()
        elif self._settled:
            if self._child is not None:
                yield from self._child.handle_event(event)
        elif isinstance(event, events.DataReceived) and event.connection == self.context.client:
            self._buffer += event.data
            opening = self._desk.read(self.arrival, self._buffer)
            if opening is not None:
                yield from self._settle(opening)
        elif isinstance(event, events.ConnectionClosed) and event.connection == self.context.client:
            yield from self._leave(event)
        elif self._child is not None:
            yield from self._child.handle_event(event)

    def _settle(self, opening: Opening) -> layer.CommandGenerator[None]:
        """The first bytes are known: lead them where they may go, or close."""
        self._settled = True
        plan, last_words = self._desk.opened(self._policy, self._plan, self.arrival, opening)
        data = events.DataReceived(self.context.client, self._buffer)
        self._buffer = b""
        match plan.passage:
            case Passage.DECRYPT if self._child is None:
                # A bare address whose SNI is a forge is that forge: connect by its name, not by the client's address.
                host = opening.name or self.arrival.request.host
                self.context.server.address = (host, self.arrival.request.port)
                self.context.server.tls = True
                self._child = tls.ClientTLSLayer(self.context)
            case Passage.PLAIN if self._child is None:
                self._child = mitm.HttpLayer(self.context, mitm.HTTPMode.transparent)
            case Passage.TUNNEL:
                names = frozenset(name for name in (self.arrival.request.host, opening.name) if name)
                relaying, self._child = self._child, self._child or self._relay(names)
                self._desk.relayed(self.context.client, names)
                if relaying is not None:
                    yield from relaying.handle_event(data)
                    return
            case _:  # refused, or led away already where a new policy wants it read
                yield from self._close(last_words)
                return
        yield from self._child.handle_event(events.Start())
        yield from self._child.handle_event(data)

    def permit(self) -> None:
        """Ask that this tunnel's host may be connected to."""
        address = self.context.server.address
        assert address is not None
        self._permit(self.context.client, (address[0], address[1]))

    def _relay(self, names: frozenset[str]) -> layer.Layer:
        """A raw relay that keeps no message; the connection is registered, since a later policy may close it."""
        self.permit()
        self._desk.relayed(self.context.client, names)
        return tcp.TCPLayer(self.context, ignore=True)

    def _overdue(self) -> layer.CommandGenerator[None]:
        """Time is up for an opening that isn't complete."""
        self._deadline = None
        if self._settled:
            if self._child is None:
                yield from self._close()
            return
        if self.relays and not self._buffer:
            return  # the other side may speak first, or nobody yet
        if self.relays and self._buffer[:1] != b"\x16":
            yield from self._settle(Opening(protocol=Protocol.OTHER))
            return
        protocol = Protocol.TLS if self._buffer[:1] == b"\x16" else Protocol.OTHER
        yield from self._settle(Opening(protocol=protocol, problem="the first bytes did not arrive in time"))

    def _leave(self, event: events.ConnectionClosed) -> layer.CommandGenerator[None]:
        """The client closed before its opening was complete."""
        if self.relays and self._buffer and self._buffer[:1] != b"\x16":
            yield from self._settle(Opening(protocol=Protocol.OTHER))
        if self._child is not None:
            self._settled = True
            yield from self._child.handle_event(event)
        else:
            yield from self._close()

    def _close(self, last_words: bytes = b"") -> layer.CommandGenerator[None]:
        """Nothing goes on from here. A client still talking would lose `last_words` to a reset: it gets time."""
        self._settled = True
        self._child = None
        if self.context.server.connected:
            yield commands.CloseConnection(self.context.server)
        if last_words:
            yield commands.SendData(self.context.client, last_words)
            self._deadline = commands.RequestWakeup(QUIET_SECONDS)
            yield self._deadline
        else:
            yield commands.CloseConnection(self.context.client)


def _arrival(context: Context, flow: http.HTTPFlow) -> Arrival:
    """The facts of a CONNECT."""
    request = flow.request
    agent = request.headers.get("user-agent")
    return Arrival(
        request=Request(
            method="CONNECT",
            scheme="connect",
            host=request.host,
            port=request.port,
            path="",
            headers=(("user-agent", agent),) if agent else (),
        ),
        subject=subject_of(context.client.peername),
        authorities=(),
        http_version="1.1",
        head_bytes=0,
        has_body=False,
    )

"""Plays a layer of mitmproxy without any I/O: events go in, commands come out, hooks and connections are answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from mitmproxy import connection, options
from mitmproxy.addonmanager import Loader
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import http as mitm


def context(*, alpn: bytes | None = None, **changes: Any) -> Context:
    """A client's connection with the options of the running proxy, and with `changes` to them."""
    chosen = options.Options(http2=True, websocket=True, rawtcp=False)
    Proxyserver().load(Loader(cast(Any, SimpleNamespace(options=chosen, commands=SimpleNamespace(add=print)))))
    chosen.update(connection_strategy="lazy", validate_inbound_headers=True, **changes)
    client = connection.Client(
        peername=("192.0.2.1", 51544),
        sockname=("127.0.0.1", 8080),
        timestamp_start=0.0,
        state=connection.ConnectionState.OPEN,
    )
    client.alpn = alpn
    return Context(client, chosen)


@dataclass
class Play:
    """A layer under test. `refuse`: the error that meets every attempt to connect; `wait`: none is answered yet.

    `keep` names hooks that are answered one by one, by `go_on`.
    """

    layer: layer.Layer
    refuse: str | None = None
    wait: bool = False
    on_hook: Callable[[commands.StartHook], None] | None = None
    hooks: list[str] = field(default_factory=list)
    opened: list[tuple[str, int] | None] = field(default_factory=list)
    servers: list[connection.Server] = field(default_factory=list)
    waiting: list[Any] = field(default_factory=list)
    keep: tuple[str, ...] = ()
    kept: list[commands.StartHook] = field(default_factory=list)

    def start(self) -> list[commands.Command]:
        """Send the first event."""
        return self.send(events.Start())

    def send(self, *sent: events.Event) -> list[commands.Command]:
        """What these events set off, but for hooks, connections and logs, which are answered at once."""
        out = []
        queue = deque(sent)
        while queue:
            for command in list(self.layer.handle_event(queue.popleft())):
                answer = self._answer(command)
                if answer is not None:
                    queue.append(answer)
                elif command not in (*self.waiting, *self.kept) and not isinstance(command, commands.Log):
                    out.append(command)
        return out

    def connect(self) -> list[commands.Command]:
        """Answer what was kept waiting."""
        self.wait = False
        waiting, self.waiting = self.waiting, []
        return self.send(*(answer for command in waiting if (answer := self._answer(command)) is not None))

    def go_on(self) -> list[commands.Command]:
        """Answer the hook that was kept first."""
        return self.send(events.HookCompleted(self.kept.pop(0)))

    def wake(self, command: commands.RequestWakeup) -> list[commands.Command]:
        """Time is up for `command`."""
        return self.send(events.Wakeup(command))

    def _answer(self, command: commands.Command) -> events.Event | None:
        if isinstance(command, commands.StartHook):
            self.hooks.append(command.name)
            if self.on_hook is not None:
                self.on_hook(command)
            if command.name in self.keep:
                self.kept.append(command)
                return None
            return events.HookCompleted(command)
        if self.wait and isinstance(command, commands.OpenConnection | mitm.GetHttpConnection):
            self.waiting.append(command)
            return None
        if isinstance(command, commands.OpenConnection):
            self.opened.append(command.connection.address)
            self.servers.append(cast(connection.Server, command.connection))
            if self.refuse is None:
                command.connection.state = connection.ConnectionState.OPEN
                command.connection.timestamp_start = 0.0
            return events.OpenConnectionCompleted(command, self.refuse)
        if isinstance(command, mitm.GetHttpConnection):
            self.opened.append(command.address)
            if self.refuse is not None:
                return mitm.GetHttpConnectionCompleted(command, (None, self.refuse))
            server = connection.Server(address=command.address)
            server.state = connection.ConnectionState.OPEN
            return mitm.GetHttpConnectionCompleted(command, (server, None))
        return None


def sent(out: list[commands.Command], to: connection.Connection) -> bytes:
    """The bytes among `out` for one end."""
    return b"".join(c.data for c in out if isinstance(c, commands.SendData) and c.connection is to)


def closed(out: list[commands.Command], end: connection.Connection) -> bool:
    """Whether `out` closes this connection."""
    return any(isinstance(c, commands.CloseConnection) and c.connection is end for c in out)


def wakeups(out: list[commands.Command]) -> list[commands.RequestWakeup]:
    """The deadlines among `out`."""
    return [command for command in out if isinstance(command, commands.RequestWakeup)]


def http_events(out: list[commands.Command]) -> Iterator[tuple[str, Any]]:
    """The HTTP events among `out`, each with `client` or `server` for where it goes."""
    for command in out:
        if isinstance(command, mitm.SendHttp):
            yield ("client" if isinstance(command.connection, connection.Client) else "server"), command.event

"""The hooks: what nobody permitted stays refused, diverted connections keep their name, and late ones are given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest
from mitmproxy.connection import Client, Server
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import TlsData
from tests.proxy.arriving import Ledger, policy
from tests.proxy.playing import context

from forgewall.enforce.reply import Reply
from forgewall.proxy import addon as room
from forgewall.proxy import backlog, wiring
from forgewall.proxy.addon import ForgewallAddon
from forgewall.proxy.enforcer import Enforcer
from forgewall.proxy.tunnels import TunnelDesk
from forgewall.proxy.wiring import Wiring

type Scene = Callable[[], Coroutine[Any, Any, None]]


class Task:
    """A connection attempt that can be given up."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []

    def cancel(self, why: str) -> None:
        self.cancelled.append(why)


class Stage:
    """A wiring, a client, and a connection to `github.com:443` that is being opened."""

    def __init__(self, connect_to: dict[tuple[str, int], tuple[str, int]] | None = None) -> None:
        enforcer = Enforcer(policy(), Ledger().journal)
        page = Reply(status=200, headers=(), body=b"")
        self.wiring = Wiring(enforcer, TunnelDesk(enforcer, lambda _client: None), lambda _request: page)
        wiring.install(self.wiring)
        self.client = Client(peername=("192.0.2.1", 1), sockname=("127.0.0.1", 2))
        self.server = Server(address=("github.com", 443))
        self.task = Task()
        self.transports = {self.server: SimpleNamespace(handler=self.task)}
        self.handler = SimpleNamespace(transports=self.transports)
        self.addon = ForgewallAddon(None, connect_to or {}, lambda _client: cast(Any, self.handler))
        self.data = ServerConnectionHookData(server=self.server, client=self.client)

    def permit(self) -> None:
        self.wiring.permit(self.client, ("github.com", 443))


def run(scene: Scene) -> None:
    asyncio.run(scene())


def test_a_connection_nobody_permitted_is_refused() -> None:
    stage = Stage({("github.com", 443): ("127.0.0.1", 8443)})
    stage.addon.server_connect(stage.data)
    assert stage.server.error == "not permitted"
    assert stage.server.address == ("github.com", 443)


def test_a_hook_that_fails_leaves_the_connection_refused() -> None:
    stage = Stage()
    stage.permit()
    wiring.install(None)
    with pytest.raises(LookupError):
        stage.addon.server_connect(stage.data)
    assert stage.server.error is not None


@pytest.mark.parametrize("place", ["permitted", "_start_timer"])
def test_any_failure_leaves_the_connection_refused(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("classified payload")

    stage = Stage()
    stage.permit()
    monkeypatch.setattr(Wiring if place == "permitted" else ForgewallAddon, place, fail)
    with pytest.raises(RuntimeError):
        stage.addon.server_connect(stage.data)
    assert stage.server.error is not None


def test_what_something_else_has_refused_stays_refused() -> None:
    stage = Stage()
    stage.permit()
    stage.server.error = "no"
    stage.addon.server_connect(stage.data)
    assert stage.server.error == "no"


def test_a_permitted_connection_is_opened() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.permit()
        stage.addon.server_connect(stage.data)
        assert (stage.server.error, stage.server.address) == (None, ("github.com", 443))

    run(scene)


@pytest.mark.parametrize("end", ["server_connected", "server_connect_error"])
def test_a_diverted_connection_gets_its_name_back(end: str) -> None:
    async def scene() -> None:
        stage = Stage({("github.com", 443): ("127.0.0.1", 8443)})
        stage.permit()
        stage.addon.server_connect(stage.data)
        assert stage.server.address == ("127.0.0.1", 8443)
        getattr(stage.addon, end)(stage.data)
        assert stage.server.address == ("github.com", 443)
        assert stage.addon._diverted == {}

    run(scene)


@pytest.mark.parametrize("host", ["GitHub.COM", "github.com."])
def test_a_diversion_is_by_the_host_however_it_is_spelled(host: str) -> None:
    async def scene() -> None:
        stage = Stage({("github.com", 443): ("127.0.0.1", 8443)})
        stage.server.address = (host, 443)
        stage.wiring.permit(stage.client, (host, 443))
        stage.addon.server_connect(stage.data)
        assert stage.server.address == ("127.0.0.1", 8443)

    run(scene)


ENDS: dict[str, Callable[[Stage], None]] = {
    "plain and connected": lambda stage: stage.addon.server_connected(stage.data),
    "failed": lambda stage: stage.addon.server_connect_error(stage.data),
    "gone": lambda stage: stage.addon.server_disconnected(stage.data),
    "TLS is there": lambda stage: stage.addon.tls_established_server(TlsData(stage.server, cast(Any, None))),
    "TLS has failed": lambda stage: stage.addon.tls_failed_server(TlsData(stage.server, cast(Any, None))),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_connection_that_is_ready_or_gone_is_not_given_up(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setattr(room, "CONNECT_SECONDS", 0)

    async def scene() -> None:
        stage = Stage()
        stage.permit()
        stage.addon.server_connect(stage.data)
        ENDS[end](stage)
        assert stage.addon._timers == {}
        await turn()
        assert stage.task.cancelled == []

    run(scene)


async def turn() -> None:
    """Let the loop go round until timers of no time have gone off."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("tls", [True, False])
def test_a_connection_that_is_late_is_given_up(monkeypatch: pytest.MonkeyPatch, tls: bool) -> None:
    monkeypatch.setattr(room, "CONNECT_SECONDS", 0)

    async def scene() -> None:
        stage = Stage()
        stage.permit()
        stage.server.tls = tls
        stage.addon.server_connect(stage.data)
        if tls:
            stage.addon.server_connected(stage.data)  # TCP alone isn't enough
        await turn()
        assert stage.task.cancelled == ["connect timed out"]
        assert stage.wiring.was_overdue(stage.client, ("github.com", 443))

    run(scene)


def test_a_client_that_is_gone_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[str] = []
    monkeypatch.setattr(backlog, "forget", forgotten.append)
    stage = Stage()
    stage.permit()
    stage.wiring.tunnels.relayed(stage.client, frozenset({"www.example.org"}))
    stage.addon.client_disconnected(stage.client)
    assert forgotten == [stage.client.id]
    assert not stage.wiring.permitted(stage.client, stage.server)
    assert stage.wiring.tunnels._raw == {}


def test_outside_a_client_speaks_to_the_proxy_and_inside_to_the_forge() -> None:
    stage = Stage()
    where = context()
    outer = layer.NextLayer(where)
    stage.addon.next_layer(outer)
    assert isinstance(outer.layer, mitm.HttpLayer)
    assert outer.layer.mode is mitm.HTTPMode.regular
    inner = layer.NextLayer(where)
    stage.addon.next_layer(inner)
    assert isinstance(inner.layer, mitm.HttpLayer)
    assert inner.layer.mode is mitm.HTTPMode.transparent


def test_a_layer_that_was_chosen_already_is_kept() -> None:
    stage = Stage()
    where = context()
    chosen = layer.NextLayer(where)
    kept = chosen.layer = mitm.HttpLayer(where, mitm.HTTPMode.transparent)
    stage.addon.next_layer(chosen)
    assert chosen.layer is kept


def test_tls_is_left_to_whoever_has_it() -> None:
    stage = Stage()
    start = TlsData(stage.server, cast(Any, None))
    stage.addon.tls_start_server(start)
    stage.addon.tls_start_client(start)
    assert start.ssl_conn is None
    told: list[str] = []
    stage.addon._tls = cast(
        Any, SimpleNamespace(client=lambda _start: told.append("client"), server=lambda _start: told.append("server"))
    )
    stage.addon.tls_start_client(start)
    stage.addon.tls_start_server(start)
    assert told == ["client", "server"]


# -- waiting for a forge to take a body --------------------------------------------------------------------------------


class Writers:
    """A connection handler whose writers are drained when `taken` is set."""

    def __init__(self) -> None:
        self.taken = asyncio.Event()
        self.waiting = 0
        self.timeouts = 0

    async def drain_writers(self) -> None:
        self.waiting += 1
        try:
            await self.taken.wait()
        finally:
            self.waiting -= 1

    async def on_timeout(self) -> None:
        self.timeouts += 1


def test_what_was_written_is_waited_for() -> None:
    async def scene() -> None:
        stage, writers = Stage(), Writers()
        stage.handler = cast(Any, writers)
        waiting = asyncio.ensure_future(stage.addon.drain(stage.client))
        await turn()
        assert (waiting.done(), writers.waiting) == (False, 1)
        writers.taken.set()
        await waiting
        assert (writers.waiting, writers.timeouts) == (0, 0)

    run(scene)


def test_a_forge_that_takes_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """mitmproxy's own clock stops while a hook is under way."""
    monkeypatch.setattr(room, "DRAIN_SECONDS", 0)

    async def scene() -> None:
        stage, writers = Stage(), Writers()
        stage.handler = cast(Any, writers)
        await stage.addon.drain(stage.client)
        assert (writers.waiting, writers.timeouts) == (0, 1)

    run(scene)


def test_a_client_that_is_gone_is_not_waited_for() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.addon = ForgewallAddon(None, {}, lambda _client: None)
        await stage.addon.drain(stage.client)

    run(scene)

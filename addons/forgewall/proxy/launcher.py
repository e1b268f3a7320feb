"""`forgewall run`: builds everything once, tests it, and serves until a signal ends it.

The parts: policy file, event log, CA, enforcer, mitmproxy's server with just the addons it needs. A policy change, a
signal and the self-test meet here and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import re
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

from mitmproxy import http, options
from mitmproxy.addons import proxyserver
from mitmproxy.connection import Client
from mitmproxy.master import Master
from mitmproxy.proxy import mode_specs
from mitmproxy.proxy.server import ConnectionHandler
from mitmproxy.utils import asyncio_utils

from forgewall.decide.policy import Policy
from forgewall.enforce.landing import landing
from forgewall.enforce.reply import Reply
from forgewall.errors import StartError
from forgewall.model import Request
from forgewall.policyfile import PolicyFile
from forgewall.proxy import policy_news, selftest, unheard, wiring
from forgewall.proxy.addon import ForgewallAddon
from forgewall.proxy.certificates import CA, ensure_ca
from forgewall.proxy.dispatch import Dispatch
from forgewall.proxy.enforcer import Enforcer
from forgewall.proxy.examiner import Examiner
from forgewall.proxy.journal import Journal
from forgewall.proxy.layers import install_layers
from forgewall.proxy.peers import Peers, read_ranges
from forgewall.proxy.remembered import NAME, remembered
from forgewall.proxy.secret_rules import read_rules
from forgewall.proxy.settings import Address, Settings
from forgewall.proxy.spool import SpoolSpace, checked
from forgewall.proxy.tls import Tls
from forgewall.proxy.tunnels import TunnelDesk
from forgewall.record.log import EventLog, EventLogError

logger = logging.getLogger(__name__)

IDLE_SECONDS = 600
BACKLOG = 4096

_AUTHORITY = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


class ProxyMaster(Master):
    """mitmproxy's master with our dispatch, its server and our hooks: nothing that could be reloaded or drop out."""

    def __init__(self, opts: options.Options) -> None:
        super().__init__(opts)
        self.addons = self.dispatch = Dispatch(self)
        self.server = proxyserver.Proxyserver()

    def handler_of(self, client: Client) -> ConnectionHandler | None:
        """The connection handler of a client that is still there."""
        return self.server.connections.get(client.id)

    def close(self, client: Client) -> None:
        """Close a client's connection, and with it what was opened for it."""
        handler = self.handler_of(client)
        if handler is not None and client in handler.transports:
            handler.close_connection(client)

    async def listen(self, address: Address) -> Address:
        """Open the one listener, and return where it is; raises StartError."""
        host, port = address
        mode = mode_specs.ProxyMode.parse(f"regular@{host}:{port}" if host else f"regular@{port}")
        with _long_backlog(), _quiet("mitmproxy.addons.proxyserver"):
            if not await self.server.servers.update([mode]):
                failure = self.server.servers[mode].last_exception
                number = failure.errno if isinstance(failure, OSError) else None
                reason = os.strerror(number) if number else str(failure)
                raise StartError(f"cannot listen on {host}:{port}: {reason}. Choose another --listen.")
        bound = self.server.servers[mode].listen_addrs[0]
        return bound[0], bound[1]

    async def unlisten(self) -> None:
        """Close all listeners."""
        await self.server.servers.update([])


class Launcher:
    """One run of the proxy; `ready` is called once clients are served."""

    def __init__(self, settings: Settings, *, ready: Callable[[], None] | None = None) -> None:
        self._settings = settings
        self._ready = ready
        self._file = PolicyFile(settings.policy)
        self._connect_to = dict(settings.connect_to)
        self._listening: Address = settings.listen

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises PolicyError or StartError before anything is served."""
        policy = self._file.load()
        ca = ensure_ca(self._settings.certs)
        for warning in ca.warnings:
            logger.warning("%s", warning)
        log = self._open_log(policy)
        _raise_file_limit()
        install_layers()
        _skip_type_checks()
        master = ProxyMaster(_options())
        with asyncio_utils.set_eager_task_factory(), asyncio_utils.install_exception_handler(_loop_error):
            try:
                await self._serve(master, policy, ca, log)
            finally:
                await master.unlisten()
                wiring.install(None)
                unheard.install(None)
                log.close()

    async def _serve(self, master: ProxyMaster, policy: Policy, ca: CA, log: EventLog) -> None:
        journal = Journal(log)
        enforcer = Enforcer(selftest.policy(), journal, await asyncio.to_thread(self._examiner))
        desk = TunnelDesk(enforcer, master.close, Peers(read_ranges(self._settings.forge_ranges)))
        wired = wiring.Wiring(enforcer, desk, lambda request: self._own_page(request, enforcer, ca))
        unheard.install(master.dispatch.hears)
        wiring.install(wired)
        tls = Tls(ca, self._settings.upstream_ca)
        master.addons.add(master.server, ForgewallAddon(tls, self._connect_to, master.handler_of))
        master.options.update(connection_strategy="lazy", validate_inbound_headers=True)
        await self._self_test(master, enforcer)
        wired.install_policy(policy)
        journal.write(policy_news.loaded(policy, None))
        self._listening = await master.listen(self._settings.listen)
        gc.collect()
        gc.freeze()
        stop = asyncio.Event()
        with _signals(stop, self._file.reload_now):
            print(self._ready_line(policy, ca), flush=True)
            if self._ready is not None:
                self._ready()
            tasks = [
                asyncio.ensure_future(policy_news.follow(self._file, wired, log)),
                asyncio.ensure_future(desk.peers.follow(lambda: enforcer.policy.registry)),
            ]
            await stop.wait()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await asyncio.to_thread(enforcer.examiner.close)

    async def _self_test(self, master: ProxyMaster, enforcer: Enforcer) -> None:
        silent = Enforcer(enforcer.policy, _Unlogged(), enforcer.examiner)
        current = wiring.current()
        current.enforcer = silent
        try:
            await selftest.run(await master.listen(("127.0.0.1", 0)), self._divert)
        finally:
            current.enforcer = enforcer
            await master.unlisten()

    def _divert(self, host: Address, origin: Address | None) -> None:
        if origin is None:
            self._connect_to.pop(host, None)
        else:
            self._connect_to[host] = origin

    def _open_log(self, policy: Policy) -> EventLog:
        log = EventLog(
            self._settings.events, keep=policy.events.keep, pseudonymise_users=policy.privacy.pseudonymise_users
        )
        try:
            log.check()
        except EventLogError as error:
            raise StartError(f"{error} Choose another directory with --events.") from error
        return log

    def _examiner(self) -> Examiner:
        """Compiling the rules takes a second, so it is done before anybody waits. Raises StartError."""
        rules = self._settings.secret_rules
        memory, store = remembered(self._settings.memory or self._settings.events / NAME)
        space = SpoolSpace.at(checked(self._settings.spool))
        return Examiner(scanner=read_rules(rules), space=space, memory=memory, store=store)

    def _own_page(self, request: Request, enforcer: Enforcer, ca: CA) -> Reply:
        return landing(
            request,
            contact=enforcer.policy.contact,
            certificate_pem=ca.certificate_pem,
            fingerprint=ca.fingerprint,
            proxy=f"http://{self._own_name(request)}",
        )

    def _own_name(self, request: Request) -> str:
        """How this client reaches us: what we listen on, or what it asked for where we listen on every address."""
        host, port = self._listening
        if host not in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
            return f"{_bracketed(host)}:{port}"
        asked = request.header("host") or ""
        return asked if _AUTHORITY.fullmatch(asked) else f"{socket.gethostname()}:{port}"

    def _ready_line(self, policy: Policy, ca: CA) -> str:
        host, port = self._listening
        return (
            f"forgewall ready on {_bracketed(host)}:{port}, mode {policy.mode}, {policy.approvals} approvals, "
            f"policy {policy.digest[:12]}, CA {ca.certificate_path}"
        )


class _Unlogged(Journal):
    """The self-test's events concern nobody."""

    def __init__(self) -> None:
        pass

    def write(self, event: object) -> bool:
        """Keep nothing."""
        return True


def _options() -> options.Options:
    return options.Options(
        http2=True,
        websocket=True,
        rawtcp=False,
        tcp_timeout=IDLE_SECONDS,
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _skip_type_checks() -> None:
    """mitmproxy compares each field of a message with its annotation, for addons' sake; `python -O` wouldn't."""
    cast(Any, http.MessageData).__post_init__ = lambda _message: None


def _raise_file_limit() -> None:
    """Each client takes two descriptors; the soft limit is often 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def _long_backlog() -> Iterator[None]:
    """mitmproxy listens with a backlog of 100, which a morning's first minute overflows."""
    stock = asyncio.start_server
    asyncio.start_server = lambda *args, **kwargs: stock(*args, **{"backlog": BACKLOG, **kwargs})
    try:
        yield
    finally:
        asyncio.start_server = stock


@contextlib.contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keep mitmproxy from telling what we tell ourselves."""
    log = logging.getLogger(name)
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@contextlib.contextmanager
def _signals(stop: asyncio.Event, reload_now: object) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    handlers = {signal.SIGTERM: stop.set, signal.SIGINT: stop.set, signal.SIGHUP: reload_now}
    for number, action in handlers.items():
        loop.add_signal_handler(number, action)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)


def _loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    error = context.get("exception")
    if isinstance(error, BaseException):
        logger.error("a task failed", exc_info=(type(error), error, error.__traceback__))
    else:
        logger.error("the event loop reports an error")

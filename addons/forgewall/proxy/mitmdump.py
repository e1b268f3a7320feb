"""Forgewall inside mitmdump, with mitmproxy's own CA, TLS and options; only explicit (regular) mode is guarded.

The layers are put in place when this module is loaded and stay there: should mitmdump drop the script, as it does when
a saved edit has a syntax error, no ruling can be made any more and everything is refused.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import Client
from mitmproxy.proxy.server import ConnectionHandler

from forgewall.enforce.reply import Reply
from forgewall.errors import ForgewallError
from forgewall.model import Request
from forgewall.policyfile import PolicyFile
from forgewall.proxy import policy_news, wiring
from forgewall.proxy.addon import ForgewallAddon
from forgewall.proxy.enforcer import Enforcer
from forgewall.proxy.examiner import Examiner
from forgewall.proxy.journal import Journal
from forgewall.proxy.layers import install_layers
from forgewall.proxy.peers import Peers, read_ranges
from forgewall.proxy.remembered import NAME, remembered
from forgewall.proxy.secret_rules import read_rules
from forgewall.proxy.spool import SpoolSpace, checked
from forgewall.proxy.tunnels import TunnelDesk
from forgewall.record.log import EventLog

OPTIONS = (
    ("forgewall_policy", "policy/forgewall.yaml", "The policy file that says which repositories are approved."),
    ("forgewall_events", "events", "The directory of Forgewall's event log."),
    (
        "forgewall_spool",
        "",
        "Where long bodies are kept until they are judged; empty: the system's temporary directory.",
    ),
    (
        "forgewall_secret_rules",
        "",
        "Rules that tell secrets, in gitleaks' format; empty: Forgewall's own.",
    ),
    ("forgewall_forge_ranges", "", "Networks that are forges' own; empty: those that come with Forgewall."),
    ("forgewall_memory", "", "Where is kept what forges have said about ids; empty: beside the event log."),
)


class MitmdumpAddon(ForgewallAddon):
    """Starts with mitmdump, or ends it with a sentence."""

    name = "forgewall"

    def __init__(self) -> None:
        super().__init__(None, {}, self.handler)
        self._tasks: list[asyncio.Future[None]] = []
        self._examiner: Examiner | None = None
        install_layers()
        wiring.install(None)

    def load(self, loader: Loader) -> None:
        """Declare the options, and set those that Forgewall can't do without."""
        for name, default, words in OPTIONS:
            loader.add_option(name, str, default, words)
        ctx.options.update(connection_strategy="lazy", rawtcp=False, validate_inbound_headers=True)

    def running(self) -> None:
        """Read the policy and open the log before the first client is judged; until then everything is refused."""
        try:
            self._start()
        except ForgewallError as error:
            print(f"forgewall: {error}", file=sys.stderr)
            sys.exit(error.exit_code)

    def configure(self, updated: set[str]) -> None:
        """Raises OptionsError for what would lead around the guard."""
        if any(mode != "regular" and not mode.startswith("regular@") for mode in ctx.options.mode):
            raise exceptions.OptionsError("Forgewall guards the regular (explicit) mode only")
        if ctx.options.connection_strategy != "lazy":
            raise exceptions.OptionsError("Forgewall needs connection_strategy=lazy")
        if ctx.options.ignore_hosts or ctx.options.allow_hosts or ctx.options.tcp_hosts:
            raise exceptions.OptionsError("Forgewall can't be combined with ignore_hosts, allow_hosts or tcp_hosts")

    def done(self) -> None:
        """No ruling is made from now on."""
        for task in self._tasks:
            task.cancel()
        wiring.install(None)
        if self._examiner is not None:
            self._examiner.close()

    def handler(self, client: Client) -> ConnectionHandler | None:
        """The connection handler of a client that is still there."""
        server = ctx.master.addons.get("proxyserver")
        return server.connections.get(client.id) if isinstance(server, Proxyserver) else None

    def _start(self) -> None:
        file = PolicyFile(Path(ctx.options.forgewall_policy))
        policy = file.load()
        log = EventLog(
            Path(ctx.options.forgewall_events),
            keep=policy.events.keep,
            pseudonymise_users=policy.privacy.pseudonymise_users,
        )
        log.check()
        journal = Journal(log)
        self._examiner = _examiner()
        enforcer = Enforcer(policy, journal, self._examiner)
        ranges = ctx.options.forgewall_forge_ranges
        desk = TunnelDesk(enforcer, self._close, Peers(read_ranges(Path(ranges) if ranges else None)))
        wired = wiring.Wiring(enforcer, desk, _no_page)
        wiring.install(wired)
        journal.write(policy_news.loaded(policy, None))
        self._tasks = [
            asyncio.ensure_future(policy_news.follow(file, wired, log)),
            asyncio.ensure_future(desk.peers.follow(lambda: enforcer.policy.registry)),
        ]

    def _close(self, client: Client) -> None:
        handler = self.handler(client)
        if handler is not None and client in handler.transports:
            handler.close_connection(client)


def _examiner() -> Examiner:
    spool, rules = ctx.options.forgewall_spool, ctx.options.forgewall_secret_rules
    scanner = read_rules(Path(rules) if rules else None)
    memory, store = remembered(Path(ctx.options.forgewall_memory or Path(ctx.options.forgewall_events) / NAME))
    space = SpoolSpace.at(checked(Path(spool) if spool else None))
    return Examiner(scanner=scanner, space=space, memory=memory, store=store)


def _no_page(_request: Request) -> Reply:
    return wiring.bare_reply(404, "This is a proxy. Its certificate is at http://mitm.it/ through it.")

"""CONNECT tunnels in bytes: nothing goes on before it is known what it is, and only to where the plan says."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.connection import Server
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers import http as mitm
from mitmproxy.proxy.layers import tls
from tests.identify.test_opening import HELLO, REQUEST, real_hello
from tests.proxy.arriving import Ledger, arrival, policy
from tests.proxy.playing import Play, closed, context, sent, wakeups

from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.enforce.reply import Reply
from forgewall.identify.announced import Announcement, Place, Use, parse_place
from forgewall.identify.engine import identify
from forgewall.model import Action
from forgewall.proxy import backlog, tunnels, wiring
from forgewall.proxy.certificates import ensure_ca
from forgewall.proxy.enforcer import Enforcer
from forgewall.proxy.examiner import Examiner
from forgewall.proxy.tls import Tls
from forgewall.proxy.tunnels import OPENING_SECONDS, QUIET_SECONDS, Tunnel, TunnelDesk
from forgewall.proxy.wiring import Wiring
from forgewall.record.event import Stage

OTHER = "www.example.org"
ADDRESS = "8.8.4.4"
FORGES_ADDRESS = "140.82.121.4"  # in a network that GitHub has published


@cache
def our_tls() -> Tls:
    with TemporaryDirectory() as directory:
        return Tls(ensure_ca(Path(directory)), None)


class Passage:
    """A CONNECT to `host:port` by a policy, and what went where."""

    def __init__(
        self, host: str, port: int, by: Policy | str = "", *, refuse: str | None = None, wait: bool = False
    ) -> None:
        self.ledger = Ledger()
        self.enforcer = self.made(policy(by) if isinstance(by, str) else by, self.ledger)
        self.shut: list[object] = []
        self.desk = TunnelDesk(self.enforcer, self.shut.append)
        page = Reply(status=200, headers=(), body=b"")
        self.wiring = Wiring(self.enforcer, self.desk, lambda _request: page)
        wiring.install(self.wiring)
        self.context = context()
        self.flow = http.HTTPFlow(self.context.client, self.context.server)
        self.flow.request = http.Request.make("CONNECT", f"http://{OTHER}/", headers={"user-agent": "git/2.47"})
        self.flow.request.host, self.flow.request.port = host, port
        self.opened = self.desk.open(self.context, self.flow, self.wiring.permit)
        self.out: list[commands.Command] = []
        if isinstance(self.opened, Tunnel):
            self.play = Play(self.opened, refuse=refuse, wait=wait, on_hook=self.shake_hands)
            self.out += self.play.start()

    def made(self, by: Policy, ledger: Ledger) -> Enforcer:
        return Enforcer(by, ledger.journal)

    @staticmethod
    def shake_hands(hook: commands.StartHook) -> None:
        if hook.name == "tls_start_client":
            our_tls().client(hook.args()[0])

    @property
    def reply(self) -> Reply:
        assert isinstance(self.opened, Reply)
        return self.opened

    @property
    def tunnel(self) -> Tunnel:
        assert isinstance(self.opened, Tunnel)
        return self.opened

    def send(self, data: bytes) -> None:
        self.out += self.play.send(events.DataReceived(self.context.client, data))

    def hear(self, data: bytes) -> None:
        self.out += self.play.send(events.DataReceived(self.context.server, data))

    def leave(self) -> None:
        self.context.client.state &= ~self.context.client.state.CAN_READ
        self.out += self.play.send(events.ConnectionClosed(self.context.client))

    def wake(self) -> None:
        self.out += self.play.wake(wakeups(self.out)[-1])

    @property
    def up(self) -> bytes:
        return sent(self.out, self.context.server)

    @property
    def down(self) -> bytes:
        return sent(self.out, self.context.client)

    @property
    def closed(self) -> bool:
        return closed(self.out, self.context.client)

    @property
    def connected(self) -> list[Any]:
        return self.play.opened

    @property
    def permitted(self) -> bool:
        return self.wiring.permitted(self.context.client, self.context.server)

    @property
    def child(self) -> object:
        return self.tunnel._child


# -- refused at the CONNECT --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "port", "by", "code"),
    [
        ("github.com", 22, "", "ssh"),
        ("ssh.github.com", 443, "", "ssh"),
        ("GITHUB.com.", 9418, "", "port"),
        (OTHER, 443, "defaults: {other_hosts: block}\n", "other-host"),
    ],
)
def test_a_refused_connect_is_answered_and_told_of(host: str, port: int, by: str, code: str) -> None:
    passage = Passage(host, port, by)
    (told,) = passage.ledger.decisions
    assert (told.verdict.code, told.stage) == (code, Stage.CONNECTION)
    assert (told.exchange.host, told.exchange.port) == (host.lower().removesuffix("."), port)
    assert told.exchange.user_agent == "git/2.47"
    assert dict(passage.reply.headers)["x-forgewall-event"] == told.id
    assert not passage.permitted


def test_a_refused_ssh_tells_how_to_go_on() -> None:
    assert b"insteadOf" in Passage("github.com", 22).reply.body


@pytest.mark.parametrize("place", ["plan_connect", "Tunnel"])
@pytest.mark.parametrize("by", ["", "mode: observe\n"])
def test_a_failure_at_the_connect_refuses(monkeypatch: pytest.MonkeyPatch, place: str, by: str) -> None:
    def fail(*_: object, **_named: object) -> Any:
        raise RuntimeError("classified payload")

    monkeypatch.setattr(tunnels, place, fail)
    passage = Passage("github.com", 443, by)
    assert passage.reply.status == 503
    assert [fault.exception for fault in passage.ledger.faults] == ["RuntimeError"]


# -- a forge's TLS -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [100_000, 50])
def test_a_forge_s_tls_is_ended_here(part: int) -> None:
    passage = Passage("GitHub.com", 443)
    for start in range(0, len(HELLO), part):
        passage.send(HELLO[start : start + part])
    assert isinstance(passage.child, tls.ClientTLSLayer)
    assert (passage.connected, passage.up) == ([], b"")
    assert passage.context.server.address == ("github.com", 443)
    assert passage.context.server.tls
    assert passage.ledger.events == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (real_hello("gitlab.com"), "host-mismatch"),
        (real_hello(None), "host-mismatch"),
        (b"SSH-2.0-x\r\n", "ssh"),
        (REQUEST, "not-tls"),
        (b"\x00\x01", "not-tls"),
    ],
)
def test_anything_else_on_a_forge_s_tls_port_is_closed(data: bytes, code: str) -> None:
    passage = Passage("github.com", 443)
    passage.send(data)
    if data.startswith(b"SSH"):
        assert not passage.closed  # it is given time to read why
        passage.wake()
    assert (passage.closed, passage.connected, passage.up) == (True, [], b"")
    (told,) = passage.ledger.decisions
    assert (told.verdict.code, told.stage, told.verdict.action) == (code, Stage.CONNECTION, Action.BLOCK)


@pytest.mark.parametrize(("host", "first", "then"), [("github.com", b"SSH-", HELLO), (OTHER, HELLO, b"\x00")])
def test_what_comes_behind_a_refusal_goes_nowhere(host: str, first: bytes, then: bytes) -> None:
    passage = Passage(host, 443)
    passage.send(first)
    passage.send(then)
    assert (passage.child, passage.up) == (None, b"")


def test_the_name_that_was_asked_for_stands_in_the_event() -> None:
    passage = Passage("github.com", 443)
    passage.send(real_hello("gitlab.com"))
    assert passage.ledger.decisions[0].exchange.server_name == "gitlab.com"


def test_a_forge_s_tunnel_has_a_deadline() -> None:
    passage = Passage("github.com", 443)
    assert [deadline.delay for deadline in wakeups(passage.out)] == [OPENING_SECONDS]
    passage.send(HELLO[:50])
    passage.wake()
    assert (passage.closed, passage.ledger.codes) == (True, ["host-mismatch"])


def test_a_deadline_does_not_count_once_it_is_known_what_it_is() -> None:
    passage = Passage("github.com", 443)
    passage.send(HELLO)
    passage.wake()
    assert not passage.closed


def test_a_client_that_leaves_before_it_said_anything_is_let_go() -> None:
    passage = Passage("github.com", 443)
    passage.send(HELLO[:50])
    passage.leave()
    assert (passage.closed, passage.connected, passage.ledger.events) == (True, [], [])


# -- a forge's plain HTTP ----------------------------------------------------------------------------------------------


def test_plain_http_to_a_forge_is_read_as_requests() -> None:
    passage = Passage("github.com", 80)
    passage.send(REQUEST[:20])
    assert passage.child is None
    passage.send(REQUEST[20:])
    assert isinstance(passage.child, mitm.HttpLayer)
    assert passage.child.mode is mitm.HTTPMode.transparent


@pytest.mark.parametrize(("data", "code"), [(HELLO, "not-http"), (b"SSH-", "ssh"), (b"PRI * HTTP/2.0\r\n", "not-http")])
def test_anything_else_on_a_forge_s_http_port_is_closed(data: bytes, code: str) -> None:
    passage = Passage("github.com", 80)
    passage.send(data)
    if data.startswith(b"SSH"):
        assert not passage.closed  # it is given time to read why
        passage.wake()
    assert (passage.closed, passage.connected, passage.ledger.codes) == (True, [], [code])


# -- bare addresses ----------------------------------------------------------------------------------------------------


def test_a_bare_address_is_led_to_the_forge_it_names() -> None:
    passage = Passage(ADDRESS, 443)
    assert not passage.permitted
    passage.send(HELLO)
    assert isinstance(passage.child, tls.ClientTLSLayer)
    assert passage.context.server.address == ("github.com", 443)
    assert passage.connected == []


def test_a_bare_address_that_names_another_host_is_relayed() -> None:
    passage = Passage(ADDRESS, 443)
    assert passage.connected == []
    hello = real_hello(OTHER)
    passage.send(hello)
    assert (passage.connected, passage.up) == ([(ADDRESS, 443)], hello)
    assert passage.permitted


def test_a_forges_bare_address_that_names_another_host_is_closed() -> None:
    passage = Passage(FORGES_ADDRESS, 443)
    passage.send(real_hello(OTHER))
    assert (passage.closed, passage.connected, passage.up, passage.permitted) == (True, [], b"", False)
    assert passage.ledger.codes == ["host-mismatch"]


def test_a_relay_that_arrives_at_a_forges_address_may_not_stay() -> None:
    passage = Passage(OTHER, 443)
    server = passage.context.server
    server.peername = (FORGES_ADDRESS, 443)
    assert not passage.desk.arrived(passage.context.client, server)
    arrival = passage.tunnel.arrival
    reply = passage.desk.astray(arrival, passage.context.client, OTHER)
    assert reply is not None
    assert b"leads to an address of github.com" in reply.body
    assert passage.ledger.codes == ["host-mismatch"]
    assert passage.desk.astray(arrival, passage.context.client, OTHER) is None


@pytest.mark.parametrize(("name", "tls_up"), [("github.com", False), (OTHER, True)])
def test_a_forge_itself_and_what_is_decrypted_may_stay(name: str, tls_up: bool) -> None:
    passage = Passage(OTHER, 443)
    server = Server(address=(name, 443))
    server.tls, server.peername = tls_up, (FORGES_ADDRESS, 443)
    assert passage.desk.arrived(passage.context.client, server)


@pytest.mark.parametrize("data", [real_hello(None), b"SSH-2.0", b"\x00", REQUEST])
def test_a_bare_address_that_names_nobody_is_closed(data: bytes) -> None:
    passage = Passage(ADDRESS, 443)
    passage.send(data)
    if data.startswith(b"SSH"):
        assert not passage.closed  # it is given time to read why
        passage.wake()
    assert (passage.closed, passage.connected, passage.up, passage.permitted) == (True, [], b"", False)


def test_a_bare_address_where_nobody_speaks_is_closed() -> None:
    passage = Passage(ADDRESS, 443)
    passage.wake()
    assert (passage.closed, passage.ledger.codes) == (True, ["host-mismatch"])


# -- other hosts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [real_hello(OTHER), b"SSH-2.0-x\r\n", b"\x00\x01", REQUEST.replace(b"GitHub.com", b"a.b")]
)
def test_another_host_is_relayed_untouched(data: bytes) -> None:
    passage = Passage(OTHER, 443)
    assert passage.connected == [(OTHER, 443)]
    assert passage.permitted
    passage.send(data)
    passage.hear(b"hello\r\n")
    passage.send(b"more")
    assert (passage.up, passage.down) == (data + b"more", b"hello\r\n")
    assert passage.ledger.events == []


@given(st.binary(min_size=1, max_size=200), st.lists(st.integers(1, 60), max_size=5))
@settings(max_examples=50)
def test_every_byte_to_another_host_arrives_once_and_in_order(data: bytes, cuts: list[int]) -> None:
    passage = Passage(OTHER, 443)
    start = 0
    for cut in [*cuts, len(data)]:
        if data[start : start + cut]:
            passage.send(data[start : start + cut])
        start += cut
    passage.wake()
    if passage.closed:
        assert passage.ledger.codes == ["host-mismatch"]
        assert passage.up == b""
    else:
        assert passage.up == data


def test_a_host_that_speaks_first_is_heard() -> None:
    passage = Passage(OTHER, 25)
    passage.hear(b"220 hello\r\n")
    assert passage.down == b"220 hello\r\n"
    assert passage.up == b""


@pytest.mark.parametrize(
    "data", [HELLO, REQUEST, real_hello("api.github.com")], ids=["a forge's TLS", "a forge's Host", "a forge's API"]
)
def test_another_host_is_no_way_to_a_forge(data: bytes) -> None:
    passage = Passage(OTHER, 443)
    passage.send(data)
    assert (passage.up, passage.closed, passage.ledger.codes) == (b"", True, ["host-mismatch"])
    assert closed(passage.out, passage.context.server)
    passage.hear(b"too late")
    assert passage.down == b""


def test_the_start_of_a_request_is_kept_for_a_while_only() -> None:
    passage = Passage(OTHER, 443)
    assert [deadline.delay for deadline in wakeups(passage.out)] == [QUIET_SECONDS]
    passage.send(b"EHLO x\r\n")
    assert passage.up == b""
    passage.wake()
    assert (passage.up, passage.closed) == (b"EHLO x\r\n", False)
    passage.send(b"QUIT\r\n")
    assert passage.up == b"EHLO x\r\nQUIT\r\n"


def test_a_client_hello_that_does_not_end_is_closed() -> None:
    passage = Passage(OTHER, 443)
    passage.send(HELLO[:60])
    passage.wake()
    assert (passage.up, passage.closed, passage.ledger.codes) == (b"", True, ["host-mismatch"])


def test_a_quiet_client_is_not_closed() -> None:
    passage = Passage(OTHER, 443)
    passage.wake()
    assert not passage.closed
    passage.send(b"\x00")
    assert passage.up == b"\x00"


def test_what_was_kept_goes_on_when_the_client_has_said_all() -> None:
    passage = Passage(OTHER, 443)
    passage.send(b"GET")
    passage.leave()
    assert passage.up == b"GET"
    assert not passage.closed  # the host may still answer
    passage.hear(b"bye")
    assert passage.down == b"bye"


def test_half_a_client_hello_does_not_go_on_when_the_client_leaves() -> None:
    passage = Passage(OTHER, 443)
    passage.send(HELLO[:60])
    passage.leave()
    assert passage.up == b""


def test_another_host_that_can_t_be_reached_closes_the_client() -> None:
    passage = Passage(OTHER, 443, refuse="[Errno 111]")
    assert passage.closed


def test_what_waits_for_another_host_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(backlog, "queued", lambda _tunnel, size: told.append(size))
    monkeypatch.setattr(backlog, "released", lambda _tunnel: told.append(0))
    passage = Passage(OTHER, 443, wait=True)
    passage.send(b"\x00" * 70)
    assert [size for size in told if size] == [70]
    assert told[-1] == 70
    passage.out += passage.play.connect()
    assert told[-1] == 0
    assert passage.up == b"\x00" * 70


# -- observe mode ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "port", "data", "code"),
    [
        ("github.com", 22, b"SSH-2.0-x\r\n", "ssh"),
        ("github.com", 443, b"SSH-2.0-x\r\n", "ssh"),
        ("github.com", 443, b"\x00\x01", "not-tls"),
        ("github.com", 80, HELLO, "not-http"),
    ],
)
def test_observe_mode_relays_and_tells_once(host: str, port: int, data: bytes, code: str) -> None:
    passage = Passage(host, port, "mode: observe\n")
    passage.send(data)
    assert (passage.up, passage.closed) == (data, False)
    assert [(told.verdict.code, told.verdict.would_action) for told in passage.ledger.decisions] == [
        (code, Action.BLOCK)
    ]


# -- failures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["read_opening", "plan_opening"])
@pytest.mark.parametrize("host", ["github.com", OTHER, ADDRESS])
@pytest.mark.parametrize("by", ["", "mode: observe\n"])
def test_a_failure_at_the_first_bytes_lets_nothing_on(
    monkeypatch: pytest.MonkeyPatch, place: str, host: str, by: str
) -> None:
    def fail(*_: object, **_named: object) -> Any:
        raise RuntimeError("classified payload")

    monkeypatch.setattr(tunnels, place, fail)
    passage = Passage(host, 443, by)
    passage.send(HELLO if host != OTHER else real_hello(OTHER))
    observed = place == "read_opening" and host == "github.com" and by
    assert (passage.up == b"") is not bool(observed)
    assert passage.closed is not bool(observed)
    assert [fault.exception for fault in passage.ledger.faults] == ["RuntimeError"]
    assert "classified" not in repr(passage.ledger.events)


def test_without_a_permission_no_relay_is_opened() -> None:
    def fail(*_: object) -> None:
        raise LookupError("nothing is wired")

    passage = Passage("github.com", 443)
    passage.flow.request.host = OTHER
    relay = passage.desk.open(passage.context, passage.flow, fail)
    assert isinstance(relay, Tunnel)
    play = Play(relay)
    with pytest.raises(LookupError):
        play.start()
    assert play.opened == []


# -- a new policy ------------------------------------------------------------------------------------------------------

NEW_FORGE = parse("version: 1\nforges: [{host: www.example.org, kind: gitlab}]\n", "new.yaml")


def test_a_relay_to_what_is_a_forge_now_is_closed() -> None:
    passage = Passage(OTHER, 443)
    passage.send(b"\x00")
    passage.desk.recheck(policy())
    assert passage.shut == []
    passage.desk.recheck(NEW_FORGE)
    passage.desk.recheck(NEW_FORGE)
    assert passage.shut == [passage.context.client]


def test_a_relay_that_names_a_new_forge_inside_is_closed() -> None:
    passage = Passage(ADDRESS, 443)
    passage.send(real_hello(OTHER))
    passage.desk.recheck(NEW_FORGE)
    assert passage.shut == [passage.context.client]


def test_a_client_that_is_gone_is_forgotten() -> None:
    passage = Passage(OTHER, 443)
    passage.desk.forget(passage.context.client)
    passage.desk.forget(passage.context.client)
    passage.desk.recheck(NEW_FORGE)
    assert passage.shut == []


def test_a_forge_s_own_tunnel_is_not_closed_by_a_new_policy() -> None:
    passage = Passage("github.com", 443)
    passage.send(HELLO)
    passage.desk.recheck(policy())
    assert passage.shut == []


def test_what_leads_to_a_new_forge_already_is_closed_not_decrypted() -> None:
    """Its connection upstream is open in plain: requests must not go out on that."""
    passage = Passage(OTHER, 443)
    passage.wiring.install_policy(NEW_FORGE)
    passage.send(real_hello(OTHER))
    assert (passage.up, passage.closed, passage.child) == (b"", True, None)


def test_first_bytes_are_judged_by_the_policy_that_holds_now() -> None:
    passage = Passage(OTHER, 443)
    passage.wiring.install_policy(NEW_FORGE)
    passage.send(real_hello("cdn.example.org"))
    assert (passage.up, passage.closed) == (b"", True)
    assert passage.ledger.decisions[-1].policy.file == "new.yaml"


# -- shared stores -----------------------------------------------------------------------------------------------------

STORE = "objects.example.org"
AT_THE_STORE = f"https://{STORE}/bucket/1?sig=x"
CLOSED = "defaults: {other_hosts: block}\n"


def announced(url: str = AT_THE_STORE, seconds: int = 600) -> Announcement:
    """An upload to a store that others use too."""
    asked = arrival("POST", f"https://{urlsplit(url).netloc}/acme/api.git/info/lfs/objects/batch").request
    place = parse_place(url, asked)
    target = identify(arrival("PUT", "https://api.github.com/repos/acme/api/contents/a").request, policy().registry)
    assert isinstance(place, Place)
    assert target is not None
    return Announcement(
        place=place,
        methods=frozenset({"PUT"}),
        use=Use.UPLOAD,
        oid="1" * 64,
        size=3,
        most=3,
        whole=True,
        transfer="basic",
        asker=target,
        seconds=seconds,
    )


class Told(Passage):
    """A CONNECT of a client that was told to upload to `STORE`, or to `url`; `now` are the seconds since then."""

    def __init__(
        self, host: str, port: int = 443, by: Policy | str = "", *, client: str = "192.0.2.1", url: str = AT_THE_STORE
    ) -> None:
        self.now = 0.0
        self.examiner = Examiner(clock=lambda: self.now)
        assert self.examiner.announcements.remember(client, [announced(url)]) is None
        super().__init__(host, port, by)

    def made(self, by: Policy, ledger: Ledger) -> Enforcer:
        return Enforcer(by, ledger.journal, self.examiner)


@pytest.mark.parametrize("by", ["", CLOSED, "mode: observe\n" + CLOSED])
@pytest.mark.parametrize("host", [STORE, "Objects.Example.ORG."])
def test_a_store_is_read_for_the_client_that_was_told_of_it(by: str, host: str) -> None:
    passage = Told(host, by=by)
    assert (passage.connected, passage.permitted) == ([], False)
    passage.send(real_hello(STORE))
    assert isinstance(passage.child, tls.ClientTLSLayer)
    assert passage.context.server.address == (STORE, 443)
    assert (passage.connected, passage.up, passage.ledger.events) == ([], b"", [])


@pytest.mark.parametrize(("host", "client"), [(OTHER, "192.0.2.1"), (STORE, "192.0.2.2")])
def test_no_other_client_and_no_other_host_is_read(host: str, client: str) -> None:
    passage, hello = Told(host, client=client), real_hello(host)
    passage.send(hello)
    assert (passage.connected, passage.up) == ([(host, 443)], hello)
    closed_to_it = Told(host, by=CLOSED, client=client)
    assert closed_to_it.reply.status == 403


@pytest.mark.parametrize(("host", "port", "code"), [("github.com", 22, "ssh"), ("github.com", 8443, "port")])
def test_a_forge_that_takes_its_objects_itself_is_planned_like_any(host: str, port: int, code: str) -> None:
    passage = Told(host, port, url="https://github.com/acme/api.git/objects/1")
    assert (passage.reply.status, passage.ledger.codes) == (403, [code])


def test_a_bare_address_that_is_announced_still_has_to_name_somebody() -> None:
    passage = Told(ADDRESS, url=f"https://{ADDRESS}/bucket/1")
    passage.send(real_hello(None))
    assert (passage.up, passage.closed, passage.ledger.codes) == (b"", True, ["host-mismatch"])
    assert passage.connected == []


def test_a_store_is_no_longer_read_once_the_announcement_has_expired() -> None:
    passage = Told(STORE)
    passage.now = 601.0
    again = passage.desk.open(passage.context, passage.flow, passage.wiring.permit)
    assert isinstance(again, Tunnel)
    assert again.relays


@pytest.mark.parametrize("data", [b"SSH-2.0-x\r\n", b"\x00\x01", REQUEST.replace(b"GitHub.com", b"a.b")])
def test_what_is_no_tls_to_a_store_passes_as_if_nothing_was_announced(data: bytes) -> None:
    passage = Told(STORE)
    passage.send(data)
    assert (passage.connected, passage.up, passage.closed) == ([(STORE, 443)], data, False)
    assert passage.permitted
    passage.hear(b"hello")
    passage.send(b"more")
    assert (passage.up, passage.down) == (data + b"more", b"hello")
    assert passage.ledger.events == []


@pytest.mark.parametrize("data", [real_hello(OTHER), real_hello(None)])
def test_tls_to_a_store_by_another_name_passes_as_if_nothing_was_announced(data: bytes) -> None:
    passage = Told(STORE)
    passage.send(data)
    assert (passage.connected, passage.up) == ([(STORE, 443)], data)


def test_a_store_is_no_way_to_a_forge() -> None:
    passage = Told(STORE)
    passage.send(HELLO)
    assert (passage.connected, passage.up, passage.closed) == ([], b"", True)
    assert passage.ledger.codes == ["host-mismatch"]


@pytest.mark.parametrize("mode", ["", "mode: observe\n"])
def test_what_is_no_tls_to_a_store_is_refused_where_other_hosts_are_and_told_of(mode: str) -> None:
    passage = Told(STORE, by=mode + CLOSED)
    assert passage.ledger.events == []
    passage.send(b"\x00\x01")
    (told,) = passage.ledger.decisions
    assert (told.verdict.code, told.stage, told.exchange.host) == ("other-host", Stage.CONNECTION, STORE)
    assert passage.closed is not bool(mode)
    assert (passage.up != b"") is bool(mode)


def test_what_a_new_policy_refuses_inside_a_tunnel_is_told_of() -> None:
    passage = Passage(OTHER, 443)
    passage.wiring.install_policy(policy(CLOSED))
    passage.send(real_hello(OTHER))
    assert (passage.up, passage.closed, passage.ledger.codes) == (b"", True, ["other-host"])


@pytest.mark.parametrize("expired", [True, False])
def test_an_announced_store_after_a_new_policy(expired: bool) -> None:
    passage = Told(STORE)
    passage.wiring.install_policy(policy("mode: observe\n"))
    passage.now = 601.0 if expired else 0.0
    hello = real_hello(STORE)
    passage.send(hello)
    assert isinstance(passage.child, tls.ClientTLSLayer) is not expired
    assert passage.up == (hello if expired else b"")


def test_a_store_that_becomes_announced_while_it_is_relayed_is_never_read_on_that_connection() -> None:
    passage, hello = Told(STORE, client="192.0.2.2"), real_hello(STORE)
    assert passage.connected == [(STORE, 443)]
    passage.examiner.announcements.remember("192.0.2.1", [announced()])
    passage.send(hello)
    assert passage.up == hello
    later = Told(STORE, client="192.0.2.2")
    later.examiner.announcements.remember("192.0.2.1", [announced()])
    later.wiring.install_policy(policy("mode: observe\n"))
    later.send(real_hello(STORE))  # planned anew: it would be read, but is connected already
    assert (later.up, later.closed, later.child) == (b"", True, None)


@pytest.mark.parametrize("by", ["", "mode: observe\n"])
def test_a_failing_memory_refuses_the_tunnel(monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("classified payload")

    monkeypatch.setattr("forgewall.identify.announced_memory.Announcements.names", fail)
    passage = Passage(OTHER, 443, by)
    assert (passage.reply.status, [fault.exception for fault in passage.ledger.faults]) == (503, ["RuntimeError"])

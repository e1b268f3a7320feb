"""The wiring: nothing without an enforcer, connections by permission only, and errors told without payload."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.connection import Client, ConnectionState, Server
from tests.proxy.arriving import Ledger, arrival, policy
from tests.proxy.playing import context

from forgewall.enforce.reply import Failure, Reply
from forgewall.inspect.inspector import SpoolFull
from forgewall.proxy import wiring
from forgewall.proxy.enforcer import Enforcer
from forgewall.proxy.ruling import Admitted, Refused
from forgewall.proxy.tunnels import TunnelDesk
from forgewall.proxy.wiring import Wiring, bare_reply, failure_of, last_resort, oversized_head

PAGE = Reply(status=200, headers=(), body=b"own page")


def wired(ledger: Ledger) -> Wiring:
    enforcer = Enforcer(policy(), ledger.journal)
    return Wiring(enforcer, TunnelDesk(enforcer, lambda _client: None), lambda _request: PAGE)


def client() -> Client:
    return Client(peername=("192.0.2.1", 1), sockname=("127.0.0.1", 2))


def server(*address: Any) -> Server:
    return Server(address=address or None)


def test_without_wiring_there_is_none() -> None:
    with pytest.raises(LookupError):
        wiring.current()
    made = wired(Ledger())
    wiring.install(made)
    assert wiring.current() is made
    wiring.install(None)
    with pytest.raises(LookupError):
        wiring.current()


def test_a_request_for_the_proxy_itself_gets_its_page_and_nothing_else() -> None:
    ledger = Ledger()
    asked = arrival("GET", "http://github.com/acme/api")
    assert wired(ledger).judge(asked, origin_form=True, invalid=False) == Refused(PAGE)
    assert isinstance(wired(ledger).judge(asked, origin_form=False, invalid=False), Admitted)


@pytest.mark.parametrize("origin_form", [True, False])
def test_a_head_that_contradicts_itself_is_refused(origin_form: bool) -> None:
    ledger = Ledger()
    ruling = wired(ledger).judge(arrival("GET", "https://github.com/"), origin_form=origin_form, invalid=True)
    assert isinstance(ruling, Refused)
    assert (ruling.reply.status, ledger.codes) == (400, ["framing"])


def test_a_connection_is_permitted_to_one_client_and_one_address() -> None:
    made, one, other = wired(Ledger()), client(), client()
    assert not made.permitted(one, server("github.com", 443))
    made.permit(one, ("github.com", 443))
    made.permit(one, ("2001:db8::1", 443))
    assert made.permitted(one, server("github.com", 443))
    assert made.permitted(one, server("2001:db8::1", 443, 0, 0))
    assert not made.permitted(one, server("github.com", 80))
    assert not made.permitted(one, server("gitlab.com", 443))
    assert not made.permitted(one, server())
    assert not made.permitted(other, server("github.com", 443))
    made.forget(one)
    assert not made.permitted(one, server("github.com", 443))
    made.forget(one)


def test_a_connection_that_took_too_long_is_known_once() -> None:
    made, one, other = wired(Ledger()), client(), client()
    made.permit(one, ("github.com", 443))
    made.overdue(one, ("github.com", 443))
    assert not made.was_overdue(other, ("github.com", 443))
    assert not made.was_overdue(one, ("gitlab.com", 443))
    assert made.was_overdue(one, ("github.com", 443))
    assert not made.was_overdue(one, ("github.com", 443))
    made.overdue(one, ("github.com", 443))
    made.forget(one)
    assert made._overdue == set()


def test_a_new_policy_is_judged_by_at_once_and_shown_to_open_tunnels() -> None:
    closed: list[Client] = []
    enforcer = Enforcer(policy(), Ledger().journal)
    desk = TunnelDesk(enforcer, closed.append)
    made = Wiring(enforcer, desk, lambda _request: PAGE)
    one = client()
    desk.relayed(one, frozenset({"git.new.example"}))
    new = policy("mode: observe\n")
    made.install_policy(new)
    assert (enforcer.policy, closed) == (new, [])
    from forgewall.decide.load import parse

    made.install_policy(parse("version: 1\nforges: [{host: git.new.example, kind: gitlab}]\n", "n.yaml"))
    assert closed == [one]


def test_a_client_that_stalls_is_refused_and_told_of() -> None:
    ledger = Ledger()
    reply = wired(ledger).stalled(arrival("POST", "https://github.com/acme/api.git/info/lfs/objects/batch", body=True))
    assert ledger.codes == ["framing"]
    assert reply.status >= 400


def test_an_internal_error_before_anything_is_known(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger()
    reply = wired(ledger).internal_error(None, "testing", ValueError("classified payload"))
    assert (reply.status, ledger.events) == (503, [])
    assert "while testing: ValueError" in caplog.text
    reply = wired(ledger).internal_error(
        arrival("GET", "https://github.com/"), "testing", ValueError("classified payload")
    )
    assert (reply.status, len(ledger.faults)) == (503, 1)
    assert "classified" not in caplog.text + repr(reply) + repr(ledger.faults)


def test_an_internal_error_that_can_t_be_told_is_answered_all_the_same(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> Reply:
        raise RuntimeError("classified payload")

    ledger = Ledger()
    made = wired(ledger)
    monkeypatch.setattr(made.enforcer, "internal_error", fail)
    reply = made.internal_error(arrival("GET", "https://github.com/"), "testing", ValueError("classified payload"))
    assert reply.status == 503
    assert "a failure while testing: RuntimeError" in caplog.text
    assert "classified" not in caplog.text + repr(reply)


def test_a_forge_that_can_t_be_reached_is_answered_by_the_enforcer() -> None:
    ledger = Ledger()
    reply = wired(ledger).unavailable(arrival("GET", "https://github.com/"), Failure.DNS, "")
    assert reply.status >= 500
    assert len(ledger.faults) == 1


def test_the_last_resort_says_where_and_never_what(caplog: pytest.LogCaptureFixture) -> None:
    reply = last_resort("testing", ValueError("classified payload"))
    assert reply.status == 503
    assert "x-forgewall-event" not in dict(reply.headers)
    last_resort("testing", None)
    assert [record.getMessage() for record in caplog.records] == [
        "refused without a ruling while testing: ValueError",
        "refused without a ruling while testing: no ruling",
    ]


def test_a_bare_reply_is_framed() -> None:
    reply = bare_reply(408, "tëxt")
    assert reply.body == "tëxt\n".encode()
    assert dict(reply.headers)["content-length"] == str(len(reply.body))


# -- oversized heads ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "line", "told"),
    [
        (("github.com", 443), b"GET /acme/api HTTP/1.1\r\nx: ", ("GET", "github.com", 443, "/acme/api")),
        (("github.com", 443), b"GET /" + b"x" * 70_000, ("GET", "github.com", 443, "/" + "x" * 4091)),
        (None, b"PUT http://github.com:81/a?b HTTP/1.1\r\n", ("PUT", "github.com", 81, "/a")),
        (None, b"PUT http://[github.com/ HTTP/1.1\r\n", ("PUT", "", 80, "")),
        (None, b"\x00\xff" * 40_000, None),
        (None, b"", None),
    ],
)
def test_an_oversized_head_is_recorded_as_far_as_it_goes(
    inside: tuple[str, int] | None, line: bytes, told: tuple[str, str, int, str] | None
) -> None:
    ledger = Ledger()
    wiring.install(wired(ledger))
    where = context()
    where.server.address = inside
    reply = oversized_head(where, line)
    assert (reply.status, ledger.codes) == (431, ["header-size"])
    exchange = ledger.decisions[0].exchange
    if told is not None:
        assert (exchange.method, exchange.host, exchange.port, exchange.path) == told
    assert ledger.decisions[0].subject.client == "192.0.2.1"


def test_an_oversized_head_is_refused_without_wiring_too() -> None:
    assert oversized_head(context(), b"GET / HTTP/1.1").status == 503


# -- failures upstream -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "failure", "detail"),
    [
        ("Certificate verify failed: self-signed certificate", Failure.CERTIFICATE, "self-signed certificate"),
        ("[Errno -2] Name or service not known", Failure.DNS, ""),
        ("[Errno -3] Temporary failure in name resolution", Failure.DNS, ""),
        ("[Errno 8] nodename nor servname provided", Failure.DNS, ""),
        ("connect timed out", Failure.TIMEOUT, ""),
        ("[Errno 110] Connect call failed: timeout", Failure.TIMEOUT, ""),
        ("[Errno 111] Connect call failed ('192.0.2.1', 443)", Failure.CONNECT, ""),
        ("Connection refused", Failure.CONNECT, ""),
        ("[Errno 101] Network is unreachable", Failure.CONNECT, ""),
        ("TLS handshake failed: x", Failure.PROTOCOL, "the TLS handshake failed"),
        ("server closed connection", Failure.PROTOCOL, "the connection was closed"),
        ("unexpected server response: b'secret'", Failure.PROTOCOL, ""),
    ],
)
def test_what_an_upstream_error_means(message: str, failure: Failure, detail: str) -> None:
    assert failure_of(message, server("github.com", 443)) == (failure, detail)


def test_an_error_on_an_open_connection_is_no_handshake() -> None:
    up = server("github.com", 443)
    up.state = ConnectionState.OPEN
    assert failure_of("ssl error", up) == (Failure.PROTOCOL, "")


PAYLOAD = "s3cret-payl0ad"


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_part_of_a_forge_s_answer_is_shown(before: str, after: str) -> None:
    message = f"{before.replace(':', '')} {PAYLOAD}{after}"
    if "certificate verify failed" not in message.lower():
        _, detail = failure_of(message, cast(Any, server("github.com", 443)))
        assert PAYLOAD not in detail


# -- bodies that can't be kept -----------------------------------------------------------------------------------------


def test_a_client_that_stalls_at_a_forge_is_told_of_with_the_forge_s_part() -> None:
    ledger = Ledger()
    wired(ledger).stalled(arrival("POST", "https://api.github.com/graphql", body=True))
    assert ledger.decisions[0].exchange.role == "api"


def test_a_body_that_has_no_room_on_disk_is_refused_and_told_of() -> None:
    ledger = Ledger()
    asked = arrival("POST", "https://api.github.com/graphql", body=True)
    reply = wired(ledger).no_room(asked, SpoolFull("the disk is full"))
    (told,) = ledger.decisions
    assert (reply.status, told.response_status, told.request_id) == (503, 503, asked.id)
    assert (told.verdict.code, told.verdict.rule, told.exchange.role) == ("spool", "protocol/spool", "api")
    assert "and the disk is full" in told.verdict.reason
    assert b"the disk is full" in reply.body
    assert dict(reply.headers)["x-forgewall-event"] == told.id


def test_a_body_that_has_no_room_before_anything_is_known(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger()
    assert wired(ledger).no_room(None, SpoolFull("the disk is full")).status == 503
    assert ledger.events == []
    assert "while keeping a body: SpoolFull" in caplog.text

"""What becomes of a CONNECT by its name and of its first bytes, as tables and as properties."""

from __future__ import annotations

import ipaddress
import socket
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forgewall.decide.load import parse
from forgewall.decide.policy import Policy
from forgewall.decide.tunnel import (
    Passage,
    Plan,
    is_ip,
    is_public_ip,
    other_host,
    parse_ip,
    plan_connect,
    plan_opening,
)
from forgewall.identify.opening import Opening, Protocol
from forgewall.model import Action, Verdict

FORGES = "forges: [{host: git.acme.example, port: 8443, kind: gitlab, hosts: [registry.acme.example]}]\n"


NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def policy(text: str = "") -> Policy:
    return parse(f"version: 1\n{FORGES}{text}", "p.yaml")


ENFORCE = policy()
OBSERVE = policy("mode: observe\n")
CLOSED = policy("defaults: {other_hosts: block}\n")
LISTED = policy("defaults: {ip_literals: [203.0.113.0/24, 140.82.112.0/20, '2606:50c0::/32']}\n")

TLS, HTTP1, SSH, OTHER = Protocol


def opening(protocol: Protocol, name: str | None = None, problem: str | None = None) -> Opening:
    return Opening(protocol=protocol, name=name, problem=problem)


def code(plan: Plan) -> str | None:
    return plan.verdict.code if plan.verdict else None


# -- CONNECT -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "port", "passage", "refused"),
    [
        ("github.com", 443, Passage.DECRYPT, None),
        ("api.github.com", 443, Passage.DECRYPT, None),
        ("gist.github.com", 443, Passage.DECRYPT, None),
        ("alive.github.com", 443, Passage.DECRYPT, None),
        ("gitlab.com", 80, Passage.PLAIN, None),
        ("git.acme.example", 8443, Passage.DECRYPT, None),
        ("git.acme.example", 80, Passage.PLAIN, None),
        ("git.acme.example", 443, Passage.REFUSE, "port"),
        ("registry.acme.example", 8443, Passage.DECRYPT, None),
        ("github.com", 8443, Passage.REFUSE, "port"),
        ("github.com", 9418, Passage.REFUSE, "port"),
        ("github.com", 0, Passage.REFUSE, "port"),
        ("github.com", 22, Passage.REFUSE, "ssh"),
        ("git.acme.example", 22, Passage.REFUSE, "ssh"),
        ("ssh.github.com", 443, Passage.REFUSE, "ssh"),
        ("ssh.github.com", 80, Passage.REFUSE, "ssh"),
        ("altssh.gitlab.com", 443, Passage.REFUSE, "ssh"),
        ("altssh.bitbucket.org", 443, Passage.REFUSE, "ssh"),
        ("www.example.org", 443, Passage.TUNNEL, None),
        ("www.example.org", 22, Passage.TUNNEL, None),
        ("github.com.evil.example", 443, Passage.TUNNEL, None),
        ("140.82.121.4", 443, Passage.PEEK, None),
        ("140.82.121.4", 22, Passage.PEEK, None),
        ("2606:50c0:8000::154", 443, Passage.PEEK, None),
        ("::ffff:140.82.121.4", 443, Passage.PEEK, None),
        ("2354215172", 443, Passage.PEEK, None),
        ("0x8c.0x52.0x79.4", 443, Passage.PEEK, None),
        ("10.1.2.3", 443, Passage.TUNNEL, None),
        ("127.1", 443, Passage.TUNNEL, None),
        ("::1", 443, Passage.TUNNEL, None),
    ],
)
def test_what_becomes_of_a_connect(host: str, port: int, passage: Passage, refused: str | None) -> None:
    plan = plan_connect(ENFORCE, host, port, NOW)
    assert (plan.passage, code(plan)) == (passage, refused)
    assert (plan.forge is not None) is (ENFORCE.registry.lookup(host) is not None)
    if plan.verdict is not None:
        assert plan.verdict.action is Action.BLOCK
        assert host in plan.verdict.reason


def test_a_refused_port_names_the_ports_that_are_open() -> None:
    verdict = plan_connect(ENFORCE, "git.acme.example", 443, NOW).verdict
    assert verdict is not None
    assert "8443" in verdict.reason
    assert "80" in verdict.reason


@pytest.mark.parametrize(("host", "port", "refused"), [("github.com", 22, "ssh"), ("github.com", 8443, "port")])
def test_observe_mode_leads_a_refused_connect_through_and_tells(host: str, port: int, refused: str) -> None:
    plan = plan_connect(OBSERVE, host, port, NOW)
    assert (plan.passage, code(plan)) == (Passage.TUNNEL, refused)
    assert plan.verdict is not None
    assert (plan.verdict.action, plan.verdict.would_action) == (Action.LOG, Action.BLOCK)


@pytest.mark.parametrize("host", ["www.example.org", "140.82.121.4", "10.1.2.3"])
def test_other_hosts_can_be_closed(host: str) -> None:
    plan = plan_connect(CLOSED, host, 443, NOW)
    assert (plan.passage, code(plan)) == (Passage.REFUSE, "other-host")


def test_closed_other_hosts_are_only_told_of_in_observe_mode() -> None:
    plan = plan_connect(policy("mode: observe\ndefaults: {other_hosts: block}\n"), "www.example.org", 443, NOW)
    assert (plan.passage, code(plan)) == (Passage.TUNNEL, "other-host")


def test_forges_stay_open_where_other_hosts_are_closed() -> None:
    assert plan_connect(CLOSED, "github.com", 443, NOW) == plan_connect(ENFORCE, "github.com", 443, NOW)


@pytest.mark.parametrize(
    ("host", "passage"),
    [
        ("140.82.121.4", Passage.TUNNEL),
        ("140.82.112.0", Passage.TUNNEL),
        ("140.82.128.0", Passage.PEEK),
        ("2354215172", Passage.TUNNEL),  # 140.82.121.4 again
        ("::ffff:140.82.121.4", Passage.TUNNEL),
        ("2606:50c0:8000::154", Passage.TUNNEL),
        ("2606:50c1::1", Passage.PEEK),
    ],
)
def test_listed_networks_need_no_name(host: str, passage: Passage) -> None:
    assert plan_connect(LISTED, host, 443, NOW).passage is passage


# -- first bytes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "port", "first", "passage", "refused"),
    [
        ("github.com", 443, opening(TLS, "github.com"), Passage.DECRYPT, None),
        ("github.com", 443, opening(TLS, "api.github.com"), Passage.REFUSE, "host-mismatch"),
        ("github.com", 443, opening(TLS, "www.example.org"), Passage.REFUSE, "host-mismatch"),
        ("github.com", 443, opening(TLS), Passage.REFUSE, "host-mismatch"),
        ("github.com", 443, opening(TLS, problem="two names"), Passage.REFUSE, "host-mismatch"),
        ("github.com", 443, opening(SSH), Passage.REFUSE, "ssh"),
        ("github.com", 443, opening(HTTP1, "github.com"), Passage.REFUSE, "not-tls"),
        ("github.com", 443, opening(OTHER), Passage.REFUSE, "not-tls"),
        ("github.com", 80, opening(HTTP1, "github.com"), Passage.PLAIN, None),
        ("github.com", 80, opening(HTTP1, "www.example.org"), Passage.PLAIN, None),  # each request's Host is judged
        ("github.com", 80, opening(HTTP1, problem="two Hosts"), Passage.REFUSE, "not-http"),
        ("github.com", 80, opening(TLS, "github.com"), Passage.REFUSE, "not-http"),
        ("github.com", 80, opening(OTHER), Passage.REFUSE, "not-http"),
        ("github.com", 80, opening(SSH), Passage.REFUSE, "ssh"),
        ("www.example.org", 443, opening(TLS, "www.example.org"), Passage.TUNNEL, None),
        ("www.example.org", 443, opening(TLS, "cdn.example.org"), Passage.TUNNEL, None),
        ("www.example.org", 443, opening(TLS), Passage.TUNNEL, None),
        ("www.example.org", 443, opening(TLS, "github.com"), Passage.REFUSE, "host-mismatch"),
        ("www.example.org", 80, opening(HTTP1, "api.github.com"), Passage.REFUSE, "host-mismatch"),
        ("www.example.org", 443, opening(TLS, problem="two names"), Passage.REFUSE, "host-mismatch"),
        ("www.example.org", 22, opening(SSH), Passage.TUNNEL, None),
        ("www.example.org", 22, opening(OTHER), Passage.TUNNEL, None),
        ("10.1.2.3", 443, opening(TLS), Passage.TUNNEL, None),
        ("10.1.2.3", 443, opening(TLS, "github.com"), Passage.REFUSE, "host-mismatch"),
        ("140.82.121.4", 443, opening(TLS, "github.com"), Passage.DECRYPT, None),
        ("140.82.121.4", 443, opening(TLS, "www.example.org"), Passage.TUNNEL, None),
        ("140.82.121.4", 443, opening(TLS, "140.82.121.4"), Passage.REFUSE, "host-mismatch"),
        ("140.82.121.4", 443, opening(TLS, "2354215172"), Passage.REFUSE, "host-mismatch"),
        ("140.82.121.4", 443, opening(TLS), Passage.REFUSE, "host-mismatch"),
        ("140.82.121.4", 443, opening(TLS, problem="two names"), Passage.REFUSE, "host-mismatch"),
        ("140.82.121.4", 22, opening(SSH), Passage.REFUSE, "ssh"),
        ("140.82.121.4", 80, opening(HTTP1, "www.example.org"), Passage.REFUSE, "host-mismatch"),
        ("140.82.121.4", 80, opening(HTTP1, "github.com"), Passage.REFUSE, "host-mismatch"),
        ("140.82.121.4", 9418, opening(OTHER), Passage.REFUSE, "host-mismatch"),
    ],
)
def test_what_becomes_of_the_first_bytes(
    host: str, port: int, first: Opening, passage: Passage, refused: str | None
) -> None:
    plan = plan_opening(ENFORCE, host, plan_connect(ENFORCE, host, port, NOW), first, NOW)
    assert (plan.passage, code(plan)) == (passage, refused)
    if passage is Passage.DECRYPT:
        assert plan.forge is not None
    if plan.verdict is not None:
        assert plan.verdict.action is Action.BLOCK
        assert host in plan.verdict.reason
        assert not plan.verdict.reason.endswith(".")


def test_a_bare_address_becomes_the_forge_its_server_name_says() -> None:
    plan = plan_opening(
        ENFORCE, "140.82.121.4", plan_connect(ENFORCE, "140.82.121.4", 443, NOW), opening(TLS, "api.github.com"), NOW
    )
    assert plan.forge == ENFORCE.registry.lookup("api.github.com")


def test_a_listed_address_still_is_no_way_to_a_forge() -> None:
    plan = plan_opening(
        LISTED, "140.82.121.4", plan_connect(LISTED, "140.82.121.4", 443, NOW), opening(TLS, "github.com"), NOW
    )
    assert (plan.passage, code(plan)) == (Passage.REFUSE, "host-mismatch")


@pytest.mark.parametrize(
    ("host", "port", "first", "refused"),
    [
        ("github.com", 443, opening(SSH), "ssh"),
        ("github.com", 443, opening(OTHER), "not-tls"),
        ("github.com", 80, opening(TLS, "github.com"), "not-http"),
        ("140.82.121.4", 22, opening(SSH), "ssh"),
        ("github.com", 22, opening(SSH), "ssh"),
    ],
)
def test_observe_mode_relays_what_would_be_refused(host: str, port: int, first: Opening, refused: str) -> None:
    plan = plan_opening(OBSERVE, host, plan_connect(OBSERVE, host, port, NOW), first, NOW)
    assert (plan.passage, code(plan)) == (Passage.TUNNEL, refused)
    assert plan.verdict is not None
    assert (plan.verdict.action, plan.verdict.would_action) == (Action.LOG, Action.BLOCK)


def test_observe_mode_relays_tls_on_a_port_that_would_be_refused() -> None:
    plan = plan_opening(
        OBSERVE, "github.com", plan_connect(OBSERVE, "github.com", 8443, NOW), opening(TLS, "github.com"), NOW
    )
    assert (plan.passage, code(plan)) == (Passage.TUNNEL, "port")


@pytest.mark.parametrize(
    ("host", "first"),
    [
        ("github.com", opening(TLS, "www.example.org")),
        ("github.com", opening(TLS)),
        ("www.example.org", opening(TLS, "github.com")),
        ("www.example.org", opening(TLS, problem="two names")),
        ("140.82.121.4", opening(TLS)),
    ],
)
def test_names_that_contradict_are_refused_in_observe_mode_too(host: str, first: Opening) -> None:
    plan = plan_opening(OBSERVE, host, plan_connect(OBSERVE, host, 443, NOW), first, NOW)
    assert (plan.passage, code(plan)) == (Passage.REFUSE, "host-mismatch")
    assert plan.verdict is not None
    assert plan.verdict.action is Action.BLOCK


NAMES = st.sampled_from(
    ["github.com", "api.github.com", "ssh.github.com", "gitlab.com", "git.acme.example", "www.example.org", "1.1.1.1"]
)
OPENINGS = st.builds(opening, st.sampled_from(Protocol), st.none() | NAMES, st.none() | st.just("a problem")).filter(
    lambda first: first.name is None or first.problem is None
)


@given(NAMES, st.sampled_from([22, 80, 443, 8443, 9418]), OPENINGS)
def test_no_tunnel_ends_untouched_at_a_forge(host: str, port: int, first: Opening) -> None:
    before = plan_connect(ENFORCE, host, port, NOW)
    after = before if before.passage is Passage.REFUSE else plan_opening(ENFORCE, host, before, first, NOW)
    forges = [name for name in (host, first.name) if name and ENFORCE.registry.lookup(name)]
    if after.passage is Passage.TUNNEL:
        assert forges == []
        assert first.problem is None
    if after.passage is Passage.DECRYPT:
        assert after.forge is not None
        assert first.protocol is TLS
        assert first.name == host or is_public_ip(host)
    assert (after.passage is Passage.REFUSE) is (after.verdict is not None)


@given(NAMES, st.sampled_from([22, 80, 443, 8443]), OPENINGS)
def test_planning_twice_says_the_same(host: str, port: int, first: Opening) -> None:
    for chosen in (ENFORCE, OBSERVE, CLOSED, LISTED):
        plan = plan_connect(chosen, host, port, NOW)
        assert plan == plan_connect(chosen, host, port, NOW)
        assert plan_opening(chosen, host, plan, first, NOW) == plan_opening(chosen, host, plan, first, NOW)


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("1.2.772", "1.2.3.4"),
        ("0", "0.0.0.0"),
        ("4294967295", "255.255.255.255"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_all_spellings_of_an_address(text: str, address: str) -> None:
    assert parse_ip(text) == ipaddress.ip_address(address)
    assert is_ip(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        "1..2",
        "256.1.1.1",
        "1.2.3.256",
        "1.2.3.4.5",
        "4294967296",
        "0x",
        "08.1.1.1",
        "1.2.3.-4",
        "github.com",
        "1.2.3.x",
        "१.1.1.1",
        "9" * 5000,
        "::g",
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert parse_ip(text) is None


@pytest.mark.parametrize("text", ["+1.1.1.1", "1_0.1.1.1", " 1.1.1.1"])
def test_a_number_is_digits_only(text: str) -> None:
    assert parse_ip(text) is None


@given(st.text("0123456789abcdefx.", max_size=24))
@example("0x7f.1")
@example("1.2.3.4")
def test_addresses_are_read_as_the_resolver_reads_them(text: str) -> None:
    try:
        packed = socket.inet_aton(text)
    except OSError:
        assert parse_ip(text) is None
    else:
        assert parse_ip(text) == ipaddress.IPv4Address(packed)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_none(text: str) -> None:
    assert parse_ip(text) is None or is_ip(text)


@given(st.ip_addresses())
def test_every_address_is_recognised(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert is_ip(str(address))
    plain = getattr(address, "ipv4_mapped", None) or address
    assert is_public_ip(str(address)) is plain.is_global


def other(text: str) -> Verdict:
    return other_host(parse(f"version: 1\n{text}", "p.yaml"), "example.com", NOW)


def test_another_host_is_blocked_where_the_policy_says_so() -> None:
    verdict = other("defaults:\n  other_hosts: block\n")
    assert (verdict.action, verdict.would_action, verdict.code) == (Action.BLOCK, None, "other-host")
    assert (verdict.rule, verdict.reference) == ("defaults/other_hosts", "p.yaml:3")
    assert "example.com" in verdict.reason
    assert not verdict.reason.endswith(".")


def test_observe_mode_only_tells_that_another_host_would_be_blocked() -> None:
    verdict = other("mode: observe\ndefaults: {other_hosts: block}\n")
    assert (verdict.action, verdict.would_action) == (Action.LOG, Action.BLOCK)
    assert verdict.reference == "p.yaml:3"

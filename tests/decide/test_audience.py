"""Who an entry is for: users, addresses, networks, groups."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.audience import Group, audience, network_of
from forgewall.model import Subject

OSS = Group(name="oss", line=1, audience=audience(["ana", "10.4.0.0/16"], {}))


def admits(terms: list[str], client: str, user: str | None = None) -> bool:
    return audience(terms, {"oss": OSS}).admits(Subject(client=client, user=user))


@pytest.mark.parametrize(
    "terms, client, user, expected",
    [
        (["ana"], "192.0.2.1", "ana", True),
        (["ana"], "192.0.2.1", "Ana", False),
        (["ana"], "192.0.2.1", None, False),
        (["oss"], "192.0.2.1", "ana", True),
        (["oss"], "192.0.2.1", "oss", False),
        (["oss"], "10.4.255.255", None, True),
        (["oss"], "10.5.0.0", None, False),
        (["192.0.2.1"], "192.0.2.1", None, True),
        (["192.0.2.1"], "192.0.2.10", None, False),
        (["192.0.2.0/24"], "::ffff:192.0.2.9", None, True),
        (["2001:db8::/32"], "2001:db8:1::1", None, True),
        (["2001:db8::/32"], "2001:db9::1", None, False),
        (["fe80::/10"], "fe80::1%eth0", None, True),
        (["0.0.0.0/0"], "::1", None, False),
        (["0.0.0.0/0"], "8.8.8.8", None, True),
        (["10.0.0.0/8"], "not an address", None, False),
        (["10.0.0.1"], "", "10.0.0.1", False),
    ],
)
def test_admits(terms: list[str], client: str, user: str | None, expected: bool) -> None:
    assert admits(terms, client, user) is expected


@pytest.mark.parametrize("term", ["10.4.0.1/16", "10.4.0.300", "10.4.0.0/33", "1.2.3.4.5", "2001:db8::/129", "::1/x"])
def test_what_looks_like_a_network_and_is_none(term: str) -> None:
    with pytest.raises(ValueError, match=r"neither an IP address|bits set after its prefix"):
        network_of(term)


@pytest.mark.parametrize("term", ["ana", "ana@acme.example", "ACME\\ana", "a.b", "abe.fed", "team/one", "42"])
def test_names_are_no_networks(term: str) -> None:
    assert network_of(term) is None


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 128))
def test_networks_match_as_the_standard_library_does(client, base, prefix: int) -> None:  # type: ignore[no-untyped-def]
    network = ip_network((base, min(prefix, base.max_prefixlen)), strict=False)
    expected = ip_address(str(client)) in network
    if getattr(client, "ipv4_mapped", None) is None:
        assert admits([str(network)], str(client)) is expected

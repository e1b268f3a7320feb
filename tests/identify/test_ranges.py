"""The published networks of forges: what arrives there under another name, and what doesn't."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.identify.ranges import Ranges, parse_ranges

BUILT_IN = Ranges.built_in()


@pytest.mark.parametrize(
    ("address", "name", "forge"),
    [
        ("140.82.121.4", "mirror.example", "github.com"),
        ("140.82.112.0", "mirror.example", "github.com"),
        ("140.82.127.255", "mirror.example", "github.com"),
        ("140.82.128.0", "mirror.example", None),
        ("20.87.245.0", "mirror.example", "github.com"),
        ("20.87.245.1", "mirror.example", None),
        ("2a0a:a440::1", "mirror.example", "github.com"),
        ("::ffff:140.82.121.4", "mirror.example", "github.com"),
        ("64:ff9b::8c52:7904", "mirror.example", "github.com"),  # by NAT64
        ("2002:8c52:7904::1", "mirror.example", "github.com"),  # by 6to4
        ("64:ff9b::808:808", "mirror.example", None),
        ("185.199.108.153", "people.example", None),  # Pages, with anybody's domain
        ("140.82.121.4", "x.githubapp.com", None),
        ("140.82.121.4", "notgithubapp.com", "github.com"),
        ("104.192.141.1", "mirror.example", "bitbucket.org"),
        ("104.192.141.1", "acme.atlassian.net", None),
        ("8.8.8.8", "dns.example", None),
        ("0.0.0.0", "x", None),
        ("255.255.255.255", "x", None),
    ],
)
def test_the_forge_at_an_address(address: str, name: str, forge: str | None) -> None:
    assert BUILT_IN.forge_at(ipaddress.ip_address(address), name) == forge


def test_single_addresses_are_added_and_the_narrower_network_wins() -> None:
    ranges = Ranges([(ipaddress.ip_network("10.0.0.0/8"), "wide.example")])
    more = ranges.with_addresses({"git.example": [ipaddress.ip_address("10.0.0.5")]})
    assert more.forge_at(ipaddress.ip_address("10.0.0.5"), "x") == "git.example"
    assert more.forge_at(ipaddress.ip_address("10.0.0.6"), "x") == "wide.example"
    assert ranges.forge_at(ipaddress.ip_address("10.0.0.5"), "x") == "wide.example"


@given(st.lists(st.ip_addresses(v=4), max_size=20), st.ip_addresses(v=4), st.integers(8, 32))
def test_the_lookup_finds_what_the_networks_say(bases: list[ipaddress.IPv4Address], asked: object, bits: int) -> None:
    networks = [ipaddress.ip_network(f"{base}/{bits}", strict=False) for base in bases]
    ranges = Ranges([(network, "forge.example") for network in networks])
    address = ipaddress.ip_address(str(asked))
    expected = "forge.example" if any(address in network for network in networks) else None
    assert ranges.forge_at(address, "x") == expected


def test_a_line_that_is_no_network_is_named() -> None:
    with pytest.raises(ValueError, match=r"^line 2: "):
        parse_ranges("github.com 192.0.2.0/24\ngithub.com 192.0.2.1/24\n")

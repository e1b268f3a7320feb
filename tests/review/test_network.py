"""Addresses as numbers."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.review.network import packed, span, within


@pytest.mark.parametrize(
    ("address", "network", "inside"),
    [
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.0.0/16", True),
        ("10.1.2.3", "10.1.2.9/24", True),  # bits of a host are no mistake
        ("10.2.2.3", "10.1.0.0/16", False),
        ("::ffff:10.1.2.3", "10.1.2.3", True),
        ("2001:db8::5", "2001:db8::/32", True),
        ("fe80::1%eth0", "fe80::/10", True),
        ("fe80::1%eth0", "fe80::1", True),
        ("", "0.0.0.0/0", False),
        ("nobody", "::/0", False),
    ],
)
def test_who_is_within(address: str, network: str, inside: bool) -> None:
    borders = span(network)
    assert borders is not None
    assert within(address, borders) is inside


@pytest.mark.parametrize("word", ["", "10.1", "10.1.2.3/33", "example.com", "10.1.2.3/", "/8", "fe80::1%/64"])
def test_what_is_no_address_and_no_network(word: str) -> None:
    assert span(word) is None


@given(st.ip_addresses(), st.integers(0, 32))
def test_it_is_as_the_library_says(address: ipaddress.IPv4Address | ipaddress.IPv6Address, bits: int) -> None:
    network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
    borders = span(str(network))
    assert borders is not None
    assert within(str(address), borders)
    assert len(packed(str(address)) or b"") == 16

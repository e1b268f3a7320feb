"""Shares: nobody takes all, everything comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forgewall.proxy.shares import Shares


def filled(shares: Shares, client: str | None) -> int:
    """How much this client could take."""
    taken = 0
    while shares.fits(client, 1):
        shares.take(client, 1)
        taken += 1
    return taken


def test_no_client_holds_more_than_it_leaves_free() -> None:
    shares = Shares(800)
    assert filled(shares, "10.0.0.1") == 400
    assert [filled(shares, f"10.0.0.{number}") for number in (2, 3, 4)] == [200, 100, 50]
    shares.give("10.0.0.1", 400)
    assert filled(shares, "10.0.0.5") == 225


def test_who_has_no_address_may_take_all() -> None:
    shares = Shares(10)
    assert filled(shares, None) == 10
    shares.give(None, 10)
    assert shares.free == 10


def test_clients_that_could_be_one_share() -> None:
    shares = Shares(800)
    assert filled(shares, "2001:db8:0:1::7") == 400
    assert filled(shares, "2001:db8:0:1:ffff::9") == 0
    assert filled(shares, "2001:db8:0:2::7") == 200
    assert filled(shares, "no address: none") == 100


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "2001:db8::1"]), st.integers(0, 60), st.booleans())))
def test_shares_are_given_back(steps: list[tuple[str, int, bool]]) -> None:
    shares = Shares(100)
    held: dict[str, int] = {}
    for client, size, gives in steps:
        if gives:
            shares.give(client, held.pop(client, 0))
        elif shares.fits(client, size):
            shares.take(client, size)
            held[client] = held.get(client, 0) + size
        assert shares.free == 100 - sum(held.values()) >= 0
        assert all(size <= 50 for size in held.values())
    for client, size in held.items():
        shares.give(client, size)
    assert (shares.free, shares._held) == (100, {})

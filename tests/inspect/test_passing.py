"""What is kept of passing bytes is what slicing all of them would give, however they are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.inspect.reading import cuts

from forgewall.inspect.passing import Needle, Spot, Tail
from forgewall.inspect.patterns import Pattern

CUTS = st.lists(st.integers(0, 500), max_size=30)


@given(st.binary(max_size=300), CUTS, st.integers(1, 40))
def test_tail(data: bytes, places: list[int], limit: int) -> None:
    tail = Tail(limit)
    for chunk in cuts(data, places):
        tail.feed(chunk)
    assert tail.bytes() == data[-limit:]


@given(st.binary(max_size=300), CUTS, st.integers(0, 320), st.integers(1, 9))
def test_spot(data: bytes, places: list[int], offset: int, size: int) -> None:
    spot = Spot(offset, size)
    for chunk in cuts(data, places):
        spot.feed(chunk)
    assert spot.bytes() == data[offset : offset + size]


@given(st.lists(st.sampled_from([b"a", b"b", b"ab", b"abb", b"c"]), max_size=60), CUTS)
def test_needle(parts: list[bytes], places: list[int]) -> None:
    data = b"".join(parts)
    needle = Needle(Pattern("abbc{1,2}a"), 6)
    for chunk in cuts(data, places):
        needle.feed(chunk)
    assert needle.met == (b"abbca" in data or b"abbcca" in data)

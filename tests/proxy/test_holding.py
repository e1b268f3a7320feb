"""What a request has sent so far: in memory while it is small, on disk beyond, all of it and in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.inspector import SpoolFull
from forgewall.proxy import holding as room
from forgewall.proxy.holding import MEMORY_BYTES, Holding
from forgewall.proxy.spool import SpoolSpace

CHUNKS = st.lists(st.binary(max_size=12), max_size=20)


@given(CHUNKS, st.integers(0, 30), st.integers(1, 20))
def test_everything_comes_back_once_and_in_order(chunks: list[bytes], memory: int, piece: int) -> None:
    body = b"".join(chunks)
    space = SpoolSpace(total=1000)
    with pytest.MonkeyPatch().context() as patch:
        patch.setattr(room, "MEMORY_BYTES", memory)
        patch.setattr(room, "PIECE_BYTES", piece)
        holding = Holding(space.open(1000))
        for chunk in chunks:
            holding.add(chunk)
            assert len(holding.body) <= memory
        assert holding.size == len(body)
        assert holding.on_disk is (len(body) > memory)
        assert holding.body == (b"" if holding.on_disk else body)
        assert space.free == 1000 - (len(body) if holding.on_disk else 0)
        pieces = list(holding.pieces())
    assert b"".join(pieces) == body
    assert all(pieces)
    if len(body) > memory:
        assert max(map(len, pieces)) <= piece
    assert space.free == 1000


@given(CHUNKS)
def test_without_a_spool_all_stays_in_memory(chunks: list[bytes]) -> None:
    holding = Holding()
    for chunk in chunks:
        holding.add(chunk)
    assert (holding.body, holding.on_disk) == (b"".join(chunks), False)
    assert b"".join(holding.pieces()) == b"".join(chunks)
    assert list(holding.pieces()) == []


def test_exactly_what_memory_may_hold_stays_there() -> None:
    space = SpoolSpace(total=10**6)
    holding = Holding(space.open(10**6))
    holding.add(b"x" * MEMORY_BYTES)
    assert not holding.on_disk
    holding.add(b"y")
    assert holding.on_disk
    assert holding.body == b""
    assert space.free == 10**6 - MEMORY_BYTES - 1
    holding.close()
    assert space.free == 10**6


def test_what_has_no_room_gives_back_what_it_has() -> None:
    space = SpoolSpace(total=MEMORY_BYTES + 10)
    holding = Holding(space.open(10**6))
    holding.add(b"x" * MEMORY_BYTES)
    holding.add(b"y")
    with pytest.raises(SpoolFull):
        holding.add(b"z" * 10)
    holding.close()
    assert space.free == MEMORY_BYTES + 10


def test_whoever_stops_reading_gives_the_room_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MEMORY_BYTES", 1)
    monkeypatch.setattr(room, "PIECE_BYTES", 2)
    space = SpoolSpace(total=100)
    holding = Holding(space.open(100))
    holding.add(b"abcdef")
    pieces = holding.pieces()
    assert next(pieces) == b"ab"
    del pieces
    assert space.free == 100

from __future__ import annotations

import pytest
from tests.inspect.packing import MemorySpool

from forgewall.inspect.bases import Absent, Base, Bases, Keeper
from forgewall.inspect.objects import BLOB, TREE

WIDTH = 20


def name(number: int) -> bytes:
    return number.to_bytes(WIDTH)


def filled(bases: Bases, count: int, size: int = 1000) -> Bases:
    for number in range(count):
        assert bases.begin(100 * number) == number
        bases.settle(number, name(number), BLOB, 0, bytes([number % 256]) * size)
    return bases


def content(found: Base | int | Absent) -> bytes:
    assert isinstance(found, Base), found
    return found.read(0, found.size)


def test_objects_are_found_by_place_and_by_id() -> None:
    bases = filled(Bases(WIDTH, None), 3)
    assert content(bases.at(100)) == content(bases.named(name(1))) == b"\x01" * 1000
    assert bases.at(150) is Absent.NO_OBJECT
    assert bases.named(name(9)) is Absent.UNKNOWN
    waiting = bases.begin(900)
    assert bases.at(900) == waiting
    bases.lose(waiting)
    assert bases.at(900) is Absent.LOST
    found = bases.at(0)
    assert isinstance(found, Base)
    assert (found.kind, found.depth, found.size) == (BLOB, 0, 1000)


def test_what_was_not_used_for_longest_goes_first() -> None:
    bases = filled(Bases(WIDTH, None, memory=5000), 3)
    content(bases.at(0))
    bases.begin(900)
    bases.settle(3, name(3), TREE, 2, b"x" * 1000)
    assert bases.at(100) is Absent.LOST
    assert content(bases.at(0)) == bytes(1000)
    bases.begin(1000)
    bases.settle(4, name(4), TREE, 2, b"x" * 9000)
    assert {bases.at(offset) for offset in (0, 100, 900, 1000)} == {Absent.LOST}


def test_the_spool_gets_only_what_memory_has_no_room_for_and_once() -> None:
    spool = MemorySpool()
    bases = filled(Bases(WIDTH, spool, memory=5000), 3)
    assert len(spool.data) == 0
    filled_up = filled(Bases(WIDTH, spool, memory=5000), 200)
    written = len(spool.data)
    assert 195_000 < written < 200_000
    for offset in range(0, 20_000, 100):
        assert content(filled_up.at(offset)) == bytes([offset // 100 % 256]) * 1000
    assert len(spool.data) <= 200_000
    assert content(bases.at(0)) == bytes(1000)


@pytest.mark.parametrize("cap", [0, 50_000])
def test_a_full_spool_loses_the_rest(cap: int) -> None:
    bases = filled(Bases(WIDTH, MemorySpool(cap), memory=5000), 200)
    lost = [offset for offset in range(0, 20_000, 100) if bases.at(offset) is Absent.LOST]
    assert len(lost) >= 200 - 4 - cap // 1000 - 5


def test_the_oldest_of_very_many_are_forgotten() -> None:
    bases = filled(Bases(WIDTH, None, objects=100), 250, size=10)
    assert bases.at(0) is Absent.LOST
    assert bases.named(name(0)) is Absent.LOST or bases.named(name(0)) is Absent.UNKNOWN
    assert content(bases.at(24_900)) == bytes([249]) * 10
    late = bases.begin(25_000)
    for offset in range(25_100, 40_000, 100):
        bases.begin(offset)
    bases.settle(late, name(999), BLOB, 0, b"too late")
    assert bases.at(25_000) is Absent.LOST


def test_large_objects_are_kept_in_pieces() -> None:
    for spool in (None, MemorySpool()):
        bases = Bases(WIDTH, spool, memory=40_000)
        number = bases.begin(0)
        keeper = bases.keeper(9000)
        assert keeper is not None
        assert all(keeper.add(bytes([index]) * 3000) for index in range(3))
        bases.settle_kept(number, name(1), BLOB, 0, size=9000, keeper=keeper)
        found = bases.at(0)
        assert isinstance(found, Base)
        assert found.read(2999, 3002) == b"\0" + b"\1" * 3000 + b"\2"
    assert Bases(WIDTH, None, memory=40_000).keeper(10_001) is None
    assert Bases(WIDTH, MemorySpool()).keeper(1 << 30) is None


def test_a_keeper_gives_up_where_the_spool_is_full_or_shared() -> None:
    assert not Keeper(MemorySpool(5)).add(b"123456")
    spool = MemorySpool()
    keeper = Keeper(spool)
    assert keeper.add(b"one")
    spool.append(b"another's")
    assert not keeper.add(b"two")

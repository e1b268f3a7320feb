from __future__ import annotations

import pytest
from tests.inspect.packing import MemorySpool

from forgewall.inspect.waiting import Delta, Waiting


def contents(deltas: list[Delta]) -> list[tuple[int, bytes]]:
    return [(delta.number, b"".join(delta.pieces())) for delta in deltas]


def test_deltas_wait_by_what_they_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgewall.inspect.waiting.MEMORY", 10)
    for spool in (None, MemorySpool()):
        waiting = Waiting(spool)
        assert not waiting
        assert waiting.add(7, 1, b"12345")
        assert waiting.add(b"id", 2, b"67890")
        assert waiting.add(7, 3, b"more") == (spool is not None)
        assert contents(waiting.take(7)) == [(1, b"12345"), (3, b"more")][: 2 if spool else 1]
        assert waiting.take(7) == []
        assert waiting.add(8, 4, b"54321")  # there is room again
        assert contents(waiting.take(b"id")) == [(2, b"67890")]
        assert waiting


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgewall.inspect.waiting.COUNT", 2)
    waiting = Waiting(MemorySpool(0))
    assert [waiting.add(number, number, b"x") for number in range(3)] == [True, True, False]
    monkeypatch.setattr("forgewall.inspect.waiting.MEMORY", 1)
    assert not Waiting(MemorySpool(0)).add(1, 1, b"xx")

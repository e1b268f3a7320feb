"""Hashes beside the event loop: the same as anywhere else, whatever the chunks, in bounded memory."""

from __future__ import annotations

import hashlib
import tracemalloc
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.proxy import hashing
from forgewall.proxy.hashing import AHEAD, BATCH, SHORT, SMALL, BackgroundHash, Borrowed

SIZES = st.sampled_from([1, SMALL - 1, SMALL, 65_536, BATCH - 1, BATCH, BATCH + 1, SHORT])


@given(st.sampled_from(["sha1", "sha256"]), st.lists(SIZES, max_size=12), st.booleans())
def test_it_is_the_hash_of_what_it_was_given(name: str, sizes: list[int], views: bool) -> None:
    made, expected = BackgroundHash(name), hashlib.new(name)
    for number, size in enumerate(sizes):
        data = bytes([number]) * size
        made.update(memoryview(data) if views else data)
        expected.update(data)
        if number % 3 == 0:
            assert made.hexdigest() == expected.hexdigest()
    assert made.digest() == expected.digest()


def test_a_long_stream_is_hashed_on_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[bytes]] = []

    class Pool:
        def submit(self, work: Any, batch: list[bytes]) -> Future[None]:
            given.append(batch)
            work(batch)
            done: Future[None] = Future()
            done.set_result(None)
            return done

    monkeypatch.setattr(hashing, "_thread", Pool())
    short, long = BackgroundHash("sha256"), BackgroundHash("sha256")
    short.update(bytes(SHORT))
    assert given == []
    for _ in range(SHORT // 65_536 + 2 * BATCH // 65_536):
        long.update(bytes(65_536))
    assert [sum(map(len, batch)) for batch in given] == [BATCH, BATCH]


@pytest.mark.parametrize("size", [1, 2, 100, SMALL - 1, SMALL, 65_536])
def test_what_waits_is_bounded(size: int) -> None:
    made = BackgroundHash("sha256")
    made.update(bytes(SHORT))
    chunks = 3 * AHEAD // size if size > 100 else 2 * BATCH // size
    tracemalloc.start()
    for number in range(chunks):
        made.update(number.to_bytes(4, "big") * (size // 4) + b"x" * (size % 4))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.digest()
    assert peak < AHEAD + 4 * BATCH


def test_a_borrowed_hash_is_the_lender_s() -> None:
    lender = hashlib.sha256(b"all of it")
    borrowed = Borrowed(lender)
    borrowed.update(b"anything")
    assert (borrowed.digest(), borrowed.hexdigest()) == (lender.digest(), lender.hexdigest())

"""The sniffer: nature doesn't depend on chunks, memory doesn't depend on size."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st
from tests.inspect.reading import cuts, read

from forgewall.inspect.magic import Sniffer
from forgewall.inspect.signatures import HEAD

STARTS = [
    b"PK\x03\x04",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07\x01\x00",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"%PDF-1.4",
    b"",
]


@given(st.sampled_from(STARTS), st.binary(max_size=400), st.integers(0, 40), st.lists(st.integers(0, 20_000)))
def test_any_cut_of_any_bytes_gives_the_same_nature(start: bytes, data: bytes, times: int, places: list[int]) -> None:
    whole = start + data * times
    assert read(cuts(whole, places)) == read([whole])


def test_the_head_may_come_in_any_pieces_around_its_size() -> None:
    text = b"words " * 1000
    for size in (HEAD - 1, HEAD, HEAD + 1):
        assert read([text[:size], text[size:]]) == read([text])
        assert read([text[:5], text[5:size], text[size:]]) == read([text])


def test_memory_is_bounded_for_all_formats() -> None:
    chunk = bytes(range(256)) * 256
    for start in STARTS:
        sniffer = Sniffer()
        tracemalloc.start()
        sniffer.feed(start)
        for _ in range(100):
            sniffer.feed(chunk)
        sniffer.finish()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1 << 20, start

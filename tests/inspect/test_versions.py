from __future__ import annotations

from array import array
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.versions import Versions

versions = st.lists(st.lists(st.sampled_from([b"a", b"bb", b"ab", b"aab", b"ccc"]), max_size=8), min_size=1, max_size=6)


@given(versions)
def test_what_is_left_out_is_the_same_in_the_version_before(history: list[list[bytes]]) -> None:
    kept = Versions()
    old: bytes | None = None
    for words in history:
        data, bounds = b"".join(words), [0, *accumulate(map(len, words))]
        start, stop = kept.changed(1, data)
        assert 0 <= start <= stop <= len(data)
        if old is None:
            assert (start, stop) == (0, len(data))
        else:
            assert data[:start] == old[:start]
            assert data[stop:] == old[len(old) - (len(data) - stop) :]
        if start not in bounds or stop not in bounds:
            start, stop = 0, len(data)  # as the reader finds out
        kept.keep(1, data, start, array("I", [bound for bound in bounds if start < bound <= stop]), stop)
        old = data
        assert kept.changed(1, data) == (len(data), len(data))


def test_one_entry_changed_of_many() -> None:
    kept = Versions()
    old = b"".join(b"%05d" % number for number in range(1000))
    kept.keep(7, old, 0, range(5, 5001, 5), 5000)
    assert kept.changed(7, old[:2500] + b"99999" + old[2505:]) == (2500, 2505)
    assert kept.changed(7, old[:2500] + old[2510:]) == (2500, 2500)
    assert kept.changed(7, old[:2500] + b"added" + old[2500:]) == (2500, 2505)
    assert kept.changed(8, old) == (0, 5000)


def test_the_oldest_are_dropped() -> None:
    kept = Versions(10_000)
    for folder in range(10):
        kept.keep(folder, bytes(3000), 0, (3000,), 3000)
    assert kept.changed(0, bytes(3000)) == (0, 3000)
    assert kept.changed(9, bytes(3000)) == (3000, 3000)
    kept.keep(10, bytes(20_000), 0, (20_000,), 20_000)
    assert kept.changed(10, bytes(20_000)) == (0, 20_000)

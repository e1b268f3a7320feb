from __future__ import annotations

import tracemalloc
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from forgewall.enforce.volume_window import SHARED, SLOTS, Window, Windows

SECONDS = 60
SLOT = SECONDS / SLOTS
steps = st.lists(
    st.tuples(
        st.one_of(
            st.floats(0, 3),
            st.sampled_from([0.0, 1.0, 0.999999, 1e-9, 59.0, 59.999999, 60.0, 60.000001, 61.0, 1e6]),
        ),
        st.integers(1, 1000),
    ),
    max_size=40,
)


def exact(log: list[tuple[float, int]], now: float, seconds: float) -> int:
    return sum(size for when, size in log if when > now - seconds)


@given(start=st.one_of(st.floats(0, 1e7), st.integers(0, 10**7)), steps=steps, seconds=st.sampled_from([60, 3600, 61]))
@example(start=0.999999, steps=[(0.0, 5), (59.999999, 7)], seconds=60)
def test_it_holds_what_an_exact_window_holds_and_a_sixtieth_longer_at_most(
    start: float, steps: list[tuple[float, int]], seconds: int
) -> None:
    windows = Windows(seconds)
    log: list[tuple[float, int]] = []
    now = float(start)
    for wait, size in steps:
        now += wait * seconds / SECONDS
        window = windows.find("k", now)
        held = (0, 0) if window is None else (window.bytes, window.uploads)
        assert exact(log, now, seconds) <= held[0] <= exact(log, now, seconds * 61 / 60 + 0.001)
        assert held[1] <= len(log)
        windows.spend("k", size, 1, now)
        log.append((now, size))
        window = windows.find("k", now)
        assert window is not None
        assert window.bytes == held[0] + size


def test_a_clock_that_stands_or_goes_back_forgets_nothing() -> None:
    windows = Windows(SECONDS)
    for now in (100.0, 100.0, 90.0, 0.0):
        windows.spend("k", 1, 1, now)
    window = windows.find("k", 159.9)
    assert window is not None
    assert (window.bytes, window.uploads) == (4, 4)


def test_moving_on_clears_each_slot_once_however_long_it_was() -> None:
    window = Window(0)
    window.add(5, 1, 0)
    cleared: list[int] = []

    class Ring(list[int]):
        def __setitem__(self, place: object, value: object) -> None:
            cleared.append(value)  # type: ignore[arg-type]
            super().__setitem__(place, value)  # type: ignore[call-overload]

    window._slot_uploads = Ring(window._slot_uploads)  # type: ignore[assignment]
    window.move(10**15)
    assert len(cleared) == SLOTS + 1
    assert (window.bytes, window.uploads) == (0, 0)


def test_keys_are_dropped_when_nothing_of_them_is_left() -> None:
    windows = Windows(SECONDS)
    for now in range(10_000):
        windows.spend(f"key {now}", 1, 1, now)
        windows.spend("busy", 1, 1, now)
    assert len(windows) <= SECONDS + 3
    assert not windows.empty(10_000)
    assert windows.empty(10_000 + SECONDS * 2)
    assert len(windows) == 0


def test_a_key_that_is_only_asked_for_takes_no_room_and_does_not_hold_others() -> None:
    windows = Windows(SECONDS)
    windows.spend("front", 1, 1, 0)
    for now in range(1000):
        windows.find("front", now)
        windows.find(f"stranger {now}", now)
    windows.spend("new", 1, 1, 1000)
    assert len(windows) == 1


def test_a_flood_of_keys_takes_bounded_memory_and_flushes_nobody() -> None:
    keys = 200
    windows = Windows(SECONDS, keys)
    windows.spend("mallory/loot", 1000, 1, 0)
    tracemalloc.start()
    try:
        for number in range(20_000):
            windows.spend(f"mallory/{number}", 1, 1, number / 20_000)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(windows) == keys + SHARED
    assert held < (keys + SHARED) * 2000
    loot = windows.find("mallory/loot", 2)
    assert loot is not None
    assert loot.bytes == 1000


@given(
    spends=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 9), st.floats(0, 30)), max_size=60),
    keys=st.integers(1, 4),
)
def test_a_full_table_counts_too_much_never_too_little(spends: list[tuple[int, int, float]], keys: int) -> None:
    windows = Windows(SECONDS, keys)
    logs: dict[str, list[tuple[float, int]]] = {}
    now = 0.0
    for number, size, wait in spends:
        now += wait
        key = f"key {number}"
        windows.spend(key, size, 1, now)
        logs.setdefault(key, []).append((now, size))
        for known, log in logs.items():
            window = windows.find(known, now)
            assert (0 if window is None else window.bytes) >= exact(log, now, SECONDS)
    assert len(windows) <= keys + SHARED


def test_a_table_that_was_full_heals_although_all_go_on() -> None:
    windows = Windows(SECONDS, 50)
    for number in range(5000):
        windows.spend(f"flood {number}", 1, 1, 0)
    for now in range(0, SECONDS * 3, 10):
        windows.spend("honest", 1, 1, now)
        windows.spend("other", 1, 1, now)
    for key in ("honest", "other"):
        window = windows.find(key, SECONDS * 3)
        assert window is not None
        assert window.uploads <= 7
    assert windows.empty(SECONDS * 5)


def test_the_order_of_dropping_is_that_of_the_last_spends() -> None:
    windows = Windows(SECONDS)
    for now in range(0, 600, 10):
        windows.spend("first", 1, 1, now)  # always in use, made first
        windows.spend(f"key {now}", 1, 1, now + 1)
    assert len(windows) <= 9
    orders = [window.spent for window in windows._own.values()]
    assert all(a <= b for a, b in pairwise(orders))


def test_rounding_never_makes_a_window_shorter() -> None:
    for seconds in (60, 61, 100, 3601, 100_003):
        for slot in (1, 7, 60, 12_345):
            for off in (-2e-8, -1e-9, 0.0, 1e-9):
                begin = slot * seconds / SLOTS + off
                windows = Windows(seconds)
                windows.spend("k", 1, 1, begin)
                window = windows.find("k", begin + seconds - 1e-8)
                assert window is not None
                assert window.bytes == 1, (seconds, slot, off)


def test_a_key_is_not_dropped_while_its_last_slot_counts() -> None:
    windows = Windows(SECONDS)
    windows.spend("k", 1, 1, 0.9 * SLOT)
    windows.spend("new", 1, 1, 60.5 * SLOT)
    window = windows.find("k", 60.5 * SLOT)
    assert window is not None
    assert window.bytes == 1

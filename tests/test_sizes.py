from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.sizes import rounded, size


@pytest.mark.parametrize(
    ("count", "exact", "near"),
    [
        (0, "0 bytes", "0 bytes"),
        (1, "1 byte", "1 byte"),
        (1023, "1,023 bytes", "1,023 bytes"),
        (1024, "1 KiB", "1 KiB"),
        (1536, "1.5 KiB", "1.5 KiB"),
        (3 << 20, "3 MiB", "3 MiB"),
        (1310720, "1280 KiB", "1.3 MiB"),
        (48_013_444, "48,013,444 bytes", "45.8 MiB"),
        ((1 << 20) - 1, "1,048,575 bytes", "1 MiB"),
        (5 << 40, "5 TiB", "5 TiB"),
    ],
)
def test_sizes_in_both_readings(count: int, exact: str, near: str) -> None:
    assert (size(count), rounded(count)) == (exact, near)


@given(st.integers(min_value=0, max_value=1 << 63))
def test_no_size_ends_in_a_zero_tenth_and_small_units_stay_small(count: int) -> None:
    assert ".0 " not in size(count) + rounded(count)
    number, unit = rounded(count).replace(",", "").split()
    assert unit == "PiB" or float(number) < 1024

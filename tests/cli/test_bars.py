from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forgewall.cli import bars


def test_bars_stand_on_the_last_line() -> None:
    assert bars.columns([0, 1, 2, 4], 2, symbols=True) == ["   █", " ▄██"]
    assert bars.columns([0, 1, 2, 4], 2, symbols=False) == ["   #", " ###"]
    assert bars.columns([], 2, symbols=True) == ["", ""]
    assert bars.columns([0, 0], 2, symbols=True) == ["", ""]


def test_bars_that_lie() -> None:
    assert bars.row(5, 10, 20, symbols=True) == "█" * 10
    assert bars.row(1, 10**9, 20, symbols=False) == "#"
    assert bars.row(0, 10, 20, symbols=True) == ""


@given(st.lists(st.integers(0, 2**62), max_size=50), st.integers(1, 8), st.booleans())
def test_what_is_not_zero_is_seen_and_nothing_is_too_high(values: list[int], height: int, symbols: bool) -> None:
    lines = bars.columns(values, height, symbols=symbols)
    assert len(lines) == height
    for index, value in enumerate(values):
        column = [line[index] if index < len(line) else " " for line in lines]
        assert (column[-1] != " ") == (value > 0)
        if value and value == max(values):
            assert column == ["█" if symbols else "#"] * height

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.record import samples

from forgewall.cli import table, terminal
from forgewall.cli.table import Cell, Column, draw

COLUMNS = (
    Column(title="Case"),
    Column(title="Times", right=True),
    Column(title="Who", least=8),
    Column(title="Why", least=10),
)
ROWS = [
    ["C-7QK2M9FD3A", "3", "ana@acme.example", "github.com/mallory/loot isn't approved"],
    ["C-AAAAAAAAAA", "1,200", "", Cell(text="more than 50 MiB", style="red")],
]


def drawn(rows: list[list[Cell | str]], width: int = 0, columns: tuple[Column, ...] = COLUMNS) -> str:
    """As on a terminal of that width without colour, or in a pipe."""
    with pytest.MonkeyPatch.context() as patch:
        shown = terminal.Look(tables=bool(width), colour=False, symbols=True, width=width)
        patch.setattr(terminal, "look", lambda stream=None: shown)
        stream = io.StringIO()
        draw(columns, rows, stream)
    return stream.getvalue()


def test_a_pipe_gets_plain_columns() -> None:
    assert drawn(ROWS) == (
        "CASE          TIMES  WHO               WHY\n"
        "C-7QK2M9FD3A      3  ana@acme.example  github.com/mallory/loot isn't approved\n"
        "C-AAAAAAAAAA  1,200  -                 more than 50 MiB\n"
    )


def test_a_terminal_gets_cells_that_fold() -> None:
    assert drawn(ROWS, 50) == (
        "Case          Times  Who             Why\n"
        "C-7QK2M9FD3A      3  ana@acme.examp  github.com/ma\n"
        "                     le              llory/loot\n"
        "                                     isn't\n"
        "                                     approved\n"
        "C-AAAAAAAAAA  1,200                  more than 50\n"
        "                                     MiB\n"
    )


def test_a_narrow_terminal_gets_blocks() -> None:
    assert drawn(ROWS, 40) == (
        "C-7QK2M9FD3A  times 3\n"
        "  ana@acme.example\n"
        "  github.com/mallory/loot isn't approved\n"
        "C-AAAAAAAAAA  times 1,200\n"
        "  more than 50 MiB\n"
    )


def test_one_long_cell_pushes_nothing_aside_in_other_rows() -> None:
    first, second, third = drawn([["C-1", "1", "x" * 5000, "why"], ["C-2", "2", "y", "why"]]).splitlines()
    assert len(first) < 120
    assert "x" * 1023 + "…  why" in second
    assert len(third) < 120


def test_a_cell_holds_no_two_spaces_which_part_columns() -> None:
    (_, line) = drawn([["C-1", "1", "a  b\n\tc", "d"]]).splitlines()
    assert line == "C-1       1  a b c  d"


def test_wide_letters_take_their_room() -> None:
    (_, first, second) = drawn([["C-1", "1", "東京", "x"], ["C-2", "1", "abcd", "x"]]).splitlines()
    assert cell_len(first) == cell_len(second)
    assert table.width("東京") == 4


def test_colour_is_for_cells_that_have_a_style() -> None:
    with pytest.MonkeyPatch.context() as patch:
        shown = terminal.Look(tables=False, colour=True, symbols=True, width=100)
        patch.setattr(terminal, "look", lambda stream=None: shown)
        stream = io.StringIO()
        draw(COLUMNS, ROWS, stream)
    assert "\x1b[31mmore than 50 MiB\x1b[0m" in stream.getvalue()
    without = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert without == drawn(ROWS)


cells = samples.anything | st.text(min_size=0, max_size=200) | st.text(alphabet="ab /.", max_size=300)


@given(
    st.lists(st.tuples(st.just("C-7QK2M9FD3A"), st.just("12"), cells, cells).map(list), max_size=4),
    st.integers(40, 150),
)
@settings(max_examples=150)
def test_nothing_is_lost_and_nothing_is_too_wide(rows: list[list[Cell | str]], width: int) -> None:
    printed = drawn(rows, width)
    for line in printed.splitlines():
        assert line.isprintable()
        assert cell_len(line) <= width
    told = "".join(terminal.safe(str(cell)) for row in rows for cell in row)
    titles = "CaseTimesWhoWhy" if printed.startswith("Case ") else "times" * len(rows)
    assert sorted("".join(printed.split())) == sorted("".join((told + titles).split()))
    assert sum(line.startswith("C-7QK2M9FD3A") for line in printed.splitlines()) == len(rows)


@given(st.lists(st.tuples(st.just("C-1"), st.just("1"), cells, cells).map(list), max_size=4))
def test_a_pipe_gets_a_line_a_row(rows: list[list[Cell | str]]) -> None:
    printed = drawn(rows)
    assert printed.count("\n") == len(rows) + 1
    assert all(line.isprintable() for line in printed.split("\n"))

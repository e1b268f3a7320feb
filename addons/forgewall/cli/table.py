"""Tables: laid out to the width of a terminal, and plain aligned columns where another program reads.

In a pipe each row is one line, columns are two spaces apart, nothing is cut, an empty cell is a dash. On a terminal
cells fold, but for those that are ids; where even that doesn't fit, each row becomes a few lines. All cells are made
safe here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from forgewall.cli import terminal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_GAP = "  "
_WIDEST = 60
"""Cells beyond this don't push later columns of other rows aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`least` is the width in columns below which a foldable cell can't be read; None: it is never folded or cut."""

    title: str
    least: int | None = None
    right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A text, and how it is shown where there is colour (a rich style such as `red` or `bold`)."""

    text: str
    style: str = ""


type Row = Sequence[Cell | str]


def draw(columns: Sequence[Column], rows: Iterable[Row], stream: TextIO | None = None) -> None:
    """Prints a table to `stream` (standard output if None); nothing but the titles if there are no rows."""
    stream = sys.stdout if stream is None else stream
    cells = [[_made_safe(cell) for cell in row] for row in rows]
    shown = terminal.look(stream)
    terminal.never_fail_on(stream)
    if not shown.tables:
        _draw_plain(columns, cells, stream, colour=shown.colour)
    elif _least(columns, cells) <= shown.width:
        _draw_table(columns, cells, stream)
    else:
        _draw_blocks(columns, cells, stream)


def width(text: str) -> int:
    """The columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - rich is for what needs it

    return cell_len(text)


def _made_safe(cell: Cell | str) -> Cell:
    made = cell if isinstance(cell, Cell) else Cell(text=cell)
    return Cell(text=" ".join(terminal.safe(made.text).split()), style=made.style)


def _draw_plain(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], stream: TextIO, *, colour: bool) -> None:
    titles = [Cell(text=column.title.upper(), style="bold") for column in columns]
    table = [titles, *([Cell(text=cell.text or "-", style=cell.style) for cell in row] for row in rows)]
    widths = [max(min(width(row[index].text), _WIDEST) for row in table) for index in range(len(columns))]
    for row in table:
        padded = [_padded(cell.text, widths[index], columns[index].right) for index, cell in enumerate(row)]
        padded[-1] = padded[-1] if columns[-1].right else row[-1].text
        if colour:
            _print_styled(list(zip(padded, [cell.style for cell in row], strict=True)), stream)
        else:
            print(_GAP.join(padded), file=stream)


def _padded(text: str, to: int, right: bool) -> str:
    blank = " " * (to - width(text))
    return blank + text if right else text + blank


def _print_styled(parts: Sequence[tuple[str, str]], stream: TextIO) -> None:
    from rich.text import Text  # noqa: PLC0415

    terminal.console(stream).print(Text(_GAP).join([Text(text, style) for text, style in parts]))


def _least(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> int:
    """The width below which something would be cut, or fold too often."""
    return sum(_widths(columns, rows, 0)) + len(_GAP) * (len(columns) - 1)


def _widest(column: Column, cells: Sequence[Cell]) -> int:
    return max([width(column.title), *(width(cell.text) for cell in cells)])


def _draw_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], stream: TextIO) -> None:
    from rich.text import Text  # noqa: PLC0415

    console = terminal.console(stream)
    widths = _widths(columns, rows, console.width)
    titles = [Cell(text=column.title, style="bold") for column in columns]
    for row in [titles, *rows]:
        folded = [_folded(cell, to, console) for cell, to in zip(row, widths, strict=True)]
        for number in range(max(map(len, folded))):
            line = Text()
            for column, parts, to in zip(columns, folded, widths, strict=True):
                part = parts[number] if number < len(parts) else Text()
                blank = " " * (to - part.cell_len)
                line.append(blank if column.right else "").append_text(part).append("" if column.right else blank)
                line.append(_GAP)
            line.rstrip()
            console.print(line, soft_wrap=True)


def _folded(cell: Cell, to: int, console: Console) -> list[Text]:
    """The lines of `cell`, none wider than `to` columns; words are broken only where they are longer."""
    from rich.text import Text  # noqa: PLC0415

    lines = list(Text(cell.text, cell.style).wrap(console, to, overflow="fold"))
    for line in lines:
        line.rstrip()
    return lines


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], total: int) -> list[int]:
    """The widths of the columns: what they need, or an even share of what there is, and never less than the least."""
    needed = [_widest(column, [row[index] for row in rows]) for index, column in enumerate(columns)]
    widths = [
        need if column.least is None else min(need, column.least) for column, need in zip(columns, needed, strict=True)
    ]
    left = total - sum(widths) - len(_GAP) * (len(columns) - 1)
    while left > 0 and (wanting := [index for index, need in enumerate(needed) if widths[index] < need]):
        narrowest = min(wanting, key=lambda index: widths[index])
        widths[narrowest] += 1
        left -= 1
    return widths


def _draw_blocks(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], stream: TextIO) -> None:
    """Each row as a line of what can't fold, and below it the other cells."""
    from rich.text import Text  # noqa: PLC0415

    console = terminal.console(stream)
    for row in rows:
        heads: list[Text] = []
        others: list[Text] = []
        for column, cell in zip(columns, row, strict=True):
            if cell.text:
                text = f"{column.title.lower()} {cell.text}" if column.right else cell.text
                (heads if column.least is None else others).append(Text(text, cell.style))
        for parts, indent in ((heads, 0), (others, len(_GAP))):
            for line in Text(_GAP).join(parts).wrap(console, console.width - indent, overflow="fold"):
                line.rstrip()
                console.print(Text(" " * indent) + line, soft_wrap=True)

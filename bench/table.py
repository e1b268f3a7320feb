"""Numbers as people read them, in a table of plain text."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def number(value: float) -> str:
    """Three significant digits, thousands separated: 1,250, 85.2, 0.731."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def middle(values: Sequence[float]) -> str:
    """The median of several runs; a dash where there are none."""
    return number(median(values)) if values else "-"


def ratio(values: Sequence[float], base: Sequence[float]) -> str:
    """The median of the ratios of runs made one after the other; a dash where a number is missing."""
    pairs = [value / other for value, other in zip(values, base, strict=False) if other]
    return f"{median(pairs):.2f}x" if pairs else "-"


def render(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table: the first column to the left, the others to the right."""
    lines = [list(heads), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return "  ".join((first, *rest)).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join((title, "", line(heads), rule, *(line(cells) for cells in rows)))

"""Bar charts of characters: eighths of blocks where the terminal has them, else number signs."""

from __future__ import annotations

from collections.abc import Sequence

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def columns(values: Sequence[int], height: int, *, symbols: bool) -> list[str]:
    """Upright bars, one character wide, as `height` lines from the top down. What isn't zero is seen.

    `symbols` says whether the output has block characters (U+2581 to U+2588).
    """
    most = max(values, default=0)
    steps = 8 if symbols else 1
    filled = [_share(value, most, height * steps) for value in values]
    lines = []
    for row in range(height - 1, -1, -1):
        within = [min(max(level - row * steps, 0), steps) for level in filled]
        lines.append("".join([_EIGHTHS[part] if symbols else "#" if part else " " for part in within]).rstrip())
    return lines


def row(value: int, most: int, width: int, *, symbols: bool) -> str:
    """A bar that lies, at most `width` characters long for `most`."""
    return ("█" if symbols else "#") * _share(value, most, width)


def _share(value: int, most: int, of: int) -> int:
    """`value` of `most` in `of` steps, at least one for what isn't zero."""
    return max(1, round(value * of / most)) if value > 0 else 0

"""Two texts of a policy as a unified diff. Only the lines between the first and the last difference are compared, so
that a long policy costs no more than a short one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

CONTEXT = 3
"""Unchanged lines that are shown around a change."""
_HUNK = re.compile(r"@@ -(\d+)((?:,\d+)?) \+(\d+)((?:,\d+)?) @@")


def diff(old: str, new: str, name: str) -> tuple[str, ...]:
    """The lines of a unified diff from `old` to `new`, of the file `name`, without line breaks; none if equal."""
    before, after = _lines(old), _lines(new)
    if before == after:
        return ()
    head = _same(before, after)
    tail = _same(before[head:][::-1], after[head:][::-1])
    start, until = max(0, head - CONTEXT), max(0, tail - CONTEXT)
    window = before[start : len(before) - until], after[start : len(after) - until]
    found = difflib.unified_diff(*window, name, name, n=CONTEXT, lineterm="")
    return tuple(_moved(line, start) for line in found)


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _same(first: Sequence[str], second: Sequence[str]) -> int:
    """How many lines are equal from the beginning."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _moved(line: str, by: int) -> str:
    """A hunk's heading with the numbers of the whole files; any other line as it is."""
    match = _HUNK.fullmatch(line)
    if match is None:
        return line
    return f"@@ -{int(match[1]) + by}{match[2]} +{int(match[3]) + by}{match[4]} @@"

"""JSON of the Git LFS API, read strictly: what two readers could understand differently is not read at all.

Go's decoder, which git-lfs uses, ignores the case of keys and takes the last of equal ones; others don't. So a key that
stands twice in whatever case has two meanings. What is *not* here: what the documents mean.
"""

from __future__ import annotations

import json
from typing import NoReturn

MAX_MARKS = 400_000
"""Brackets and commas in a document, which bound what it takes in memory once it is read."""


def read_object(body: bytes, most: int) -> dict[str, object] | None:
    """The JSON object (RFC 8259, UTF-8) that is all of `body`; None if it isn't one, or has more than `most` bytes."""
    if len(body) > most or body.count(b"[") + body.count(b"{") + body.count(b",") > MAX_MARKS:
        return None
    try:
        found: object = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def whole(value: object) -> int | None:
    """`value` if it is a whole number from 0 to 2**63 - 1, else None."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    return None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key.casefold() for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")

"""Keeps an event to a size that every shipper and index takes, by shortening its lists, the bulkiest first.

A list that is shortened keeps its first items, at least one where possible, and its count beside it still tells how
many there were.
"""

from __future__ import annotations

import json
from typing import Any

from forgewall.record.wire import Document

MAX_BYTES = 64 * 1024
"""Of one event as a JSON line in UTF-8."""

_MIN_BYTES = 16 * 1024
"""What the lists may always have, so that a huge URL doesn't push the evidence out of the event."""

_LISTS = (
    "related.hash",
    "forgewall.also",
    "forgewall.objections",
    "forgewall.lfs.objects",
    "forgewall.evidence.files",
    "forgewall.evidence.forced",
    "forgewall.evidence.push_options",
    "forgewall.evidence.refs",
    "forgewall.evidence.secrets",
    "forgewall.evidence.unread",
)


def trim(document: Document) -> None:
    """Shortens the lists of the clean `document` where it is larger than MAX_BYTES, and names them in it."""
    places = {path: place for path in _LISTS if (place := _place(document, path)) is not None}
    if not places:
        return
    over = size(document) - MAX_BYTES
    if over <= 0:
        return
    sizes = {path: size(holder[key]) for path, (holder, key) in places.items()}
    over = min(over, sum(sizes.values()) - _MIN_BYTES)
    shortened: set[str] = set()
    while over > 0:
        path = max(sizes, key=lambda one: (_length(places[one]) > 1, sizes[one]))
        holder, key = places[path]
        holder[key] = holder[key][: _length(places[path]) * 3 // 4]
        before, sizes[path] = sizes[path], size(holder[key])
        over -= before - sizes[path]
        if path not in shortened:  # its name takes room, too
            over += len(path) + len('"",') + (len('"trimmed":[],') if not shortened else 0)
            shortened.add(path)
    if shortened:
        document["forgewall"]["trimmed"] = sorted(shortened)


def size(value: Any) -> int:
    """The bytes that `value` takes in a line of the log."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _place(document: Document, path: str) -> tuple[Document, str] | None:
    """The object that holds the list at the dotted `path`, and its key there; None if it's absent or empty."""
    *above, key = path.split(".")
    holder: Any = document
    for name in above:
        holder = holder.get(name)
        if holder is None:
            return None
    return (holder, key) if holder.get(key) else None


def _length(place: tuple[Document, str]) -> int:
    holder, key = place
    return len(holder[key])

"""Finds the whole event in the log's files, which other programs rename, shorten and remove."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from forgewall.review.store.logs import Logs, line_at


def document_at(
    directory: Path, logs: Logs, *, name: str, head: bytes, offset: int, length: int, event_id: str
) -> dict[str, Any] | None:
    """The event `event_id`, which stood at `offset` of the file that begins with `head` and was called `name`. None if
    it doesn't stand there any more.
    """
    found = _event(directory / name, offset, length, event_id)
    if found is None:
        for file in logs.found():  # moved aside since
            if file.head == head and file.path.name != name:
                return _event(file.path, offset, length, event_id)
    return found


def _event(path: Path, offset: int, length: int, event_id: str) -> dict[str, Any] | None:
    with suppress(OSError, msgspec.MsgspecError, ValueError, RecursionError):
        event = msgspec.json.decode(line_at(path, offset, length))
        if isinstance(event, dict) and isinstance(said := event.get("event"), dict) and said.get("id") == event_id:
            return event
    return None

"""What a part of the local forge answers, before it becomes bytes. It knows nothing of sockets."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, content and the header fields besides Content-Length."""

    status: int
    content: bytes
    media_type: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()


def document(status: int, value: object, media_type: str = "application/json") -> Answer:
    """An answer that holds `value` as JSON."""
    return Answer(status=status, content=json.dumps(value).encode() + b"\n", media_type=media_type)

"""Refusals as git-lfs shows them: `batch response: <message>` (the Git LFS API, "Response Errors")."""

from __future__ import annotations

import json

from forgewall.enforce.answer import Reply, answer
from forgewall.enforce.refusal import Message


def lfs(message: Message) -> Reply:
    """An LFS error object; git-lfs prints its message for any status that isn't a success."""
    body = {"message": message.sentence, "request_id": message.event_id or ""}
    return answer(
        message.status,
        "application/vnd.git-lfs+json",
        json.dumps(body, ensure_ascii=False).encode(),
        event_id=message.event_id,
    )

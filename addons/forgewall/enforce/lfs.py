"""Refusals as git-lfs shows them: `batch response: <message>` (the Git LFS API, "Response Errors").

git-lfs repeats a batch after 429, with growing pauses, and an object after any status. It takes 422 of an object for a
wrong Content-Type and ends as if all were well.
"""

from __future__ import annotations

import json

from forgewall.enforce.answer import Reply, answer
from forgewall.enforce.refusal import Message


def lfs(message: Message) -> Reply:
    """An LFS error object; git-lfs prints its message for any status that isn't a success."""
    body = {"message": message.sentence, "request_id": message.event_id or ""}
    return answer(
        403 if message.status == 429 else message.status,
        "application/vnd.git-lfs+json",
        json.dumps(body, ensure_ascii=False).encode(),
        event_id=message.event_id,
    )

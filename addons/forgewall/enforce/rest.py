"""Refusals as plain text and in the error shapes of the forges' own REST and GraphQL interfaces."""

from __future__ import annotations

from forgewall.enforce.answer import Reply, answer
from forgewall.enforce.refusal import Message


def text(message: Message) -> Reply:
    """Plain text: for curl and everything else that names no other language."""
    body = ("\n".join(message.lines) + "\n").encode()
    return answer(message.status, "text/plain; charset=utf-8", body, event_id=message.event_id)

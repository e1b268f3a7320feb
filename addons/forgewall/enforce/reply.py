"""The door of this room: a refusal, or a network failure, becomes a `Reply` in the client's own language.

Not here: deciding. Nothing in this room can turn a refusal into anything else.
"""

from __future__ import annotations

from forgewall.enforce import rest
from forgewall.enforce.answer import Reply
from forgewall.enforce.refusal import Failure, Message, Refusal, say, say_unavailable
from forgewall.model import Request, Target

__all__ = ["Failure", "Refusal", "Reply", "refuse", "unavailable"]


def refuse(refusal: Refusal, request: Request, target: Target | None, head: bytes = b"") -> Reply:
    """The reply for a refused `request`; never raises.

    `head` is the beginning of the body, as far as it was read (at most 256 KiB are looked at): a refused
    `POST git-receive-pack` needs its command list to tell git about each ref. Without it the reply still shows.
    """
    return _render(say(refusal, request), request, target, head)


def unavailable(
    failure: Failure,
    detail: str,
    request: Request,
    target: Target | None,
    *,
    contact: str,
    event_id: str | None,
    head: bytes = b"",
) -> Reply:
    """The reply when the forge can't be reached; `detail` is what the resolver, socket or TLS library said."""
    kind = target.kind if target else None
    message = say_unavailable(failure, detail, request, contact=contact, event_id=event_id, kind=kind)
    return _render(message, request, target, head)


def _render(message: Message, request: Request, target: Target | None, head: bytes) -> Reply:
    return rest.text(message)

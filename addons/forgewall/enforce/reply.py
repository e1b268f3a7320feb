"""The door of this room: a refusal, or a network failure, becomes a `Reply` in the client's own language.

Not here: deciding. Nothing in this room can turn a refusal into anything else.
"""

from __future__ import annotations

from dataclasses import replace

from forgewall.enforce import git, rest
from forgewall.enforce.answer import Reply
from forgewall.enforce.language import Language, language_of, service_of
from forgewall.enforce.lfs import lfs
from forgewall.enforce.page import refusal_page
from forgewall.enforce.refusal import Failure, Message, Refusal
from forgewall.enforce.wording import say, say_unavailable
from forgewall.inspect.commands import Commands
from forgewall.model import Request, Target

__all__ = ["Failure", "Refusal", "Reply", "refuse", "unavailable"]


def refuse(refusal: Refusal, request: Request, target: Target | None, head: bytes | Commands = b"") -> Reply:
    """The reply for a refused `request`; never raises.

    `head` is the beginning of the body, as far as it was read, or the command list in it: a refused
    `POST git-receive-pack` needs that to tell git about each ref. Without it the reply still shows.
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


def _render(message: Message, request: Request, target: Target | None, head: bytes | Commands) -> Reply:
    reply = _write(language_of(request, target), message, request, head)
    if request.method == "CONNECT":
        return replace(reply, phrase=rest.phrase(message))
    if request.method == "HEAD":
        # RFC 9110 section 9.3.2: no content; its length may be left out.
        kept = tuple(pair for pair in reply.headers if pair[0] != "content-length")
        return replace(reply, headers=kept, body=b"")
    return reply


def _write(language: Language, message: Message, request: Request, head: bytes | Commands) -> Reply:
    path, _, query = request.path.partition("?")
    match language:
        case Language.GIT_ADVERTISEMENT:
            return git.advertisement(message, service_of(query) or "git-upload-pack")
        case Language.GIT_RESULT if path.rstrip("/").lower().endswith("git-receive-pack"):
            return git.push_result(message, head)
        case Language.GIT_RESULT:
            return git.fetch_result(message, path.rstrip("/").lower().rpartition("/")[2])
        case Language.LFS:
            return lfs(message)
        case Language.GITHUB_JSON:
            return rest.github(message)
        case Language.GITLAB_JSON:
            return rest.gitlab(message)
        case Language.BITBUCKET_JSON:
            return rest.bitbucket_cloud(message)
        case Language.BITBUCKET_SERVER_JSON:
            return rest.bitbucket_server(message)
        case Language.GRAPHQL:
            return rest.graphql(message)
        case Language.REGISTRY_JSON:
            return rest.registry(message)
        case Language.HTML:
            return refusal_page(message)
        case Language.TEXT:
            return rest.text(message)

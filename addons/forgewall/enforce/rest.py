"""Refusals as plain text and in the error shapes of the forges' own REST and GraphQL interfaces.

Each JSON shape is the forge's, plus one member `forgewall` with the facts for programs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from forgewall.enforce.answer import Reply, answer
from forgewall.enforce.refusal import Message


def text(message: Message) -> Reply:
    """Plain text: for curl and everything else that names no other language; git shows its lines as `remote:`."""
    body = ("\n".join(message.lines) + "\n").encode()
    return answer(message.status, "text/plain; charset=utf-8", body, event_id=message.event_id)


def github(message: Message) -> Reply:
    """GitHub's `{"message", "documentation_url", "status"}`; Gitea and Forgejo read the same `message`."""
    return _json(
        message,
        {
            "message": message.sentence,
            "documentation_url": message.link or _link(message.contact),
            "status": str(message.status),
        },
    )


def gitlab(message: Message) -> Reply:
    """GitLab's `message`, with the `error` that some of its interfaces (and other forges) have instead."""
    return _json(message, {"message": message.sentence, "error": message.sentence})


def bitbucket_cloud(message: Message) -> Reply:
    """Bitbucket Cloud's error object; the two sentences that say why and what to do stand in `detail`."""
    error = {"message": message.sentence, "detail": message.explanation}
    return _json(message, {"type": "error", "error": error})


def bitbucket_server(message: Message) -> Reply:
    """Bitbucket Data Center's list of errors."""
    error = {"context": None, "message": message.sentence, "exceptionName": None}
    return _json(message, {"errors": [error]})


def graphql(message: Message) -> Reply:
    """A GraphQL response without data, and `message` beside it: `gh` and `glab` show that one for a status of 403."""
    kind = "FORBIDDEN" if message.blocked else "UNAVAILABLE"
    error = {"type": kind, "message": message.sentence, "extensions": {"code": kind}}
    return _json(message, {"data": None, "errors": [error], "message": message.sentence})


def registry(message: Message) -> Reply:
    """The OCI distribution specification's error list: docker shows `denied: <message>`."""
    code = "DENIED" if message.blocked else "UNAVAILABLE"
    return _json(message, {"errors": [{"code": code, "message": message.sentence, "detail": None}]})


def phrase(message: Message) -> str:
    """The status line's words for tunnels, whose clients show nothing else: ASCII, one line."""
    return f"Forgewall {message.code}: {message.todo}".encode("ascii", "replace").decode()[:200]


def _json(message: Message, body: Mapping[str, object]) -> Reply:
    facts = {
        "code": message.code,
        "address": message.subject,
        "contact": message.contact,
        "event": message.event_id,
        "rule": message.rule,
        "request_url": message.link,
    }
    return answer(
        message.status,
        "application/json; charset=utf-8",
        json.dumps({**body, "forgewall": facts}, ensure_ascii=False).encode(),
        event_id=message.event_id,
    )


def _link(contact: str) -> str:
    """The contact as a link, for clients that print one."""
    if contact.startswith(("https://", "http://")):
        return contact
    return f"mailto:{contact}" if "@" in contact and " " not in contact else ""

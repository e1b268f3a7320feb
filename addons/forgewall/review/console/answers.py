"""The outermost layer: every answer gets our headers, and whatever goes wrong becomes a page that a person can read.

No page quotes an exception that isn't a sentence of ours, no log line holds more than its class and place.
"""

from __future__ import annotations

import logging
import traceback

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forgewall.errors import ForgewallError, PolicyError, UsageError
from forgewall.record.redact import printable
from forgewall.review.console.access import Forbidden, Impossible
from forgewall.review.console.headers import secured
from forgewall.review.console.rendering import render
from forgewall.review.console.settings import Settings
from forgewall.review.store import StoreError

SENTENCES = {
    404: ("Nothing is here", "There is no such page, or what it showed is gone."),
    405: ("That can't be done here", "The address doesn't take this kind of request."),
}

_log = logging.getLogger(__name__)


class Answers:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["settings"] = self._settings
        started = False

        async def send_secured(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                state = scope["state"]
                given = [*message.get("headers", []), *state.get("add_headers", [])]
                message = {**message, "headers": secured(given, secure=state.get("secure", False))}
            await send(message)

        try:
            await self._app(scope, receive, send_secured)
        except Exception as error:
            _tell(scope, error)
            if started:  # the page is cut short; the connection's end tells
                raise Cut from None
            await failure(Request(scope), error)(scope, receive, send_secured)


class Cut(Exception):
    """An answer that had begun can't be ended."""


def failure(request: Request, error: Exception) -> Response:
    """The page about an error."""
    match error:
        case Forbidden():
            return page(request, 403, "You may not do this", str(error))
        case Impossible():
            return page(request, 409, "That can't be done", str(error))
        case UsageError():
            return page(request, 400, "That can't be understood", str(error))
        case PolicyError():
            return page(request, 409, "The policy can't be used", str(error))
        case StoreError():
            return page(request, 503, "The index can't be read", str(error))
        case ForgewallError():
            return page(request, 503, "That didn't work", str(error))
        case HTTPException():
            heading, sentence = SENTENCES.get(error.status_code, ("That didn't work", "The request was refused."))
            return page(request, error.status_code, heading, sentence)
        case _:
            return page(
                request, 500, "That went wrong", "It is the console's fault. Its operator finds a line about it."
            )


def page(request: Request, status: int, heading: str, sentence: str, *, retry_after: int | None = None) -> Response:
    """A page that tells one thing."""
    headers = {"retry-after": str(retry_after)} if retry_after is not None else {}
    return render(request, "error.html", status=status, headers=headers, heading=heading, sentence=sentence)


def _tell(scope: Scope, error: Exception) -> None:
    """One line for the operator, unless the fault is the caller's."""
    if isinstance(error, Forbidden | Impossible | UsageError | HTTPException):
        return
    path = ascii(printable(str(scope["path"]), 200))
    if isinstance(error, ForgewallError):
        _log.error("%s %s: %s", scope["method"], path, error)
        return
    last = traceback.extract_tb(error.__traceback__)[-1]
    _log.error("%s %s: %s in %s:%s", scope["method"], path, type(error).__name__, last.filename, last.lineno)

"""What every request passes before a handler sees it; whatever isn't admitted here is refused, new addresses included.

In this order: method, Host, whether the connection is encrypted, the body's size and kind, whether another site wants
it as a part of its own page, who asks, and for a POST whether a page of ours sent it and whether the person may change
anything. A handler then finds in `request.state`: `person`, `session`, `client`, `secure`, `csrf`, `form`, `store`,
`policy`, `settings`, `parts`.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from forgewall.record.event import Deed
from forgewall.review.console import cookies, csrf
from forgewall.review.console.answers import page
from forgewall.review.console.caller import Caller, Refused, recognise
from forgewall.review.console.forms import FormError, read_form
from forgewall.review.console.parts import Parts
from forgewall.review.console.rendering import render
from forgewall.review.console.sign_in import local_path
from forgewall.review.person import Role

METHODS = ("GET", "HEAD", "POST")
SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
STATIC = "/static/"


class Gate:
    """Stands before the application's routes."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        refusal = await self._admit(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if _is_public(request.url.path):
            await self._app(scope, receive, send)
            return
        state = request.state
        state.store, state.policy = await run_in_threadpool(self._open)
        try:
            await self._app(scope, receive, send)
        finally:
            await run_in_threadpool(self._parts.stores.give_back, state.store)

    def _open(self) -> tuple[object, object]:
        view = self._parts.policy.look()
        return self._parts.stores.take(), view

    async def _admit(self, request: Request) -> Response | None:
        """The refusal, or None."""
        if request.method not in METHODS:
            refused = page(request, 405, "That can't be done here", "The console takes GET, HEAD and POST.")
            refused.headers["allow"] = ", ".join(METHODS)
            return _last(refused)
        state = request.state
        try:
            caller = await run_in_threadpool(recognise, request.scope, self._parts)
            state.parts, state.client, state.secure = self._parts, caller.client, caller.secure
            state.session, state.person, state.csrf = caller.session, None, ""
            state.form = await read_form(request)
        except Refused as error:
            return _last(page(request, error.status, error.heading, str(error)))
        except FormError as error:
            return _last(page(request, error.status, "That can't be taken", str(error)))
        if request.url.path.startswith(STATIC):
            return None
        if _is_part_of_another(request):
            return _last(page(request, 403, "Not for another site", "Another site asked for this. Open it as a page."))
        if request.url.path == SIGN_IN:
            return self._admit_stranger(request, caller)
        return self._admit_person(request, caller)

    def _admit_stranger(self, request: Request, caller: Caller) -> Response | None:
        """To the sign-in page, whose form is bound to a number of its own."""
        request.state.csrf = self._parts.csrf.token(caller.form_number)
        if request.method == "POST":
            return self._foreign(request, caller, caller.form_number)
        if caller.new_form_number:
            name = cookies.cookie_name(cookies.FORM, secure=caller.secure, port=self._parts.settings.listen[1])
            _add_cookie(request, cookies.set_cookie(name, caller.form_number, secure=caller.secure))
        return None

    def _admit_person(self, request: Request, caller: Caller) -> Response | None:
        session = caller.session
        if session is None:
            return self._unknown(request)
        state = request.state
        state.person, state.csrf = session.person, self._parts.csrf.token(session.id)
        if caller.new_session:
            name = cookies.cookie_name(cookies.SESSION, secure=caller.secure, port=self._parts.settings.listen[1])
            _add_cookie(request, cookies.set_cookie(name, session.id, secure=caller.secure))
        if request.method != "POST":
            return None
        foreign = self._foreign(request, caller, session.id)
        if foreign is not None:
            return foreign
        if session.person.role is Role.REVIEWER or request.url.path == SIGN_OUT:
            return None
        self._turned_away(request, caller, "a viewer tried what only a reviewer may")
        return page(request, 403, "You may not do this", "You are signed in as a viewer; only reviewers change things.")

    def _foreign(self, request: Request, caller: Caller, number: str) -> Response | None:
        """The refusal of a POST that no page of ours sent."""
        headers = request.headers
        why = csrf.objection(
            site=headers.get("sec-fetch-site"),
            origin=headers.get("origin"),
            scheme="https" if caller.secure else "http",
            host=headers["host"],
        )
        if not why and not self._parts.csrf.fits(number, request.state.form.get(csrf.FIELD)):
            why = "The form is too old, or was made for another session. Go back, load the page again, and repeat it."
        if not why:
            return None
        self._turned_away(request, caller, f"a form that isn't the console's: {why}")
        return page(request, 403, "Not from a page of this console", why)

    def _turned_away(self, request: Request, caller: Caller, note: str) -> None:
        person = caller.session.person if caller.session else None
        self._parts.audit.turned_away(Deed.FORBIDDEN, caller.client, f"POST {request.url.path}: {note}", person)

    def _unknown(self, request: Request) -> Response:
        """Nobody is signed in. A link on another site brings no cookie with it, so such a visit begins anew from here.

        (SameSite=Strict, RFC 6265bis section 5.2: the cookie is sent once a page of ours leads there.)
        """
        if request.method == "POST":
            return page(request, 401, "You are not signed in", "Sign in and do it again: nothing was changed.")
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if (
            request.headers.get("sec-fetch-site") == "cross-site"
            and request.headers.get("sec-fetch-mode") == "navigate"
        ):
            return render(request, "enter.html", here=local_path(here))
        if not self._parts.settings.with_tokens:
            return page(request, 401, "Nobody is signed in", "The proxy in front of this console names nobody.")
        target = f"{SIGN_IN}?next={quote(here, safe='/')}"
        if request.headers.get("hx-request"):
            return page_with_redirect(request, target)
        return RedirectResponse(target, 303)


def page_with_redirect(request: Request, target: str) -> Response:
    """For htmx, which would put the sign-in page into a part of another."""
    refused = page(request, 401, "You are not signed in", "Sign in again.")
    refused.headers["hx-redirect"] = target
    return refused


def _last(refused: Response) -> Response:
    """The connection ends with it, since the request's body may not have been read."""
    refused.headers["connection"] = "close"
    return refused


def _is_part_of_another(request: Request) -> bool:
    """Whether a page of another site, or of another port of this host, asks for this without going there.

    It couldn't read the answer, but could tell from the time it takes what a search finds (Fetch metadata).
    """
    headers = request.headers
    if request.method == "POST" or headers.get("sec-fetch-site") not in ("cross-site", "same-site"):
        return False
    return headers.get("sec-fetch-mode") != "navigate" or headers.get("sec-fetch-dest", "document") != "document"


def _is_public(path: str) -> bool:
    return path == SIGN_IN or path.startswith(STATIC)


def _add_cookie(request: Request, cookie: str) -> None:
    request.scope["state"].setdefault("add_headers", []).append((b"set-cookie", cookie.encode("ascii")))

"""The sign-in page, its POST, and signing out."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from forgewall.record.event import Deed
from forgewall.review.console import cookies
from forgewall.review.console.answers import page
from forgewall.review.console.rendering import render
from forgewall.review.person import Person

_LOCAL = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")


def show(request: Request) -> Response:
    """The form; whoever is signed in already goes on."""
    following = local_path(request.query_params.get("next", "/"))
    if request.state.session is not None:
        return RedirectResponse(following, 303)
    if not request.state.settings.with_tokens:
        return page(request, 401, "Nobody is signed in", "The proxy in front of this console names nobody.")
    return render(request, "sign_in.html", following=following, wrong=False)


def sign_in(request: Request) -> Response:
    """Takes the token. A new session begins, whatever cookie came along."""
    state = request.state
    parts, client = state.parts, state.client
    if not state.settings.with_tokens:
        return page(request, 403, "Tokens aren't used here", "The proxy in front of this console signs people in.")
    wait = parts.throttle.wait(client)
    if wait:
        parts.audit.turned_away(Deed.SIGN_IN_FAILED, client, "too many tries")
        sentence = f"Too many sign-ins failed. Try again in {wait} seconds."
        return page(request, 429, "Wait a little", sentence, retry_after=wait)
    following = local_path(state.form.get("next"))
    token = parts.tokens.find(state.form.get("token"))
    if token is None and not parts.tokens.exists():
        return page(request, 503, "There are no tokens", "The console's file of tokens is gone; its operator can help.")
    if token is None:
        parts.audit.turned_away(Deed.SIGN_IN_FAILED, client, "no such token")
        return render(request, "sign_in.html", status=403, following=following, wrong=True)
    parts.throttle.succeeded(client)
    person = Person(name=token.name, source="token", role=token.role)
    parts.audit.deed(Deed.SIGN_IN, person, client)
    if state.session is not None:
        parts.sessions.end(state.session.id)
    session = parts.sessions.start(person, token.hash)
    answer = RedirectResponse(following, 303)
    port = state.settings.listen[1]
    name = cookies.cookie_name(cookies.SESSION, secure=state.secure, port=port)
    answer.headers.append("set-cookie", cookies.set_cookie(name, session.id, secure=state.secure))
    form = cookies.cookie_name(cookies.FORM, secure=state.secure, port=port)
    answer.headers.append("set-cookie", cookies.drop_cookie(form, secure=state.secure))
    return answer


def sign_out(request: Request) -> Response:
    """Ends the session, whether or not it can be written down."""
    state = request.state
    state.parts.sessions.end(state.session.id)
    state.parts.audit.deed(Deed.SIGN_OUT, state.person, state.client)
    answer = RedirectResponse("/sign-in", 303)
    name = cookies.cookie_name(cookies.SESSION, secure=state.secure, port=state.settings.listen[1])
    answer.headers.append("set-cookie", cookies.drop_cookie(name, secure=state.secure))
    return answer


def local_path(text: str) -> str:
    """`text` if it leads to a page of ours, else `/`: a link must not lead on to another site after sign-in."""
    if not _LOCAL.fullmatch(text) or urlsplit(text).netloc or urlsplit(text).path in ("/sign-in", "/sign-out"):
        return "/"
    return text


routes = [
    Route("/sign-in", show, methods=["GET"]),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
]

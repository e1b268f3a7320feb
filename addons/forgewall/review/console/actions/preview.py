"""The preview of an edit of the policy, and agreeing to it: the same for approvals, revocations and break-glass."""

from __future__ import annotations

import hmac
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from forgewall.errors import ForgewallError
from forgewall.record.event import Edit
from forgewall.review import approval
from forgewall.review.console.access import requires
from forgewall.review.console.answers import page
from forgewall.review.console.previews import Shown
from forgewall.review.console.rendering import render
from forgewall.review.person import Role
from forgewall.review.preview import Preview
from forgewall.review.replay_changes import turn
from forgewall.review.stand_ins import read_key

MOST_CHANGES = 50
"""Groups of decisions that would come out otherwise, as many as are listed."""
GONE = "This preview is too old, was agreed to already, or isn't yours. Nothing was changed; make it anew."


def proof_of(request: Request) -> approval.Proof:
    """What a preview is proven with: the index and the key of stand-ins."""
    state = request.state
    return approval.Proof(store=state.store, names=read_key(state.settings.events))


def show_preview(request: Request, preview: Preview, reason: str, back: str) -> Response:
    """To the page of a preview that was just made."""
    state = request.state
    shown = state.parts.previews.keep(state.session.id, preview, reason, back)
    return RedirectResponse(f"/previews/{shown.number}", 303)


@requires(Role.REVIEWER)
def show(request: Request) -> Response:
    """`GET /previews/…`: all that the edit would do."""
    shown = request.state.parts.previews.find(request.state.session.id, request.path_params["number"])
    if shown is None:
        return page(request, 404, "No such preview", GONE)
    return _page(request, shown)


@requires(Role.REVIEWER)
def agree(request: Request) -> Response:
    """`POST /previews/…`: does what was shown, if `digest` says that it was, and nobody changed the policy since."""
    state = request.state
    number = request.path_params["number"]
    shown = state.parts.previews.find(state.session.id, number)
    given = state.form.get("digest").encode("utf-8", "replace")
    if shown is None or not hmac.compare_digest(given, shown.preview.new_digest.encode()):
        return page(request, 409, "No such preview", GONE)
    if state.parts.previews.take(state.session.id, number) is None:
        return page(request, 409, "No such preview", GONE)
    try:
        approval.apply(
            shown.preview,
            state.person,
            state.settings.events,
            shown.reason,
            state.settings.clock,
            store=state.store,
            client=state.client,
        )
    except ForgewallError as error:
        return page(request, 409, "Nothing was changed", str(error))
    state.session.notices.append(_done(shown.preview))
    return RedirectResponse(shown.back, 303)


def _page(request: Request, shown: Shown) -> Response:
    preview = shown.preview
    changes = preview.replayed.changes
    return render(
        request,
        "preview.html",
        shown=shown,
        preview=preview,
        heading=_HEADINGS[preview.edit],
        loud=preview.edit is Edit.BREAK_GLASS,
        changes=[(turn(change).value, change) for change in changes[:MOST_CHANGES]],
        more=len(changes) - MOST_CHANGES,
    )


_HEADINGS = {
    Edit.APPROVED: "Approve",
    Edit.REVOKED: "Revoke",
    Edit.BREAK_GLASS: "Break the glass",
    Edit.BREAK_GLASS_ENDED: "End the break-glass",
}


def _done(preview: Preview) -> str:
    until = f" until {_minute(preview.expires)}" if preview.expires is not None else ""
    told = {
        Edit.APPROVED: f"{preview.address} is approved{until}",
        Edit.REVOKED: f"The approval of {preview.address} is revoked",
        Edit.BREAK_GLASS: f"The glass is broken: nothing is blocked{until}",
        Edit.BREAK_GLASS_ENDED: "The glass is whole again",
    }
    return f"{told[preview.edit]}. A running proxy takes it over within two seconds."


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


routes = [
    Route("/previews/{number:str}", show, methods=["GET"]),
    Route("/previews/{number:str}", agree, methods=["POST"]),
]

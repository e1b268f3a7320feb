"""Revoking an entry, breaking the glass and ending that: each leads to a preview first."""

from __future__ import annotations

from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgewall.errors import ForgewallError, UsageError
from forgewall.review import approval
from forgewall.review.console.access import requires
from forgewall.review.console.actions.preview import proof_of, show_preview
from forgewall.review.console.actions.triage import note_of
from forgewall.review.console.answers import page
from forgewall.review.console.rendering import render
from forgewall.review.person import Role

MINUTES = MappingProxyType({"15": "15 minutes", "30": "30 minutes", "60": "1 hour", "120": "2 hours", "240": "4 hours"})
"""For how long the glass can be broken."""


@requires(Role.REVIEWER)
def revoke(request: Request) -> Response:
    """`POST /revoke`: `address` and the `line` in which it stands, as the policy's page shows them."""
    form, now = request.state.form, request.state.settings.clock()
    address, line = form.get("address"), form.get("line")
    if not address or not (line.isascii() and line.isdecimal() and len(line) < 9):
        raise UsageError("The form doesn't tell which entry to revoke.")
    current = approval.read(request.state.settings.policy, now)
    try:
        preview = approval.propose_revoke(current, address, now, proof_of(request), line=int(line))
    except ForgewallError as error:
        return page(request, 409, "It can't be revoked here", str(error))
    return show_preview(request, preview, note_of(form.get("reason")), "/policy")


@requires(Role.VIEWER)
def glass(request: Request) -> Response:
    """`GET /break-glass`: for how long, and why."""
    return _glass(request)


@requires(Role.REVIEWER)
def break_glass(request: Request) -> Response:
    """`POST /break-glass`: `minutes` and `reason`."""
    state, now = request.state, request.state.settings.clock()
    minutes, reason = state.form.get("minutes"), note_of(state.form.get("reason"))
    current = approval.read(state.settings.policy, now)
    try:
        if minutes not in MINUTES:
            raise UsageError("Choose for how long.")
        preview = approval.propose_break_glass(current, state.person.name, reason, int(minutes), now)
    except ForgewallError as error:
        return _glass(request, error=str(error))
    return show_preview(request, preview, reason, "/policy")


@requires(Role.REVIEWER)
def end_break_glass(request: Request) -> Response:
    """`POST /break-glass/end`."""
    now = request.state.settings.clock()
    current = approval.read(request.state.settings.policy, now)
    try:
        preview = approval.propose_end_break_glass(current, now)
    except ForgewallError as error:
        return page(request, 409, "There is nothing to end", str(error))
    return show_preview(request, preview, "", "/policy")


def _glass(request: Request, error: str = "") -> Response:
    form = request.state.form
    return render(
        request,
        "break_glass.html",
        status=409 if error else 200,
        choices=MINUTES,
        minutes=form.get("minutes") or "30",
        reason=form.get("reason"),
        error=error,
    )


routes = [
    Route("/revoke", revoke, methods=["POST"]),
    Route("/break-glass", glass, methods=["GET"]),
    Route("/break-glass", break_glass, methods=["POST"]),
    Route("/break-glass/end", end_break_glass, methods=["POST"]),
]

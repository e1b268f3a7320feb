"""One event, whole: for whoever was refused and follows the link of the refusal, and for whoever looks into it."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from forgewall.review.console.access import requires
from forgewall.review.console.pages.evidence import found
from forgewall.review.console.pages.facts import groups
from forgewall.review.console.rendering import render
from forgewall.review.console.words import RAW_LIMIT, escaped
from forgewall.review.person import Role
from forgewall.review.store import Store

MAX_RAW = 4 * 1024 * 1024
"""Characters of an event that its raw form holds."""


@requires(Role.VIEWER)
def event(request: Request) -> Response:
    """`/events/{event}`: its id in any spelling, or the beginning of it."""
    store: Store = request.state.store
    asked = request.path_params["event"][:64]
    row = store.row(asked)
    if row is None:
        return render(request, "missing.html", status=404, kind="event", asked=asked)
    if row.id != asked:
        return RedirectResponse(f"/events/{row.id}", status_code=303)
    document = store.document(row.id)
    return render(
        request,
        "event.html",
        row=row,
        document=document,
        groups=groups(document) if document is not None else (),
        found=found(document) if document is not None else None,
        others=[other for other in store.of_request(row.request_id) if other.id != row.id] if row.request_id else [],
        case=store.case(row.case_id) if row.case_id else None,
        raw_limit=RAW_LIMIT,
    )


@requires(Role.VIEWER)
def raw_event(request: Request) -> Response:
    """`/events/{event}/raw`: the event as JSON, in letters that every program can read."""
    store: Store = request.state.store
    row = store.row(request.path_params["event"][:64])
    document = store.document(row.id) if row is not None else None
    if document is None:
        return Response("There is no such event in the log.\n", status_code=404, media_type="text/plain")
    text = escaped(json.dumps(document, indent=2, ensure_ascii=False, default=str)[:MAX_RAW])
    return Response(text + "\n", media_type="text/plain; charset=utf-8")


routes = [Route("/events/{event}", event), Route("/events/{event}/raw", raw_event)]

"""The list of events, by filters in the address, from one event to the older ones; and the live tail of the same."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from forgewall.record.ulid import LENGTH
from forgewall.review.console.access import requires
from forgewall.review.console.pages.asked import Asked, asked, link
from forgewall.review.console.pages.cases import choices
from forgewall.review.console.rendering import render
from forgewall.review.person import Role
from forgewall.review.store import Store

PAGE = 50
"""Events on one page."""
TAIL = 50
"""Events that the live tail begins with, and that come at most with one look."""
INTERVAL = 2
"""Seconds between two looks."""
QUIET = 10
"""Seconds between two announcements to screen readers."""
MOST = 10_000
FRAGMENT = {"x-forgewall-part": "live"}
"""In the head of an answer that is a part of a page; the script puts nothing else into the page."""


@requires(Role.VIEWER)
def events(request: Request) -> Response:
    """`/events`, with any of `filters.NAMES`, and `before=` an event's id."""
    store: Store = request.state.store
    said = asked(request, request.state.settings.clock())
    before = identifier(request, "before")
    rows = [] if said.error else store.events(said.filters, limit=PAGE + 1, before=before)
    return render(
        request,
        "events.html",
        status=400 if said.error else 200,
        asked=said,
        rows=rows[:PAGE],
        before=before,
        older=said.link(before=rows[PAGE - 1].id) if len(rows) > PAGE else "",
        count=0 if said.error else store.count(said.filters, most=MOST),
        most=MOST,
        choices=choices(),
    )


@requires(Role.VIEWER)
def audit(request: Request) -> Response:
    """`/audit`: what became of the policy, and what people did in review."""
    store: Store = request.state.store
    said = asked(request, request.state.settings.clock(), dataset="policy,review")
    before = identifier(request, "before")
    rows = [] if said.error else store.events(said.filters, limit=PAGE + 1, before=before)
    return render(
        request,
        "audit.html",
        status=400 if said.error else 200,
        asked=said,
        rows=rows[:PAGE],
        before=before,
        older=said.link(before=rows[PAGE - 1].id) if len(rows) > PAGE else "",
        choices=choices(),
    )


@requires(Role.VIEWER)
def live(request: Request) -> Response:
    """`/live`: the newest events; with `paused=1` the page stays as it is."""
    store: Store = request.state.store
    now = request.state.settings.clock()
    said = asked(request, now)
    rows = [] if said.error else store.events(said.filters, limit=TAIL)
    paused = request.query_params.get("paused") == "1"
    return render(
        request,
        "live.html",
        status=400 if said.error else 200,
        asked=said,
        rows=rows,
        paused=paused,
        poll="" if paused or said.error else _poll(said, rows[0].id if rows else "", 0, 0),
        interval=INTERVAL,
        choices=choices(),
    )


@requires(Role.VIEWER)
def live_part(request: Request) -> Response:
    """`/live/part`: what came after the event `after=`, and where to ask next. As a page of its own it is `/live`."""
    store: Store = request.state.store
    now = request.state.settings.clock()
    said = asked(request, now)
    if "hx-request" not in request.headers:
        return RedirectResponse(said.link("/live"), status_code=303)
    after = identifier(request, "after")
    rows = [] if said.error else store.events(said.filters, limit=TAIL, after=after)
    told, unheard = _counts(request, now)
    unheard += len(rows)
    announce = unheard if unheard and now.timestamp() - told >= QUIET else 0
    if announce:
        told, unheard = int(now.timestamp()), 0
    newest = rows[0].id if rows else (after or "")
    return render(
        request,
        "live_part.html",
        headers=FRAGMENT,
        rows=rows,
        full=len(rows) == TAIL and after is not None,
        announce=announce,
        poll=_poll(said, newest, told, unheard),
        interval=INTERVAL,
        asked=said,
    )


def identifier(request: Request, name: str) -> str | None:
    """An event's id in the query; None if there is none, or what is there can't be one."""
    word = request.query_params.get(name, "").upper()
    return word if len(word) == LENGTH and word.isascii() and word.isalnum() else None


def _counts(request: Request, now: datetime) -> tuple[int, int]:
    """When screen readers were told last, in seconds since 1970, and how many events came since."""

    def whole(name: str, most: int) -> int:
        word = request.query_params.get(name, "")
        return min(int(word), most) if word.isascii() and word.isdigit() and len(word) < 16 else 0

    return whole("told", int(now.timestamp())), whole("unheard", 100_000)


def _poll(said: Asked, after: str, told: int, unheard: int) -> str:
    """The address that the next look goes to."""
    return link("/live/part", [*said.words, ("after", after), ("told", str(told)), ("unheard", str(unheard or ""))])


routes = [
    Route("/events", events),
    Route("/audit", audit),
    Route("/live", live),
    Route("/live/part", live_part),
]

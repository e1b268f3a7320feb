"""The list of cases, by filters in the address."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgewall.model import Kind, Operation
from forgewall.review.case import State
from forgewall.review.console.access import requires
from forgewall.review.console.pages.asked import asked
from forgewall.review.console.rendering import render
from forgewall.review.person import Role
from forgewall.review.store import Store

PAGE = 50
"""Cases on one page."""
LAST_PAGE = 200
MOST = 10_000
TABS = (("Open", "open"), ("Approved", "approved"), ("False positive", "false-positive"), ("Confirmed", "confirmed"))
SPANS = (("any time", ""), ("1 hour", "1h"), ("24 hours", "24h"), ("7 days", "7d"), ("30 days", "30d"))


@requires(Role.VIEWER)
def cases(request: Request) -> Response:
    """`/cases`, with any of `filters.NAMES` and `page` in the query."""
    store: Store = request.state.store
    now = request.state.settings.clock()
    said = asked(request, now)
    page = page_number(request)
    rows = [] if said.error else store.cases(said.filters, limit=PAGE + 1, offset=(page - 1) * PAGE)
    return render(
        request,
        "cases.html",
        status=400 if said.error else 200,
        asked=said,
        cases=rows[:PAGE],
        more=len(rows) > PAGE and page < LAST_PAGE,
        page=page,
        first=(page - 1) * PAGE + 1,
        count=0 if said.error else store.count_cases(said.filters, most=MOST),
        most=MOST,
        states=tuple(State),
        choices=choices(),
    )


def page_number(request: Request) -> int:
    """The page that is asked for, from 1; anything else is the first."""
    word = request.query_params.get("page", "1")
    number = int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 1
    return min(max(number, 1), LAST_PAGE)


def choices() -> dict[str, tuple[tuple[str, str], ...]]:
    """What the filter forms offer, by the filter's name: label and word."""
    return {
        "since": SPANS,
        "operation": (("any", ""), *((one.value, one.value) for one in Operation)),
        "forge": (("any", ""), *((one.value, one.value) for one in Kind)),
        "state": (("any", ""), *((one.value, one.value) for one in State)),
    }


routes = [Route("/cases", cases)]

"""The list of cases, by filters in the address."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgewall.model import Kind, Operation
from forgewall.review.case import Case, Others, State
from forgewall.review.console.access import requires
from forgewall.review.console.pages.asked import Asked, asked
from forgewall.review.console.rendering import render
from forgewall.review.filters import Filters, as_words
from forgewall.review.person import Role
from forgewall.review.store import Store

PAGE = 50
"""Cases on one page."""
LAST_PAGE = 200
MOST = 10_000
SPANS = (("any time", ""), ("1 hour", "1h"), ("24 hours", "24h"), ("7 days", "7d"), ("30 days", "30d"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Further cases of somebody, and where they are listed; `count`, or more if that isn't the `whole`."""

    who: str
    count: int
    whole: bool
    link: str


@requires(Role.VIEWER)
def cases(request: Request) -> Response:
    """`/cases`, with any of `filters.NAMES` and `page` in the query."""
    store: Store = request.state.store
    now = request.state.settings.clock()
    said = asked(request, now)
    page = page_number(request)
    rows, others = ([], []) if said.error else _page(store, said.filters, page)
    return render(
        request,
        "cases.html",
        status=400 if said.error else 200,
        asked=said,
        cases=rows[:PAGE],
        more=len(rows) > PAGE and page < LAST_PAGE,
        page=page,
        first=(page - 1) * PAGE + 1,
        others=[_left_out(said, one) for one in others],
        count=0 if said.error else store.count_cases(said.filters, most=MOST),
        most=MOST,
        states=tuple(State),
        choices=choices(),
    )


def _page(store: Store, filters: Filters, page: int) -> tuple[list[Case], list[Others]]:
    """The cases of a page and one more, should there be one; and what it leaves out of those who have very many."""
    offset = (page - 1) * PAGE
    if filters.user or filters.client or filters.case_id:
        return store.cases(filters, limit=PAGE + 1, offset=offset), []
    rows, others = store.spread_cases(filters, limit=PAGE + 1, offset=offset)
    following = [(row.user, row.client) for row in rows[PAGE:]]
    return rows, [one for one in others if (one.user, one.client) not in following]  # that is told where it stands


def _left_out(said: Asked, one: Others) -> LeftOut:
    """What is told of them, with the filter that shows them in place of none."""
    name, value = ("user", one.user) if one.user else ("client", one.client)
    ((_, word),) = as_words(Filters(user=(value,)))
    return LeftOut(who=value, count=one.count, whole=one.whole, link=said.link(**{name: word}))


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

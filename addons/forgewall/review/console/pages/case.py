"""One case: who, what, where; why; what was in it; when; what people said of it, and what else there is of the kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from forgewall.review.case import Case
from forgewall.review.console.access import requires
from forgewall.review.console.chart import Bar, Chart
from forgewall.review.console.pages.evidence import Found, found
from forgewall.review.console.rendering import render
from forgewall.review.filters import Filters
from forgewall.review.judged import Judged, judged
from forgewall.review.person import Role
from forgewall.review.row import Row
from forgewall.review.stand_ins import read_key
from forgewall.review.store import Store

SHOWN = 50
"""Newest events that are listed."""
CHARTED = 500
"""Newest events that are in the chart."""
RELATED = 6
_EVIDENCE = 3
_REQUESTS = 6
_BARS = 40


@requires(Role.VIEWER)
def case(request: Request) -> Response:
    """`/cases/{case}`: a case's id in any spelling, or an event's of which it consists."""
    store: Store = request.state.store
    asked = request.path_params["case"][:64]
    one = store.case(asked)
    if one is None:
        return render(request, "missing.html", status=404, kind="case", asked=asked)
    if one.id != asked:
        return RedirectResponse(f"/cases/{one.id}", status_code=303)
    rows = store.case_events(one.id, limit=CHARTED)
    return render(request, "case.html", **case_values(request, one, rows))


def case_values(request: Request, one: Case, rows: Sequence[Row]) -> dict[str, Any]:
    """What `case.html` shows."""
    store: Store = request.state.store
    now = request.state.settings.clock()
    return {
        "case": one,
        "rows": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "chart": timeline(rows),
        "judged": _judged(request, one, now),
        "found": _found(store, rows),
        "history": store.history(one.id),
        "same_person": _others(store, one, _person(one)),
        "same_address": _others(store, one, Filters(address=(one.address,))),
    }


def timeline(rows: Sequence[Row]) -> Chart | None:
    """When the decisions among `rows`, newest first, were made; None for fewer than two."""
    times = [row.time for row in rows if row.dataset == "decision"]
    if len(times) < 2:
        return None
    seconds = _round((times[0] - times[-1]).total_seconds() / (_BARS - 1))
    start = datetime.fromtimestamp(times[-1].timestamp() // seconds * seconds, tz=times[-1].tzinfo)
    counts: dict[int, list[int]] = {}
    for row in rows:
        if row.dataset == "decision":
            place = int((row.time - start).total_seconds() // seconds)
            counts.setdefault(place, [0, 0])[row.outcome != "blocked"] += 1
    bars = tuple(
        Bar(start=start + timedelta(seconds=place * seconds), solid=pair[0], hollow=pair[1])
        for place in range(max(counts) + 1)
        for pair in [counts.get(place, [0, 0])]
    )
    return Chart(title="Attempts", bars=bars, seconds=seconds, solid="blocked", hollow="would be blocked")


def _round(seconds: float) -> int:
    """A length that reads well on a clock."""
    steps = (60, 300, 900, 1800, 3600, 4 * 3600, 12 * 3600, 86400)
    return next((step for step in steps if step >= seconds), (int(seconds // 86400) + 1) * 86400)


def _judged(request: Request, one: Case, now: datetime) -> Judged | None:
    policy = request.state.policy.policy
    recorded = request.state.store.recorded_of([one.last_event_id]) if policy is not None else []
    if not recorded:
        return None
    key = read_key(request.state.settings.events)
    return judged(policy, recorded[0], now, code=one.code, rule=one.rule, key=key)


def _found(store: Store, rows: Sequence[Row]) -> list[Found]:
    """The evidence of the newest requests that have any."""
    result = []
    for request_id in list(dict.fromkeys(row.request_id for row in rows if row.request_id))[:_REQUESTS]:
        best = None
        for row in store.of_request(request_id)[-4:]:
            document = store.document(row.id)
            best = (found(document) if document is not None else None) or best
        if best is not None:
            result.append(best)
        if len(result) == _EVIDENCE:
            break
    return result


def _person(one: Case) -> Filters:
    return Filters(user=(one.user,)) if one.user else Filters(client=(one.client,))


def _others(store: Store, one: Case, filters: Filters) -> list[Case]:
    return [other for other in store.cases(filters, limit=RELATED + 1) if other.id != one.id][:RELATED]


routes = [Route("/cases/{case}", case)]

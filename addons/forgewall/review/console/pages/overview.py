"""The first page: how things stand, what was blocked and uploaded over time, and by whom most. Each number leads on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forgewall.review.case import State
from forgewall.review.console.access import requires
from forgewall.review.console.chart import Bar, Chart
from forgewall.review.console.pages.asked import link
from forgewall.review.console.pages.standing import index
from forgewall.review.console.rendering import render
from forgewall.review.figures import Bucket, Statistics, Tally
from forgewall.review.filters import Filters, as_words
from forgewall.review.person import Role
from forgewall.review.store import Store
from forgewall.sizes import rounded

SPANS = MappingProxyType(
    {"24h": (timedelta(hours=24), 48), "7d": (timedelta(days=7), 42), "30d": (timedelta(days=30), 30)}
)
"""What can be looked at, and in how many parts about."""
TOP = 8
"""Lines of a ranking."""
ASKED = 100
"""So many are asked for, as the largest uploads need not be the most."""
LATEST = 5
MOST = 10_000
OPEN = Filters(state=(State.OPEN,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a ranking, with where it leads."""

    name: str
    count: int
    bytes: int
    last: datetime
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The largest of one kind. `by_bytes`: their sizes count, not how many there are."""

    title: str
    what: str
    lines: tuple[Line, ...]
    empty: str
    by_bytes: bool = False

    @property
    def most(self) -> int:
        return max((line.bytes if self.by_bytes else line.count for line in self.lines), default=0)


@requires(Role.VIEWER)
def overview(request: Request) -> Response:
    """`/`; `?span=` is `24h`, `7d` or `30d`."""
    store: Store = request.state.store
    now = request.state.settings.clock()
    span = request.query_params.get("span", "")
    span = span if span in SPANS else "24h"
    length, buckets = SPANS[span]
    figures = store.statistics(now - length, now, buckets=buckets, top=ASKED)
    return render(
        request,
        "overview.html",
        span=span,
        spans=tuple(SPANS),
        figures=figures,
        totals=_totals(figures),
        blocks=_blocks(figures),
        uploads=_uploads(figures),
        rankings=_rankings(figures, span),
        index=index(store),
        opened=store.count_cases(OPEN, most=MOST),
        most=MOST,
        latest=store.spread_cases(OPEN, limit=LATEST)[0],
        alerts=lambda: link("/events", [*_alerts(), ("since", span)]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All buckets in sum."""

    blocked: int
    would_block: int
    passed: int
    uploads: int
    bytes: int


def _totals(figures: Statistics) -> Totals:
    def of(value: Callable[[Bucket], int]) -> int:
        return sum(value(bucket) for bucket in figures.buckets)

    return Totals(
        blocked=of(lambda one: one.blocked),
        would_block=of(lambda one: one.would_block),
        passed=of(lambda one: one.passed),
        uploads=of(lambda one: one.uploads),
        bytes=of(lambda one: one.bytes),
    )


def _blocks(figures: Statistics) -> Chart:
    bars = tuple(
        Bar(start=one.start, solid=one.blocked, hollow=one.would_block, link=_span_link(one, figures, _alerts()))
        for one in figures.buckets
    )
    return Chart(title="Blocked writes", bars=bars, seconds=figures.seconds, solid="blocked", hollow="would be blocked")


def _uploads(figures: Statistics) -> Chart:
    words = as_words(Filters(dataset=("upload",)))
    bars = tuple(Bar(start=one.start, solid=one.bytes, link=_span_link(one, figures, words)) for one in figures.buckets)
    return Chart(title="Uploaded", bars=bars, seconds=figures.seconds, solid="uploaded", written=rounded)


def _span_link(bucket: Bucket, figures: Statistics, words: list[tuple[str, str]]) -> str:
    end = bucket.start + timedelta(seconds=figures.seconds)
    return link("/events", [*words, ("since", _stamp(bucket.start)), ("until", _stamp(end))])


def _rankings(figures: Statistics, span: str) -> tuple[Ranking, ...]:
    def lines(tallies: tuple[Tally, ...], path: str, words: Callable[[str], list[tuple[str, str]]]) -> tuple[Line, ...]:
        return tuple(
            Line(
                name=one.name,
                count=one.count,
                bytes=one.bytes,
                last=one.last,
                link=link(path, [*words(one.name), ("since", span)]),
            )
            for one in tallies[:TOP]
        )

    largest = tuple(sorted(figures.uploads, key=lambda one: -one.bytes))
    quiet = "Nothing was blocked in this time."
    return (
        Ranking(
            title="Blocked addresses",
            what="Address",
            lines=lines(figures.addresses, "/cases", _address),
            empty=quiet,
        ),
        Ranking(
            title="Upload volumes",
            what="Address",
            lines=lines(largest, "/events", _uploaded),
            empty="Nothing was uploaded in this time.",
            by_bytes=True,
        ),
        Ranking(title="People", what="Who", lines=lines(figures.people, "/cases", _person), empty=quiet),
        Ranking(
            title="Operations",
            what="Operation",
            lines=lines(figures.operations, "/cases", lambda name: as_words(Filters(operation=(name,)))),
            empty=quiet,
        ),
        Ranking(
            title="Reasons",
            what="Reason",
            lines=lines(figures.reasons, "/cases", lambda name: as_words(Filters(code=(name,)))),
            empty=quiet,
        ),
    )


def _person(name: str) -> list[tuple[str, str]]:
    """The filter for a user, or for a client where no user is known."""
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return as_words(Filters(user=(name,)))
    return as_words(Filters(client=(name,)))


def _address(name: str) -> list[tuple[str, str]]:
    return as_words(Filters(address=(name,)))


def _uploaded(name: str) -> list[tuple[str, str]]:
    return as_words(Filters(address=(name,), dataset=("upload",)))


def _alerts() -> list[tuple[str, str]]:
    return as_words(Filters(alerts=True))


def _stamp(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


routes = [Route("/", overview)]

"""What readers of a long log wait for: building the index of it, and asking it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from bench import table
from bench.plan import Plan
from bench.review_log import END, write_log
from bench.review_pages import pages
from bench.review_replay import replays
from forgewall.review.filters import Filters
from forgewall.review.store import INDEX, Store

__all__ = ["measure", "write_log"]

type Row = Sequence[str]

_RARE = "user-250@acme.example"


def measure(directory: Path, plan: Plan, say: Callable[[str], None]) -> str:
    """All of it, as a table. Raises AssertionError where the index lacks an event."""
    log = directory / "events"
    say(f"writing a log of {plan.review_events:,} events")
    size = write_log(log, plan.review_events)
    with Store(log, clock=lambda: END) as store:
        say("building its index")
        built = store.refresh()
        assert (built.events, built.skipped) == (plan.review_events, 0)
        index = sum(file.stat().st_size for file in log.glob(f"{INDEX}*"))
        rows: list[Row] = [
            ["the log", "MB", table.number(size / 1e6)],
            ["its index", "MB", table.number(index / 1e6)],
            ["build the index", "s", table.number(built.seconds)],
            ["", "events/s", table.number(built.events / built.seconds)],
        ]
        say("asking it")
        rows += _asked(store, plan)
        rows += _streamed(store, plan)
        rows += replays(store, say)
    say("asking for the console's pages")
    rows += pages(log, plan)
    return table.render(f"Review of {plan.review_events:,} events", ("", "unit", "median"), rows)


def _asked(store: Store, plan: Plan) -> Iterator[Row]:
    """Milliseconds of single questions, as pages and commands ask them."""
    refused = Filters(address=("github.com/stranger-7",), verdict=("blocked",))
    questions: list[tuple[str, Callable[[], object]]] = [
        ("nothing new in the log", store.refresh),
        ("statistics of 24 hours", lambda: store.statistics(END - timedelta(days=1), END)),
        ("statistics of 7 days", lambda: store.statistics(END - timedelta(days=7), END)),
        ("statistics of 90 days", lambda: store.statistics(END - timedelta(days=90), END)),
        ("use of each rule", store.usage),
        ("the newest 50 events", lambda: store.events(Filters(), limit=50)),
        ("50 events of a user", lambda: store.events(Filters(user=(_RARE,)), limit=50)),
        ("50 blocked below an owner", lambda: store.events(refused, limit=50)),
        ("the newest 50 cases", lambda: store.cases(Filters(), limit=50)),
        ("50 cases of a forge", lambda: store.cases(Filters(forge=("gitlab",)), limit=50)),
        ("cases of a user, counted", lambda: store.count_cases(Filters(user=(_RARE,)))),
        ("50 events with a rare word", lambda: store.events(Filters(text="stranger-77 loot"), limit=50)),
        ("50 events with a frequent word", lambda: store.events(Filters(text="git push"), limit=50)),
        ("50 cases with two words", lambda: store.cases(Filters(text="user-7 gitlab"), limit=50)),
    ]
    for name, question in questions:
        times = []
        for _ in range(plan.review_rounds):
            start = time.perf_counter()
            question()
            times.append((time.perf_counter() - start) * 1e3)
        yield [name, "ms", table.middle(times)]


def _streamed(store: Store, plan: Plan) -> Iterator[Row]:
    """What a replay reads, before it judges anything."""
    start = time.perf_counter()
    count = sum(1 for _ in store.recorded(Filters()))
    assert 0 < count < plan.review_events
    yield ["read recorded decisions", "decisions/s", table.number(count / (time.perf_counter() - start))]

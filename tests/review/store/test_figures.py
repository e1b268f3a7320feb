"""Figures over any span of time are what counting every event gives."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.record import samples
from tests.review.store.sample_log import NOW, at, minutes, opened, recorded_events, write

from forgewall.model import Operation
from forgewall.record.event import Result
from forgewall.review.figures import Bucket, Statistics, Tally
from forgewall.review.filters import Filters
from forgewall.review.row import Row

WENT = ("complete", "would-cut", "refused")


def moved(row: Row) -> int:
    """The bytes an event stands for: announced where blocked, gone where not."""
    return 0 if row.bytes is None or (row.dataset == "decision" and row.outcome != "blocked") else row.bytes


def counted(rows: list[Row], since: datetime, until: datetime) -> tuple[Any, ...]:
    """The tallies by hand."""
    sums: dict[str, dict[str, list[Any]]] = defaultdict(dict)
    for row in rows:
        if not since <= row.time < until or row.dataset not in ("decision", "upload"):
            continue
        names = {}
        if row.alert:
            names = {"addresses": row.key or row.host, "people": row.user or row.client,
                     "operations": row.operation, "reasons": row.code}  # fmt: skip
        if row.dataset == "upload" and row.outcome in WENT:
            names["uploads"] = row.key or row.host
        for kind, name in names.items():
            if name:
                one = sums[kind].setdefault(name, [0, 0, row.time])
                one[0] += 1
                one[1] += moved(row)
                one[2] = max(one[2], row.time)
    return tuple(
        {Tally(name=name, count=one[0], bytes=one[1], last=one[2]) for name, one in sums[kind].items()}
        for kind in ("addresses", "people", "operations", "reasons", "uploads")
    )


def buckets(rows: list[Row], statistics: Statistics) -> dict[datetime, list[int]]:
    """The buckets by hand, those with something in them."""
    found: dict[datetime, list[int]] = defaultdict(lambda: [0] * 5)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    length = timedelta(seconds=statistics.seconds)
    for row in rows:
        if not statistics.since <= row.time < statistics.until:
            continue
        one = epoch + (row.time - epoch) // length * length
        if row.dataset == "upload" and row.outcome in WENT:
            found[one][3] += 1
            found[one][4] += row.bytes or 0
        elif row.dataset == "decision" and row.effect in ("write", ""):
            found[one][{"blocked": 0, "would-block": 1}.get(row.outcome, 2)] += 1
    return found


def numbers(bucket: Bucket) -> list[int]:
    return [bucket.blocked, bucket.would_block, bucket.passed, bucket.uploads, bucket.bytes]


def days(most: int) -> st.SearchStrategy[int]:
    """So many milliseconds."""
    return st.integers(0, most * 86400 * 1000)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_sums_are_those_of_single_events(tmp_path_factory: Any, data: st.DataObject) -> None:
    directory = tmp_path_factory.mktemp("log")
    events = data.draw(recorded_events())
    write(directory, *events[:10])
    with opened(directory) as store:
        write(directory, *events[10:], clock=NOW + timedelta(days=1))
        store.refresh()
        rows = store.events(Filters(), limit=1000)
        for _ in range(5):
            since = NOW - timedelta(milliseconds=data.draw(days(5) | days(70)))
            until = since + timedelta(milliseconds=data.draw(days(5) | days(90)) + 1)
            many = data.draw(st.sampled_from([1, 2, 24, 48, 400]))
            statistics = store.statistics(since, until, buckets=many, top=1000)
            assert (statistics.since, statistics.until) == (since, until)
            tallies = (
                *(statistics.addresses, statistics.people, statistics.operations),
                *(statistics.reasons, statistics.uploads),
            )
            assert tuple(map(set, tallies)) == counted(rows, since, until)
            for tally in tallies:
                assert [one.count for one in tally] == sorted((one.count for one in tally), reverse=True)
            expected = buckets(rows, statistics)
            assert {one.start: numbers(one) for one in statistics.buckets if any(numbers(one))} == expected
            starts = [one.start for one in statistics.buckets]
            assert starts[0] <= since < starts[0] + timedelta(seconds=statistics.seconds)
            assert starts[-1] < until <= starts[-1] + timedelta(seconds=statistics.seconds)
            assert {b - a for a, b in pairwise(starts)} <= {timedelta(seconds=statistics.seconds)}
            assert len(starts) <= many + 1


@pytest.mark.parametrize(
    ("span", "seconds", "first"),
    [
        (timedelta(hours=24), 1800, datetime(2026, 11, 23, 12, tzinfo=UTC)),
        (timedelta(days=7), 6 * 3600, datetime(2026, 11, 17, 12, tzinfo=UTC)),
        (timedelta(days=90), 2 * 86400, datetime(2026, 8, 25, tzinfo=UTC)),
        (timedelta(minutes=48), 60, datetime(2026, 11, 24, 11, 12, tzinfo=UTC)),
        (timedelta(seconds=10), 1, datetime(2026, 11, 24, 11, 59, 50, tzinfo=UTC)),
    ],
)
def test_borders_lie_on_round_times(span: timedelta, seconds: int, first: datetime, tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        statistics = store.statistics(NOW - span, NOW)
        assert statistics.seconds == seconds
        assert statistics.buckets[0].start in (first, first - timedelta(days=1))
        assert statistics.buckets[0].start.timestamp() % seconds == 0


def test_a_span_of_years(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        statistics = store.statistics(NOW - timedelta(days=40_000), NOW, buckets=10)
        assert len(statistics.buckets) <= 11
        assert store.statistics(NOW, NOW).buckets
        assert store.statistics(NOW, NOW - timedelta(days=3)).buckets


def test_an_end_beyond_all_places_is_the_end(tmp_path: Path) -> None:
    write(tmp_path, at(samples.decision(), NOW - timedelta(hours=1)))
    with opened(tmp_path) as store:
        found = store.statistics(NOW - timedelta(days=1), datetime(9999, 1, 1, tzinfo=UTC))
    assert [tally.count for tally in found.operations] == [1]


def test_only_the_largest_are_listed(tmp_path: Path) -> None:
    events = [samples.aimed(op) for op in (Operation.PUSH, Operation.PUSH, Operation.ISSUE, Operation.COMMENT)]
    write(tmp_path, *minutes(*events))
    with opened(tmp_path) as store:
        statistics = store.statistics(NOW - timedelta(days=1), NOW, top=2)
        assert [(one.name, one.count) for one in statistics.operations] == [("push", 2), ("comment", 1)]
        assert store.statistics(NOW - timedelta(days=1), NOW, top=0).operations == ()
        assert statistics.open_cases == 3


def test_how_often_a_rule_decided(tmp_path: Path) -> None:
    allowed = samples.decision(verdict=samples.ALLOW)
    events = minutes(
        samples.decision(),
        samples.decision(),
        allowed,
        samples.upload(decision=allowed, wire_bytes=700),
        samples.upload(Result.CUT, verdict=samples.TOO_LARGE, wire_bytes=50),
        samples.fault(),
    )
    write(tmp_path, *events)
    with opened(tmp_path) as store:
        usage = store.usage()
        assert set(usage) == {"defaults/writes", "approved/github.com/acme-corp", "defaults/max_upload"}
        writes, approved = usage["defaults/writes"], usage["approved/github.com/acme-corp"]
        assert (writes.count, writes.bytes, writes.last) == (2, 96_000_000, events[1].time)
        assert (approved.name, approved.count, approved.bytes) == ("approved/github.com/acme-corp", 1, 700)
        assert usage["defaults/max_upload"].count == 1
        write(tmp_path, at(allowed, NOW))
        store.refresh()
        assert store.usage()["approved/github.com/acme-corp"].last == NOW


@pytest.mark.parametrize("order", [1, -1])
def test_the_last_one_is_the_latest_not_the_one_written_last(order: int, tmp_path: Path) -> None:
    events = minutes(samples.decision(), samples.decision())
    write(tmp_path, *events[::order])
    with opened(tmp_path) as store:
        statistics = store.statistics(NOW - timedelta(days=1), NOW)
        for tally in (statistics.addresses[0], statistics.people[0], store.usage()["defaults/writes"]):
            assert (tally.last, tally.count) == (events[1].time, 2)

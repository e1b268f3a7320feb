from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from forgewall.cli import when

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=400), "400 d ago"),
        (timedelta(seconds=-5), "in a moment"),
        (timedelta(hours=-3), "in 3 h"),
    ],
)
def test_how_long_ago(ago: timedelta, told: str) -> None:
    assert when.relative(NOW - ago, NOW) == told


def test_times_are_in_utc() -> None:
    time = datetime(2026, 11, 24, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=14)))
    assert when.exact(time) == "2026-11-23 11:02:03"
    assert when.to_the_minute(time) == "2026-11-23 11:02"
    assert when.stamp(time) == "2026-11-23T11:02:03.456Z"

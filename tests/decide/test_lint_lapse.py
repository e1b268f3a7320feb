"""What the calendar does: entries that have expired or soon will, who decides then, and the end of a break-glass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forgewall.decide.lint import warnings
from forgewall.decide.load import load

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def found(text: str, now: datetime = NOW, code: str = "expir") -> list[str]:
    told = [problem for problem in warnings(load(f"version: 1\n{text}", "p.yaml", NOW), now) if code in problem.code]
    return [f"{problem.line} {problem.code}: {problem.message} ({problem.hint})" for problem in told]


@pytest.mark.parametrize(
    ("end", "left"),
    [
        ("2026-07-01T12:00:30Z", "less than a minute"),
        ("2026-07-01T12:01:00Z", "1 minute"),
        ("2026-07-01T14:30:59Z", "2 hours 30 minutes"),
        ("2026-07-02T12:00:00Z", "1 day"),
        ("2026-07-03", "2 days 12 hours"),
        ("2026-07-08T12:00:00Z", "7 days"),
    ],
)
def test_an_entry_that_soon_expires_is_told_with_the_time_left(end: str, left: str) -> None:
    assert found(f"approved: [{{repo: github.com/a, expires: '{end}'}}]\n") == [
        f"2 expiring: the approval of github.com/a expires in {left} (renew it if it is still needed)"
    ]


def test_later_is_not_told_and_past_is_expired() -> None:
    text = "approved: [{repo: github.com/a, expires: '2026-07-08T12:00:01Z'}]\n"
    assert found(text) == []
    assert found(text, NOW + timedelta(seconds=1)) != []
    assert found(text, NOW + timedelta(days=7, seconds=1)) == [
        "2 expired: the approval of github.com/a expired at 2026-07-08T12:00:01Z (renew or remove the entry)"
    ]


def test_the_entry_that_decides_afterwards_is_named() -> None:
    entry = "approved:\n  - github.com/a\n  - {repo: github.com/a/b, allow: [push], expires: "
    assert (
        "expired at the end of 2026-06-30; github.com/a in line 3 decides there (" in found(entry + "2026-06-30}\n")[0]
    )
    assert "expires in 12 hours; github.com/a in line 3 decides then there (" in found(entry + "2026-07-01}\n")[0]
    alternative = "2026-07-01}\n  - {repo: github.com/a/b, allow: [issue]}\n"
    assert "expires in 12 hours (" in found(entry + alternative)[0]
    late = "approved:\n  - {repo: github.com/a, expires: 2026-06-01}\n  - {repo: github.com/a/b, expires: 2026-06-30}\n"
    assert "expired at the end of 2026-06-30 (" in found(late)[1]


def test_a_broken_glass_is_told_while_it_lasts_and_when_it_is_over() -> None:
    text = "break_glass: {until: '2026-07-01T13:00:00Z', by: ana, reason: INC-7}\n"
    assert found(text, NOW, "glass") == [
        "2 break-glass: the glass is broken by `ana`: nothing is blocked for another 1 hour "
        "(it ends by itself at 2026-07-01T13:00:00Z)"
    ]
    over = ["2 break-glass: the break-glass of `ana` is over since 2026-07-01T13:00:00Z (remove it)"]
    assert found(text, NOW + timedelta(hours=1), "glass") == over
    assert found(text, NOW + timedelta(days=30), "glass") == over

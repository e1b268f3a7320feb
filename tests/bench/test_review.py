"""A generated log is one of ours, and what is measured about it is printed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from bench.__main__ import main
from bench.review import write_log
from bench.review_log import CLIENTS, DAYS, END, USERS, addresses
from tests.record.ecs_check import problems

from forgewall.review.filters import Filters
from forgewall.review.store import Store


def test_review_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--small", "review"]) == 0
    printed = capsys.readouterr().out
    assert "Review of 2,000 events" in printed
    for label in (
        "build the index",
        "statistics of 90 days",
        "50 cases of a forge",
        "read recorded decisions",
        "replay of two policies",
    ):
        assert label in printed


def test_a_generated_log_is_one_of_ours(tmp_path: Path) -> None:
    assert write_log(tmp_path, 3000) == sum(file.stat().st_size for file in tmp_path.iterdir())
    lines = [line for file in sorted(tmp_path.glob("*.jsonl")) for line in file.read_bytes().splitlines()]
    assert len(lines) == 3000
    for line in lines[::100]:
        assert problems(json.loads(line)) == []
    with Store(tmp_path, clock=lambda: END) as store:
        refreshed = store.refresh()
        assert (refreshed.events, refreshed.skipped) == (3000, 0)
        rows = store.events(Filters(), limit=3000)
        assert all(END - timedelta(days=DAYS + 1) <= row.time <= END + timedelta(days=1) for row in rows)
        assert 0.03 < sum(row.alert for row in rows) / 3000 < 0.1
        assert 100 < len({row.user for row in rows}) <= USERS
        assert 500 < len({row.client for row in rows}) <= CLIENTS
        assert len({row.host for row in rows}) == 5
        allowed = {row.key for row in rows if row.outcome == "allowed"}
        assert allowed <= set(addresses())
        for row in rows[:200]:
            if row.dataset == "upload":
                assert len(store.recorded_of([row.id])) == 1


def test_the_same_seed_makes_the_same_log(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_log(tmp_path / name, 50, seed=seed)
    one, same, other = (b"".join(file.read_bytes() for file in sorted((tmp_path / name).iterdir())) for name in "abc")
    assert one == same != other

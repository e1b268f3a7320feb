"""How much memory there is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forgewall.proxy import machine


@pytest.mark.parametrize(
    ("told", "found"),
    [("1000000\n", 1_000_000), ("max\n", 5 << 30), ("9" * 18, 5 << 30), ("", 5 << 30), ("x", 5 << 30)],
)
def test_a_container_s_limit_counts_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: str, found: int
) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(told)
    monkeypatch.setattr(machine, "_LIMITS", (str(limit), str(tmp_path / "nowhere")))
    monkeypatch.setattr(os, "sysconf", lambda name: 1 << 30 if "PAGE" in name and "SIZE" in name else 5)
    assert machine.memory() == found


def test_a_machine_that_doesn_t_tell_has_what_is_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> int:
        raise ValueError

    monkeypatch.setattr(machine, "_LIMITS", ())
    monkeypatch.setattr(os, "sysconf", fail)
    assert machine.memory() == 4 << 30


def test_this_machine_has_some() -> None:
    assert machine.memory() > 64 << 20

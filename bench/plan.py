"""How much is measured: sizes, durations and repetitions. Nothing is measured here."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The size of one run. Of `rounds` repetitions the median counts; what is compared takes turns in each."""

    rounds: int
    connections: int  # keep-alive connections that ask at the same time
    requests_seconds: float  # of asking, per round and proxy
    connect_seconds: float  # of connecting anew, per round and proxy
    upload_bytes: int
    upload_rounds: int
    few: int  # approvals of the small policy
    many: int  # approvals of the large policy, the one the proxy runs with
    decisions: int  # per round and policy
    loads: int  # times the large policy is read
    events: int  # written per round


FULL = Plan(
    rounds=5,
    connections=8,
    requests_seconds=2.0,
    connect_seconds=1.5,
    upload_bytes=256 * MIB,
    upload_rounds=3,
    few=10,
    many=100_000,
    decisions=20_000,
    loads=3,
    events=5_000,
)

SMALL = Plan(
    rounds=1,
    connections=2,
    requests_seconds=0.1,
    connect_seconds=0.1,
    upload_bytes=MIB,
    upload_rounds=1,
    few=10,
    many=200,
    decisions=200,
    loads=1,
    events=50,
)
"""Enough to see that everything runs; its numbers mean nothing."""

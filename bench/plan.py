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
    body_bytes: int  # of what does not compress, in the table of uploads
    text_bytes: int  # of source, in the same table
    body_rounds: int
    large_bytes: int  # of the upload for which only memory is looked at
    few: int  # approvals of the small policy
    many: int  # approvals of the large policy, the one the proxy runs with
    decisions: int  # per round and policy
    loads: int  # times the large policy is read
    events: int  # written per round
    review_events: int  # in the log that is reviewed
    review_rounds: int  # of each question about it


FULL = Plan(
    rounds=5,
    connections=8,
    requests_seconds=2.0,
    connect_seconds=1.5,
    upload_bytes=256 * MIB,
    upload_rounds=3,
    body_bytes=1024 * MIB,
    text_bytes=256 * MIB,
    body_rounds=3,
    large_bytes=10 * 1024 * MIB,
    few=10,
    many=100_000,
    decisions=20_000,
    loads=3,
    events=5_000,
    review_events=1_000_000,
    review_rounds=7,
)

SMALL = Plan(
    rounds=1,
    connections=2,
    requests_seconds=0.1,
    connect_seconds=0.1,
    upload_bytes=MIB,
    upload_rounds=1,
    body_bytes=2 * MIB,
    text_bytes=MIB,
    body_rounds=1,
    large_bytes=4 * MIB,
    few=10,
    many=200,
    decisions=200,
    loads=1,
    events=50,
    review_events=2_000,
    review_rounds=1,
)
"""Enough to see that everything runs; its numbers mean nothing."""

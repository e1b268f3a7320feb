"""Numbers about many events: over time, by address, by person, by rule. Values only, `store` counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often something occurs. `name` is an address, a person, an operation, …; `bytes` went or were announced."""

    name: str
    count: int
    bytes: int
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One span of time from `start` on. `blocked`, `would_block` and `passed` count decisions on writes, `uploads` the
    bodies that went, `bytes` their size on the wire.
    """

    start: datetime
    blocked: int
    would_block: int
    passed: int
    uploads: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """`buckets` are all of equal length (`seconds`), oldest first, none left out. The tallies are the largest, of
    alerts only (`addresses`, `people`, `reasons`, `operations`), or of uploads that went (`uploads`, by address).
    `people` are users, or clients where no user is known.
    """

    since: datetime
    until: datetime
    seconds: int
    buckets: tuple[Bucket, ...]
    addresses: tuple[Tally, ...]
    people: tuple[Tally, ...]
    operations: tuple[Tally, ...]
    reasons: tuple[Tally, ...]
    uploads: tuple[Tally, ...]
    open_cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How often the rule `name` (`approved/github.com/acme`) decided, and when last."""

    name: str
    count: int
    last: datetime
    bytes: int

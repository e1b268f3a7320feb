"""Which events or cases are asked for: one value for the command line's options and for a page's address alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from forgewall.review.case import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """All that are given must fit; several values of one field are alternatives. Times are aware, `until` is excluded.

    `address` covers what is below it, by whole segments, in any case (`github.com/acme`). `user`, `client` (an address
    or a network), `forge` (a kind or a host), `operation`, `verdict` (an outcome of `row.Row`), `code`, `rule`,
    `signal` (`secret` also means `secret:aws-access-token`), `dataset`, `state` and `case_id` are exact words, users
    and rules in any case. `alerts`: only what the policy objected to. `text` are words that must occur in the event,
    in any order.
    """

    since: datetime | None = None
    until: datetime | None = None
    user: tuple[str, ...] = ()
    client: tuple[str, ...] = ()
    forge: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()
    verdict: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    signal: tuple[str, ...] = ()
    dataset: tuple[str, ...] = ()
    state: tuple[State, ...] = ()
    case_id: tuple[str, ...] = ()
    alerts: bool = False
    text: str = ""


NAMES = (
    *("since", "until", "user", "client", "forge", "address", "operation", "verdict", "code", "rule", "signal"),
    *("dataset", "state", "case", "alerts", "text"),
)
"""The names of filters, as options (`--since`) and in addresses (`?since=`)."""


def parse_filters(words: Iterable[tuple[str, str]], now: datetime) -> Filters:
    """The filters that `words` (name and value, names may repeat, commas separate alternatives) spell.

    Times are spans before `now` (aware) such as `90m`, `24h`, `7d`, or `2026-11-24`, or RFC 3339. Empty values don't
    count. Raises UsageError with a sentence that names the word, and the nearest right one.
    """
    raise NotImplementedError


def as_words(filters: Filters) -> list[tuple[str, str]]:
    """What `parse_filters` reads as `filters` again."""
    raise NotImplementedError

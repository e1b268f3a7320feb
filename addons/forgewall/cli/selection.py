"""The options that say which events or cases are meant, the same for all commands; `chosen` makes them Filters."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from datetime import datetime

from forgewall.model import Kind, Operation
from forgewall.review.case import State
from forgewall.review.filters import DATASETS, NAMES, VERDICTS, Filters, parse_filters

_TIME = "a span before now (90m, 24h, 7d), a day (2026-11-24) or a time (2026-11-24T09:00:00Z)"
_OPTIONS: dict[str, tuple[str, str]] = {
    "since": ("TIME", f"from then on: {_TIME}"),
    "until": ("TIME", "before then"),
    "user": ("NAME", "who asked"),
    "client": ("IP", "from where: an address or a network (10.1.0.0/16)"),
    "forge": ("FORGE", "a kind of forge (github) or a host"),
    "address": ("ADDRESS", "this address and all below it (github.com/acme)"),
    "operation": ("WORD", "push, contents, issue, …"),
    "verdict": ("WORD", "what came of it: blocked, would-block, allowed, cut, …"),
    "code": ("WORD", "why, as the event's stable word: unapproved, too-large, …"),
    "rule": ("RULE", "the deciding rule (approved/github.com/acme)"),
    "signal": ("WORD", "a suspicious fact: secret, encrypted, force, …"),
    "dataset": ("WORD", f"the kind of event: {', '.join(DATASETS)}"),
    "case": ("ID", "the case it belongs to (C-…)"),
    "state": ("WORD", f"what people made of it: {', '.join(State)}"),
    "text": ("WORDS", "words that occur in it, in any order"),
}
_ONCE = frozenset({"since", "until"})
WORDS: dict[str, tuple[str, ...]] = {
    "forge": tuple(Kind),
    "operation": tuple(Operation),
    "verdict": VERDICTS,
    "dataset": DATASETS,
    "state": tuple(State),
}
"""Filters that take words of a list; completion offers them."""
FOR_EVENTS = (
    *("since", "until", "user", "client", "forge", "address", "operation", "verdict", "code", "rule", "signal"),
    *("dataset", "case", "text"),
)
FOR_CASES = (
    *("since", "until", "user", "client", "forge", "address", "operation", "code", "rule", "signal", "state", "text"),
)


def add_filters(parser: argparse.ArgumentParser, names: Iterable[str] = FOR_EVENTS) -> None:
    """Adds an option for each filter of `names` in a group of their own."""
    group = parser.add_argument_group(
        "filters", "All that are given must fit. Repeat an option, or separate words by commas, for alternatives."
    )
    for name in names:
        metavar, text = _OPTIONS[name]
        action = group.add_argument(
            f"--{name}",
            dest=f"filter_{name}",
            metavar=metavar,
            action="store" if name in _ONCE else "append",
            help=text,
        )
        if name in WORDS:
            action.completer = _completer(WORDS[name])  # type: ignore[attr-defined] # where argcomplete looks for it


def chosen(args: argparse.Namespace, now: datetime) -> Filters:
    """What the options say. `now` (aware) is what spans count from. Raises UsageError for a wrong word."""
    return parse_filters(words(args), now)


def words(args: argparse.Namespace) -> list[tuple[str, str]]:
    """The given filters as pairs of name and value, as they stand in a page's address."""
    found: list[tuple[str, str]] = []
    for name in NAMES:
        value = getattr(args, f"filter_{name}", None)
        values = [value] if isinstance(value, str) else value or []
        found += [(name, one) for one in values]
    return found


def _completer(known: tuple[str, ...]) -> Callable[..., list[str]]:
    """Completes the last of words that are separated by commas."""

    def complete(prefix: str, **_: object) -> list[str]:
        before, comma, _word = prefix.rpartition(",")
        return [f"{before}{comma}{word}" for word in known]

    return complete

"""Nodes -> typed values: words, sizes, dates, durations, lists. Each says what is wrong and goes on.

A reader returns None (or an empty list) where it complained; the complaints are raised together in the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from forgewall.decide.complaints import Complaints, nearest, one_of, quote
from forgewall.decide.document import Listing, Mapping, Node, Scalar

_REMEMBERED = 1024  # a long policy says the same few sizes and dates in thousands of entries
MAX_TEXT = 1000
"""Characters a free text (contact, reason, owner) may have."""

_SIZE = re.compile(r"([0-9]{1,18}) ?([A-Za-z]*)\Z", re.ASCII)
_UNITS = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "tb": 1000**4,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
    "tib": 1024**4,
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})\Z",
    re.ASCII,
)
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])\Z", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@lru_cache(maxsize=_REMEMBERED)
def size_of(text: str) -> int:
    """The bytes that `50MiB`, `10MB`, `512KiB` or `4096` stand for (IEC 80000-13 units). Raises ValueError."""
    match = _SIZE.match(text)
    if match is None or match[2].lower() not in _UNITS:
        hint = ""
        if match and f"{match[2].lower()}ib" in _UNITS:
            hint = f": write {match[1]}{match[2].upper()}iB or {match[1]}{match[2].upper()}B"
        elif re.match(r"[0-9]+[.,][0-9]+", text):
            hint = ": write a whole number, as in 1536KiB"
        raise ValueError(f"{quote(text)} is not a size such as 50MiB, 10MB or 4096{hint}")
    size = int(match[1]) * _UNITS[match[2].lower()]
    if size >= 2**63:
        raise ValueError(f"{quote(text)} is too large a size")
    return size


@lru_cache(maxsize=_REMEMBERED)
def moment_of(text: str) -> datetime:
    """The end that `2027-01-31` (24:00 UTC of that day) or an RFC 3339 time names. Raises ValueError."""
    try:
        if _DATE.match(text):
            day = date.fromisoformat(text)
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            return start + timedelta(days=1) if day < date.max else datetime.max.replace(tzinfo=UTC)
        if _TIME.match(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{quote(text)} is not a date that exists: {error}") from None
    raise ValueError(f"{quote(text)} is not a date such as 2027-01-31 or a time such as 2027-01-31T18:00:00Z")


def duration_of(text: str) -> timedelta:
    """The time that `90d`, `12h`, `2w`, `30m` or `45s` stands for. Raises ValueError."""
    match = _DURATION.match(text)
    if match is None:
        raise ValueError(f"{quote(text)} is not a duration such as 90d or 12h")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


class Fields:
    """The typed readers, bound to where complaints go."""

    def __init__(self, complaints: Complaints) -> None:
        self.complaints = complaints

    def pairs(self, node: Node, name: str, hint: str = "") -> dict[str, tuple[Scalar, Node]]:
        """The pairs of a mapping whatever its keys; an empty value is an empty mapping."""
        if isinstance(node, Mapping):
            return node.pairs
        if not (isinstance(node, Scalar) and node.empty):
            self.complaints.add(node, f"{name} is {_kind(node)}, but a mapping is wanted", hint)
        return {}

    def mapping(self, node: Node, name: str, keys: Sequence[str]) -> dict[str, tuple[Scalar, Node]]:
        """The pairs of a mapping with known keys only; an empty value is an empty mapping."""
        pairs = self.pairs(node, name, "" if isinstance(node, Mapping) else f"its keys: {one_of(keys)}")
        unknown = [text for text in pairs if text not in keys]
        for text in unknown:
            hint = nearest(text, keys) or f"the keys are {one_of(keys)}"
            self.complaints.add(pairs[text][0], f"{quote(text)} is no key of {name}", hint)
        return {text: pair for text, pair in pairs.items() if text in keys} if unknown else pairs

    def listing(self, node: Node, name: str) -> list[Node]:
        """The items of a list; an empty value is an empty list."""
        if isinstance(node, Listing):
            return node.items
        if not (isinstance(node, Scalar) and node.empty):
            self.complaints.add(node, f"{name} is {_kind(node)}, but a list is wanted", "begin each item with `- `")
        return []

    def words(self, node: Node, name: str) -> Iterator[Scalar]:
        """The words of a list; one word alone counts as a list of one."""
        items = [node] if isinstance(node, Scalar) and not node.empty else self.listing(node, name)
        for item in items:
            if isinstance(item, Scalar) and not item.empty:
                yield item
            else:
                self.complaints.add(item, f"{_kind(item)} stands in {name}, but a word is wanted".capitalize())

    def text(self, node: Node, name: str) -> str | None:
        """A free text on one line."""
        if not isinstance(node, Scalar):
            self.complaints.add(node, f"{name} is {_kind(node)}, but a text is wanted")
        elif len(node.text) > MAX_TEXT:
            self.complaints.add(node, f"{name} is longer than {MAX_TEXT} characters")
        elif not (line := " ".join(node.text.split())).isprintable():
            self.complaints.add(node, f"{name} holds characters that can't be printed: {quote(node.text)}")
        else:
            return line
        return None

    def word[Choice: StrEnum](self, node: Node, name: str, choices: Iterable[Choice]) -> Choice | None:
        """One of a few words."""
        allowed = list(choices)
        if isinstance(node, Scalar):
            for choice in allowed:
                if node.text == choice.value:
                    return choice
        found = quote(node.text) if isinstance(node, Scalar) and not node.empty else _kind(node)
        hint = nearest(node.text, allowed) if isinstance(node, Scalar) else ""
        self.complaints.add(node, f"{name} is {found}, but it must be {one_of(allowed)}", hint)
        return None

    def truth(self, node: Node, name: str) -> bool | None:
        """`true` or `false`, without quotes."""
        if isinstance(node, Scalar) and node.plain and node.text in {"true", "false"}:
            return node.text == "true"
        found = quote(node.text) if isinstance(node, Scalar) and not node.empty else _kind(node)
        hint = nearest(node.text, ("true", "false")) if isinstance(node, Scalar) else ""
        if isinstance(node, Scalar) and not node.plain and node.text in {"true", "false"}:
            hint = "without quotes"
        self.complaints.add(node, f"{name} is {found}, but it must be true or false", hint)
        return None

    def size(self, node: Node, name: str) -> int | None:
        """A number of bytes."""
        return self._converted(node, name, size_of, "a size such as 50MiB")

    def moment(self, node: Node, name: str) -> datetime | None:
        """The time at which something ends."""
        return self._converted(node, name, moment_of, "a date such as 2027-01-31")

    def duration(self, node: Node, name: str) -> timedelta | None:
        """A span of time."""
        return self._converted(node, name, duration_of, "a duration such as 90d")

    def whole(self, node: Node, name: str, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`, without quotes."""
        text = node.text if isinstance(node, Scalar) and node.plain else ""
        if re.fullmatch(r"(?:0|[1-9][0-9]{0,8})", text, re.ASCII) and low <= int(text) <= high:
            return int(text)
        found = quote(node.text) if isinstance(node, Scalar) and not node.empty else _kind(node)
        self.complaints.add(node, f"{name} is {found}, but a whole number from {low} to {high} is wanted")
        return None

    def _converted[Value](self, node: Node, name: str, convert: Converter[Value], wanted: str) -> Value | None:
        if not isinstance(node, Scalar) or node.empty:
            self.complaints.add(node, f"{name} is {_kind(node)}, but {wanted} is wanted")
            return None
        try:
            return convert(node.text)
        except ValueError as error:
            self.complaints.add(node, f"{name}: {error}")
            return None


type Converter[Value] = Callable[[str], Value]


def _kind(node: Node) -> str:
    if isinstance(node, Listing):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    return "empty" if node.empty else "a word"

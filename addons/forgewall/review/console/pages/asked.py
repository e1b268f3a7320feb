"""What a page's address asks for: filters, the words as they were typed, and addresses that differ in one of them.

All state of a page stands in its address, so that it can be kept, sent to a colleague, and gone back to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.requests import Request

from forgewall.errors import UsageError
from forgewall.review.filters import NAMES, Filters, parse_filters

MAX_WORD = 512
"""Characters of one filter that are read."""
MAX_WORDS = 64
_LABELS = {"since": "Since", "until": "Until", "client": "Client", "case": "Case", "alerts": "Only alerts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One filter that holds: what it says, and the address of the same page without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`words` are name and value as typed, empty ones left out. `error` says what can't be understood, '' if nothing;
    then `filters` are none.
    """

    path: str
    words: tuple[tuple[str, str], ...]
    filters: Filters
    error: str = ""

    def value(self, name: str) -> str:
        """What was typed for `name`, several values joined by commas."""
        return ",".join(value for key, value in self.words if key == name)

    def link(self, path: str = "", **changes: str | None) -> str:
        """The address of `path` (this page if '') with these filters, but for `changes`; None or '' leaves one out."""
        kept = [(name, value) for name, value in self.words if name not in changes]
        return link(path or self.path, [*kept, *((name, value) for name, value in changes.items())])

    @property
    def chips(self) -> tuple[Chip, ...]:
        names = dict.fromkeys(name for name, _ in self.words)
        return tuple(
            Chip(label=_LABELS.get(name, name.capitalize()), value=self.value(name), without=self._without(name))
            for name in names
        )

    def _without(self, name: str) -> str:
        return link(self.path, [(key, value) for key, value in self.words if key != name])


def asked(request: Request, now: datetime, **fixed: str) -> Asked:
    """The filters in the address of `request`; `fixed` ones hold whatever it says, and don't count as typed."""
    given = request.query_params.multi_items()[:MAX_WORDS]
    words = tuple((name, value[:MAX_WORD].strip()) for name, value in given if name in NAMES and value.strip())
    path = request.url.path
    try:
        said = [(name, value) for name, value in words if name not in fixed]
        filters = parse_filters([*said, *fixed.items()], now)
    except UsageError as error:
        return Asked(path=path, words=words, filters=Filters(), error=str(error))
    return Asked(path=path, words=words, filters=filters)


def link(path: str, words: Iterable[tuple[str, str | None]] = (), **more: str | None) -> str:
    """One of our own addresses with a query; words without a value are left out."""
    pairs = [(name, value) for name, value in [*words, *more.items()] if value]
    return f"{path}?{urlencode(pairs)}" if pairs else path

"""How much use `suggest` takes for company work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How much use is steady use: by so many people, on so many days (UTC). `owners`: organisations wherever possible,
    whatever their size.
    """

    people: int = 2
    days: int = 3
    owners: bool = False

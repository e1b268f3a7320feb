"""One thing that the linter noticed, and the kinds of things that it notices. Which are worth telling is `lint`'s."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The kinds of remarks, the gravest first. The words are stable: filters and other programs go by them."""

    BREAK_GLASS = "break-glass"
    LOOK_ALIKE = "look-alike"
    OVER_BROAD = "over-broad"
    EXPIRED = "expired"
    STALE_TEST = "stale-test"
    EXPIRING = "expiring"
    UNREACHABLE = "unreachable"
    SHADOWED = "shadowed"
    DUPLICATE = "duplicate"
    FUTILE = "futile"
    GROUP = "group"
    UNTESTED = "untested"


TITLES = {
    Code.BREAK_GLASS: "The glass is broken, or was",
    Code.LOOK_ALIKE: "Names that can be taken for others",
    Code.OVER_BROAD: "Approvals that anybody can make use of",
    Code.EXPIRED: "Expired",
    Code.STALE_TEST: "Tests that fail because an approval has expired",
    Code.EXPIRING: "Soon to expire",
    Code.UNREACHABLE: "Entries that never decide",
    Code.SHADOWED: "Entries that change nothing, as others say the same",
    Code.DUPLICATE: "Written twice",
    Code.FUTILE: "Words that never count",
    Code.GROUP: "Groups and users",
    Code.UNTESTED: "Entries without a test",
}
"""How each kind is called above a list of its remarks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A sentence on line `line`, and what to do about it."""

    code: Code
    line: int
    message: str
    hint: str

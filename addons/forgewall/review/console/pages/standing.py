"""How the policy and the index stand: what the head of the overview says, and the banners of every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forgewall.model import Mode
from forgewall.review.console.policy_view import PolicyView
from forgewall.review.filters import Filters
from forgewall.review.row import Row
from forgewall.review.store import Store

MOST_EVENTS = 10_000
"""Events are counted up to here; more is told as `more than`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """Something that whoever looks at any page should know. `kind` is `alarm` or `note`; it holds `until` (aware)."""

    kind: str
    text: str
    until: datetime | None = None
    link: str = "/policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What is in the index: `events` up to MOST_EVENTS, the newest one, and how many lines of the log are no event."""

    events: int
    newest: Row | None
    skipped: int


def banners(view: PolicyView | None, now: datetime) -> tuple[Banner, ...]:
    """What is loud about the policy, the gravest first."""
    if view is None:
        return ()
    found = []
    policy = view.policy
    if policy is not None and policy.break_glass is not None and now < policy.break_glass.until:
        glass = policy.break_glass
        by = f" by {glass.by}" if glass.by else ""
        why = f" ({glass.reason})" if glass.reason else ""
        found.append(Banner(kind="alarm", text=f"The glass is broken{by}{why}: nothing is blocked", until=glass.until))
    if view.error is not None:
        kept = "the last good policy stays in force" if policy is not None else "no policy is in force here"
        found.append(Banner(kind="alarm", text=f"The policy file has mistakes: {kept}"))
    if policy is not None and policy.mode is Mode.OBSERVE:
        found.append(Banner(kind="note", text="Observe mode: nothing is blocked, what would be is logged"))
    return tuple(found)


def index(store: Store) -> Index:
    """How far the index is; takes nothing in."""
    newest = store.events(Filters(), limit=1)
    return Index(
        events=store.count(Filters(), most=MOST_EVENTS),
        newest=newest[0] if newest else None,
        skipped=store.skipped(),
    )

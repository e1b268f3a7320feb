"""Break-glass as operators see it: told loudly when it begins, and when it is over, by whatever way.

Not here: what it lets through. Every verdict asks the policy and the clock anew (`Policy.observing`), so that it ends
on time even if nobody here notices.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from forgewall.decide.policy import BreakGlass, Policy
from forgewall.proxy.case import policy_ref
from forgewall.proxy.journal import Journal
from forgewall.record.event import Change, PolicyChange

logger = logging.getLogger(__name__)


class Glass:
    """Watches over the break-glass of the policy in force. Use it in the event loop."""

    def __init__(self, journal: Journal, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._journal = journal
        self._clock = clock
        self._policy: Policy | None = None
        self._broken: BreakGlass | None = None
        self._timer: asyncio.TimerHandle | None = None

    def take(self, policy: Policy) -> None:
        """`policy` is in force from now on."""
        before, self._policy = self._broken, policy
        self.close()
        self._broken = policy.break_glass if self._holds(policy.break_glass) else None
        if self._broken is not None:
            if self._broken != before:
                logger.warning("%s", beginning(self._broken))
            self._arm(self._broken)
        elif before is not None:
            self._told_over()

    def close(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _holds(self, glass: BreakGlass | None) -> bool:
        return glass is not None and self._clock() < glass.until

    def _arm(self, glass: BreakGlass) -> None:
        left = (glass.until - self._clock()).total_seconds()
        self._timer = asyncio.get_running_loop().call_later(max(left, 0.01), self._look)

    def _look(self) -> None:
        """The time is over, if the clock agrees: it may have been set, or the machine have slept."""
        if self._broken is not None and self._holds(self._broken):
            self._arm(self._broken)
            return
        self._broken, self._timer = None, None
        self._told_over()

    def _told_over(self) -> None:
        policy = self._policy
        assert policy is not None
        self._journal.write(
            PolicyChange(
                change=Change.BREAK_GLASS_OVER,
                policy=policy_ref(policy),
                old_digest=policy.digest,
                new_digest=policy.digest,
                approvals=policy.approvals,
            )
        )
        logger.warning("break-glass is over: what the policy blocks is blocked again")


def beginning(glass: BreakGlass) -> str:
    """What an operator reads when the glass is broken."""
    return (
        f"BREAK-GLASS by {glass.by} until {glass.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC ({glass.reason}): "
        "NOTHING IS BLOCKED, everything is logged"
    )

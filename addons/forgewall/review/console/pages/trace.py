"""What the present policy would say of a recorded request, and why. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forgewall.decide.policy import Policy
from forgewall.model import Action, Verdict
from forgewall.review.recorded import Recorded
from forgewall.review.replay_judge import CONTENT, LIMITS, Judge
from forgewall.review.stand_ins import StandIns, read_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the present policy says. `verdict` is None where nothing can be judged, and `cause` tells why; where both
    are there, the entries let it pass, but something else had decided. `same_policy`: it is the one that decided then.
    """

    verdict: Verdict | None
    same_policy: bool
    cause: str = ""

    @property
    def answer(self) -> str:
        """`refused`, `would-refuse`, `logged`, `passes`, or `unknown`."""
        if self.verdict is None or self.cause:
            return "unknown"
        if self.verdict.action is Action.BLOCK:
            return "refused"
        if self.verdict.would_action is Action.BLOCK:
            return "would-refuse"
        return "logged" if self.verdict.action is Action.LOG else "passes"


def judge(policy: Policy, recorded: Recorded, now: datetime, *, code: str, rule: str, log: Path) -> Judged:
    """`recorded` as `policy` would decide it at `now` (aware). `code` and `rule` are those of the case: an upload may
    have been cut by other words than its request was let pass by. `log` is the directory with the key of stand-ins.
    """
    judged = Judge([policy], at=now, names=StandIns(read_key(log), [policy]))
    same = policy.digest == recorded.digest
    found = judged.judge(recorded)
    if isinstance(found, str):
        return Judged(verdict=None, same_policy=same, cause=found)
    verdict = judged.exactly(recorded)[0]
    cause = ""
    if code != recorded.code and verdict.action is not Action.BLOCK:
        cause = LIMITS if rule.startswith("limits") else CONTENT
    return Judged(verdict=verdict, same_policy=same, cause=cause)

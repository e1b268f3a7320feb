"""One recorded request as the policy of today would decide it, and why. Many are judged by `replay`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from forgewall.decide.policy import Policy
from forgewall.model import Action, Verdict
from forgewall.record.pseudonym import Pseudonyms
from forgewall.review.recorded import Recorded
from forgewall.review.replay_judge import Judge, cause_of
from forgewall.review.stand_ins import StandIns


class Answer(StrEnum):
    """What would come of the request."""

    REFUSED = "refused"
    WOULD_REFUSE = "would-refuse"
    LOGGED = "logged"
    PASSES = "passes"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`verdict` is None where nothing can be judged, and `cause` tells why; where both are there, the entries let it
    pass, but something else had decided. `same_policy`: it is the one that decided then.
    """

    verdict: Verdict | None
    same_policy: bool
    cause: str = ""

    @property
    def answer(self) -> Answer:
        if self.verdict is None or self.cause:
            return Answer.UNKNOWN
        if self.verdict.action is Action.BLOCK:
            return Answer.REFUSED
        if self.verdict.would_action is Action.BLOCK:
            return Answer.WOULD_REFUSE
        return Answer.LOGGED if self.verdict.action is Action.LOG else Answer.PASSES


def judged(
    policy: Policy, recorded: Recorded, now: datetime, *, code: str, rule: str, key: Pseudonyms | None = None
) -> Judged:
    """`recorded` as `policy` would decide it at `now` (aware).

    `code` and `rule` are those of its case or of its last event: an upload may have been cut by other words than its
    request was let pass by. `key` is that of the log's stand-ins (`stand_ins.read_key`).
    """
    judge = Judge([policy], at=now, names=StandIns(key, [policy]))
    same = policy.digest == recorded.digest
    found = judge.judge(recorded)
    if isinstance(found, str):
        return Judged(verdict=None, same_policy=same, cause=found)
    verdict = judge.exactly(recorded)[0]
    cut_by_others = code != recorded.code and verdict.action is not Action.BLOCK
    return Judged(verdict=verdict, same_policy=same, cause=cause_of(rule) if cut_by_others else "")

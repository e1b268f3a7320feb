"""What the present policy would say of a recorded request, and why. Reads and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forgewall.decide.engine import decide
from forgewall.decide.policy import Policy
from forgewall.model import Action, Verdict
from forgewall.review.recorded import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the present policy says. `same_policy`: it is the one that decided then. `note` tells what can't be known
    from the log, '' if nothing.
    """

    verdict: Verdict
    same_policy: bool
    note: str

    @property
    def refused(self) -> bool:
        return self.verdict.action is Action.BLOCK

    @property
    def would_refuse(self) -> bool:
        return self.verdict.would_action is Action.BLOCK


def judge(policy: Policy, recorded: Recorded, now: datetime) -> Judged | None:
    """`recorded` as `policy` would decide it at `now` (aware); None where no request to a forge was read."""
    if recorded.target is None:
        return None
    verdict = decide(policy, recorded.target, recorded.subject, recorded.size, now, recorded.refs)
    return Judged(verdict=verdict, same_policy=policy.digest == recorded.digest, note=_note(policy, recorded))


def _note(policy: Policy, recorded: Recorded) -> str:
    rule = recorded.rule.partition("/")[0]
    if rule == "content":
        return "Contents were what it was refused for; they are looked at when it is uploaded again."
    if rule == "limits":
        return "A limit over time was what it was refused for; it isn't counted here."
    if rule == "protocol":
        return "The connection itself was refused; no entry of the policy changes that."
    if policy.privacy.pseudonymise_users and recorded.subject.user is not None:
        return "Users are logged under stand-ins, so an entry for some people can't be judged from the log."
    return ""

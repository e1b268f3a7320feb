"""What a change of the policy file sets off: judge by it, configure the log, record it, tell the operator.

Not here: noticing the change (`policyfile`), and what the policy means (`decide`).
"""

from __future__ import annotations

import logging

from forgewall.decide.policy import Policy
from forgewall.errors import PolicyError
from forgewall.policyfile import PolicyFile
from forgewall.proxy.case import policy_ref
from forgewall.proxy.glass import Glass
from forgewall.proxy.wiring import Wiring
from forgewall.record.event import Change, PolicyChange
from forgewall.record.log import EventLog

logger = logging.getLogger(__name__)


async def follow(file: PolicyFile, wired: Wiring, log: EventLog) -> None:
    """Follow `file` until cancelled."""

    glass = Glass(wired.enforcer.journal)
    glass.take(wired.enforcer.policy)

    def on_change(new: Policy, old: Policy | None) -> None:
        wired.install_policy(new)
        log.configure(keep=new.events.keep, pseudonymise_users=new.privacy.pseudonymise_users)
        wired.enforcer.journal.write(loaded(new, old))
        logger.info("policy loaded: %s, %d approvals, mode %s, %s", new.file, new.approvals, new.mode, new.digest[:12])
        glass.take(new)

    def on_error(error: PolicyError) -> None:
        kept = wired.enforcer.policy
        wired.enforcer.journal.write(rejected(error, kept))
        logger.error("the policy file is not usable, the last good policy (%s) stays in force:", kept.digest[:12])
        for problem in error.problems[:20]:
            logger.error("  %s", problem)

    try:
        await file.watch(on_change, on_error)
    finally:
        glass.close()


def loaded(new: Policy, old: Policy | None) -> PolicyChange:
    """The event of a policy put in force."""
    return PolicyChange(
        change=Change.LOADED,
        policy=policy_ref(new),
        old_digest=old.digest if old else None,
        new_digest=new.digest,
        approvals=new.approvals,
    )


def rejected(error: PolicyError, kept: Policy) -> PolicyChange:
    """The event of a file that can't be used; `kept` stays in force."""
    return PolicyChange(
        change=Change.REJECTED,
        policy=policy_ref(kept),
        old_digest=kept.digest,
        new_digest=None,
        approvals=kept.approvals,
        problems=error.problems,
    )

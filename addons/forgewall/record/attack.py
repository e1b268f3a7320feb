"""Which MITRE ATT&CK techniques an event stands for (https://attack.mitre.org/techniques/T1567/).

Only what the policy objects to counts as an attempt; an approved push is work, not exfiltration.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from forgewall.model import Action, Effect, Operation, Verdict
from forgewall.record.event import Decision, Upload

MITIGATION = "M1021"
"""Restrict Web-Based Content. ECS has no field for mitigations, so it stands in `forgewall.mitigations`."""

_NAMES = {
    "T1567.001": "Exfiltration to Code Repository",
    "T1567.002": "Exfiltration to Cloud Storage",
    "T1567.003": "Exfiltration to Text Storage Sites",
    "T1567.004": "Exfiltration Over Webhook",
}
_STORE_ROLES = frozenset({"store", "lfs"})
_BY_OPERATION = {Operation.SNIPPET: "T1567.003", Operation.WEBHOOK: "T1567.004", Operation.LFS_UPLOAD: "T1567.002"}


def objected(verdict: Verdict) -> bool:
    """Whether the request was blocked, or would have been outside observe mode."""
    return Action.BLOCK in {verdict.action, verdict.would_action}


def subtechniques(event: Decision | Upload) -> tuple[str, ...]:
    """The ids of the sub-techniques of T1567 that a refused or logged write stands for, the code repository first."""
    decision = event.decision if isinstance(event, Upload) else event
    verdict = event.verdict or decision.verdict
    if verdict.action is Action.ALLOW and not (isinstance(event, Upload) and event.would_cut):
        return ()
    target = decision.target
    if target is None:
        return ("T1567.001",) if verdict.code == "ssh" else ()
    if target.effect is not Effect.WRITE:
        return ()
    found = ["T1567.001"]
    if decision.exchange.role in _STORE_ROLES or decision.announced is not None:
        found.append("T1567.002")
    more = _BY_OPERATION.get(target.operation)
    if more is not None and more not in found:
        found.append(more)
    return tuple(found)


@cache
def threat(ids: tuple[str, ...]) -> Mapping[str, object]:
    """The ECS `threat` object for those sub-techniques."""
    return {
        "framework": "MITRE ATT&CK",
        "tactic": {
            "id": ["TA0010"],
            "name": ["Exfiltration"],
            "reference": ["https://attack.mitre.org/tactics/TA0010/"],
        },
        "technique": {
            "id": ["T1567"],
            "name": ["Exfiltration Over Web Service"],
            "reference": ["https://attack.mitre.org/techniques/T1567/"],
            "subtechnique": {
                "id": list(ids),
                "name": [_NAMES[one] for one in ids],
                "reference": [f"https://attack.mitre.org/techniques/{one.replace('.', '/')}/" for one in ids],
            },
        },
    }

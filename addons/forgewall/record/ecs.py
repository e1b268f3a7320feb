"""Turns an event into an Elastic Common Schema 9.4.0 document (https://www.elastic.co/docs/reference/ecs).

What ECS has no field for stands under `forgewall.*`. Every string leaves here redacted and safe to print. It writes
nothing; `record.log` does.
"""

from __future__ import annotations

import math
import socket
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from forgewall import __version__
from forgewall.model import Action, Also, Effect, Move, Operation, Target, Verdict
from forgewall.record import attack, contents, deeds, redact
from forgewall.record.event import (
    MAX_SIGNALS,
    UPSTREAM,
    Change,
    Decision,
    Event,
    Fault,
    PolicyChange,
    PolicyEdit,
    PolicyRef,
    Result,
    Review,
    Severity,
    Stage,
    Upload,
)
from forgewall.record.sentence import outcome, sentence
from forgewall.record.signals import noticed
from forgewall.record.trim import trim
from forgewall.record.wire import Document, long, parties, stamp, wire

ECS_VERSION = "9.4.0"
_LIMITS = {
    "full": 4608,
    "path": redact.PATH_LIMIT,
    "query": redact.PATH_LIMIT,
    "original": 512,
    "name": 256,
    "email": 256,
    "subject": 200,
    "mask": 32,
    "fingerprint": 64,
    "oid": 128,
}
_OBSERVER = {
    "type": "proxy",
    "vendor": "Forgewall",
    "product": "Forgewall",
    "version": __version__,
    "hostname": socket.gethostname(),
}
MAX_ALSO = 20
"""Further repositories of a request that are listed."""
_CHANGE_LEVELS = {Change.REJECTED: "error", Change.BREAK_GLASS_OVER: "warn"}
_CONNECTION_CODES = {"ssh": "ssh"}


def document(event: Event) -> Document:
    """`event` as an ECS document, ready for `json.dumps`; fields that don't apply are absent."""
    match event:
        case Decision():
            body = _decision(event)
        case Upload():
            body = _upload(event)
        case PolicyChange():
            body = _policy_change(event)
        case Fault():
            body = _fault(event)
        case PolicyEdit():
            body = deeds.policy_edit(event)
        case Review():
            body = deeds.review(event)
    whole = {
        "@timestamp": stamp(event.time),
        "ecs": {"version": ECS_VERSION},
        "message": sentence(event),
        **body,
    }
    whole["event"] = {"id": event.id, "module": "forgewall", "provider": "proxy", **body["event"]}
    clean = _clean_object(whole)
    clean["observer"] = _OBSERVER
    if isinstance(event, Decision | Upload) and (ids := attack.subtechniques(event)):
        clean["threat"] = attack.threat(ids)
    trim(clean)
    return clean


def _decision(event: Decision) -> Document:
    verdict = event.verdict
    body = _request(event, verdict, sent=event.exchange.content_length)
    body["event"] = {
        "dataset": "forgewall.decision",
        **_classes(event),
        "action": f"{_verb(event)}-{outcome(verdict)}",
        "outcome": "success",  # of the proxy: it did what the policy asked for
        "code": verdict.code,
        "reason": verdict.reason,
    }
    if event.response_status is not None:
        body["http"]["response"] = {"status_code": event.response_status}
    if event.refs:
        body["forgewall"]["evidence"] = contents.refs(event.refs, event.ref_count)
    return body


def _upload(event: Upload) -> Document:
    verdict = event.verdict or event.decision.verdict
    body = _request(event.decision, verdict, sent=event.wire_bytes)
    cut = event.result is Result.CUT
    objected = cut or event.would_cut or (event.verdict is not None and attack.objected(event.verdict))
    nanoseconds = event.seconds * 1e9
    body["event"] = {
        "dataset": "forgewall.upload",
        "kind": "alert" if objected else "event",
        "category": ["network", "web", "intrusion_detection"] if objected else ["network", "web"],
        "type": ["denied", "access", "end"] if cut else ["access", "end"],
        "action": f"upload-{event.result.value}",
        "outcome": "success" if cut or event.result is Result.COMPLETE else "failure",
        "code": verdict.code,
        "reason": verdict.reason,
        "start": stamp(event.decision.time),
        "end": stamp(event.time),
        "duration": long(int(nanoseconds)) if math.isfinite(nanoseconds) else None,
        "severity": _severity(event, objected),
    }
    body["source"]["bytes"] = long(event.wire_bytes)
    if event.response_status is not None:
        body["http"]["response"] = {"status_code": event.response_status}
    found = event.evidence
    hashes = [event.sha256] if event.sha256 is not None else []
    if found is not None:
        hashes += contents.hashes(found)
        body["related"]["user"] = list(dict.fromkeys([*body["related"]["user"], *contents.people(found)]))
        body["file"] = contents.only_file(found)
        body["tags"] += contents.tags(found)
        body["forgewall"]["evidence"] = contents.own(found)
    if hashes:
        body["related"]["hash"] = list(dict.fromkeys(hashes))
    body["forgewall"]["signals"] = list(dict.fromkeys((*body["forgewall"]["signals"], *event.signals)))[:MAX_SIGNALS]
    if event.objections:
        body["forgewall"]["objections"] = [contents.objection(said) for said in event.objections]
        body["forgewall"]["objection_count"] = long(event.objection_count)
    body["forgewall"]["decision_id"] = event.decision.id
    body["forgewall"]["upload"] = {
        "result": event.result.value,
        "would_cut": event.would_cut or None,
        "wire_bytes": long(event.wire_bytes),
        "body_bytes": long(event.body_bytes),
        "sha256": event.sha256,
    }
    return body


def _severity(event: Upload, objected: bool) -> int | None:
    """As Elastic grades: 47 medium, 73 high, 99 critical, which is what the policy objects to and is plainly grave."""
    grave = event.evidence is not None and (event.evidence.secret_count > 0 or event.evidence.encrypted > 0)
    if objected:
        return 99 if grave else 73
    return 47 if grave or event.objections else None


def _policy_change(event: PolicyChange) -> Document:
    rejected = event.change is Change.REJECTED
    return {
        "event": {
            "dataset": "forgewall.policy",
            "kind": "event",
            "category": ["configuration"],
            "type": ["change"] if event.change is not Change.REJECTED else ["info"],
            "action": f"policy-{event.change.value}",
            "outcome": "failure" if rejected else "success",
        },
        "log": {"level": _CHANGE_LEVELS.get(event.change, "info")},
        "forgewall": {
            "policy": _policy(event.policy) if event.policy else None,
            "change": {
                "result": event.change.value,
                "old_digest": event.old_digest,
                "new_digest": event.new_digest,
                "approvals": long(event.approvals),
                "problem_count": long(event.problem_count),
                "problems": [str(problem) for problem in event.problems],
            },
        },
    }


def _fault(event: Fault) -> Document:
    error = event.severity is Severity.ERROR
    subject, exchange = event.subject, event.exchange
    return {
        "event": {
            "dataset": "forgewall.fault",
            "kind": "event",
            "category": ["web"],
            "type": ["error"] if error else ["info"],
            "action": "internal-error" if error else "notice",
            "outcome": "failure" if error or event.where == UPSTREAM else "success",
            "reason": event.message,
        },
        "log": {"level": "error" if error else "warn"},
        "error": {"type": event.exception, "message": event.message} if error else None,
        **(parties(subject, exchange) if subject else {}),
        **(wire(exchange, event.request_id) if exchange else {"http": {"request": {"id": event.request_id}}}),
        "forgewall": {"where": event.where},
    }


def _request(event: Decision, verdict: Verdict, *, sent: int | None) -> Document:
    """What a decision and the end of its upload have in common."""
    exchange, target, policy = event.exchange, event.target, event.policy
    body = {**wire(exchange, event.request_id), **parties(event.subject, exchange)}
    body["http"]["request"]["body"] = {"bytes": long(sent)}
    body["network"] = {
        "transport": "tcp",
        "direction": "outbound",
        "protocol": _CONNECTION_CODES.get(verdict.code, "tls" if event.stage is Stage.CONNECTION else "http"),
        "application": target.kind.value if target else None,
    }
    body["rule"] = {
        "id": verdict.rule,
        "name": verdict.rule.replace("/", " ", 1),
        "category": verdict.rule.partition("/")[0],
        "ruleset": policy.file,
        "version": policy.digest[:12],
        "reference": verdict.reference,
    }
    body["tags"] = [outcome(verdict), *(["break-glass"] if _broken(policy, event.time) else [])]
    body["forgewall"] = {
        "stage": event.stage.value,
        **(_target(target) if target else {}),
        "action": verdict.action.value,
        "would_action": verdict.would_action.value if verdict.would_action else None,
        "code": verdict.code,
        "max_upload": long(verdict.max_upload),
        "over": verdict.over.value,
        "host_role": exchange.role or None,
        "subject_source": event.subject.source,
        "policy": _policy(policy),
        "analytics": [],
        "signals": list(noticed(event)),
        "mitigations": [attack.MITIGATION] if attack.objected(verdict) else [],
        "lfs": contents.lfs(event.lfs, event.announced),
    }
    return body


def _classes(event: Decision) -> Document:
    """`event.kind`, `.category`, `.type` and `.severity`: an alert where the policy objects, an event otherwise."""
    verdict = event.verdict
    objected = attack.objected(verdict)
    connection = event.stage is Stage.CONNECTION
    category = ["network"] if connection else ["network", "web"]
    if objected:
        category.append("intrusion_detection")
    write = event.target is None or event.target.effect is Effect.WRITE
    return {
        "kind": "alert" if objected else "event",
        "category": category,
        "type": [
            "denied" if verdict.action is Action.BLOCK else "allowed",
            "connection" if connection else "access",
        ],
        **({"severity": 73 if write else 47} if objected else {}),
    }


def _verb(event: Decision) -> str:
    if event.target is not None:
        operation = event.target.operation
        return "git-push" if operation is Operation.PUSH else operation.value
    return "connection" if event.stage is Stage.CONNECTION else "request"


def _target(target: Target) -> Document:
    return {
        "forge": target.kind.value,
        "host": target.host,
        "address": target.address,
        "key": target.key,
        "owner": target.owner,
        "repository": target.repository,
        "operation": target.operation.value,
        "effect": target.effect.value,
        "visibility": target.visibility.value if target.visibility else None,
        "moved": _moved(target.moved),
        "identified_by": target.evidence,
        "also": [_also(also) for also in target.also[:MAX_ALSO]],
        "also_count": len(target.also) if len(target.also) > MAX_ALSO else None,
    }


def _also(also: Also) -> Document:
    return {
        "address": also.address,
        "owner": also.owner,
        "repository": also.repository,
        "role": also.role,
        "operation": also.operation.value if also.operation else None,
        "visibility": also.visibility.value if also.visibility else None,
        "moved": _moved(also.moved),
    }


def _moved(move: Move | None) -> Document | None:
    return None if move is None else {"address": move.address, "key": move.key, "seen": stamp(move.seen)}


def _broken(policy: PolicyRef, now: datetime) -> bool:
    """Whether the policy's break-glass holds at `now`."""
    return policy.break_glass_until is not None and now < policy.break_glass_until


def _policy(policy: PolicyRef) -> Document:
    body: Document = {"digest": policy.digest, "file": policy.file, "mode": policy.mode.value}
    if policy.break_glass_until is not None:
        body["break_glass"] = {
            "until": stamp(policy.break_glass_until),
            "by": policy.break_glass_by or None,
            "reason": policy.break_glass_reason or None,
        }
    return body


def _clean_object(fields: Mapping[str, Any]) -> Document:
    """`fields` without absent values and empty objects, every string redacted and bounded."""
    result: Document = {}
    for key, value in fields.items():
        if isinstance(value, str):
            result[key] = value if redact.is_plain(value) else redact.text(value, _LIMITS.get(key, redact.LIMIT))
        elif isinstance(value, dict):
            if inner := _clean_object(value):
                result[key] = inner
        elif isinstance(value, list):
            result[key] = [_clean_object(item) if isinstance(item, dict) else redact.text(item) for item in value]
        elif value is not None:
            result[key] = value
    return result

"""`forgewall explain FILE SENTENCE`: what the policy would say of a request, and why. Nothing is sent anywhere."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from forgewall.cli.at import add_at, moment
from forgewall.decide.cases import NOBODY, judge
from forgewall.decide.complaints import quote
from forgewall.decide.limits import limit_key, written
from forgewall.decide.policy import Policy
from forgewall.decide.protocol import BUILT_IN
from forgewall.decide.sentence import FORMS, Sentence, parse_sentence
from forgewall.errors import UsageError
from forgewall.model import Action, Also, Depth, Effect, Limit, Subject, Target, Verdict, Visibility
from forgewall.policyfile import PolicyFile
from forgewall.sizes import rounded, size


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command and its options to `subparsers`."""
    parser = subparsers.add_parser(
        "explain",
        help="say what a policy makes of a request, and why",
        description="Say what a policy makes of a request, and why. The exit code is 0 whatever the verdict.",
        epilog=f"A sentence is {FORMS}, e.g. 'git push https://github.com/acme/api'.",
    )
    parser.add_argument("file", metavar="FILE", help="the policy file")
    parser.add_argument("sentence", metavar="SENTENCE", nargs="+", help="the request, best in quotes")
    parser.add_argument("--user", metavar="NAME", help="who asks (default: no user is known)")
    parser.add_argument("--client", metavar="IP", default=NOBODY, help="from where (default: %(default)s)")
    add_at(parser)
    parser.add_argument(
        "--visibility",
        choices=[word.value for word in Visibility],
        help="who can see the repository (default: nobody has said)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explanation:
    sentence: Sentence
    subject: Subject
    target: Target | None
    verdict: Verdict
    policy: Policy


def run(args: argparse.Namespace) -> int:
    """Prints the explanation and returns 0. Raises PolicyError, and UsageError for what isn't understood."""
    try:
        sentence = parse_sentence(" ".join(args.sentence))
    except ValueError as error:
        raise UsageError(str(error)) from None
    now = moment(args)
    try:
        subject = Subject(client=str(ip_address(args.client)), user=args.user or None)
    except ValueError:
        raise UsageError(f"--client {quote(args.client)} is not an IP address") from None
    policy = PolicyFile(args.file).load()
    visibility = Visibility(args.visibility) if args.visibility else None
    target, verdict = judge(policy, sentence, subject, now, visibility)
    explanation = _Explanation(sentence=sentence, subject=subject, target=target, verdict=verdict, policy=policy)
    print(json.dumps(_as_json(explanation)) if args.json else _as_text(explanation))
    return 0


def _as_text(explanation: _Explanation) -> str:
    sentence, target, verdict = explanation.sentence, explanation.target, explanation.verdict
    request, subject = sentence.request, explanation.subject
    length = f", {rounded(sentence.size)}" if sentence.size is not None else ""
    place = request.host if request.port in {80, 443} else f"{request.host}:{request.port}"
    rows = [("request", f"{request.method} {request.scheme}://{place}{request.path}{length}")]
    if sentence.refs:
        rows.append(("changes", ", ".join(f"{update.name} ({update.action})" for update in sentence.refs)))
    if target is None:
        rows.append(("target", f"none: {request.host} is no code forge"))
    else:
        rows.append(("target", f"{target.address or 'no certain address'} on {target.host} ({target.kind})"))
        rows.append(("operation", f"{target.operation} ({target.effect})"))
        if target.visibility is not None:
            rows.append(("visibility", target.visibility.value))
        rows += [("also", _also_words(also)) for also in target.also]
        rows.append(("evidence", target.evidence))
    rows.append(("subject", f"{subject.user or 'no user'} from {subject.client}"))
    rows += [
        ("rule", f"{step.reference}  {step.rule}  {'yes' if step.matched else 'no'}: {step.note}")
        for step in verdict.trace
    ]
    would = f", would {verdict.would_action} if mode were enforce" if verdict.would_action else ""
    rows.append(("verdict", f"{verdict.action} ({verdict.code}{would}): {verdict.reason}"))
    rows.append(("decided by", f"{verdict.rule}  {verdict.reference}"))
    if verdict.action is not Action.BLOCK and verdict.max_upload is not None:
        rows.append(("limit", f"{size(verdict.max_upload)}, beyond it {verdict.over}"))
    if _examined(explanation):
        rows += _scrutiny_rows(verdict)
        rows += [
            ("limit", f"{limit_key(limit)} {written(limit)}, beyond it {limit.over}  {limit.reference}")
            for limit in _limits(explanation)
        ]
    return "\n".join(f"{name:<11}{_printable(text)}" for name, text in rows)


def _also_words(also: Also) -> str:
    done = f" ({also.operation})" if also.operation is not None else ""
    seen_by = f", {also.visibility}" if also.visibility is not None else ""
    return f"{also.address or 'no certain address'} as {also.role}{done}{seen_by}"


_DEPTHS = {
    Depth.FULL: "full: all that is in the body",
    Depth.HEADERS: "headers: refs, names in URLs, announced sizes; no contents",
    Depth.OFF: "off: a push's refs, nothing else",
}


def _examined(explanation: _Explanation) -> bool:
    """Whether the request is an upload that passes, so that its body is looked at."""
    target = explanation.target
    passes = explanation.verdict.action is not Action.BLOCK
    return passes and target is not None and explanation.verdict.scrutiny.rule != "" and target.effect is Effect.WRITE


def _limits(explanation: _Explanation) -> list[Limit]:
    """The rolling windows that an upload like this counts in."""
    target, verdict = explanation.target, explanation.verdict
    counted = {"client"}
    if explanation.subject.user is not None:
        counted.add("user")
    if target is not None and target.address is not None:
        counted |= {"owner"} if target.owner is not None else set()
        counted |= {"repository"} if target.repository is not None else set()
    if not verdict.scrutiny.rule.startswith("approved/"):
        counted.add("unapproved")
    return [limit for limit in explanation.policy.limits if limit.per in counted]


def _scrutiny_rows(verdict: Verdict) -> list[tuple[str, str]]:
    scrutiny = verdict.scrutiny
    rows = [("inspect", _DEPTHS[scrutiny.depth])]
    if scrutiny.refs is not None:
        rows.append(("refs", f"{', '.join(scrutiny.refs)}  {scrutiny.reference}"))
    places = {word: reference for word, _, reference in scrutiny.places}
    for word, action in (("deletes", scrutiny.deletes), ("force", scrutiny.force)):
        if action is not Action.ALLOW:
            rows.append((word, f"{action}  {places.get(word, scrutiny.reference)}"))
    if scrutiny.depth is not Depth.OFF:
        places = {word: reference for word, _, reference in scrutiny.content.places}
        rows += [("content", f"{word}: {action}  {places.get(word, BUILT_IN)}") for word, action in _content(verdict)]
    if scrutiny.observing:
        rows.append(("observe", "what would be cut is only logged"))
    return rows


def _content(verdict: Verdict) -> list[tuple[str, Action]]:
    """What `content:` logs or blocks, and for paths also what it lets pass before later globs are asked."""
    rules = verdict.scrutiny.content
    words = [("secrets", rules.secrets), ("encrypted", rules.encrypted)]
    words += [(kind.value, action) for kind, action in rules.kinds]
    return [pair for pair in words if pair[1] is not Action.ALLOW] + list(rules.paths)


def _scrutiny_json(explanation: _Explanation) -> dict[str, Any] | None:
    scrutiny = explanation.verdict.scrutiny
    if not _examined(explanation):
        return None
    return {
        "inspect": scrutiny.depth,
        "refs": list(scrutiny.refs) if scrutiny.refs is not None else None,
        "deletes": scrutiny.deletes,
        "force": scrutiny.force,
        "content": dict(_content(explanation.verdict)),
        "observing": scrutiny.observing,
        "rule": scrutiny.rule,
        "reference": scrutiny.reference,
        "limits": [
            {"per": limit.per, "limit": written(limit), "over": limit.over, "reference": limit.reference}
            for limit in _limits(explanation)
        ],
    }


def _as_json(explanation: _Explanation) -> dict[str, Any]:
    sentence, target, verdict = explanation.sentence, explanation.target, explanation.verdict
    request, policy = sentence.request, explanation.policy
    return {
        "sentence": sentence.text,
        "request": {
            "method": request.method,
            "scheme": request.scheme,
            "host": request.host,
            "port": request.port,
            "path": request.path,
            "size": sentence.size,
            "refs": [{"name": update.name, "action": update.action} for update in sentence.refs],
        },
        "target": None
        if target is None
        else {
            "forge": target.kind,
            "host": target.host,
            "address": target.address,
            "owner": target.owner,
            "repository": target.repository,
            "operation": target.operation,
            "effect": target.effect,
            "visibility": target.visibility,
            "evidence": target.evidence,
            "also": [
                {
                    "address": also.address,
                    "owner": also.owner,
                    "repository": also.repository,
                    "role": also.role,
                    "operation": also.operation,
                    "visibility": also.visibility,
                }
                for also in target.also
            ],
        },
        "subject": {"user": explanation.subject.user, "client": explanation.subject.client},
        "verdict": {
            "action": verdict.action,
            "code": verdict.code,
            "rule": verdict.rule,
            "reference": verdict.reference,
            "reason": verdict.reason,
            "would_action": verdict.would_action,
            "max_upload": verdict.max_upload,
            "over": verdict.over,
        },
        "scrutiny": _scrutiny_json(explanation),
        "trace": [
            {"rule": step.rule, "reference": step.reference, "matched": step.matched, "note": step.note}
            for step in verdict.trace
        ],
        "policy": {"file": policy.file, "digest": policy.digest, "mode": policy.mode},
    }


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):04x}}}" for char in text)

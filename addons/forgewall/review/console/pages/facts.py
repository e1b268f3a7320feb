"""An event's fields for people: in groups, with labels, none left out. Judges nothing and changes nothing.

The document is what stands in the log and may be anything that JSON can say: made by another version, or by somebody
who wrote into the file. What has another shape than expected is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_FACTS = 400
MAX_ITEMS = 50
_MAX_DEPTH = 8

_GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Who",
        (
            ("User", "user.name"),
            ("Known by", "forgewall.subject_source"),
            ("Role", "user.roles"),
            ("Client", "source.ip"),
            ("Client port", "source.port"),
            ("Program", "user_agent.original"),
        ),
    ),
    (
        "What",
        (
            ("Operation", "forgewall.operation"),
            ("Effect", "forgewall.effect"),
            ("Known by", "forgewall.identified_by"),
            ("Announced or sent", "http.request.body.bytes"),
            ("Signals", "forgewall.signals"),
        ),
    ),
    (
        "Where",
        (
            ("Address", "forgewall.address"),
            ("Forge", "forgewall.forge"),
            ("Host", "forgewall.host"),
            ("Owner", "forgewall.owner"),
            ("Repository", "forgewall.repository"),
            ("Visible to", "forgewall.visibility"),
            ("Moved to", "forgewall.moved.address"),
            ("Moved since", "forgewall.moved.seen"),
        ),
    ),
    (
        "Why",
        (
            ("Reason", "event.reason"),
            ("Code", "event.code"),
            ("Rule", "rule.id"),
            ("Where it stands", "rule.reference"),
            ("Action", "forgewall.action"),
            ("Would have been", "forgewall.would_action"),
            ("Limit", "forgewall.max_upload"),
            ("Beyond the limit", "forgewall.over"),
            ("Policy mode", "forgewall.policy.mode"),
            ("Policy digest", "forgewall.policy.digest"),
            ("Policy file", "forgewall.policy.file"),
            ("Break-glass until", "forgewall.policy.break_glass.until"),
            ("Break-glass by", "forgewall.policy.break_glass.by"),
            ("Break-glass reason", "forgewall.policy.break_glass.reason"),
        ),
    ),
    (
        "How it ended",
        (
            ("Result", "forgewall.upload.result"),
            ("Bytes on the wire", "forgewall.upload.wire_bytes"),
            ("Bytes decoded", "forgewall.upload.body_bytes"),
            ("SHA-256", "forgewall.upload.sha256"),
            ("Would have been cut", "forgewall.upload.would_cut"),
            ("Answer", "http.response.status_code"),
            ("Decision", "forgewall.decision_id"),
        ),
    ),
    (
        "What was done",
        (
            ("Result", "forgewall.change.result"),
            ("Known by", "forgewall.change.actor_source"),
            ("Entry", "forgewall.change.entry"),
            ("Lines", "forgewall.change.lines"),
            ("Until", "forgewall.change.until"),
            ("Made from event", "forgewall.change.approved_event"),
            ("Made from case", "forgewall.change.case"),
            ("Digest before", "forgewall.change.old_digest"),
            ("Digest after", "forgewall.change.new_digest"),
            ("Approvals", "forgewall.change.approvals"),
            ("Problems", "forgewall.change.problems"),
            ("Judgement", "forgewall.review.deed"),
            ("Case", "forgewall.review.case"),
            ("Holds until", "forgewall.review.until"),
            ("Place in the program", "forgewall.where"),
        ),
    ),
    (
        "The request",
        (
            ("Method", "http.request.method"),
            ("URL", "url.full"),
            ("URL as sent", "url.original"),
            ("Server", "destination.domain"),
            ("Server port", "destination.port"),
            ("Server name (TLS)", "tls.client.server_name"),
            ("HTTP version", "http.version"),
            ("Media type", "http.request.mime_type"),
            ("Request id", "http.request.id"),
        ),
    ),
)
_ELSEWHERE = ("forgewall.evidence", "forgewall.objections", "forgewall.objection_count", "message", "forgewall.key")
_BYTES = frozenset(
    {"http.request.body.bytes", "forgewall.max_upload", "forgewall.upload.wire_bytes", "forgewall.upload.body_bytes"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One field: `value` is text, several values apart; `bytes` if it is a number of bytes."""

    label: str
    path: str
    value: str
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Facts that belong together."""

    title: str
    facts: tuple[Fact, ...]


def groups(document: Mapping[str, Any]) -> tuple[Group, ...]:
    """All fields of `document` but its evidence: the groups that people ask for, then everything else by its path."""
    fields = dict(_flat(document))
    found = []
    for title, labels in _GROUPS:
        facts = [_fact(label, path, fields.pop(path)) for label, path in labels if path in fields]
        if facts:
            found.append(Group(title=title, facts=tuple(facts)))
    rest = [
        _fact(path, path, value)
        for path, value in fields.items()
        if not any(path == taken or path.startswith((f"{taken}.", f"{taken}[")) for taken in _ELSEWHERE)
    ]
    if rest:
        found.append(Group(title="Everything else", facts=tuple(rest)))
    return tuple(found)


def at(document: Mapping[str, Any], path: str) -> Any:
    """What stands at the dotted `path`, None if nothing does."""
    value: Any = document
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text(document: Mapping[str, Any], path: str) -> str:
    """The text at `path`, '' if there is none."""
    value = at(document, path)
    return value if isinstance(value, str) else ""


def whole(document: Mapping[str, Any], path: str) -> int:
    """The whole number at `path`, 0 if there is none."""
    value = at(document, path)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def texts(document: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """The texts in the list at `path`."""
    value = at(document, path)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def objects(document: Mapping[str, Any], path: str) -> tuple[Mapping[str, Any], ...]:
    """The objects in the list at `path`."""
    value = at(document, path)
    return tuple(item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def _flat(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Path and value of every field, at most MAX_FACTS of them; lists of plain values stay lists."""
    for count, pair in enumerate(_fields(document, "", 0)):
        if count == MAX_FACTS:
            return
        yield pair


def _fields(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        for name, inner in value.items():
            yield from _fields(inner, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value) and depth < _MAX_DEPTH:
        for index, inner in enumerate(value[:MAX_ITEMS]):
            yield from _fields(inner, f"{path}[{index}]", depth + 1)
    elif value is not None and value not in ({}, []):
        yield path, value


def _fact(label: str, path: str, value: Any) -> Fact:
    number = value if path in _BYTES and isinstance(value, int) and not isinstance(value, bool) else None
    return Fact(label=label, path=path, value=_written(value), bytes=number)


def _written(value: Any) -> str:
    if isinstance(value, list):
        more = f" and {len(value) - MAX_ITEMS} more" if len(value) > MAX_ITEMS else ""
        return ", ".join(_written(item) for item in value[:MAX_ITEMS]) + more
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

"""Reads a line of the log: the facts that searches, cases and replay need, and no others.

A line is attackers' text within our form, or anything at all where somebody wrote to the file: what doesn't have our
form is no event, and all texts are bounded. Nothing here keeps or opens anything.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from forgewall.review.case import case_id
from forgewall.review.store.entry import ASKER, BYTES, Attempt, Entry, More, milliseconds, named
from forgewall.review.store.parts import TargetParts, parts_of

_LONG_LINE = 64 * 1024  # `record.trim` makes none that is much longer
LIMIT = 2048
"""Characters of one text of a line that is too long to be ours."""
_ITEMS = 1000
_SIGNALS = 64
_PATHS = 50
_LONG = 2**63 - 1
_LATEST = 1 << 42  # milliseconds: the year 2109
_REFS_BYTES = 32 * 1024


# Fields that aren't named are passed over.


class _Event(msgspec.Struct, frozen=True, gc=False):
    id: str
    dataset: str
    kind: str = ""
    action: str = ""
    code: str = ""
    reason: str = ""


class _User(msgspec.Struct, frozen=True, gc=False):
    name: str = ""


class _Source(msgspec.Struct, frozen=True, gc=False):
    address: str = ""
    port: int = 0


class _Host(msgspec.Struct, frozen=True, gc=False):
    address: str = ""
    domain: str = ""


class _Body(msgspec.Struct, frozen=True, gc=False):
    bytes: int | None = None


class _Request(msgspec.Struct, frozen=True, gc=False):
    id: str = ""
    method: str = ""
    body: _Body = _Body()


class _Http(msgspec.Struct, frozen=True, gc=False):
    request: _Request = _Request()


class _Url(msgspec.Struct, frozen=True, gc=False):
    domain: str = ""
    path: str = ""


class _Rule(msgspec.Struct, frozen=True, gc=False):
    id: str = ""
    reference: str = ""


class _Policy(msgspec.Struct, frozen=True, gc=False):
    digest: str = ""


class _Result(msgspec.Struct, frozen=True, gc=False):
    result: str = ""
    would_cut: bool = False
    wire_bytes: int | None = None


class _Changed(msgspec.Struct, frozen=True, gc=False):
    new_digest: str | None = None


class _Judged(msgspec.Struct, frozen=True, gc=False):
    case: str | None = None


class _Commit(msgspec.Struct, frozen=True, gc=False):
    subject: str = ""


class _File(msgspec.Struct, frozen=True, gc=False):
    path: str = ""


class _Ref(msgspec.Struct, frozen=True, gc=False):
    name: str = ""


class _Evidence(msgspec.Struct, frozen=True, gc=False):
    refs: msgspec.Raw = msgspec.Raw()
    ref_count: int = 0
    files: tuple[_File, ...] = ()
    first_commit: _Commit = _Commit()
    last_commit: _Commit = _Commit()


class _Objection(msgspec.Struct, frozen=True, gc=False):
    rule: str = ""
    reference: str = ""
    reason: str = ""
    signal: str = ""
    would_block: bool = False


class _Own(msgspec.Struct, frozen=True, gc=False):
    forge: str = ""
    host: str = ""
    address: str | None = None
    key: str | None = None
    owner: str | None = None
    repository: str | None = None
    operation: str = ""
    effect: str = ""
    visibility: str = ""
    identified_by: str = ""
    also: msgspec.Raw = msgspec.Raw()
    also_count: int = 0
    moved: msgspec.Raw = msgspec.Raw()
    action: str = ""
    would_action: str = ""
    code: str = ""
    subject_source: str = ""
    policy: _Policy = _Policy()
    signals: tuple[str, ...] = ()
    evidence: _Evidence | None = None
    objections: tuple[_Objection, ...] = ()
    upload: _Result | None = None
    decision_id: str | None = None
    change: _Changed = _Changed()
    review: _Judged = _Judged()
    trimmed: tuple[str, ...] = ()


class _Line(msgspec.Struct, frozen=True, gc=False, rename={"time": "@timestamp", "own": "forgewall"}):
    time: datetime
    event: _Event
    message: str = ""
    user: _User = _User()
    source: _Source = _Source()
    destination: _Host = _Host()
    http: _Http = _Http()
    url: _Url = _Url()
    rule: _Rule = _Rule()
    tags: tuple[str, ...] = ()
    own: _Own = _Own()


_decode = msgspec.json.Decoder(_Line).decode
_decode_refs = msgspec.json.Decoder(tuple[_Ref, ...]).decode
_DATASETS = {f"forgewall.{word}": word for word in ("decision", "upload", "policy", "fault", "review")}
_ACTIONS = {"block": "blocked", "log": "logged", "allow": "allowed"}
_case_id = lru_cache(maxsize=65536)(case_id)


def read(line: bytes) -> Entry | None:
    """The event in `line` (without its line break); None if there is none."""
    try:
        said = _decode(line if len(line) <= _LONG_LINE else _shortened(line))
        dataset = _DATASETS[said.event.dataset]
        at = milliseconds(said.time)
        if not (0 <= at < _LATEST and _is_id(said.event.id)):
            return None
        return _entry(said, dataset, at)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return None


def _entry(said: _Line, dataset: str, at: int) -> Entry:
    own, event, http = said.own, said.event, said.http.request
    user, client = said.user.name, said.source.address
    host = own.host or said.destination.domain or said.destination.address or said.url.domain
    place = (
        *(own.forge, host, own.address or "", own.key or "", own.owner or ""),
        *(own.repository or "", own.operation, own.effect, own.visibility),
    )
    outcome, size = _outcome(said, dataset)
    alert = event.kind == "alert"
    code, rule, reference, reason = own.code or event.code, said.rule.id, said.rule.reference, event.reason
    if outcome == "would-cut" and own.action == "allow":
        code, rule, reference, reason = _objection(own) or (code, rule, reference, reason)
    objected = alert or "block" in (own.action, own.would_action)
    key = place[3] or place[1]
    digest = own.change.new_digest if dataset == "policy" else own.policy.digest
    decided = dataset == "decision"
    refs = _refs(own) if decided and own.evidence is not None else None
    return Entry(
        id=event.id,
        at=at,
        asker=(user, client, own.subject_source),
        port=said.source.port if 0 < said.source.port < 65536 else 0,
        place=place,
        target=_target(own) if own.forge and dataset in ("decision", "upload") else None,
        ruling=(
            *(dataset, outcome, alert, own.action, own.would_action),
            *(code, rule, reference, digest or "", "break-glass" in said.tags),
        ),
        reason=reason,
        doc=_doc(said, named(user, client), code, rule, size),
        signals=own.signals[:_SIGNALS],
        size=size,
        request_id=http.id,
        decision_id=own.decision_id,
        refs=refs,
        more=_more(own, refs) if decided else 0,
        case_id=_case_id(user=user, client=client, key=key, operation=place[6], code=code)
        if objected and dataset in ("decision", "upload")
        else "",
        attempt=_attempt(said, dataset, alert) if objected else Attempt.NONE,
    )


def _is_id(word: str) -> bool:
    """Our own are 26 letters and digits (`record.ulid`)."""
    return len(word) <= 64 and word.isascii() and (word.isalnum() or word.replace("-", "").replace("_", "").isalnum())


def _shortened(line: bytes) -> bytes:
    """A line that isn't ours, with texts of a length that can be kept."""
    return msgspec.json.encode(_cut(msgspec.json.decode(line)))


def _cut(value: Any) -> Any:
    match value:
        case str():
            return value if len(value) <= LIMIT else value[: LIMIT - 1] + "…"
        case list():
            return [_cut(item) for item in value[:_ITEMS]]
        case dict():
            return {key: _cut(item) for key, item in value.items()}
    return value


def _outcome(said: _Line, dataset: str) -> tuple[str, int | None]:
    """The event in a word, and its bytes."""
    own, size = said.own, said.http.request.body.bytes
    if dataset == "decision":
        would = own.would_action == "block" and own.action != "block"
        return ("would-block" if would else _ACTIONS[own.action]), _long(size)
    if dataset == "upload":
        if own.upload is None:
            raise ValueError("an upload without its end")
        passed = own.upload.would_cut and own.upload.result == "complete"
        went = own.upload.wire_bytes if own.upload.wire_bytes is not None else size
        return ("would-cut" if passed else own.upload.result), _long(went)
    return said.event.action.removeprefix("policy-").removeprefix("case-"), None


def _long(size: int | None) -> int | None:
    return size if size is not None and 0 <= size <= _LONG else None


def _objection(own: _Own) -> tuple[str, str, str, str] | None:
    """Code, rule, reference and reason of what would have cut an upload."""
    for one in own.objections:
        if one.would_block:
            code = "ref" if one.signal in {"ref", "force", "delete"} else "content"
            return ("unread" if one.signal == "unread" else code), one.rule, one.reference, one.reason
    return None


def _target(own: _Own) -> bytes:
    """The parts of the target as JSON, which `parts` reads back; raises where they aren't what it can read."""
    return _packed(
        (own.forge, own.host, own.address, own.key, own.owner, own.repository),
        (own.operation, own.effect, own.identified_by, own.visibility),
        bytes(own.also),
        bytes(own.moved),
    )


@lru_cache(maxsize=16384)
def _packed(
    place: tuple[str, str, str | None, str | None, str | None, str | None],
    deed: tuple[str, str, str, str],
    also: bytes,
    moved: bytes,
) -> bytes:
    parts = TargetParts(
        *place, *deed, msgspec.json.decode(also) if also else (), msgspec.json.decode(moved) if moved else None
    )
    text = msgspec.json.encode(parts)
    parts_of(text)
    return text


def _refs(own: _Own) -> bytes | None:
    if own.evidence is None or not (raw := bytes(own.evidence.refs)) or len(raw) > _REFS_BYTES:
        return None
    return raw


def _more(own: _Own, refs: bytes | None) -> int:
    more = More.PLACES if own.also_count or "forgewall.also" in own.trimmed else 0
    if own.evidence is not None and own.evidence.ref_count > (len(_decode_refs(refs)) if refs is not None else 0):
        more |= More.REFS
    return more


def _doc(said: _Line, who: str, code: str, rule: str, size: int | None) -> tuple[str, str]:
    """The message, and what of the event it doesn't tell."""
    own, message = said.own, said.message
    message = message.replace(BYTES, " ").replace(ASKER, " ")  # our own messages have neither
    if size is not None:
        message = message.replace(f" {size} bytes", f" {BYTES} bytes", 1)
    if who:
        message = message.replace(f" by {who} ", f" by {ASKER} ", 1)
    more = [own.address or said.url.domain, code, rule, *own.signals[:_SIGNALS]]
    if said.event.reason not in said.message:
        more.append(said.event.reason)
    if own.evidence is not None:
        found = own.evidence
        if bytes(found.refs):
            more += [ref.name for ref in _decode_refs(found.refs)[:_PATHS]]
        more += [found.first_commit.subject, found.last_commit.subject]
        more += [file.path for file in found.files[:_PATHS]]
    if own.review.case:
        more.append(own.review.case)
    return message, " ".join(filter(None, more))


def _attempt(said: _Line, dataset: str, alert: bool) -> int:
    """How an event that was objected to counts in its case."""
    own = said.own
    if dataset not in ("decision", "upload"):
        return Attempt.NONE
    if dataset == "upload":  # whose decision was counted, unless only the upload was objected to
        alone = alert and own.upload is not None and (own.upload.result == "cut" or own.would_action != "block")
        return Attempt.SINGLE if alone else Attempt.NONE
    if own.operation in ("push", "fetch"):
        path = said.url.path
        if said.http.request.method == "GET" and path.endswith("/info/refs"):
            return Attempt.OPENED
        if said.http.request.method == "POST" and path.endswith(("/git-receive-pack", "/git-upload-pack")):
            return Attempt.PACKED
    return Attempt.SINGLE

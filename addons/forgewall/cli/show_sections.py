"""What `forgewall show` prints, section by section: first who did what where, then why, what was found, how it ended,
what belongs to it, what the policy says today, and what to do next.

Documents are as somebody wrote them: every text goes through `sheet`, which makes it safe.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from forgewall.cli import case_columns, show_next, when
from forgewall.cli.dossier import ATTEMPTS, Dossier
from forgewall.cli.event_details import details
from forgewall.cli.event_line import at, where, who, word
from forgewall.cli.sheet import Fact, Section
from forgewall.cli.show_next import Places
from forgewall.review.case import Triage
from forgewall.review.row import Row
from forgewall.sizes import rounded

_STYLES = {"ALLOWED": "green", "COMPLETE": "green"} | dict.fromkeys(["BLOCKED", "CUT", "ERROR", "REJECTED"], "red")
_STYLES |= dict.fromkeys(["WOULD-BLOCK", "WOULD-CUT"], "yellow")
_MOST_ALIKE = 10
"""Files, refs, … of an upload that are told, each."""
_FEW = 5
"""Events of the same request that are told."""


def sections(found: Dossier, now: datetime, places: Places) -> list[Section]:
    """All that is known, in the order in which it is read; sections may be empty."""
    event = found.document
    return [
        Section(title="", facts=(_headline(found),)),
        Section(title="Event", facts=tuple(_who_what_where(event, found.row, now))),
        Section(title="Why", facts=tuple(_why(found))),
        Section(title="Found in the upload", facts=tuple(_found(found, places))),
        Section(title="How it ended", facts=tuple(_ended(found))),
        Section(title="Other events of this request", facts=tuple(_others(found))),
        Section(title="Case", facts=tuple(_case(found, now, places))),
        Section(title="Today", facts=tuple(show_next.today(found))),
        Section(title="What to do", facts=tuple(show_next.advice(found, places))),
    ]


def _headline(found: Dossier) -> Fact:
    done = word(found.document)
    if found.row.dataset in {"decision", "upload"}:
        what = f"{found.row.operation or found.row.code} {found.row.address or found.row.host}"
    else:
        what = found.row.message
    before = f"{found.case.id}, last: " if found.by_case and found.case is not None else ""
    return Fact(text=f"{before}{done} {what}", style=f"bold {_STYLES.get(done, '')}".strip())


def _who_what_where(event: dict[str, Any], row: Row, now: datetime) -> Iterator[Fact]:
    known = at(event, "forgewall.subject_source")
    yield from _fact("who", f"{who(event)}, known by {known}" if known not in {"", "none"} else who(event))
    yield from _fact("", at(event, "user_agent.original"))
    request = " ".join(part for part in (at(event, "http.request.method"), at(event, "url.full")) if part)
    yield from _fact("what", f"{row.operation} ({row.effect})" if row.operation else "")
    yield from _fact("", request)
    yield from _fact("", _body(event, row))
    forge = at(event, "forgewall.forge")
    if row.dataset in {"decision", "upload"}:
        yield from _fact("where", f"{where(event)}{forge and f' on {row.host} ({forge})'}")
    yield from _fact("when", f"{when.exact(row.time)} UTC, {when.relative(row.time, now)}")
    yield from _fact("id", row.id)
    if row.break_glass:
        broken = "forgewall.policy.break_glass"
        said = f"{at(event, f'{broken}.by')} until {at(event, f'{broken}.until')}: {at(event, f'{broken}.reason')}"
        yield Fact(label="glass", text=f"broken by {said}", style="red")
    yield from _edited(event)


def _edited(event: dict[str, Any]) -> Iterator[Fact]:
    """What a change of the policy, or of a case, says of itself."""
    change, review = "forgewall.change", "forgewall.review"
    yield from _fact("file", at(event, "file.path"))
    yield from _fact("lines", at(event, f"{change}.lines"))
    for number, line in enumerate(at(event, f"{change}.entry").splitlines()[:20]):
        yield from _fact("" if number else "entry", line)
    yield from _fact("until", at(event, f"{change}.until") or at(event, f"{review}.until"))
    yield from _fact("for event", at(event, f"{change}.approved_event"))
    yield from _fact("for case", at(event, f"{change}.case") or at(event, f"{review}.case"))
    for problem in _list(event, "forgewall", "change", "problems"):
        yield from _fact("problem", problem if isinstance(problem, str) else at({"p": problem}, "p.message"))


def _body(event: dict[str, Any], row: Row) -> str:
    if row.bytes is None:
        return ""
    kind = at(event, "http.request.mime_type")
    told = "sent" if row.dataset == "upload" else "announced"
    return f"{rounded(row.bytes)} {told}{kind and f', {kind}'}"


def _why(found: Dossier) -> Iterator[Fact]:
    event, row = found.document, found.row
    if not row.code and not row.rule:
        yield from _fact("reason", row.reason if row.reason not in row.message else "")
        return
    yield from _fact("reason", f"{row.reason} ({row.code})")
    yield from _fact("rule", f"{row.rule}  {row.reference}")
    yield from _fact("", found.line)
    mode = at(event, "forgewall.policy.mode")
    yield from _fact("policy", f"{row.digest[:12]}{mode and f', mode {mode}'}" if row.digest else "")
    yield from _fact("signals", ", ".join(row.signals))
    yield from _fact("known by", at(event, "forgewall.identified_by"))


def _found(found: Dossier, places: Places) -> Iterator[Fact]:
    """Evidence, of the event itself or of the upload that belongs to it."""
    for event in (found.document, *found.request):
        summary, lines = at(event, "forgewall.evidence.summary"), details(event)
        if not summary and not lines:
            continue
        yield from _fact("in short", summary)
        told: Counter[str] = Counter()
        for line in lines:
            label, _, text = line.strip().partition(" ")
            told[label] += 1
            if told[label] <= _MOST_ALIKE or text.strip().startswith("and "):
                yield Fact(label=label, text=text.strip(), style="red" if label in {"secret", "forced"} else "")
        if max(told.values(), default=0) > _MOST_ALIKE:
            yield from _fact("", f"`forgewall show {found.row.id} --json{places.both}` lists more")
        return


def _ended(found: Dossier) -> Iterator[Fact]:
    event = found.document
    status = at(event, "http.response.status_code")
    if found.row.dataset == "decision" and at(event, "forgewall.action") == "block" and status:
        yield from _fact("refused", f"with HTTP status {status}, in the client's own language")
    uploads = [one for one in (event, *found.request) if at(one, "event.dataset") == "forgewall.upload"]
    for upload in uploads[:_FEW]:
        sent, status = _bytes(at(upload, "forgewall.upload.wire_bytes")), at(upload, "http.response.status_code")
        after, answer = sent and f" after {sent}", status and f", answered with {status}"
        yield from _fact("upload", f"{word(upload).lower()}{after}{answer}")
        yield from _fact("sha256", at(upload, "forgewall.upload.sha256"))


def _others(found: Dossier) -> Iterator[Fact]:
    for event in found.request[:_FEW]:
        stamp = at(event, "@timestamp")[11:23]
        yield from _fact(word(event).lower(), f"{stamp}  {at(event, 'event.id')}  {at(event, 'message')}")
    if (left := len(found.request) - _FEW) > 0:
        yield from _fact("", f"and {left} more; --json lists them")


def _case(found: Dossier, now: datetime, places: Places) -> Iterator[Fact]:
    case = found.case
    if case is None:
        return
    style = case_columns.STATE_STYLES[case.state]
    yield Fact(label="case", text=f"{case.id}, {case_columns.state(case, now)}", style=style)
    times = "once" if case.count == 1 else f"{case.count:,} times"
    blocked = "" if case.blocked else "; never really blocked, only observed"
    yield from _fact("seen", f"{times}, {rounded(case.bytes)} in all{blocked}")
    yield from _fact("first", f"{when.exact(case.first_seen)} UTC, {when.relative(case.first_seen, now)}")
    yield from _fact("last", f"{when.exact(case.last_seen)} UTC, {when.relative(case.last_seen, now)}")
    for number, row in enumerate(found.attempts):
        size = f"  {rounded(row.bytes)}" if row.bytes is not None else ""
        mark = "  (this one)" if row.id == found.row.id else ""
        text = f"{when.exact(row.time)}  {row.outcome:<11}{size}  {row.id}{mark}"
        yield Fact(label="attempts" if number == 0 else "", text=text)
    if len(found.attempts) == ATTEMPTS:
        yield from _fact("", f"`forgewall events --case {case.id}{places.log}` lists all")
    for number, said in enumerate(found.history):
        yield Fact(label="said" if number == 0 else "", text=_said(said))


def _said(said: Triage) -> str:
    until = f" until {when.to_the_minute(said.until)}" if said.until is not None else ""
    return f"{when.exact(said.at)}  {said.state}{until} by {said.by}{said.note and f': {said.note}'}"


def _bytes(text: str) -> str:
    return rounded(int(text)) if text.isdecimal() and len(text) < 19 else ""


def _list(event: dict[str, Any], *path: str) -> list[Any]:
    value: Any = event
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value[:20] if isinstance(value, list) else []


def _fact(label: str, text: str) -> Iterator[Fact]:
    """The fact, or nothing where nothing is known."""
    if text.strip():
        yield Fact(label=label, text=text)

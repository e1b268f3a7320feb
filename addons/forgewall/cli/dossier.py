"""Everything that is known about one event or one case, gathered from the log, the index and the policy file.

It gathers and judges; what a person sees of it is `show_sections`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from forgewall.cli.event_line import at
from forgewall.errors import ForgewallError, PolicyError, UsageError
from forgewall.review import approval
from forgewall.review.approval import Current
from forgewall.review.case import Case, Triage
from forgewall.review.judged import Judged, judged
from forgewall.review.recorded import Recorded
from forgewall.review.remedy import Remedy
from forgewall.review.remedy_facts import matter_of
from forgewall.review.row import Row
from forgewall.review.stand_ins import read_key
from forgewall.review.store import Store

ATTEMPTS = 6
"""Events of a case that are shown, the newest."""
_MOST = 50
_DECIDED = frozenset({"decision", "upload"})
_OBJECTED = frozenset({"blocked", "would-block", "cut", "would-cut"})
_PLACE = re.compile(r".*:([0-9]{1,7})", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What the policy file says now. `judged` is the recorded request by it, None where the log doesn't hold that any
    more, or the file can't be used; `problem` is what is wrong with it.
    """

    file: str
    digest: str = ""
    judged: Judged | None = None
    problem: str = ""

    @property
    def unjudged(self) -> str:
        """Why nothing is certain; '' if something is."""
        if self.judged is not None:
            return self.judged.cause
        return "" if self.problem else "the log doesn't hold its decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """`row` and `document` are the event's, or those of the case's newest event where a case was asked for.

    `request` are the documents of the other events of the same request, oldest first. `attempts` are the case's newest
    events. `line` is the deciding rule's line in the policy, '' where the file isn't that of then. `remedy` is what
    would let it pass, None where nothing was refused, or where `no_remedy` says why there is none.
    """

    by_case: bool
    row: Row
    document: dict[str, Any]
    request: tuple[dict[str, Any], ...] = ()
    case: Case | None = None
    attempts: tuple[Row, ...] = ()
    history: tuple[Triage, ...] = ()
    line: str = ""
    present: Present | None = None
    remedy: Remedy | None = None
    no_remedy: str = ""


def gather(store: Store, identifier: str, *, policy: Path, log: Path, now: datetime) -> Dossier:
    """All about the event or case `identifier`, judged by the file `policy` at `now` (aware).

    `log` is the log's directory. Raises UsageError if there is no such event and no such case.
    """
    row, case = store.row(identifier), store.case(identifier)
    by_case = row is None
    if row is None and case is not None:
        row = store.row(case.last_event_id)
    document = store.document(row.id) if row is not None else None
    if row is None or document is None:
        raise UsageError(_missing(identifier, gone=row is not None or case is not None))
    others = [one.id for one in store.of_request(row.request_id)[:_MOST] if one.id != row.id]
    found = Dossier(
        by_case=by_case,
        row=row,
        document=document,
        request=tuple(_documents(store, others)),
        case=case,
        attempts=tuple(store.case_events(case.id, limit=ATTEMPTS)) if case is not None else (),
        history=tuple(store.history(case.id)) if case is not None else (),
    )
    if row.dataset not in _DECIDED:
        return found
    try:
        current = approval.read(policy, now)
    except PolicyError as error:
        return replace(found, present=Present(file=str(policy), problem=str(error).partition("\n")[0]))
    found = replace(found, line=_line(found, current))
    recorded = next(iter(store.recorded_of([row.id])), None)
    return _judged(found, store, current, recorded, log=log, now=now)


def _judged(
    found: Dossier, store: Store, current: Current, recorded: Recorded | None, *, log: Path, now: datetime
) -> Dossier:
    policy, row, key = current.policy, found.row, read_key(log)
    present = Present(file=str(current.path), digest=policy.digest)
    if recorded is None:
        return replace(found, present=present)
    said = judged(policy, recorded, now, code=row.code, rule=row.rule, key=key)
    found = replace(found, present=replace(present, judged=said))
    if row.outcome not in _OBJECTED:
        return found
    try:
        matter = matter_of(store, row.id)
        return replace(found, remedy=approval.remedy_of(current, matter, now, names=key))
    except ForgewallError as error:
        return replace(found, no_remedy=str(error))


def _documents(store: Store, identifiers: Iterable[str]) -> Iterator[dict[str, Any]]:
    for identifier in identifiers:
        if (document := store.document(identifier)) is not None:
            yield document


def _line(found: Dossier, current: Current) -> str:
    """The line of the policy that `rule.reference` names, if the file is still the one that decided."""
    place = _PLACE.fullmatch(found.row.reference)
    if place is None or at(found.document, "forgewall.policy.digest") != current.policy.digest:
        return ""
    lines = current.text.splitlines()
    number = int(place[1])
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _missing(identifier: str, *, gone: bool) -> str:
    if gone:
        return f"the log no longer holds {identifier.upper()}; `events.keep` in the policy says for how long it does"
    return (
        f"there is no event and no case `{identifier}`; an event's id may be shortened to its first 8 characters or "
        "more, as long as only one begins so; `forgewall cases` lists cases"
    )

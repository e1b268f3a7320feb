"""What the log tells about a refusal besides the decision itself, gathered from the index for `remedy`.

An event's id or a case's id leads to the decision that is to be judged anew; of a case, to its newest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from forgewall.errors import ForgewallError, UsageError
from forgewall.evidence import RefAction, RefUpdate
from forgewall.model import Visibility
from forgewall.record.redact import printable
from forgewall.review.case import Case
from forgewall.review.filters import Filters
from forgewall.review.recorded import Recorded
from forgewall.review.remedy_choice import Facts
from forgewall.review.row import Row
from forgewall.review.store import Store

_CASES = 50
"""Cases at one address that are looked at."""
_LONGEST = 1024
_UPLOAD_ENDS = frozenset({"cut", "would-cut"})


class NotFoundError(UsageError):
    """The log has no such event and no such case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A refusal that somebody asks about: the decision, what else is known, its row and its case if it forms one."""

    recorded: Recorded
    facts: Facts
    row: Row
    case: Case | None


def matter_of(store: Store, identifier: str) -> Matter:
    """What `identifier`, of an event or a case, is about. Raises NotFoundError, and ForgewallError with a sentence for
    an event that is about no request.
    """
    case = store.case(identifier)
    row = store.row(identifier)
    if row is None and case is not None:
        row = store.row(case.last_event_id)
    if row is None:
        raise NotFoundError(
            "no event and no case of the log has this id; `forgewall cases` lists what waits for a judgement"
        )
    found = store.recorded_of([row.id])
    if not found:
        told = printable(f"the event {row.id} is about no request that could be approved: {row.message}", _LONGEST)
        raise ForgewallError(told)
    return Matter(recorded=found[0], facts=_facts(store, row, case), row=row, case=case)


def facts_at(store: Store, address: str, key: str) -> tuple[Facts, Visibility | None]:
    """What the log tells of `address` (`key` is it, folded), and who could see it when it was asked for last."""
    beside = _beside(store, address, key)
    seen_by = next((one.visibility for one in beside if one.visibility), "")
    facts = Facts(
        first_seen=min((one.first_seen for one in beside), default=None),
        signals=tuple(dict.fromkeys(signal for one in beside for signal in one.signals)),
    )
    return facts, Visibility(seen_by) if seen_by in Visibility else None


def _facts(store: Store, row: Row, case: Case | None) -> Facts:
    ended = row.dataset == "upload" and row.outcome in _UPLOAD_ENDS
    beside = _beside(store, row.address, row.key)
    document = store.document(row.id) or {}
    sizes = [*_sizes(document), *([row.bytes + 1] if ended and row.bytes is not None else [])]
    same = [one for one in beside if (one.user, one.client) == (row.user, row.client)]
    return Facts(
        code=row.code if ended else "",
        rule=row.rule if ended else "",
        cause=row.reason if ended else "",
        size=max(sizes, default=None),
        cut=ended and row.code == "too-large",
        refs=tuple(_refs(document)) if ended else (),
        first_seen=min((one.first_seen for one in beside), default=None),
        signals=tuple(dict.fromkeys(signal for one in beside for signal in one.signals)),
        operations=tuple(dict.fromkeys(one.operation for one in same if one.operation)),
        case_id=case.id if case is not None else None,
    )


def _beside(store: Store, address: str, key: str) -> list[Case]:
    """The cases at the same address, whoever's they are, the one seen last first."""
    if not address:
        return []
    return [one for one in store.cases(Filters(address=(address,)), limit=_CASES) if one.key == key]


def _sizes(document: dict[str, Any]) -> Iterator[int]:
    """What an event says of the sizes of git-lfs objects, which count one by one."""
    lfs = _mapping(_mapping(document.get("forgewall")).get("lfs"))
    objects = lfs.get("objects")
    for one in [*(objects if isinstance(objects, list) else ()), lfs.get("announced")]:
        size = _mapping(one).get("size")
        if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
            yield size


def _refs(document: dict[str, Any]) -> Iterator[RefUpdate]:
    """The refs that were found in an upload."""
    listed = _mapping(_mapping(document.get("forgewall")).get("evidence")).get("refs")
    for one in listed if isinstance(listed, list) else ():
        name, action = _mapping(one).get("name"), _mapping(one).get("action")
        if isinstance(name, str) and isinstance(action, str) and action in RefAction:
            yield RefUpdate(name=name, action=RefAction(action))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}

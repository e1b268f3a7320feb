"""One event as a line of a list: the facts that people search and sort by. The whole event stays in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An event of the index; texts are as the log has them (redacted, printable), '' where there is none.

    `dataset` is `decision`, `upload`, `policy`, `fault` or `review`. `outcome` is one word: of a decision `blocked`,
    `would-block`, `logged`, `allowed`; of an upload `complete`, `cut`, `would-cut`, `aborted`, `refused`; of the others
    the last part of `event.action` (`loaded`, `rejected`, `approved`, …). `alert`: the policy objected. `bytes` are the
    announced length, or of an upload what went over the wire; None if unknown. `case_id` is '' for what forms no case.
    `reference` is the deciding rule's file:line.
    """

    id: str
    time: datetime
    dataset: str
    outcome: str
    alert: bool
    user: str
    client: str
    forge: str
    host: str
    address: str
    key: str
    owner: str
    repository: str
    visibility: str
    operation: str
    effect: str
    code: str
    rule: str
    reference: str
    reason: str
    message: str
    bytes: int | None
    signals: tuple[str, ...]
    digest: str
    request_id: str
    case_id: str
    break_glass: bool = False

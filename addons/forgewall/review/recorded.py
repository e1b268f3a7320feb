"""A decision as the log has it, complete enough to be judged again.

It isn't the event: what was found in an upload, and what limits and contents made of it, can't be judged from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forgewall.evidence import RefUpdate
from forgewall.model import Action, Subject, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was asked, and what was said then.

    `target` is None where no request was read (a connection that was refused), or where the host is no forge. `size`
    is the announced length in bytes, None if there was none. `action`, `would_action`, `code` and `rule` are as in
    `model.Verdict`; `digest` is that of the policy then in force. `user` in `subject` may be a stand-in
    (`record.pseudonym`). `more_refs`: there were more refs than `refs` holds; `more_places`: there were further
    repositories that `target.also` lacks. An event lists only so many (`record.ecs`, `record.trim`).
    """

    event_id: str
    time: datetime
    subject: Subject
    target: Target | None
    size: int | None
    refs: tuple[RefUpdate, ...] = ()
    action: Action
    would_action: Action | None
    code: str
    rule: str
    reason: str
    digest: str
    more_refs: bool = False
    more_places: bool = False

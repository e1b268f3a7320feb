"""What an edit of the policy would do, before anybody agrees to it: the same for the command line and the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forgewall.errors import Problem
from forgewall.model import Action
from forgewall.record.event import Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a policy says of something: `would_block` where only observe mode or break-glass lets it pass."""

    action: Action
    would_block: bool
    code: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Recorded decisions that would come out otherwise, all with the same address, operation and outcomes.

    `people` are the users, or clients where no user is known, at most five; `people_count` tells how many there are.
    `event_id` is that of the newest.
    """

    address: str
    operation: str
    before: Outcome
    after: Outcome
    count: int
    people: tuple[str, ...]
    people_count: int
    first_seen: datetime
    last_seen: datetime
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What judging recorded decisions anew gave. `judged` of them, `unjudged` where a limit, contents or the protocol
    had decided, which can't be judged from the log. `changes` the most frequent first; `changed` counts decisions.
    `why_unjudged` tells how many weren't judged for which cause, the most frequent first. `warnings` are sentences
    on what makes the result less certain than it looks.
    """

    judged: int
    unjudged: int
    changed: int
    changes: tuple[Change, ...]
    seconds: float
    why_unjudged: tuple[tuple[str, int], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """An edit that can be made: `text` is the whole new policy, which was read again and is good.

    `diff` are the lines of a unified diff. `warnings` are sentences for whoever decides (a public repository, a
    personal account, everybody instead of one user); `lint` are the linter's new complaints; `tests` are the policy's
    own that passed. `replayed` is what of the log would come out otherwise. `entry` is what is written or removed,
    as text, `lines` where (such as `12-15`): in the new text what is written, in the old one what is removed.
    `address` is what it is about, several with commas between. `settles`: the event or the case that it was made from
    would pass; True where it was made from neither, else `refused` says what stands in the way. `hints` are sentences
    on what may be wanted besides. `operation` is what was refused.
    """

    file: Path
    old_digest: str
    new_digest: str
    text: str
    entry: str
    address: str
    diff: tuple[str, ...]
    warnings: tuple[str, ...]
    lint: tuple[Problem, ...]
    tests: int
    replayed: Replayed
    expires: datetime | None = None
    event_id: str | None = None
    case_id: str | None = None
    settles: bool = True
    refused: str = ""
    edit: Edit = Edit.APPROVED
    lines: str = ""
    hints: tuple[str, ...] = ()
    operation: str = ""

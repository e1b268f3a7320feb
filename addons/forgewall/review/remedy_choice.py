"""What a person may choose about an approval, and what is known of the matter besides the decision. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forgewall.evidence import RefUpdate
from forgewall.model import Operation

EVERYONE, USER, CLIENT = "everyone", "user", "client"
"""Words for whom an approval is: everybody; the user who asked; the address he asked from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is chosen in place of the narrowest.

    `who` holds one of the words above, or groups, names, addresses and networks; () is the user if one is known, else
    the client, and of an address that a person typed everybody. `operations` None: what was refused. `expires` is
    aware. `confirm`: of a repository that moved, the old address is confirmed rather than the new one approved.
    """

    who: tuple[str, ...] = ()
    operations: frozenset[Operation] | None = None
    expires: datetime | None = None
    owner: str = ""
    reason: str = ""
    confirm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the log tells besides a decision; everything may be unknown.

    `code`, `rule` and `cause` are those that an upload ended by (`too-large`, `content/secrets`, a sentence), '' if it
    did not; `refs` are those that were found in it. `size` is the largest body in bytes that was announced or seen;
    `cut`: it was cut there, so it is larger. `first_seen` is when anything was first seen at the address (aware).
    `signals` are those of all cases there. `operations` are others that the same subject was refused there.
    """

    code: str = ""
    rule: str = ""
    cause: str = ""
    size: int | None = None
    cut: bool = False
    refs: tuple[RefUpdate, ...] = ()
    first_seen: datetime | None = None
    signals: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    case_id: str | None = None


NOTHING = Facts()

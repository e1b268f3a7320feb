"""A case: all events in which the same subject was refused the same thing for the same reason, and what people made of
it. Its id is made from these, so that an index that is built anew finds what was said of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: none that a person takes for another
_DIGITS = 10


class State(StrEnum):
    """What people made of a case."""

    OPEN = "open"
    APPROVED = "approved"
    FALSE_POSITIVE = "false-positive"  # a wrong block that no entry was written for
    CONFIRMED = "confirmed"  # rightly blocked
    MUTED = "muted"  # not to be shown until some time


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """What somebody said of a case, the last word counts. A mute that is over counts as open."""

    case_id: str
    state: State
    by: str
    at: datetime
    until: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`address` is as spelled last, or the host's name where no address is certain.

    `count` are attempts: git's `info/refs` and the POST behind it are one, and an upload's end is none. `blocked` tells
    that at least one was really refused, not only would have been. `bytes` is the sum of what went, or was announced.
    `state` is the present one (`store` knows the time), `triage` the last word that was said.
    """

    id: str
    user: str
    client: str
    forge: str
    address: str
    key: str
    owner: str
    repository: str
    visibility: str
    operation: str
    code: str
    reason: str
    rule: str
    reference: str
    first_seen: datetime
    last_seen: datetime
    count: int
    bytes: int
    blocked: bool
    last_event_id: str
    signals: tuple[str, ...] = ()
    state: State = State.OPEN
    triage: Triage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Further cases of one subject, which a list leaves out: of `user`, or of `client` where no user is known. There
    are `count` of them, or more if that isn't the `whole`.
    """

    user: str
    client: str
    count: int
    whole: bool


def case_id(*, user: str, client: str, key: str, operation: str, code: str) -> str:
    """The id of the case that an event with these belongs to: `C-` and ten letters and digits.

    `user` is '' where unknown; `key` is the folded address, or the host's name where there is none.
    """
    told = "\0".join((user, client, key, operation, code)).encode("utf-8", "surrogatepass")
    number = int.from_bytes(hashlib.sha256(told).digest()[:8])
    return "C-" + "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_DIGITS))

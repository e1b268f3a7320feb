"""What is to be approved: the words of one entry of `approved:` before it is text. Writing it is `amend`'s business."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forgewall.model import Operation, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An entry for `address`, spelled as people write it. What is None or empty isn't written.

    `allow` None means the plain set of operations. `who` are groups, users, addresses or networks. `expires` and
    `confirmed` are aware; `max_upload` is in bytes; `refs` are globs. `like` is the line of an entry whose words on how
    uploads are examined (`over`, `inspect`, `deletes`, `force`, `content`) are repeated.
    """

    address: str
    allow: frozenset[Operation] | None = None
    who: tuple[str, ...] = ()
    visibility: frozenset[Visibility] = frozenset()
    max_upload: int | None = None
    refs: tuple[str, ...] = ()
    confirmed: datetime | None = None
    expires: datetime | None = None
    owner: str = ""
    reason: str = ""
    like: int | None = None

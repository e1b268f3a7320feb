"""Who does something in review: the name that the audit shows, how we know it, and what he may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do."""

    VIEWER = "viewer"  # look at everything
    REVIEWER = "reviewer"  # also approve, revoke and judge cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a `role`. `source` is `login` (a command line's account), `token` or `header` (the console)."""

    name: str
    source: str
    role: Role = Role.VIEWER

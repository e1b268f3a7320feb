"""What a forge's own answer teaches: facts about ids and repositories, and URLs where more may be uploaded.

A `Lesson` belongs to one request. It says which answer has to be read, and what follows from it. It never refuses an
answer: what can't be understood teaches nothing. What is *not* here: which requests have one (`engine`), and
remembering (`memory`, `identify.announced_memory`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from forgewall.identify.announced import Announcement
from forgewall.identify.directory import Id, Named
from forgewall.model import Move, Visibility

MAX_ANSWER = 1024 * 1024
"""Bytes of an answer that are read, before and after content coding; a longer one teaches nothing."""

type Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdFact:
    """`id` names `named`."""

    id: Id
    named: Named


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibilityFact:
    """The repository with the folded address `key` can be seen by so many."""

    key: str
    visibility: Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFact:
    """The repository that was at the folded address `key` is elsewhere now."""

    key: str
    move: Move


@dataclass(frozen=True, slots=True, kw_only=True)
class SightFact:
    """The forge has shown the repository at the folded address `key` to a client that had signed in; or, if not
    `shown`, has asked one that hadn't to do so.
    """

    key: str
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralFact:
    """Who asks for the repository at the folded address `key` is referred to the one that `id` names, now or later."""

    key: str
    id: Id


type Fact = IdFact | VisibilityFact | MoveFact | SightFact | ReferralFact | Announcement


class Lesson(Protocol):
    """What the answer to one request teaches."""

    def reads(self, status: int, headers: Headers) -> bool:
        """Whether the body of an answer with this head is needed. Names of headers are lower case."""
        ...

    def facts(self, status: int, headers: Headers, body: bytes) -> tuple[Fact, ...]:
        """What the answer teaches. `body` is without content coding, and empty where it wasn't read or is too long.

        Never raises, whatever the bytes; nothing is taken from what could be read in two ways.
        """
        ...


@runtime_checkable
class Opening(Protocol):
    """What a lesson is, too, if the beginning of a long answer tells all: nobody waits for the rest of it."""

    @property
    def opening(self) -> int:
        """How many bytes of the body, after its coding, are enough."""
        ...

    @property
    def end(self) -> bytes:
        """What stands behind all that is needed."""
        ...

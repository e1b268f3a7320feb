"""One published description of a forge's interface: its operations as requests, and what they are by their own words.

What an operation does and whose it is, is taken from its method, its path and the body given to it here, never from a
table of `identify`. What is *not* here: the descriptions (one module for each forge), and counting (`coverage`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from forgewall.model import Effect, Target

FOLDER = Path(__file__).parents[2] / "corpus" / "identify"
READS = ("GET", "HEAD")

type Reasons = Mapping[str, str]
"""A reason, and a pattern for the lines of the operations that it holds for: `METHOD template`, and what follows."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One published operation. `template` is its path as the description writes it, or its name where it has no path.

    `more` are other words of its line.
    """

    method: str
    template: str
    more: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What the page calls it."""
        return f"{self.method} {self.template}"

    @property
    def line(self) -> str:
        """All words, as reasons are told by them."""
        return " ".join((self.title, *self.more))


@dataclass(frozen=True, slots=True)
class Case:
    """One operation, and what `identify` says of it.

    `places` are the addresses that the request names, what is written to first, `""` if that is the asker's own
    account, which no request names; none where it names nobody.
    `stranger` is the target of the same request where nobody has said what its ids name; None where it holds none.
    """

    operation: Operation
    writes: bool
    places: tuple[str, ...]
    target: Target
    stranger: Target | None = None

    @property
    def named(self) -> bool:
        """Whether the request names anybody."""
        return bool(self.places)

    @property
    def right(self) -> bool:
        """Whether `identify` names all that the request names: what is written to, and every other place beside it."""
        beside = {one.address for one in self.target.also} - {None}
        return (self.target.address or "", beside) == (self.places[0], set(self.places[1:]))

    @property
    def claims(self) -> bool:
        """Whether somebody is named whom the request doesn't tell."""
        if not self.places and (self.target.owner or self.target.repository):
            return True
        return self.stranger is not None and self.stranger.repository is not None

    @property
    def doubtful(self) -> bool:
        """Whether a write isn't certain, so that a policy takes it for unidentified."""
        writes = self.target.effect is Effect.WRITE
        return writes and not (self.target.identified and all(one.address for one in self.target.also))


@dataclass(frozen=True, kw_only=True)
class Description:
    """A published description. `source` tells where it is from and its version.

    `asking`: operations whose method can write, but which only ask. `opening`: those with GET that write.
    `on_purpose`: what stays unidentified.
    """

    name: str
    source: str
    operations: Callable[[], Iterator[Operation]]
    places: Callable[[Operation], tuple[str, ...]]
    ask: Callable[[Operation], Target]
    ask_strangers: Callable[[Operation], Target | None] = lambda _operation: None
    asking: Reasons = field(default_factory=dict)
    opening: Reasons = field(default_factory=dict)
    on_purpose: Reasons = field(default_factory=dict)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """All operations; each is asked once in a run."""
        return tuple(
            Case(one, self.writes(one), self.places(one), self.ask(one), self.ask_strangers(one))
            for one in self.operations()
        )

    def writes(self, operation: Operation) -> bool:
        """Whether the operation changes anything, or opens or sends something, by its own words."""
        if operation.method in READS:
            return reason(self.opening, operation) is not None
        return reason(self.asking, operation) is None


def reason(reasons: Reasons, operation: Operation) -> str | None:
    """The reason among `reasons` that holds for an operation."""
    return next((why for why, pattern in reasons.items() if re.search(pattern, operation.line)), None)


def lines(name: str) -> Iterator[list[str]]:
    """The words of each line of a file in tests/corpus/identify."""
    for line in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split()


def documented(name: str) -> Iterator[Operation]:
    """The operations in `documented-<name>.txt`."""
    for method, template, *more in lines(f"documented-{name}"):
        yield Operation(method, template, tuple(more))


def filled(template: str, names: Mapping[str, str], other: str = "x1") -> str:
    """A path with a name or a number for each placeholder."""
    return re.sub(r"\{([\w-]+)\}", lambda found: names.get(found[1], other), template)

"""The compiled policy: frozen values and the look-up by address. Reading a file is `load`, judging is `engine`.

Addresses are found by a dict walk over the target's own prefixes, no deeper than the policy's longest address: the
time is the same for ten approvals and for 100,000.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from forgewall.decide.audience import Audience, Group
from forgewall.decide.ids import OwnFirst
from forgewall.decide.protocol import BUILT_IN
from forgewall.identify.directory import Directory, Id, Named
from forgewall.identify.registry import Registry
from forgewall.model import PLAIN_APPROVAL, Action, Limit, Mode, Move, Operation, Scrutiny, Subject, Visibility

type Network = IPv4Network | IPv6Network

_FULL = Scrutiny()


class Reads(StrEnum):
    """What happens to requests that only read."""

    ALLOW = "allow"
    APPROVED_ONLY = "approved-only"
    LOG = "log"
    BLOCK = "block"


class OtherHosts(StrEnum):
    """What happens to connections to hosts that are no forge."""

    PASS = "pass"  # noqa: S105 - a policy word, not a secret
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an approval admits, for whom, and how it is examined. None means: as in `defaults`.

    `visibility` is who may be able to see what is written to, None for anybody. Moves that were seen before `confirmed`
    (aware) don't count.
    `scrutiny` is complete but for what only a request tells: `observing`, `rule` and `reference`.
    """

    allow: frozenset[Operation] = PLAIN_APPROVAL
    who: Audience | None = None
    max_upload: int | None = None
    over: Action | None = None
    mode: Mode = Mode.ENFORCE
    expires: datetime | None = None
    owner: str = ""
    reason: str = ""
    scrutiny: Scrutiny = _FULL
    visibility: frozenset[Visibility] | None = None
    confirmed: datetime | None = None

    def unexpired(self, now: datetime) -> bool:
        """Whether the terms still hold at `now` (aware); `expires` is the first moment at which they don't."""
        return self.expires is None or now < self.expires

    def admits(self, subject: Subject) -> bool:
        """Whether `subject` is among those the entry is for."""
        return self.who is None or self.who.admits(subject)

    def confirms(self, move: Move) -> bool:
        """Whether the address was named again after `move` was seen."""
        return self.confirmed is not None and move.seen < self.confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One entry of `approved:`. `address` is spelled as in the file, `key` is folded."""

    address: str
    key: str
    line: int
    terms: Terms

    @property
    def rule(self) -> str:
        return f"approved/{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prohibition:
    """One entry of `forbidden:`."""

    address: str
    key: str
    line: int
    owner: str = ""
    reason: str = ""

    @property
    def rule(self) -> str:
        return f"forbidden/{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds where no entry decides. `lines` tells where in the file a default is set.

    `scrutiny` is how uploads are examined that pass without an entry, with the general `content:`.
    """

    reads: Reads = Reads.ALLOW
    writes: Action = Action.BLOCK
    unidentified: Action = Action.BLOCK
    personal: Action = Action.ALLOW
    auth: Action = Action.ALLOW
    telemetry: Action = Action.ALLOW
    assistants: Action = Action.BLOCK
    other_hosts: OtherHosts = OtherHosts.PASS
    ip_literals: tuple[Network, ...] = ()
    max_upload: int = 50 * 1024 * 1024
    over: Action = Action.BLOCK
    scrutiny: Scrutiny = _FULL
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings:
    """How the event log behaves. `keep` None: files are never removed."""

    on_error: Action = Action.BLOCK
    reads: bool = False
    keep: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What of people stands in the event log."""

    pseudonymise_users: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass:
    """Until `until` (aware) nothing is blocked, as in observe mode. `by` and `reason` are for people."""

    until: datetime
    by: str
    reason: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy file, compiled. Equal texts have equal `digest` (SHA-256 of the UTF-8 text, in hex).

    `limits` are the rolling windows that all uploads count in. `largest_upload` is the largest `max_upload` in bytes:
    more need not be kept of a body to find out whom it is for. `ids` are those that entries name. `request_url` is
    where people ask for an approval, with `{event}`, `{address}`, `{operation}` to be filled in; '' if nowhere.
    """

    file: str
    digest: str
    mode: Mode
    contact: str
    registry: Registry
    defaults: Defaults
    groups: Mapping[str, Group]
    events: EventSettings
    privacy: Privacy
    approved: Mapping[str, tuple[Approval, ...]]
    forbidden: Mapping[str, Prohibition]
    approvals: int
    largest_upload: int
    tests: int
    depth: int
    limits: tuple[Limit, ...] = ()
    ids: Mapping[Id, Named] = field(default_factory=dict)
    request_url: str = ""
    break_glass: BreakGlass | None = None

    def observing(self, now: datetime) -> bool:
        """Whether nothing is blocked at `now` (aware), anywhere: in observe mode, and while the glass is broken."""
        return self.mode is Mode.OBSERVE or (self.break_glass is not None and now < self.break_glass.until)

    def directory(self, learned: Directory) -> Directory:
        """What is known: the policy's own ids first, then what was `learned`."""
        return OwnFirst(own=self.ids, learned=learned) if self.ids else learned

    @property
    def ip_literals(self) -> tuple[Network, ...]:
        """The networks to which a tunnel needs no server name."""
        return self.defaults.ip_literals

    def reference(self, line: int | None) -> str:
        """`file:line`, or `built-in` for what no line states."""
        return f"{self.file}:{line}" if line is not None else BUILT_IN

    def default_reference(self, name: str) -> str:
        """Where `defaults.<name>` is set."""
        return self.reference(self.defaults.lines.get(name))

    def covering(self, key: str) -> Iterator[tuple[Approval, ...]]:
        """The entries at each address that covers `key`, the longest address first."""
        for prefix in reversed(self._prefixes(key)):
            if found := self.approved.get(prefix):
                yield found

    def prohibition(self, key: str) -> Prohibition | None:
        """The longest entry of `forbidden:` that covers `key`."""
        if self.forbidden:
            for prefix in reversed(self._prefixes(key)):
                if found := self.forbidden.get(prefix):
                    return found
        return None

    def _prefixes(self, key: str) -> list[str]:
        prefixes = []
        end = -1
        for _ in range(self.depth):
            end = key.find("/", end + 1)
            if end < 0:
                prefixes.append(key)
                break
            prefixes.append(key[:end])
        return prefixes

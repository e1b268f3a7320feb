"""Makes what an admitted upload is examined and metered with, from what the process shares: rules, windows, disk.

Not here: what the parts do (`inspect`, `enforce`), and which uploads are admitted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from forgewall.decide.content import judge_fact
from forgewall.decide.limits import over_limit
from forgewall.decide.objection import objected
from forgewall.decide.parts import COPIED_FROM
from forgewall.enforce import inflate
from forgewall.enforce.examination import Examination
from forgewall.enforce.refused_objects import RefusedObjects
from forgewall.enforce.volume import Account, Exceeded, LocalVolume, Meter, Volume, accounts
from forgewall.identify.announced import Announcement
from forgewall.identify.announced_memory import Announcements
from forgewall.identify.targets import fold
from forgewall.inspect.body import inspector_for
from forgewall.inspect.hashes import Hash, NewHash
from forgewall.inspect.heading import DEFAULT_BRANCH, heading_of, read_as
from forgewall.inspect.inspector import Inspector
from forgewall.inspect.lfs_object import LfsObjectInspector, expected_by, expected_in
from forgewall.inspect.push import PushInspector
from forgewall.inspect.query_fields import told_without_body
from forgewall.inspect.secrets import Scanner
from forgewall.learn.lesson import Fact
from forgewall.learn.memory import Memory
from forgewall.learn.store import Store
from forgewall.model import Depth, Effect, Operation, Target, Verdict
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.case import Case
from forgewall.proxy.hashing import BackgroundHash, Borrowed
from forgewall.proxy.machine import memory as machine_memory
from forgewall.proxy.secret_rules import read_rules
from forgewall.proxy.shares import Shares
from forgewall.proxy.spool import DiskSpool, SpoolSpace

BASES_BYTES = 4 * 1024 * 1024 * 1024
"""How much of one pack's inflated delta bases may go to disk."""

PUSH_BYTES = 48 * 1024 * 1024
"""What reading the worst of packs takes in memory; a usual one takes a tenth."""
FEWEST_PUSHES = 16


@dataclass(frozen=True, slots=True)
class Examined:
    """An examination, the spool it uses, and what to give back when it is over."""

    examination: Examination
    spool: DiskSpool | None = None
    held: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Nothing more will be examined."""
        self.held.close()


class Examiner:
    """One per process: secret rules, rolling windows, what answers told, disk for spools, room for packs."""

    def __init__(
        self,
        *,
        scanner: Scanner | None = None,
        volume: Volume | None = None,
        space: SpoolSpace | None = None,
        clock: Callable[[], float] = time.monotonic,
        memory: Memory | None = None,
        store: Store | None = None,
    ) -> None:
        """`scanner` None: the rules that Forgewall ships with; `clock` gives seconds that only grow; `memory` is what
        the forges' answers have taught so far, and `store` keeps what they teach.
        """
        self._scanner = scanner
        self._volume = volume or LocalVolume()
        self._clock = clock
        self._store = store
        self.space = space or SpoolSpace()
        self.pushes = Shares(max(FEWEST_PUSHES, machine_memory() // 2 // PUSH_BYTES))
        self.announcements = Announcements(clock)
        self.memory = memory or Memory(_utc)
        self.refused_objects = RefusedObjects(clock)

    def learn(self, facts: Iterable[Fact], arrival: Arrival) -> None:
        """Keep what the answer to the request of `arrival` taught."""
        told = tuple(facts)
        announced = [replace(fact, request_id=arrival.id) for fact in told if isinstance(fact, Announcement)]
        self.announcements.remember(arrival.subject.client, announced)
        now = _utc()
        news = self.memory.learn((fact for fact in told if not isinstance(fact, Announcement)), now)
        if self._store is not None and news:
            self._store.save(news, now)

    def close(self) -> None:
        """Let go of the file that keeps what was learned."""
        if self._store is not None:
            self._store.close()

    def has_room(self, case: Case, verdict: Verdict) -> bool:
        """Whether the body can be read now: packs are not read by more at a time than memory has room for."""
        return not _reads_pack(case, verdict) or self.pushes.fits(case.arrival.subject.client, 1)

    def examined(self, case: Case, verdict: Verdict, wire: Hash | None = None) -> Examined | None:
        """What the body of an admitted request is read with; None where it is only counted.

        `wire` is a SHA-256 of the body as it travels that somebody makes anyway; where that is the file, it is the
        file's hash.
        """
        target = case.target
        if target is None or target.effect is not Effect.WRITE or not case.arrival.has_body:
            return None
        spool = self.space.open(BASES_BYTES, case.arrival.subject.client) if case.commands is not None else None
        coded = inflate.coded(case.arrival.request.header("content-encoding"))
        inspector = self._inspector(case, verdict, spool, BackgroundHash if wire is None or coded else _lent(wire))
        if inspector is None:
            return None
        unsaid = DEFAULT_BRANCH if heading_of(case.arrival.request, target).default else None
        examined = Examined(Examination(inspector, verdict.scrutiny, unsaid), spool)
        if spool is not None:
            examined.held.callback(spool.close)
        if _reads_pack(case, verdict):
            self.pushes.take(case.arrival.subject.client, 1)
            examined.held.callback(self.pushes.give, case.arrival.subject.client, 1)
        return examined

    def _inspector(self, case: Case, verdict: Verdict, spool: DiskSpool | None, whole: NewHash) -> Inspector | None:
        """`whole` makes the hash of a file that is the whole body."""
        depth, request, target = verdict.scrutiny.depth, case.arrival.request, case.target
        assert target is not None
        scanner = self.scanner if depth is Depth.FULL else None
        if case.commands is not None:
            return PushInspector(depth=depth, scanner=scanner, spool=spool, new_hash=BackgroundHash)
        if target.operation is Operation.LFS_UPLOAD and request.method != "POST":
            expected = expected_by(case.announced) if case.announced is not None else expected_in(request.path)
            if expected is not None:
                coded = inflate.coded(request.header("content-encoding"))
                return LfsObjectInspector(expected, scanner, whole, coded=coded)
        return inspector_for(request, target, depth=depth, scanner=scanner, new_hash=whole)

    def without_body(self, case: Case, verdict: Verdict) -> Verdict:
        """`verdict` after a look at what a write without a body says in its query."""
        target = case.target
        scrutiny = verdict.scrutiny
        if target is None or target.effect is not Effect.WRITE or scrutiny.depth is not Depth.FULL:
            return verdict
        request = case.arrival.request
        for fact in told_without_body(request, read_as(target), heading_of(request, target), self.scanner):
            objection = judge_fact(scrutiny, fact)
            verdict = verdict if objection is None else objected(verdict, objection)
        return verdict

    def meter(self, case: Case, verdict: Verdict) -> Meter:
        """The meter of a request that `verdict` lets pass; only writes are metered: a full window stops no fetch."""
        target = case.target
        if target is None or target.effect is not Effect.WRITE:
            return Meter(self._volume, (), self._clock)
        subject = case.arrival.subject
        spent: dict[Account, None] = {}  # in order, each once: a body that goes to two repositories counts for both
        for key, repository in dict.fromkeys(_written(target)):
            owner = "/".join(key.split("/")[:2]) if key is not None and "/" in key else key
            found = accounts(
                case.policy.limits,
                client=subject.client,
                user=subject.user,
                owner=owner,
                repository=key if repository else None,
                approved=verdict.scrutiny.rule.startswith("approved/"),
            )
            spent.update(dict.fromkeys(found))
        return Meter(self._volume, tuple(spent), self._clock, observing=verdict.scrutiny.observing)

    @property
    def scanner(self) -> Scanner:
        """The rules that tell a secret; compiled when they are first needed."""
        if self._scanner is None:
            self._scanner = read_rules(None)
        return self._scanner


def _written(target: Target) -> Iterator[tuple[str | None, bool]]:
    """The folded addresses of all that a request writes to, and whether each is a repository's."""
    yield target.key, target.repository is not None
    for also in target.also:
        writes = also.operation is None or also.operation.effect is Effect.WRITE
        if also.address is not None and writes and also.role not in COPIED_FROM:
            yield fold(target.kind, also.address), also.repository is not None


def _utc() -> datetime:
    return datetime.now(UTC)


def _lent(wire: Hash) -> NewHash:
    return lambda _name: Borrowed(wire)


def _reads_pack(case: Case, verdict: Verdict) -> bool:
    return case.commands is not None and case.commands.wants_pack and verdict.scrutiny.depth is Depth.FULL


def beyond(exceeded: Exceeded, *, observing: bool = False) -> Verdict:
    """The verdict on what would exceed a rolling window."""
    usage = exceeded.usage
    # The reason goes to the client and to the log, where a user's name may have to stay out.
    who = "this user" if exceeded.limit.per == "user" else exceeded.key
    return over_limit(exceeded.limit, who, usage.bytes, usage.uploads, observing=observing)

"""How much went out in the last hour, day or week, and whether there is room for one more upload.

Theory. An upload falls under several accounts: each is a limit as it applies to one client, user, owner or repository.
Every chunk is asked for before it goes out: if it fits into all windows it is added to all of them, else to none, and
it isn't released. Asking and adding are one step on one thread, so uploads that run side by side can't get beyond a
limit together. Nothing is reserved: an announced length only turns an upload away early, and nobody can use up a
repository's window by announcing what he never sends. What was really sent stays counted, however the upload ends; what
was refused is not counted, so asking again costs nothing and a full window always runs empty.

Bytes are those on the wire. An upload counts as one when more than four bytes of it have gone: git tries a large push
with the four bytes `0000` first (gitprotocol-http), and a body that is held and refused never began.

What is counted is kept by (per, seconds, key), not by a limit's numbers: a policy that changes a size keeps the usage.

Not here: how windows roll and what they cost (`enforce.volume_window`), the limit on one body (`enforce.gate`), and the
words for who is beyond a limit (`decide.limits`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from forgewall.enforce.volume_window import KEYS, Windows
from forgewall.model import Action, Limit

PROBE = 4
"""A body of so many bytes is no upload yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a window holds: bytes as they stood on the wire, and uploads."""

    bytes: int
    uploads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One limit as it applies to one key: a client's address, a user's name, an owner or a repository."""

    limit: Limit
    key: str


def accounts(
    limits: Sequence[Limit],
    *,
    client: str,
    user: str | None,
    owner: str | None,
    repository: str | None,
    approved: bool,
) -> tuple[Account, ...]:
    """The accounts that a write spends from, in the order of `limits`.

    `client` is the address in canonical spelling. `user` is None while nobody vouches for a name. `owner`
    (`github.com/acme`) and `repository` (the target's key) are folded as the forge folds case, None where unknown.
    `approved`: an entry of the policy admits the write; one that passes although nothing approves it spends from
    `unapproved` too, which is the client's and shared by all places it writes to. Raises ValueError for a limit's `per`
    that isn't known.
    """
    keys = {
        "client": client,
        "user": None if user is None else user.casefold(),
        "owner": owner,
        "repository": repository,
        "unapproved": None if approved else client,
    }
    strangers = {limit.per for limit in limits} - keys.keys()
    if strangers:
        raise ValueError(f"no such limit: {', '.join(sorted(strangers))}")
    return tuple(Account(limit=limit, key=key) for limit in limits if (key := keys[limit.per]) is not None)


class Volume(Protocol):
    """Where usage is kept. `account.limit` names the window by `per` and `seconds`; its numbers don't matter here.

    Both calls are made while a chunk waits, so they must not block: one that is shared by several proxies answers from
    what it knows, and is as exact as its news are fresh.
    """

    def used(self, account: Account, now: float) -> Usage:
        """What was spent from `account` in its window up to `now`, or more, never less."""
        ...

    def spend(self, account: Account, size: int, uploads: int, now: float) -> None:
        """Add `size` bytes and `uploads` uploads at `now`."""
        ...


class LocalVolume:
    """The usage that this process has seen; forgotten when it ends."""

    __slots__ = ("_keys", "_tables")

    def __init__(self, keys: int = KEYS) -> None:
        """`keys` is how many keys each (per, seconds) keeps apart."""
        self._keys = keys
        self._tables: dict[tuple[str, int], Windows] = {}

    def used(self, account: Account, now: float) -> Usage:
        """What was spent from `account` in its window up to `now`; a slot more than the window at most."""
        table = self._tables.get((account.limit.per, account.limit.seconds))
        window = None if table is None else table.find(account.key, now)
        return Usage(bytes=0, uploads=0) if window is None else Usage(bytes=window.bytes, uploads=window.uploads)

    def spend(self, account: Account, size: int, uploads: int, now: float) -> None:
        """Add `size` bytes and `uploads` uploads at `now`. O(1), but for clearing what has run out."""
        name = (account.limit.per, account.limit.seconds)
        table = self._tables.get(name)
        if table is None:
            # A policy that no longer knows a window leaves its table behind; new ones come with a new policy.
            self._tables = {name: table for name, table in self._tables.items() if not table.empty(now)}
            table = self._tables[name] = Windows(account.limit.seconds, self._keys)
        table.spend(account.key, size, uploads, now)

    def __len__(self) -> int:
        """How many windows are kept."""
        return sum(map(len, self._tables.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """There is no room under `limit` for `key`. `usage` is what the window held before the bytes that didn't fit."""

    limit: Limit
    key: str
    usage: Usage


class Meter:
    """One upload's view of its accounts. Ask `announce` at the head, `spend` for each chunk before it goes on.

    `logged` holds the limits that were exceeded and are only to be logged, each once. After an `Exceeded` every further
    spend gets the same.
    """

    __slots__ = ("_accounts", "_clock", "_counted", "_exceeded", "_sent", "_volume", "_windows", "logged")

    def __init__(
        self,
        volume: Volume,
        accounts: Sequence[Account],
        clock: Callable[[], float],
        *,
        observing: bool = False,
    ) -> None:
        """`clock` gives seconds that only grow. `observing`: every limit is only logged."""
        self._volume = volume
        self._accounts = tuple((account, account.limit.over is Action.BLOCK and not observing) for account in accounts)
        # Two limits may look at one window, which must hold each byte once.
        self._windows = tuple({(a.limit.per, a.limit.seconds, a.key): a for a in accounts}.values())
        self._clock = clock
        self._sent = 0
        self._counted = False
        self._exceeded: Exceeded | None = None
        self.logged: tuple[Exceeded, ...] = ()

    def announce(self, size: int | None) -> Exceeded | None:
        """Why an upload of `size` bytes has no room, or None. A body of unknown length (None) is at least a byte."""
        least = 1 if size is None else size
        if least <= 0 or not self._accounts:
            return None
        now = self._clock()
        uploads = 0 if size is not None and size <= PROBE else 1
        for account, enforced in self._accounts:
            if enforced:
                self._exceeded = self._exceeded or _beyond(account, self._volume.used(account, now), least, uploads)
        return self._exceeded

    def spend(self, size: int) -> Exceeded | None:
        """Count `size` bytes that are about to go out on the wire, or say why they must not; then none is counted."""
        if self._exceeded is not None or size <= 0 or not self._accounts:
            return self._exceeded
        now = self._clock()
        uploads = 0 if self._counted or self._sent + size <= PROBE else 1
        for account, enforced in self._accounts:
            found = _beyond(account, self._volume.used(account, now), size, uploads)
            if found is None:
                continue
            if enforced:
                self._exceeded = found
                return found
            if all(known.limit is not account.limit for known in self.logged):
                self.logged = (*self.logged, found)
        for window in self._windows:
            self._volume.spend(window, size, uploads, now)
        self._sent += size
        self._counted = self._counted or uploads == 1
        return None


def _beyond(account: Account, usage: Usage, more: int, uploads: int) -> Exceeded | None:
    limit = account.limit
    if limit.uploads is not None and uploads and usage.uploads + uploads > limit.uploads:
        return Exceeded(limit=limit, key=account.key, usage=usage)
    if limit.size is not None and usage.bytes + more > limit.size:
        return Exceeded(limit=limit, key=account.key, usage=usage)
    return None

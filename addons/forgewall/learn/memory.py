"""What the forges have said of ids, visibilities and moves, kept as long as it can be believed; bounded.

Theory. Facts come only from verified answers of the forge itself, so each was true when it was said. What can go wrong
is time, and an attacker who can rename, move and create repositories of his own:

- *An id that names another address than before*: the newest answer wins, in both directions. The forge said so last;
  to be believed, an attacker would have to bring a repository below the approved address, which its owner must allow.
- *A number that another one has replaced*: a repository's and an owner's address has one number at a time. If the forge
  gives a second one to the address, the first may be anywhere, and is forgotten.
- *An id that is stale*: it ends 30 days after the last answer that held it. Until then it is worth as much as the
  address itself: who can move a repository out of an approved owner has the forge redirect the old address, too.
- *A visibility*: the newest answer wins, and public wins within one answer. It ends after a day, since a repository may
  be made public elsewhere; then it is unknown, which no rule takes for private.
- *A move*: is kept, whatever is seen at the old address later. An owner's name that was given up can be registered by
  anybody, and a repository created there is a stranger's. Only the policy can name the address again; so that it can,
  a move that is told again keeps the time when it was told first.
- *A referral*: GitHub's API redirects from an old name to a number. Whose that is may be known, or be told when the
  client follows, so it waits for that for some minutes. If the number is known by the very name that isn't the
  repository's own any more, it is forgotten: a client that follows would be led away under the old name.
- *A flood*: a client that pages through a forge's listings can fill any memory. So half of each is for what requests
  have asked for; what was only learned pushes out nothing but what was only learned. What is forgotten is unknown,
  and the refusal says how to learn it: a nuisance, never a leak.
- *Hidden from strangers*: a forge that asks a git client to sign in and then shows the repository has told that it
  isn't public. Forges hide public ones too (a members-only repository of a public project), so this is weaker than a
  word: it counts only while nothing else is known.

What is *not* here: reading answers (`engine` and what it lists), files (`store`), what follows from a move (`decide`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cachetools import LRUCache

from forgewall.identify.directory import Id, IdKind, Named
from forgewall.learn.lesson import Fact, IdFact, MoveFact, ReferralFact, SightFact, VisibilityFact
from forgewall.model import Move, Visibility

MAX_IDS = 100_000
MAX_VISIBILITIES = 50_000
MAX_MOVES = 10_000
MAX_WAITING = 5_000
MAX_TEXT = 512
"""Characters of an id or an address; a fact with a longer one is not kept."""

ID_LIFE = timedelta(days=30)
VISIBILITY_LIFE = timedelta(hours=24)
WAITING_LIFE = timedelta(minutes=10)
"""How long half a fact waits for its other half."""

_ID_NEWS, _VISIBILITY_NEWS = timedelta(days=1), timedelta(hours=1)  # what is told again is worth storing after that
_UNIQUE = frozenset({IdKind.REPOSITORY, IdKind.OWNER})

type Dated = tuple[Fact, datetime]
"""A fact and the aware time when the forge said it."""


@dataclass(frozen=True, slots=True)
class _Told[V]:
    value: V
    seen: datetime
    stored: datetime


class _Kept[K: Hashable, V]:
    """A segmented LRU: half is for what was asked for, so that what is only put in can't push that out."""

    __slots__ = ("_fresh", "_used")

    def __init__(self, most: int) -> None:
        self._used: LRUCache[K, V] = LRUCache(most // 2)
        self._fresh: LRUCache[K, V] = LRUCache(most - most // 2)

    def __len__(self) -> int:
        return len(self._used) + len(self._fresh)

    def look(self, key: K) -> V | None:
        """The value, for one who learns."""
        found = self._used.get(key)
        return found if found is not None else self._fresh.get(key)

    def ask(self, key: K) -> V | None:
        """The value, for a request."""
        found = self._used.get(key)
        if found is None and (found := self._fresh.pop(key, None)) is not None:
            if len(self._used) >= self._used.maxsize > 0:
                oldest, value = self._used.popitem()
                self._fresh[oldest] = value
            (self._used if self._used.maxsize else self._fresh)[key] = found
        return found

    def put(self, key: K, value: V) -> None:
        (self._used if key in self._used else self._fresh)[key] = value

    def drop(self, key: K) -> None:
        self._used.pop(key, None)
        self._fresh.pop(key, None)


class Memory:
    """A directory of what was learned. Times are aware; those of `clock` decide what has ended."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        ids: int = MAX_IDS,
        visibilities: int = MAX_VISIBILITIES,
        moves: int = MAX_MOVES,
    ) -> None:
        """The numbers are the most that is kept of each."""
        self._clock = clock
        self._ids: _Kept[Id, _Told[Named]] = _Kept(ids)
        self._numbers: LRUCache[tuple[str, IdKind, str], str] = LRUCache(ids)
        self._visibilities: _Kept[str, _Told[Visibility]] = _Kept(visibilities)
        self._moves: _Kept[str, Move] = _Kept(moves)
        self._hidden: LRUCache[str, datetime] = LRUCache(MAX_WAITING)
        self._referred: LRUCache[Id, tuple[str, datetime]] = LRUCache(MAX_WAITING)

    def find(self, wanted: Id) -> Named | None:
        """What `wanted` names."""
        told = self._ids.ask(wanted)
        if told is None:
            return None
        if self._clock() - told.seen > ID_LIFE:
            self._ids.drop(wanted)
            return None
        return told.value

    def visibility(self, key: str) -> Visibility | None:
        """Who can see the repository with the folded address `key`."""
        told = self._visibilities.ask(key)
        if told is None:
            return None
        if self._clock() - told.seen > VISIBILITY_LIFE:
            self._visibilities.drop(key)
            return None
        return told.value

    def moved(self, key: str) -> Move | None:
        """Where the repository with the folded address `key` went."""
        return self._moves.ask(key)

    def learn(self, facts: Iterable[Fact], now: datetime) -> tuple[Fact, ...]:
        """Keep what one answer said at `now`; announcements are not for here.

        Returns what is worth storing: what is news, or was told again after a while. Raises ValueError for a naive
        `now`.
        """
        if now.tzinfo is None:
            raise ValueError("`now` has no time zone")
        told = tuple(facts)
        public = {fact.key for fact in told if isinstance(fact, VisibilityFact) and fact.visibility is _PUBLIC}
        news: list[Fact] = []
        for fact in told:
            match fact:
                case IdFact():
                    is_news = self._learn_id(fact, now)
                    news += self._arrived(fact, now)
                case VisibilityFact():
                    hides = fact.key in public and fact.visibility is not _PUBLIC
                    is_news = not hides and self._learn_visibility(fact, now)
                case MoveFact():
                    is_news = self._learn_move(fact)
                case SightFact():
                    news += self._sighted(fact, now)
                    continue
                case ReferralFact():
                    news += self._refer(fact, now)
                    continue
                case _:
                    continue
            if is_news:
                news.append(fact)
        return tuple(news)

    def restore(self, dated: Iterable[Dated]) -> None:
        """Keep what was stored, oldest first. What has ended by now, or lies in the future, is left out."""
        now = self._clock()
        for fact, seen in sorted(dated, key=lambda one: one[1]):
            life = VISIBILITY_LIFE if isinstance(fact, VisibilityFact) else ID_LIFE
            if isinstance(fact, MoveFact) or timedelta(0) <= now - seen <= life:
                self.learn((fact,), seen)

    def __len__(self) -> int:
        """How many facts are kept."""
        return len(self._ids) + len(self._visibilities) + len(self._moves)

    def _learn_id(self, fact: IdFact, now: datetime) -> bool:
        wanted, named = fact.id, fact.named
        if not 0 < len(wanted.text) <= MAX_TEXT or len(named.address) > MAX_TEXT:
            return False
        if wanted.kind in _UNIQUE:
            self._replace_number(wanted, named.address.lower())
        known = self._ids.look(wanted)
        is_news = known is None or known.value != named or now - known.stored > _ID_NEWS
        stored = now if known is None or is_news else known.stored
        self._ids.put(wanted, _Told(named, now, stored))
        return is_news

    def _replace_number(self, wanted: Id, address: str) -> None:
        """Forget the number that `address` had before it had this one."""
        place = (wanted.forge, wanted.kind, address)
        text = self._numbers.get(place, wanted.text)
        if text != wanted.text:
            other = replace(wanted, text=text)
            known = self._ids.look(other)
            if known is not None and known.value.address.lower() == address:
                self._ids.drop(other)
        self._numbers[place] = wanted.text

    def _learn_visibility(self, fact: VisibilityFact, now: datetime) -> bool:
        if len(fact.key) > MAX_TEXT:
            return False
        self._hidden.pop(fact.key, None)
        known = self._visibilities.look(fact.key)
        is_news = known is None or known.value is not fact.visibility or now - known.stored > _VISIBILITY_NEWS
        stored = now if known is None or is_news else known.stored
        self._visibilities.put(fact.key, _Told(fact.visibility, now, stored))
        return is_news

    def _learn_move(self, fact: MoveFact) -> bool:
        if len(fact.key) > MAX_TEXT or len(fact.move.address) > MAX_TEXT or fact.key == fact.move.key:
            return False
        known = self._moves.look(fact.key)
        if known is not None and known.key == fact.move.key:
            return False
        self._moves.put(fact.key, fact.move)
        return True

    def _sighted(self, fact: SightFact, now: datetime) -> Iterable[Fact]:
        """The fact that follows if what was hidden from a stranger is shown to somebody who signed in."""
        if len(fact.key) > MAX_TEXT:
            return
        if not fact.shown:
            self._hidden[fact.key] = now
            return
        since = self._hidden.pop(fact.key, None)
        known = self._visibilities.look(fact.key)
        if since is None or now - since > WAITING_LIFE or (known is not None and now - known.seen <= VISIBILITY_LIFE):
            return
        inferred = VisibilityFact(key=fact.key, visibility=Visibility.PRIVATE)
        if self._learn_visibility(inferred, now):
            yield inferred

    def _refer(self, fact: ReferralFact, now: datetime) -> Iterable[Fact]:
        """The move that follows from a referral to a number that is known; else it waits until the number is told."""
        if len(fact.key) > MAX_TEXT or len(fact.id.text) > MAX_TEXT:
            return
        self._referred[fact.id] = (fact.key, now)
        known = self._ids.look(fact.id)
        if known is not None and known.value.address.lower() == fact.key:
            self._ids.drop(fact.id)
        elif known is not None and now - known.seen <= ID_LIFE:
            yield from self._moved_to(fact.key, known.value, now)

    def _arrived(self, fact: IdFact, now: datetime) -> Iterable[Fact]:
        """The move that follows if somebody was referred to this number."""
        key, since = self._referred.get(fact.id, ("", now))
        if key and now - since <= WAITING_LIFE:
            yield from self._moved_to(key, fact.named, now)

    def _moved_to(self, key: str, named: Named, now: datetime) -> Iterable[Fact]:
        # Forges whose numbers are referred to fold case.
        fact = MoveFact(key=key, move=Move(address=named.address, key=named.address.lower(), seen=now))
        if self._learn_move(fact):
            yield fact


_PUBLIC = Visibility.PUBLIC

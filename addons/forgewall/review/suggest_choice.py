"""Which addresses to approve for what was seen: an organisation that is worked in as a whole, else single repositories.

An address is only chosen if nothing that was seen below it is in doubt, and never a whole host.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from forgewall.decide.policy import Policy
from forgewall.identify.address import covers, parse_address
from forgewall.identify.registry import Registry
from forgewall.model import GROUPS, PLAIN_APPROVAL, Operation
from forgewall.review.suggest_alike import look_alikes
from forgewall.review.suggest_doubt import doubt, is_settled
from forgewall.review.suggest_seen import Spot, Use
from forgewall.review.thresholds import Thresholds

NEVER = GROUPS["access"] | {Operation.TRANSFER, Operation.VISIBILITY, Operation.MIRROR}
"""What hands data or rights to others: a person names it, or nobody does."""
_HANDS_OVER = "it hands data or rights to others; name it in `allow:` if it is wanted"
_SEVERAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An address to approve, what was done there that it is for, and the addresses at which."""

    address: str
    key: str
    allow: frozenset[Operation] | None
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What isn't to be approved without a look: the use of `operations` at `address`, and why not."""

    address: str
    operations: tuple[Operation, ...]
    reason: str
    use: Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """All addresses to approve, and all in doubt."""

    choices: tuple[Choice, ...]
    doubts: tuple[Doubt, ...]


def choose(spots: Iterable[Spot], policy: Policy, now: datetime, thresholds: Thresholds) -> Chosen:
    """What to approve of `spots`."""
    choices: list[Choice] = []
    doubts: list[Doubt] = []
    owners = _by_owner(spots)
    alike = look_alikes(owners, policy)
    for top, below in owners.items():
        if top in alike:
            doubts += [_doubt(spot, f"its owner looks like {alike[top]}, and is another") for spot in below]
            continue
        owner = _Owner(top, below, policy, now, thresholds)
        choices += owner.choices
        doubts += owner.doubts
    return Chosen(choices=tuple(choices), doubts=tuple(doubts))


def admitted(choice: Choice) -> Iterator[tuple[str, Operation]]:
    """What was seen that `choice` is for: folded addresses and operations."""
    wanted = PLAIN_APPROVAL if choice.allow is None else choice.allow
    for spot in choice.spots:
        yield from ((spot.key, operation) for operation in spot.uses if operation in wanted)


class _Owner:
    """The choice among what was seen of one owner; `top` is his folded address, '' where he has none."""

    def __init__(self, top: str, spots: Sequence[Spot], policy: Policy, now: datetime, thresholds: Thresholds) -> None:
        self._policy = policy
        self._thresholds = thresholds
        self.choices: list[Choice] = []
        self.doubts: list[Doubt] = []
        reasons = {spot.key: doubt(spot, policy, now) for spot in spots}
        good = [spot for spot in spots if not reasons[spot.key]]
        bad = [spot for spot in spots if reasons[spot.key]]
        self.doubts += [_doubt(spot, reasons[spot.key]) for spot in bad]
        # What the policy settles for itself stays as it is, whatever is approved above it.
        inside = [spot for spot in bad if not is_settled(spot, policy, now)]
        whole = self._whole(top, good)
        if whole is not None and (kept := [spot for spot in inside if covers(whole.key, spot.key)]):
            self.doubts.append(self._kept_apart(whole, kept))
            whole = None
        if whole is not None:
            self._choose(whole)
            good = [spot for spot in good if not covers(whole.key, spot.key)]
        above = {key for spot in spots for key in _above(spot.key)}
        for spot in good:
            self._single(spot, above)

    def _whole(self, top: str, good: Sequence[Spot]) -> Choice | None:
        """The narrowest address above all of `good`, if that looks like an organisation at work."""
        repositories = [spot for spot in good if spot.repository is not None]
        if not top or not good:
            return None
        if self._thresholds.owners:
            key = top
            steady = any(not self._too_little(spot.use) for spot in good)
        else:
            key = _shared([spot.key for spot in good])
            steady = len(repositories) >= _SEVERAL and not self._too_little(_joined(good))
        address = _address(good, key)
        if not steady or not covers(top, key) or not _is_address(address, self._policy.registry):
            return None
        return Choice(address=address, key=key, allow=None, spots=tuple(good))

    def _single(self, spot: Spot, above: Container[str]) -> None:
        """Choose `spot` alone, or doubt it. `above` are the addresses that stand above one that was seen."""
        reason = self._too_little(spot.use)
        if not reason and spot.repository is None:
            reason = "it needs an approval of the whole owner"
        if not reason and not _is_address(spot.address, self._policy.registry):
            reason = "it can't be written as an address of a policy"
        if not reason and spot.key in above:
            reason = "its approval would cover other addresses that were seen, too"
        if reason:
            self.doubts.append(_doubt(spot, reason))
        else:
            self._choose(Choice(address=spot.address, key=spot.key, allow=None, spots=(spot,)))

    def _choose(self, choice: Choice) -> None:
        """Take `choice`, for the operations that are done there steadily, and doubt the others."""
        uses = _by_operation(choice.spots)
        extra: set[Operation] = set()
        for operation in [operation for operation in uses if operation not in PLAIN_APPROVAL]:
            reason = _HANDS_OVER if operation in NEVER else self._too_little(uses[operation])
            if reason:
                doubted = Doubt(address=choice.address, operations=(operation,), reason=reason, use=uses[operation])
                self.doubts.append(doubted)
            else:
                extra.add(operation)
        wanted = (set(uses) & PLAIN_APPROVAL) | extra
        if wanted:
            allow = _narrowest(wanted)
            self.choices.append(Choice(address=choice.address, key=choice.key, allow=allow, spots=choice.spots))

    def _too_little(self, use: Use) -> str:
        """Why `use` isn't steady."""
        people, days = len(use.people), len(use.days)
        if people < self._thresholds.people:
            return f"only {people} {'person' if people == 1 else 'people'} did it"
        if days < self._thresholds.days:
            return f"it was done on {days} {'day' if days == 1 else 'days'} only"
        return ""

    def _kept_apart(self, whole: Choice, kept: Sequence[Spot]) -> Doubt:
        more = f" and {len(kept) - 1:,} more" if len(kept) > 1 else ""
        reason = f"as a whole it looks like company work, but that would let through {kept[0].address}{more}, too"
        operations = tuple(_by_operation(whole.spots))
        return Doubt(address=whole.address, operations=operations, reason=reason, use=_joined(whole.spots))


def _doubt(spot: Spot, reason: str) -> Doubt:
    return Doubt(address=spot.address, operations=tuple(spot.uses), reason=reason, use=spot.use)


def _by_owner(spots: Iterable[Spot]) -> dict[str, list[Spot]]:
    """Spots by the folded address of the first name of their owner, a group's topmost; '' for those without one."""
    found: dict[str, list[Spot]] = {}
    for spot in spots:
        found.setdefault(_top(spot), []).append(spot)
    return found


def _top(spot: Spot) -> str:
    first = (spot.owner or "").partition("/")[0].lower()
    segments = spot.key.split("/")
    places = [place for place, name in enumerate(segments) if place and name.lower() == first]
    return "/".join(segments[: places[0] + 1]) if places else ""


def _above(key: str) -> Iterator[str]:
    """The folded addresses that stand above `key`, by whole segments."""
    while key := key.rpartition("/")[0]:
        yield key


def _shared(keys: Sequence[str]) -> str:
    """The longest address that covers all of `keys`."""
    segments = [key.split("/") for key in keys]
    shared = []
    for names in zip(*segments, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return "/".join(shared)


def _address(spots: Sequence[Spot], key: str) -> str:
    """`key` as the newest of `spots` spells it."""
    newest = max(spots, key=lambda spot: spot.use.events[-1:])
    return "/".join(newest.address.split("/")[: key.count("/") + 1])


def _is_address(address: str, registry: Registry) -> bool:
    """Whether a policy takes `address`, and it is no whole host."""
    if "/" not in address or len(address) > 1000:
        return False
    try:
        return bool(parse_address(address, registry).segments)
    except ValueError:
        return False


def _by_operation(spots: Iterable[Spot]) -> Mapping[Operation, Use]:
    found: dict[Operation, Use] = {}
    for spot in spots:
        for operation, use in spot.uses.items():
            found.setdefault(operation, Use()).join(use)
    return found


def _joined(spots: Iterable[Spot]) -> Use:
    whole = Use()
    for spot in spots:
        whole.join(spot.use)
    return whole


def _narrowest(wanted: set[Operation]) -> frozenset[Operation] | None:
    """What to allow for what is wanted: None for the plain set, which code needs and brings along; where only text was
    written no code may go. Beyond the plain set the groups `code` and `text` as far as they are needed, and all else
    by name.
    """
    if wanted <= PLAIN_APPROVAL and not wanted <= GROUPS["text"] | {Operation.FETCH}:
        return None
    groups = (GROUPS[name] for name in ("code", "text") if GROUPS[name] & wanted)
    return frozenset(wanted.union(*groups))

"""The entry that would admit one part of a request, as narrow as the part itself, and what must stay beside it.

The longest address decides alone. So where a broader entry covers the address, its entries are copied to the new
address, and what others may do there stays as it is. The new entry keeps to what the broader one asks for: its
visibility, its refs, its size, unless just that had refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from forgewall.decide.entries import ALLOW_WORDS
from forgewall.decide.globs import BRANCHES, full_ref, ref_glob, ref_matches, ref_name
from forgewall.decide.parts import Part
from forgewall.decide.policy import Approval, Policy
from forgewall.decide.refs import judge_refs
from forgewall.decide.visibility import meets
from forgewall.evidence import RefUpdate
from forgewall.identify.address import parse_address
from forgewall.model import MAKES, Action, Effect, Operation, Subject, Visibility
from forgewall.review.amend import Copy
from forgewall.review.remedy_choice import Choice
from forgewall.review.replay_sight import is_exact
from forgewall.review.wish import Wish

_ROUND = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_UNITS = (1 << 10, 1 << 20, 1 << 30, 1 << 40)
MAX_REFS = 20
"""Refs that one entry is made to name; more are a pattern that a person should write."""


class Obstacle(Exception):
    """No entry helps; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What is to be written for one part."""

    wish: Wish
    copies: tuple[Copy, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, when, and what a person chose: the same for all parts. `who` are the words of the entry."""

    policy: Policy
    subject: Subject
    who: tuple[str, ...]
    choice: Choice
    now: datetime


def longest(policy: Policy, key: str, now: datetime) -> tuple[Approval, ...]:
    """The unexpired entries at the longest address that covers `key`, as the engine takes them."""
    for entries in policy.covering(key):
        if valid := tuple(entry for entry in entries if entry.terms.unexpired(now)):
            return valid
    return ()


def admits(entry: Approval, part: Part, subject: Subject) -> bool:
    """Whether the entry is for `subject`, this operation and this visibility."""
    terms = entry.terms
    return terms.admits(subject) and part.operation in terms.allow and meets(terms.visibility, part.visibility)


def admission(part: Part, size: int | None, asker: Asker) -> Admission:
    """The entry for `part`, which the engine refuses; `size` of the body in bytes. Raises Obstacle."""
    address, key = part.address, part.key
    if address is None or key is None:
        raise Obstacle("the request names no repository that an entry could be for")
    checked_address(address, asker.policy)
    if "/" not in address:
        raise Obstacle(
            f"nothing narrower than the forge {address} is known, and an entry for that would be one for everything "
            "on it; approve the repository or the owner by the address"
        )
    entries = longest(asker.policy, key, asker.now)
    base = _nearest(entries, part, asker)
    confirmed = _confirmation(part, asker)
    wish = Wish(
        address=address,
        allow=_operations(part.operation, asker.choice),
        who=asker.who,
        visibility=_visibility(part, base),
        max_upload=_size(size, base, part, asker.policy),
        refs=_refs(part, base),
        confirmed=confirmed,
        expires=asker.choice.expires,
        owner=asker.choice.owner,
        reason=asker.choice.reason,
        like=_like(base, part, asker.policy),
    )
    copies = copies_of(entries, key, address, wish.expires)
    return Admission(wish=wish, copies=copies, warnings=_warnings(entries, wish, asker))


def checked_address(address: str, policy: Policy) -> None:
    """Raises Obstacle for an address of the log that no policy can name as it is."""
    if not is_exact(address):
        raise Obstacle("the log holds the address shortened or redacted; approve it by its full address")
    try:
        parse_address(address, policy.registry)
    except ValueError as error:
        raise Obstacle(f"no entry can name this address: {error}") from None


def copies_of(entries: Sequence[Approval], key: str, address: str, expires: datetime | None) -> tuple[Copy, ...]:
    """Copies of what covers `key` from above, so that an entry for `address` takes nothing away while it holds."""
    return tuple(
        Copy(line=entry.line, address=address, expires=expires, reason=f"as {entry.address} has it")
        for entry in entries
        if entry.key != key
    )


def _like(base: Approval | None, part: Part, policy: Policy) -> int | None:
    """The line of the nearest entry, if it says itself how uploads are examined: a new one must not let pass more."""
    if base is None or part.effect is Effect.READ:
        return None
    terms = base.terms
    return base.line if terms.over is not None or terms.scrutiny is not policy.defaults.scrutiny else None


def round_above(size: int) -> int:
    """The smallest round size that holds `size` bytes: 1, 2, 5, 10, … 500 KiB, MiB, GiB or TiB."""
    for unit in _UNITS:
        for number in _ROUND:
            if number * unit >= size:
                return number * unit
    return -(-size // _UNITS[-1]) * _UNITS[-1]


def _nearest(entries: Sequence[Approval], part: Part, asker: Asker) -> Approval | None:
    """The entry that comes nearest to admitting `part`: the new one is like it where nothing says otherwise.

    Of several that admit it, the one that the engine would go by: it looks at the refs first, then at the size.
    """

    def nearness(entry: Approval) -> tuple[object, ...]:
        terms, defaults = entry.terms, asker.policy.defaults
        meant, granted = terms.admits(asker.subject), part.operation in terms.allow
        said = judge_refs(terms.scrutiny, part.refs) if part.refs else None
        return (
            admits(entry, part, asker.subject),
            meant and granted,
            meant or granted,
            said is None or said.action is not Action.BLOCK,
            said is None,
            (terms.over or defaults.over) is Action.LOG,
            defaults.max_upload if terms.max_upload is None else terms.max_upload,
        )

    return max(entries, key=nearness, default=None)


def _operations(operation: Operation, choice: Choice) -> frozenset[Operation]:
    """One `git push` sends its large files by git-lfs, so that one brings the other along."""
    if choice.operations is not None:
        return choice.operations
    if operation.value not in ALLOW_WORDS:
        raise Obstacle(f"`{operation}` can't be approved for one address")
    return frozenset({operation, Operation.LFS_UPLOAD} if operation is Operation.PUSH else {operation})


def _visibility(part: Part, base: Approval | None) -> frozenset[Visibility]:
    wanted = base.terms.visibility if base is not None else None
    if wanted is None or part.effect is Effect.READ:
        return frozenset()
    if meets(wanted, part.visibility):
        return wanted
    if part.visibility is not None:
        return frozenset({part.visibility})
    listed = " or ".join(word.value for word in Visibility if word in wanted)
    if part.operation in MAKES:
        raise Obstacle(
            f"the request doesn't say who can see {part.address}, and only {listed} is approved; "
            "let it say so (`private: true`), which needs no further approval"
        )
    if part.repository is not None:
        raise Obstacle(
            f"nobody has said yet who can see {part.address}, and only {listed} is approved; "
            "`git ls-remote` of it, or a look at it through the API, tells Forgewall"
        )
    return frozenset()


def _size(size: int | None, base: Approval | None, part: Part, policy: Policy) -> int | None:
    own = base.terms.max_upload if base is not None else None
    limit = policy.defaults.max_upload if own is None else own
    if part.effect is Effect.READ:
        return None
    return round_above(size) if size is not None and size > limit else own


def _refs(part: Part, base: Approval | None) -> tuple[str, ...]:
    """The refs of the entry: those asked for if the nearest entry refuses them, else those that it lists itself."""
    listed = base.terms.scrutiny.refs if base is not None else None
    if listed is None or part.effect is Effect.READ:
        return ()
    if all(ref_matches(listed, update.name) for update in part.refs):
        return listed
    names = list(dict.fromkeys(_ref(update) for update in part.refs))
    if len(names) > MAX_REFS:
        raise Obstacle(f"it changes {len(names)} refs, and `refs` doesn't list them all; write a pattern by hand")
    return tuple(names)


def _ref(update: RefUpdate) -> str:
    """The ref as a policy names it, and nothing more than this ref: clients choose names, also such as `*`."""
    if update.name == "HEAD":
        raise Obstacle("the request names no branch for certain, so only an entry for every branch would admit it")
    try:
        name = ref_name(update.name)
        short = name.removeprefix(BRANCHES) if name.startswith(BRANCHES) else name
        word = ref_glob(short if full_ref(short) == full_ref(name) and not short.startswith(_UNCLEAR) else name)
    except ValueError:
        raise Obstacle("the request changes a ref whose name can't stand in a policy") from None
    if not is_exact(word):
        raise Obstacle("the log doesn't hold the whole name of a ref that the request changes")
    return word


_UNCLEAR = ("heads/", "tags/", "remotes/", "refs/")


def _confirmation(part: Part, asker: Asker) -> datetime | None:
    """The next full second, so that what was seen until now doesn't count; None where nothing is to be confirmed."""
    if part.moved is None or not asker.choice.confirm:
        return None
    return max(asker.now, part.moved.seen).replace(microsecond=0) + timedelta(seconds=1)


def _warnings(entries: Sequence[Approval], wish: Wish, asker: Asker) -> tuple[str, ...]:
    """What happens when the entries that cover the address end before the new one does."""
    ends = [entry.terms.expires for entry in entries if entry.terms.expires is not None]
    if not ends or (wish.expires is not None and wish.expires <= min(ends)):
        return ()
    broader = [above[0] for above in asker.policy.covering(entries[0].key) if above[0].key != entries[0].key]
    if not broader:
        return ()
    return (
        f"the approval of {entries[0].address} (line {entries[0].line}) ends before the new one; from then on the new "
        f"one decides alone at {wish.address}, and that of {broader[0].address} doesn't count there",
    )

"""What a person should know before he approves: who can read the place, whose it seems to be, what was seen there.

Sentences, none of which forbids anything.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from forgewall.decide.parts import Part
from forgewall.decide.policy import Policy
from forgewall.identify.address import HF_PREFIXES, Address, parse_address
from forgewall.model import GROUPS, MAKES, Effect, Kind, Mode, Operation, Visibility
from forgewall.review.remedy_choice import Facts
from forgewall.review.wish import Wish

_ALIKE = 0.84
_SHORTEST = 4
_WORDS = re.compile(r"[a-z]+|[0-9]+")
HANDS_ON = GROUPS["access"] | GROUPS["repository"]


def of_part(part: Part, user: str | None, policy: Policy, facts: Facts) -> Iterator[str]:
    """Warnings on what is done to one repository, by `user` (None: not known)."""
    if part.effect is Effect.WRITE and part.address is not None:
        yield from _public(part, policy, facts)
        yield from _personal(part, user)
    if part.operation in HANDS_ON:
        yield f"`{part.operation}` hands data or rights to others, beyond what is uploaded"


def of_move(part: Part, parts: Sequence[Part], *, confirm: bool) -> Iterator[str]:
    """What it means to approve `part`, one of a request's `parts` or the new place of one that moved."""
    if part.moved is not None and confirm:
        yield (
            f"{part.moved.address} is where {part.address} went, the forge said; confirming says that you looked and "
            f"{part.address} is still what is meant"
        )
    old = next((one.address for one in parts if one.moved is not None and one.moved.key == part.key), None)
    if old is not None and part.moved is None:
        yield (
            f"{old} has moved to {part.address}, the forge said, so the new address is approved; if {old} is still "
            "what is meant, --confirm confirms that instead"
        )


def of_wish(wish: Wish, policy: Policy) -> Iterator[str]:
    """Warnings on an entry that covers much."""
    address = parse_address(wish.address, policy.registry)
    if shared := _everybodys(address):
        yield f"{wish.address} are everybody's {shared}: all that anybody keeps there would be approved"
    elif not address.segments:
        yield f"{wish.address} is a whole forge: everything on it would be approved, for whomever it belongs to"
    elif len(address.segments) == 1 and not wish.address.startswith("gist."):
        what = "all repositories and packages" if address.kind is not Kind.GITLAB else "all groups and projects"
        yield f"{wish.address} is an owner: {what} below it would be approved"


def of_owner(part: Part, policy: Policy) -> Iterator[str]:
    """What it means that a request names no repository, where its address looks like one."""
    address = part.address or ""
    below = part.repository is None and address.count("/") > 1
    if below and not _everybodys(parse_address(address, policy.registry)):
        yield f"everything below {address} would be approved for these operations"


def _everybodys(address: Address) -> str:
    """What people have in common at an address that looks like one owner's; '' where it is none such."""
    names = address.key.split("/")[1:]
    if not names:
        return "gists" if address.host.startswith("gist.") else ""
    if names == ["-", "snippets"] or (names == ["snippets"] and address.kind is Kind.BITBUCKET):
        return "snippets"
    return names[0] if len(names) == 1 and address.kind is Kind.HUGGINGFACE and names[0] in HF_PREFIXES else ""


def of_facts(facts: Facts, now: datetime) -> Iterator[str]:
    """Warnings on what the log tells of the address."""
    secrets = [signal for signal in facts.signals if signal.partition(":")[0] == "secret"]
    if secrets:
        yield "an upload to this address held a secret"
    if "encrypted" in facts.signals:
        yield "an upload to this address held a file that can't be read without a key"
    if facts.first_seen is not None and facts.first_seen.date() == now.date():
        yield "this address was seen for the first time today"
    if facts.cut:
        yield "the upload was cut, so nobody knows how large it would have been; it may be over the new limit, too"


def of_policy(policy: Policy, now: datetime) -> Iterator[str]:
    """Warnings on the state of the policy itself."""
    if policy.mode is Mode.OBSERVE:
        yield "the policy is in observe mode: nothing is blocked at the moment, whatever is approved"
    elif policy.break_glass is not None and now < policy.break_glass.until:
        yield f"the glass is broken until {policy.break_glass.until:%Y-%m-%d %H:%M} UTC: nothing is blocked until then"


def _public(part: Part, policy: Policy, facts: Facts) -> Iterator[str]:
    forge = policy.registry.lookup((part.address or "").partition("/")[0])
    makes = part.operation in MAKES
    if part.visibility is Visibility.PUBLIC:
        yield f"everybody can see {part.address}" if not makes else f"everybody will be able to see {part.address}"
    elif part.visibility is None and "public-repository" in facts.signals:
        yield f"everybody could see {part.address} when it was written to before"
    elif part.visibility is None and forge is not None and forge.instance is None:
        yield f"nobody has said yet who can see {part.address}: on {forge.forge} that may be everybody"


def _personal(part: Part, user: str | None) -> Iterator[str]:
    host, *names = (part.address or "").split("/")
    if host.startswith("gist.") or part.operation is Operation.SNIPPET or "snippets" in names:
        yield f"{part.address} is a place for single files of a person, which no organisation looks after"
    owner = names[0] if names else ""
    if user and owner and resembles(owner, user):
        own = " and makes a repository there" if part.operation in MAKES else ""
        yield f"the owner {owner} looks like a personal account of {user}{own}"


def resembles(owner: str, user: str) -> bool:
    """Whether the account `owner` may be that of `user`, a name or mail address: `alima`, `ana-lima` of `ana.lima@…`.

    A guess: short names are only compared as a whole.
    """
    local = user.rpartition("\\")[2].partition("@")[0].lower()
    parts = _WORDS.findall(local)
    account = "".join(_WORDS.findall(owner.lower()))
    whole = "".join(parts)
    if not account or not whole:
        return False
    spellings = {whole, "".join(reversed(parts))}
    if len(parts) > 1:
        first, last = parts[0], parts[-1]
        spellings |= {first[0] + last, last + first[0], first + last, last + first, first + last[0]}
    if account in spellings:
        return True
    if len(account) < _SHORTEST or len(whole) < _SHORTEST:
        return False
    return (
        any(len(name) >= _SHORTEST and (name in account or account in name) for name in spellings)
        or difflib.SequenceMatcher(None, account, whole).ratio() >= _ALIKE
    )

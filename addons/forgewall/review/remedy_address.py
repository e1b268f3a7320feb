"""An address that somebody types or pastes, approved without any event: `github.com/acme/x`, a URL, a git remote.

What is pasted may hold a password or a token: userinfo is dropped before anything else, and never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from forgewall.decide.parts import Part
from forgewall.decide.policy import Policy
from forgewall.errors import UsageError
from forgewall.identify.address import parse_address
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.model import PLAIN_APPROVAL, Effect, Operation
from forgewall.record.redact import printable
from forgewall.review import remedy_facts, remedy_warning
from forgewall.review.amend import Copy
from forgewall.review.remedy import Remedy
from forgewall.review.remedy_admission import copies_of, longest
from forgewall.review.remedy_audience import audience_of
from forgewall.review.remedy_choice import NOTHING, Choice
from forgewall.review.store import Store
from forgewall.review.wish import Wish

_URL = re.compile(r"(?:https?|ssh|git)(?:\+[a-z]+)?://", re.IGNORECASE)
_SCP = re.compile(r"[^/@\s]+@([^/:\s]+):(?!/)(.+)", re.DOTALL)  # git@github.com:acme/x, see git-fetch(1), GIT URLS
_LONGEST = 500
_GIT_READ = "/info/refs?service=git-upload-pack"


def address_of(text: str, policy: Policy) -> str:
    """The address that `text` means, as a policy writes it. Raises UsageError with a sentence."""
    bare = _bare(text.strip())
    try:
        parsed = parse_address(bare, policy.registry)
    except ValueError as error:
        found = _by_url(bare, policy)
        if found is None:
            raise UsageError(printable(str(error), _LONGEST)) from None
        return found
    return "/".join((parsed.host, *parsed.segments))


def is_address(text: str) -> bool:
    """Whether `text` can only be an address, and no id of an event or a case."""
    return "/" in text or "." in text or ":" in text


def remedy_for(
    addresses: Iterable[str], policy: Policy, now: datetime, choice: Choice, store: Store | None = None
) -> Remedy:
    """Approvals of `addresses`, each as `address_of` takes it, whoever asks. `store` tells what is known of them.

    Raises UsageError for an address that is none and for a choice that makes no sense here.
    """
    who, warning = audience_of(choice, None, policy)
    wishes: list[Wish] = []
    copies: list[Copy] = []
    warnings = [warning] if warning else []
    if not who:
        warnings.append("it is approved for everybody; --who narrows it")
    obstacles: list[str] = []
    settled = True
    for address in dict.fromkeys(address_of(text, policy) for text in addresses):
        key = parse_address(address, policy.registry).key
        if (forbidden := policy.prohibition(key)) is not None:
            where = policy.reference(forbidden.line)
            obstacles.append(f"{forbidden.address} is forbidden ({where}), which only an edit by hand lifts")
            settled = False
            continue
        entries = longest(policy, key, now)
        wanted = choice.operations or PLAIN_APPROVAL
        same = next((one for one in entries if one.terms.who is None and wanted <= one.terms.allow), None)
        if same is not None and same.terms.expires is None and same.terms.visibility is None:
            obstacles.append(f"{address} is approved already, by {same.address} ({policy.reference(same.line)})")
            continue
        settled = False
        wishes.append(
            Wish(
                address=address,
                allow=choice.operations,
                who=who,
                expires=choice.expires,
                owner=choice.owner,
                reason=choice.reason,
            )
        )
        copies += copies_of(entries, key, address, choice.expires)
        warnings += remedy_warning.of_wish(wishes[-1], policy)
        warnings += _of_operations(choice.operations)
        warnings += _of_place(address, key, policy, now, store)
    if obstacles:
        return Remedy(obstacles=tuple(obstacles), settled=settled, digest=policy.digest)
    return Remedy(
        wishes=tuple(wishes),
        copies=tuple(copies),
        warnings=tuple(dict.fromkeys(warnings)),
        digest=policy.digest,
    )


def _of_place(address: str, key: str, policy: Policy, now: datetime, store: Store | None) -> list[str]:
    """Warnings on what is known of the place, and on what isn't."""
    facts, seen_by = remedy_facts.facts_at(store, address, key) if store is not None else (NOTHING, None)
    part = Part(
        address=address,
        key=key,
        repository=address.rpartition("/")[2],
        operation=Operation.PUSH,
        effect=Effect.WRITE,
        evidence="",
        visibility=seen_by,
    )
    own = remedy_warning.of_part(part, None, policy, facts) if address.count("/") > 1 else ()
    return [*own, *remedy_warning.of_facts(facts, now)]


def _of_operations(operations: frozenset[Operation] | None) -> list[str]:
    handed = sorted(one.value for one in operations or () if one in remedy_warning.HANDS_ON)
    return [f"`{word}` hands data or rights to others, beyond what is uploaded" for word in handed]


def _bare(text: str) -> str:
    """`text` without scheme, userinfo, port, query and `.git`."""
    if scheme := _URL.match(text):
        text = text[scheme.end() :].partition("?")[0].partition("#")[0]
        authority, slash, path = text.partition("/")
        host = authority.rpartition("@")[2].partition(":")[0]
        return (host + slash + path).rstrip("/").removesuffix(".git")
    if (remote := _SCP.fullmatch(text)) is not None:
        return f"{remote[1]}/{remote[2]}".rstrip("/").removesuffix(".git")
    host, slash, path = text.partition("/")
    return (host.rpartition("@")[2] + slash + path).rstrip("/").removesuffix(".git")


def _by_url(bare: str, policy: Policy) -> str | None:
    """The address that a forge's URL leads to, where the address bar shows more than the address; None if unsure."""
    if not bare.isascii() or not bare.isprintable() or " " in bare:
        return None
    for tail in (_GIT_READ, ""):
        try:
            target = identify(request_for("GET", f"https://{bare}{tail}"), policy.registry)
        except ValueError:
            return None
        if target is not None and target.address is not None and target.repository is not None:
            try:
                parse_address(target.address, policy.registry)
            except ValueError:
                return None
            return target.address
    return None

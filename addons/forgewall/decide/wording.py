"""The sentences in which verdicts are explained to people. No rule is decided here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from forgewall.decide.parts import UNHEARD
from forgewall.identify.plain import UNTOLD
from forgewall.model import GROUPS, Move, Operation, Subject
from forgewall.sizes import plain, rounded
from forgewall.sizes import size as exact

_NEW = frozenset({Operation.CREATE_REPO, Operation.FORK, Operation.IMPORT})
_SPEAKING = ("doesn't tell whose", "the query has more than", "the path has more than", UNHEARD, UNTOLD)
MAX_EVIDENCE = 300
"""Characters of evidence that are repeated in a reason."""


def too_large(size: int, limit: int, label: str) -> str:
    """Why an upload of `size` bytes is over `limit` bytes; `label` says for whom the limit is."""
    shown, bound = rounded(size), exact(limit)
    if bound in (shown, plain(limit)):
        shown, bound = plain(size), plain(limit)
    return f"{shown} is over the limit of {bound} for {label}"


def not_understood(evidence: str) -> str:
    """Why a request is refused whose operation isn't certain."""
    said = _shortened(evidence)
    speaks = said.endswith("is not understood") or any(words in said for words in _SPEAKING)
    return said if speaks else f"the request is not understood: {said}"


def not_placed(operation: Operation, evidence: str, *, gist: bool = False) -> str:
    """Why a request is refused whose operation is certain, but not whom it concerns. Repeats no route."""
    if evidence.startswith(UNHEARD):
        return _shortened(evidence)
    if gist and operation is Operation.SNIPPET:
        return "the request doesn't say whose gist this is or will be, so no approval can cover it"
    if gist:
        return "a gist goes by its number, and nobody has said yet whose it is; GET /gists/NUMBER of the API tells it"
    route = evidence.partition(" ")[2].startswith("/")
    if route and operation in _NEW:
        return "the request doesn't name the owner of the new repository; name an approved one, as in OWNER/NAME"
    if route:
        return f"the request names neither an owner nor a repository, so no approval can cover this `{operation}`"
    return f"it is not certain whose repository this `{operation}` concerns: {_shortened(evidence)}"


def not_approved(address: str, repository: str | None) -> str:
    """Why an address that no entry covers is refused."""
    return f"{address} is not an approved {'repository' if repository else 'address'}"


def not_granted(operation: Operation, address: str, allowed: frozenset[Operation]) -> str:
    """Why an operation is refused that the entry for `address` doesn't name."""
    return f"`{operation}` is not among the operations approved for {address} (allowed: {operations(allowed)})"


def moved(address: str, move: Move, reason: str) -> str:
    """Why a write is refused to an address that the forge calls by another name now; `reason` is the new one's."""
    again = f"this needs an approval of the new address, or `confirmed: {move.seen.date()}` at the old one"
    return f"{address} has moved to {move.address}, the forge said, and {reason}; {again}"


def not_for(address: str, subject: Subject) -> str:
    """Why a subject is refused whom the entry for `address` doesn't name."""
    return f"the approval of {address} is not for {asker(subject)}"


def expired(address: str, end: datetime) -> str:
    """Why an address is refused whose approval has expired; a midnight is told as the day before, its last."""
    if (end.hour, end.minute, end.second) == (0, 0, 0) and end.year > 1:
        return f"the approval of {address} expired at the end of {(end - timedelta(days=1)).date()}"
    return f"the approval of {address} expired at {end:%Y-%m-%dT%H:%M:%SZ}"


def asker(subject: Subject) -> str:
    """Who asks, in a few words."""
    return subject.user if subject.user is not None else f"{subject.client} (no user is known)"


def operations(allowed: Iterable[Operation]) -> str:
    """A set of operations in the words that `allow:` takes, whole groups by their name; `fetch` goes without saying."""
    rest = set(allowed) - {Operation.FETCH}
    words = []
    for name, group in GROUPS.items():
        if group <= rest:
            words.append(name)
            rest -= group
    return ", ".join([*words, *(operation.value for operation in Operation if operation in rest)]) or "none"


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_EVIDENCE else text[: MAX_EVIDENCE - 1] + "…"

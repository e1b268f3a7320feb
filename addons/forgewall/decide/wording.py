"""The sentences in which verdicts are explained to people. No rule is decided here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from forgewall.model import GROUPS, Operation, Subject

MAX_EVIDENCE = 300
"""Characters of evidence that are repeated in a reason."""


def bytes_as_text(size: int) -> str:
    """`size` in bytes as `3.0 MiB`."""
    if size < 1024:
        return f"{size} bytes" if size != 1 else "1 byte"
    value = float(size)
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        value /= 1024
        if value < 1024 or unit == "PiB":
            break
    return f"{value:.1f} {unit}"


def too_large(size: int, limit: int, label: str) -> str:
    """Why an upload of `size` bytes is over `limit` bytes; `label` says for whom the limit is."""
    shown, bound = bytes_as_text(size), bytes_as_text(limit)
    if shown == bound:
        shown, bound = f"{size:,} bytes", f"{limit:,} bytes"
    return f"{shown} is over the limit of {bound} for {label}"


def not_understood(evidence: str) -> str:
    """Why a request is refused whose operation isn't certain."""
    said = _shortened(evidence)
    return said if said.endswith("is not understood") else f"the request is not understood: {said}"


def not_placed(operation: Operation, evidence: str) -> str:
    """Why a request is refused whose operation is certain, but not whom it concerns."""
    return f"it is not certain whose repository this `{operation}` concerns: {_shortened(evidence)}"


def not_approved(address: str, repository: str | None) -> str:
    """Why an address that no entry covers is refused."""
    return f"{address} is not an approved {'repository' if repository else 'address'}"


def not_granted(operation: Operation, address: str, allowed: frozenset[Operation]) -> str:
    """Why an operation is refused that the entry for `address` doesn't name."""
    return f"`{operation}` is not among the operations approved for {address} (allowed: {operations(allowed)})"


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

"""Stable stand-ins for user names, so that events can be counted by person without naming one.

A stand-in is a keyed hash (HMAC-SHA256, RFC 2104): without the key nobody can try names until one fits. Whoever may
look names up keeps the key; deleting the key file makes the stand-ins of the past anonymous for good.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from forgewall.evidence import Commit, Evidence
from forgewall.model import Subject, Verdict
from forgewall.record import owner
from forgewall.record.event import Decision, Event, PolicyChange, PolicyEdit, Review, Upload

PREFIX = "u-"
KEY_FILE = "pseudonym.key"
_KEY_BYTES = 32
_DIGITS = 24


class Pseudonyms:
    """Turns user names into stand-ins under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, user: str) -> str:
        """`u-` and 24 hex digits, the same for every spelling of `user` that differs in case only."""
        folded = user.casefold().encode("utf-8", "surrogatepass")
        return PREFIX + hmac.new(self._key, folded, hashlib.sha256).hexdigest()[:_DIGITS]

    def hide[E: Event](self, event: E) -> E:
        """`event` with stand-ins for its user and for authors of commits, also where a reason or a subject names them.

        Names that stand in a path or in a ref stay.
        """
        if isinstance(event, Upload):
            user = event.decision.subject.user
            return replace(
                event,
                decision=self.hide(event.decision),
                verdict=self._hushed(event.verdict, user),
                objections=tuple(replace(said, reason=self._unnamed(said.reason, [user])) for said in event.objections),
                evidence=self._evidence(event.evidence, user),
            )
        if (
            isinstance(event, PolicyChange | PolicyEdit | Review) or event.subject is None
        ):  # reviewers stand by what they do
            return event
        user = event.subject.user
        if isinstance(event, Decision):
            return replace(event, subject=self._masked(event.subject), verdict=self._hushed(event.verdict, user))
        return replace(event, subject=self._masked(event.subject))

    def _masked(self, subject: Subject) -> Subject:
        return replace(subject, user=self.of(subject.user)) if subject.user else subject

    def _hushed[V: (Verdict, Verdict | None)](self, verdict: V, user: str | None) -> V:
        if verdict is None:
            return verdict
        return replace(verdict, reason=self._unnamed(verdict.reason, [user]))

    def _evidence(self, evidence: Evidence | None, user: str | None) -> Evidence | None:
        if evidence is None:
            return None
        return replace(
            evidence,
            first_commit=self._commit(evidence.first_commit, user),
            last_commit=self._commit(evidence.last_commit, user),
        )

    def _commit(self, commit: Commit | None, user: str | None) -> Commit | None:
        """`commit` with stand-ins for those who wrote it, also where the subject names them."""
        if commit is None:
            return None
        people = [user, commit.author, commit.author_email, commit.committer, commit.committer_email]
        author, author_email, committer, committer_email = (self.of(name) if name else "" for name in people[1:])
        return replace(
            commit,
            author=author,
            author_email=author_email,
            committer=committer,
            committer_email=committer_email,
            subject=self._unnamed(commit.subject, people),
        )

    def _unnamed(self, text: str, people: Iterable[str | None]) -> str:
        """`text` with stand-ins for `people`, the longest names first, since one may hold another."""
        names = sorted({name for name in people if name}, key=len, reverse=True)
        if not names:
            return text
        named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)
        return named.sub(lambda match: self.of(match[0]), text)


def load(directory: Path) -> Pseudonyms:
    """The pseudonyms under the key file in `directory`, which is made (mode 0600) if there is none.

    Raises OSError if it can be neither read nor made, and ValueError with a sentence if it holds no key.
    """
    path = directory / KEY_FILE
    if not path.exists():
        _create(path)
    try:
        key = bytes.fromhex(path.read_text("ascii", errors="replace"))
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{path}: holds no key of {_KEY_BYTES} bytes in hex; restore it, or delete it to start anew")
    return Pseudonyms(key)


def _create(path: Path) -> None:
    """Writes a fresh key beside its place and links it there, so that no other process ever reads half of one."""
    draft = path.with_name(f".{KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = owner.made(draft, os.O_WRONLY | os.O_CLOEXEC)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another worker was first; its key is the key
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)

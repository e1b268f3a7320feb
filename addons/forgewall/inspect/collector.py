"""Sums the facts of one body to bounded `Evidence`, however many there are and however hostile their text is.

Which files of many are kept is what an analyst would ask for first: those that can't be read without a key, then by
kind (keys, mail stores and databases, archives and disk images, documents, programs, the rest), then the largest, then
the first seen. Of secrets, each rule is shown before a second one of the same rule. All other lists keep what came
first. Every count goes on when its list is full. Not here: finding facts (the inspectors) and judging them
(`decide.content`).
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from forgewall.evidence import (
    Commit,
    Evidence,
    Fact,
    File,
    FileKind,
    ForcedUpdate,
    Malformed,
    NamedFile,
    PushOption,
    RefUpdate,
    Secret,
    Unread,
)

MAX_FILES = 50
MAX_REFS = 50
MAX_FORCED = 10
MAX_OPTIONS = 20
MAX_SECRETS = 20
MAX_REASONS = 10
MAX_PATH = 1024
MAX_TEXT = 200
"""In characters: subjects, the names of people and refs, push options, reasons."""

_MAX_ID = 128
_MAX_MASK = 32
_MAX_KNOWN_SECRETS = 4096
"""So many different secrets are told apart; beyond, each find counts."""

_RUN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=_.~%-"
_OF_A_CUT_RUN = 8

_ENCRYPTED = 6
_WEIGHTS: Mapping[FileKind, int] = MappingProxyType(
    {
        FileKind.KEY: 5,
        FileKind.MAIL_STORE: 4,
        FileKind.DATABASE: 4,
        FileKind.ARCHIVE: 3,
        FileKind.DISK_IMAGE: 3,
        FileKind.OFFICE: 2,
        FileKind.PDF: 2,
        FileKind.EXECUTABLE: 1,
        FileKind.MEDIA: 0,
        FileKind.TEXT: 0,
        FileKind.OTHER: 0,
    }
)
_UNCOUNTED = frozenset({FileKind.TEXT, FileKind.OTHER})


class Collector:
    """The facts of one body so far. Its memory is bounded; `add` takes a microsecond or two for a file."""

    def __init__(self) -> None:
        self._refs: list[RefUpdate] = []
        self._ref_count = 0
        self._forced: list[str] = []
        self._options: list[str] = []
        self._commit_count = 0
        self._first: Commit | None = None
        self._last: Commit | None = None
        self._files: list[tuple[int, int, int, File]] = []  # a heap, what is given up first at its top
        self._file_count = 0
        self._file_bytes = 0
        self._kinds: dict[FileKind, int] = {}
        self._encrypted = 0
        self._secrets: list[Secret] = []
        self._known_secrets: set[int] = set()  # hashes, since paths are long
        self._secret_count = 0
        self._unread: list[str] = []

    def add(self, fact: Fact) -> None:
        """Takes in one fact. `Malformed` isn't summed up: the verdict that follows from it tells the reason."""
        if isinstance(fact, File):
            self._add_file(fact)
        elif isinstance(fact, NamedFile | Malformed):
            pass  # a name is no file: what it stands for travels elsewhere, or is a `File` of its own
        elif isinstance(fact, Commit):
            self._add_commit(fact)
        elif isinstance(fact, RefUpdate):
            self._ref_count += 1
            if len(self._refs) < MAX_REFS:
                self._refs.append(replace(fact, name=_cut(fact.name), old=_id(fact.old), new=_id(fact.new)))
        elif isinstance(fact, Secret):
            self._add_secret(fact)
        elif isinstance(fact, ForcedUpdate):
            _keep(self._forced, fact.name, MAX_FORCED)
        elif isinstance(fact, PushOption):
            _keep(self._options, fact.text, MAX_OPTIONS)
        elif isinstance(fact, Unread):
            _keep(self._unread, fact.reason, MAX_REASONS)

    def evidence(self) -> Evidence:
        """What there is so far, also of a body that was cut. Files stand in the order of preference."""
        return Evidence(
            refs=tuple(self._refs),
            ref_count=self._ref_count,
            forced=tuple(self._forced),
            push_options=tuple(self._options),
            commit_count=self._commit_count,
            first_commit=_bounded(self._first),
            last_commit=_bounded(self._last),
            files=tuple(file for *_, file in sorted(self._files, key=lambda kept: kept[:3], reverse=True)),
            file_count=self._file_count,
            file_bytes=self._file_bytes,
            kinds=tuple((kind, self._kinds[kind]) for kind in FileKind if kind in self._kinds),
            encrypted=self._encrypted,
            secrets=tuple(self._secrets),
            secret_count=self._secret_count,
            unread=tuple(self._unread),
        )

    def _add_file(self, file: File) -> None:
        self._file_count += 1
        self._file_bytes += file.size
        kind = file.kind
        if kind not in _UNCOUNTED:
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
        weight = _WEIGHTS[kind]
        if file.encrypted:
            self._encrypted += 1
            weight = _ENCRYPTED
        if len(self._files) < MAX_FILES:
            heapq.heappush(self._files, (weight, file.size, -self._file_count, _slim(file)))
        elif (weight, file.size) > self._files[0][:2]:  # of equals the first one stays
            heapq.heapreplace(self._files, (weight, file.size, -self._file_count, _slim(file)))

    def _add_commit(self, commit: Commit) -> None:
        """First and last by the committer's clock; of equals the later one in the pack is the older, as git packs."""
        self._commit_count += 1
        if self._first is None or commit.time <= self._first.time:
            self._first = commit
        if self._last is None or commit.time > self._last.time:
            self._last = commit

    def _add_secret(self, secret: Secret) -> None:
        slim = _slim_secret(secret)
        key = hash((slim.rule, slim.fingerprint or (slim.mask, slim.line), slim.path))
        if key in self._known_secrets:
            return
        self._secret_count += 1
        if len(self._known_secrets) < _MAX_KNOWN_SECRETS:
            self._known_secrets.add(key)
        if len(self._secrets) < MAX_SECRETS:
            self._secrets.append(slim)
            return
        rules = [kept.rule for kept in self._secrets]
        if slim.rule not in rules:
            for index in range(len(rules) - 1, -1, -1):
                if rules.count(rules[index]) > 1:
                    del self._secrets[index]
                    self._secrets.append(slim)
                    return


def _keep(kept: list[str], text: str, most: int) -> None:
    """Appends `text` unless it is there already or there are `most`."""
    if len(kept) < most and (short := _cut(text)) not in kept:
        kept.append(short)


def _slim(file: File) -> File:
    path, oid = file.path, file.oid
    if (path is None or len(path) <= MAX_PATH) and (oid is None or len(oid) <= _MAX_ID):
        return file
    return replace(file, path=_cut_path(path), oid=_id(oid))


def _slim_secret(secret: Secret) -> Secret:
    return replace(
        secret,
        rule=_cut(secret.rule),
        mask=secret.mask[:_MAX_MASK],
        fingerprint=secret.fingerprint[:_MAX_ID],
        path=_cut_path(secret.path),
        oid=_id(secret.oid),
    )


def _bounded(commit: Commit | None) -> Commit | None:
    if commit is None:
        return None
    return replace(
        commit,
        id=commit.id[:_MAX_ID],
        author=_cut(commit.author),
        author_email=_cut(commit.author_email),
        committer=_cut(commit.committer),
        committer_email=_cut(commit.committer_email),
        subject=_cut(commit.subject),
    )


def _id(value: str | None) -> str | None:
    return value[:_MAX_ID] if value is not None else None


def _cut(text: str, limit: int = MAX_TEXT) -> str:
    """At most `limit` characters of `text`, and of the word that the cut goes through no more than the beginning.

    For a token whose end is missing may be too short for redaction to know it.
    """
    if len(text) <= limit:
        return text
    head = text[: limit - 1 - _OF_A_CUT_RUN]
    whole = head.rstrip(_RUN_LETTERS)
    return text[: min(len(whole) + _OF_A_CUT_RUN, len(head))] + "…"


def _cut_path(path: str | None) -> str | None:
    """The last whole segments of a long path, for the file's name tells most; the head of a single endless segment."""
    if path is None or len(path) <= MAX_PATH:
        return path
    start = path.find("/", len(path) - MAX_PATH + 1)
    return "…" + path[start:] if 0 <= start < len(path) - 1 else _cut(path, MAX_PATH)

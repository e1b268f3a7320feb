"""What was found in an upload, as the pages of a case and of an event show it. Read from the event as the log has it.

Everything in it is what a client said: names, subjects, paths. Secrets are masked by whoever wrote the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forgewall.review.console.pages.facts import at, objects, text, texts, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A branch or tag that a push changes."""

    name: str
    action: str
    old: str
    new: str
    forced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The first or last commit of a push; who made it is a claim."""

    which: str
    id: str
    time: str
    subject: str
    author: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file in an upload."""

    path: str
    size: int
    kind: str
    encrypted: bool
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Where something stands that looks like a secret; `mask` shows no more than its beginning."""

    rule: str
    mask: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a rule on contents said."""

    rule: str
    reference: str
    action: str
    reason: str
    would_block: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The lists are those of the event, which holds the first ones; the counts are of all."""

    event_id: str
    summary: str
    refs: tuple[Ref, ...]
    ref_count: int
    commits: tuple[Commit, ...]
    commit_count: int
    files: tuple[File, ...]
    file_count: int
    file_bytes: int
    secrets: tuple[Secret, ...]
    secret_count: int
    unread: tuple[str, ...]
    push_options: tuple[str, ...]
    objections: tuple[Said, ...]
    objection_count: int
    lfs: tuple[tuple[str, int], ...]
    lfs_count: int


def found(document: Mapping[str, Any]) -> Found | None:
    """The evidence in the event `document`; None if it has none."""
    body = at(document, "forgewall.evidence")
    body = body if isinstance(body, Mapping) else {}
    objections = objects(document, "forgewall.objections")
    lfs = objects(document, "forgewall.lfs.objects")
    if not body and not objections and not lfs:
        return None
    refs = _refs(body)
    commits = _commits(body)
    files = tuple(map(_file, objects(body, "files")))
    secrets = tuple(map(_secret, objects(body, "secrets")))
    return Found(
        event_id=text(document, "event.id"),
        summary=text(body, "summary"),
        refs=refs,
        ref_count=max(whole(body, "ref_count"), len(refs)),
        commits=commits,
        commit_count=max(whole(body, "commit_count"), len(commits)),
        files=files,
        file_count=max(whole(body, "file_count"), len(files)),
        file_bytes=whole(body, "file_bytes"),
        secrets=secrets,
        secret_count=max(whole(body, "secret_count"), len(secrets)),
        unread=texts(body, "unread"),
        push_options=texts(body, "push_options"),
        objections=tuple(map(_said, objections)),
        objection_count=max(whole(document, "forgewall.objection_count"), len(objections)),
        lfs=tuple((text(one, "oid"), whole(one, "size")) for one in lfs),
        lfs_count=max(whole(document, "forgewall.lfs.object_count"), len(lfs)),
    )


def _refs(body: Mapping[str, Any]) -> tuple[Ref, ...]:
    forced = set(texts(body, "forced"))
    return tuple(
        Ref(
            name=text(ref, "name"),
            action=text(ref, "action"),
            old=text(ref, "old_id")[:12],
            new=text(ref, "new_id")[:12],
            forced=text(ref, "name") in forced,
        )
        for ref in objects(body, "refs")
    )


def _commits(body: Mapping[str, Any]) -> tuple[Commit, ...]:
    both = [(which, at(body, f"{which}_commit")) for which in ("first", "last")]
    same = text(body, "first_commit.id") == text(body, "last_commit.id")
    return tuple(
        Commit(
            which="only" if same else which,
            id=text(commit, "id")[:12],
            time=text(commit, "time"),
            subject=text(commit, "subject"),
            author=text(commit, "author.name"),
            email=text(commit, "author.email"),
        )
        for which, commit in (both[:1] if same else both)
        if isinstance(commit, Mapping)
    )


def _file(file: Mapping[str, Any]) -> File:
    return File(
        path=text(file, "path"),
        size=whole(file, "size"),
        kind=text(file, "kind"),
        encrypted=at(file, "encrypted") is True,
        sha256=text(file, "sha256"),
    )


def _secret(secret: Mapping[str, Any]) -> Secret:
    return Secret(
        rule=text(secret, "rule"), mask=text(secret, "mask"), path=text(secret, "path"), line=whole(secret, "line")
    )


def _said(objection: Mapping[str, Any]) -> Said:
    return Said(
        rule=text(objection, "rule"),
        reference=text(objection, "reference"),
        action=text(objection, "action"),
        reason=text(objection, "reason"),
        would_block=at(objection, "would_block") is True,
    )

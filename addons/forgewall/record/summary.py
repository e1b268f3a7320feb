"""What an upload holds in half a sentence: `3 commits, 12 files (1 archive), refs main; 1 secret (aws-access-token)`.

It goes into an event's message and into `forgewall.evidence.summary`. It is bounded, but not redacted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forgewall.evidence import Evidence, FileKind, RefAction, RefUpdate

_SHOWN = 3
_NAME_LENGTH = 60
_KINDS = {
    FileKind.ARCHIVE: "archive",
    FileKind.OFFICE: "office document",
    FileKind.PDF: "PDF",
    FileKind.DATABASE: "database",
    FileKind.MAIL_STORE: "mail store",
    FileKind.DISK_IMAGE: "disk image",
    FileKind.EXECUTABLE: "executable",
    FileKind.KEY: "key",
    FileKind.MEDIA: "media file",
}


def summary(evidence: Evidence) -> str:
    """What there is, in the order of a push: commits, files, refs; then what is striking. Empty if there's nothing."""
    usual = [*_commits(evidence), *_files(evidence), *_refs(evidence.refs, evidence.ref_count)]
    striking = [
        *_some("forced update", evidence.forced, (_short(name) for name in evidence.forced)),
        *_secrets(evidence),
        *(["not all of it was read"] if evidence.unread else []),
    ]
    return "; ".join(part for part in (", ".join(usual), ", ".join(striking)) if part)


def refs_words(updates: Sequence[RefUpdate], count: int) -> str:
    """The refs alone: `refs main, v1.0 (new) and 3 more`; empty if there are none."""
    return "".join(_refs(updates, count))


def _commits(evidence: Evidence) -> list[str]:
    return [_counted(evidence.commit_count, "commit")] if evidence.commit_count else []


def _files(evidence: Evidence) -> list[str]:
    if not evidence.file_count:
        return []
    notable = [_counted(count, _KINDS.get(kind, kind.value)) for kind, count in evidence.kinds]
    if evidence.encrypted:
        notable.insert(0, f"{evidence.encrypted} encrypted")
    aside = f" ({', '.join(notable)})" if notable else ""
    return [_counted(evidence.file_count, "file") + aside]


def _refs(updates: Sequence[RefUpdate], count: int) -> list[str]:
    if not updates:
        return []
    marks = {RefAction.CREATE: " (new)", RefAction.DELETE: " (deleted)", RefAction.UPDATE: ""}
    names = [_short(ref.name) + marks[ref.action] for ref in updates[:_SHOWN]]
    return ["refs " + _listed(names, max(count, len(updates)))]


def _secrets(evidence: Evidence) -> list[str]:
    rules = dict.fromkeys(_short(secret.rule) for secret in evidence.secrets)
    return _some("secret", range(evidence.secret_count), rules)


def _some(noun: str, found: Sequence[object], names: Iterable[str]) -> list[str]:
    """`2 secrets (a, b)`, or nothing."""
    if not found:
        return []
    distinct = list(names)
    return [f"{_counted(len(found), noun)} ({_listed(distinct[:_SHOWN], len(distinct))})"]


def _listed(shown: Sequence[str], count: int) -> str:
    rest = f" and {count - len(shown)} more" if count > len(shown) else ""
    return ", ".join(shown) + rest


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _short(name: str) -> str:
    """A ref or rule without the prefix that all have, cut to what a sentence bears."""
    name = name.removeprefix("refs/heads/").removeprefix("refs/tags/")
    return name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1] + "…"

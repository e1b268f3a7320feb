"""What is found in a body: facts, one by one as they are found, and `Evidence`, their bounded sum for an event.

Facts come from `inspect`, are judged by `decide.content`, and are summed up by `inspect.collector`. Nothing here holds
a byte of content: a secret is only ever its mask. Not here: judging and reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RefAction(StrEnum):
    """What happens to a ref."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefUpdate:
    """One ref that a request changes. `old` and `new` are object ids in hex, None where there is none or it is unknown.

    `name` is the full ref as the client spelled it (`refs/heads/main`), bytes that are no UTF-8 escaped.
    """

    name: str
    action: RefAction
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedUpdate:
    """The new commit of this ref does not descend from the old one, by the pack; or the pack hides whether it does."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushOption:
    """One `git push -o`; some forges create repositories or change visibility by these."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit of a pack. `time` is the committer's, aware; names are people's text, bounded but not cleaned."""

    id: str
    author: str
    author_email: str
    committer: str
    committer_email: str
    time: datetime
    subject: str


class FileKind(StrEnum):
    """What a file is by its first bytes, never by its name. The value is the word that policies and events use."""

    ARCHIVE = "archives"
    OFFICE = "office"
    PDF = "pdf"
    DATABASE = "databases"
    MAIL_STORE = "mail_stores"
    DISK_IMAGE = "disk_images"
    EXECUTABLE = "executables"
    KEY = "keys"
    MEDIA = "media"
    TEXT = "text"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file, decoded: what it holds is what its hash is of, not the base64 or the delta it travelled in.

    `path` is where the request puts it, None where that isn't known; `size` in bytes. `oid` is the git or LFS object
    id. `encrypted`: its contents can't be read without a key, whatever kind of container it is.
    """

    path: str | None
    size: int
    sha256: str | None = None
    kind: FileKind = FileKind.OTHER
    encrypted: bool = False
    oid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A name that a pack's tree gives to a file, whose content may travel elsewhere or be known to the forge already.

    `path` is the full path where the trees above are in the pack too, else as much of its end as is known.
    """

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Something that a rule takes for a credential. `mask` shows at most its first four characters and its length.

    `fingerprint` is the first 16 hex digits of a hash that is salted once per process: equal secrets look equal.
    """

    rule: str
    mask: str
    fingerprint: str
    path: str | None = None
    oid: str | None = None
    line: int | None = None


class Missing(StrEnum):
    """What isn't known where something could not be examined."""

    CONTENTS = "contents"  # what some bytes hold
    PATHS = "paths"  # only how some files are called: their contents were read
    HISTORY = "history"  # only whether a ref is rewritten


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A part of the body that could not be examined within the caps; `reason` is a sentence without a full stop."""

    reason: str
    missing: Missing = Missing.CONTENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """The body isn't what it has to be, so it must not pass; `reason` is a sentence without a full stop."""

    reason: str


type Fact = RefUpdate | ForcedUpdate | PushOption | Commit | File | NamedFile | Secret | Unread | Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The sum of a body's facts, bounded: each count tells how many there were, where its list holds fewer.

    `kinds` counts files by kind, without text and other; `encrypted` counts files that can't be read without a key.
    `file_bytes` is the sum of their sizes. `unread` tells what of the body was not examined, each reason once.
    """

    refs: tuple[RefUpdate, ...] = ()
    ref_count: int = 0
    forced: tuple[str, ...] = ()
    push_options: tuple[str, ...] = ()
    commit_count: int = 0
    first_commit: Commit | None = None
    last_commit: Commit | None = None
    files: tuple[File, ...] = ()
    file_count: int = 0
    file_bytes: int = 0
    kinds: tuple[tuple[FileKind, int], ...] = ()
    encrypted: int = 0
    secrets: tuple[Secret, ...] = ()
    secret_count: int = 0
    unread: tuple[str, ...] = ()

"""What a commit says of itself, and what an annotated tag points to.

People's text is bounded but not cleaned, and what isn't UTF-8 is replaced. Odd dates and names, which old histories are
full of, are taken as they are; a commit without a tree is no commit. Not here: who descends from whom (`ancestry`).
"""

from __future__ import annotations

import re
from binascii import unhexlify
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from forgewall.evidence import Commit
from forgewall.inspect.objects import NotPack

TEXT = 200
"""Most characters of a name, an address, a subject."""

_PERSON = re.compile(rb"([^<\n]*)<([^>\n]*)>(?: (-?\d{1,15})(?: ([+-]\d{4}))?)?")
_TAG = re.compile(rb"object ([0-9a-f]{40}|[0-9a-f]{64})\ntype (commit|tree|blob|tag)\n")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A commit with what leads on from it: its root tree and its parents, as binary ids."""

    commit: Commit
    tree: bytes
    parents: tuple[bytes, ...]


def commit_of(data: bytes, oid: bytes) -> Parsed:
    """Read a commit object. Raises NotPack if it has no tree or its parents are no ids of `oid`'s length."""
    digits = 2 * len(oid)
    head, _, message = data.partition(b"\n\n")
    lines = head.split(b"\n", 1)
    tree = _id(lines[0], b"tree ", digits)
    parents: list[bytes] = []
    rest = lines[1] if len(lines) > 1 else b""
    position = 0
    step = len(b"parent \n") + digits
    while rest.startswith(b"parent ", position):
        parents.append(_id(rest[position : position + step].rstrip(b"\n"), b"parent ", digits))
        position += step
    author, author_email, _ = _person(rest, b"author ", position)
    committer, committer_email, time = _person(rest, b"committer ", position)
    subject = message.lstrip(b"\n")[: 4 * TEXT].partition(b"\n")[0]
    return Parsed(
        commit=Commit(
            id=oid.hex(),
            author=author,
            author_email=author_email,
            committer=committer,
            committer_email=committer_email,
            time=time,
            subject=_text(subject),
        ),
        tree=tree,
        parents=tuple(parents),
    )


def tagged(data: bytes) -> tuple[bytes, str] | None:
    """What an annotated tag points to, as a binary id and a type; None if it isn't one."""
    match = _TAG.match(data)
    return None if match is None else (unhexlify(match[1]), match[2].decode())


def _id(line: bytes, word: bytes, digits: int) -> bytes:
    value = line.removeprefix(word)
    if len(value) == digits and line.startswith(word):
        try:
            return unhexlify(value)
        except ValueError:
            pass
    raise NotPack("holds a commit that can't be read")


def _person(head: bytes, word: bytes, start: int) -> tuple[str, str, datetime]:
    at = start if head.startswith(word, start) else head.find(b"\n" + word, max(start - 1, 0)) + 1
    if not at and not head.startswith(word):
        return "", "", _EPOCH
    at += len(word)
    end = head.find(b"\n", at)
    match = _PERSON.match(head, at, len(head) if end < 0 else end)
    if match is None:
        return "", "", _EPOCH
    name, email, seconds, zone = match.groups()
    return _text(name.strip()), _text(email), _time(int(seconds or 0), zone)


def _time(seconds: int, zone: bytes | None) -> datetime:
    offset: timezone = UTC
    if zone:
        minutes = int(zone[1:3]) * 60 + int(zone[3:])
        if minutes < 24 * 60:
            offset = timezone(timedelta(minutes=-minutes if zone.startswith(b"-") else minutes))
    try:
        return datetime.fromtimestamp(seconds, offset)
    except (ValueError, OverflowError, OSError):
        return _EPOCH


def _text(data: bytes) -> str:
    return data[: 4 * TEXT].decode("utf-8", "replace")[:TEXT]

"""The path of a request, percent-decoded exactly once, or marked as one that servers may read differently.

What is *not* here: what a path means; that is the business of `git`, `lfs` and the kind modules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

MAX_SEGMENTS = 200
"""No forge nests that deep; it bounds the time that a path can take."""

_NAME = re.compile(r"[A-Za-z0-9._~-]+")
_ORDINARY = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?")  # nothing to decode, nothing to doubt
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_NOT_IN_PATH = re.compile(r"[\x00-\x20\x7f#]")
_PARAMETERS = re.compile(r"[;?]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A request target in origin form.

    `segments` are decoded once and hold no empty last segment; `slashed` tells that there was one trailing slash.
    An encoded slash stays inside its segment. `odd` is empty for a path that every server reads alike, else the
    reason why not: a write with an odd path can't be identified. `query` is raw, None if there is no `?`.
    """

    raw: str
    segments: tuple[str, ...]
    query: str | None = None
    slashed: bool = False
    odd: str = ""

    @property
    def pieces(self) -> tuple[str, ...]:
        """The segments with encoded slashes taken as separators, as some servers do."""
        return tuple("/".join(self.segments).split("/")) if self.segments else ()

    @property
    def lenient(self) -> tuple[str, ...]:
        """The segments as the most lenient server might see them: folded, split at encoded slashes, `;…` and `?…` cut.

        For recognising what a path might mean; never for finding out whom it names.
        """
        pieces = "/".join(self.segments).casefold().split("/")
        return tuple(bare for piece in pieces if (bare := _PARAMETERS.split(piece, maxsplit=1)[0].strip(" .")))

    @property
    def splits_alike(self) -> bool:
        """Whether there is no encoded slash, so that all servers see the same segments."""
        return not any("/" in segment for segment in self.segments)

    def from_segment(self, count: int) -> Path:
        """The same path without its first `count` segments."""
        return Path(raw=self.raw, segments=self.segments[count:], query=self.query, slashed=self.slashed, odd=self.odd)


def is_name(segment: str) -> bool:
    """Whether a decoded segment can name an owner or a repository: plain ASCII and not just dots."""
    return _NAME.fullmatch(segment) is not None and segment.strip(".") != ""


def namespace(text: str) -> tuple[str, ...] | None:
    """The names in `group/sub/repo`; None if one of them isn't a plain name."""
    names = tuple(text.split("/"))
    return names if all(is_name(name) for name in names) else None


@lru_cache(maxsize=64)  # several readers ask for the path of one request
def parse(target: str) -> Path:
    """The path of a raw request target (RFC 9112 section 3.2.1). Never raises: what is wrong stands in `odd`."""
    raw, mark, query = target.partition("?")
    rest = query if mark else None
    if raw.count("/") + raw.lower().count("%2f") > MAX_SEGMENTS:
        return Path(raw=raw, segments=(), query=rest, odd=f"the path has more than {MAX_SEGMENTS} segments")
    if _ORDINARY.fullmatch(raw):
        slashed = raw.endswith("/")
        return Path(raw=raw, segments=tuple(raw.strip("/").split("/")), query=rest, slashed=slashed)
    if raw == "/":
        return Path(raw=raw, segments=(), query=rest, slashed=True)
    if not raw.startswith("/"):
        return Path(raw=raw, segments=(raw,), query=rest, odd="the path does not begin with a slash")
    parts = raw[1:].split("/")
    slashed = len(parts) > 1 and parts[-1] == ""
    if slashed:
        parts.pop()
    decoded = [unquote_to_bytes(part.encode("utf-8", "surrogatepass")) for part in parts]
    segments = tuple(part.decode("utf-8", "replace") for part in decoded)
    return Path(raw=raw, segments=segments, query=rest, slashed=slashed, odd=_oddity(raw, decoded, segments))


def _oddity(raw: str, decoded: list[bytes], segments: tuple[str, ...]) -> str:
    if not raw.isascii() or _NOT_IN_PATH.search(raw):
        return "the path holds characters that must be encoded"
    if _BROKEN_ESCAPE.search(raw):
        return "the path holds a broken percent-encoding"
    for octets, segment in zip(decoded, segments, strict=True):
        if _ESCAPE.search(segment):
            return "the path is percent-encoded twice"
        if "\\" in segment:
            return "the path holds a backslash"
        if _CONTROL.search(segment):
            return "the path holds a control character"
        if not _is_utf8(octets):
            return "the path is not UTF-8"
        for piece in segment.split("/"):
            # Java servers cut `;…` off a segment before they resolve dots: `..;x` is `..` to them.
            if piece.split(";", 1)[0].strip() in ("", ".", ".."):
                return "the path holds an empty or a dot segment"
    return ""


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def below(path: Path, prefix: str) -> Path | None:
    """`path` without the URL prefix of a self-hosted instance (`/gitlab`); None if it stands outside."""
    names = tuple(name for name in prefix.split("/") if name)
    if path.segments[: len(names)] != names:
        return None
    return path.from_segment(len(names)) if names else path


def widest(target: str, rounds: int = 4) -> str:
    """A raw request target as the most lenient server could read it: decoded again and again, folded.

    For asking whether an odd path might mean something that writes; never for finding out whom it names.
    """
    text = target
    for _ in range(rounds):
        again = unquote_to_bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
        if again == text:
            break
        text = again
    return re.sub(r"/{2,}", "/", text.replace("\\", "/")).casefold()

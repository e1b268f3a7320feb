"""Collects what is wrong in a policy file, so that a person sees all of it at once. It judges nothing itself."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Protocol

from forgewall.errors import PolicyError, Problem

MAX_PROBLEMS = 100
"""Problems after which reading stops: nobody reads more, and finding them in megabytes of garbage takes long."""
MAX_QUOTED = 60
"""Characters of the file's text that are repeated in a message."""


class Place(Protocol):
    """Anything that knows where in the file it stands; both count from 1."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class Complaints:
    """The problems of one file, in the order found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(self, place: Place | tuple[int, int], message: str, hint: str = "") -> None:
        """Note a problem at `place`. Raises PolicyError once there are more than `MAX_PROBLEMS`."""
        line, column = place if isinstance(place, tuple) else (place.line, place.column)
        if len(self.problems) == MAX_PROBLEMS:
            more = f"only the first {MAX_PROBLEMS} problems are shown"
            self.problems.append(Problem(file=self.file, line=line, column=column, message=more))
            self.raise_if_any()
        self.problems.append(Problem(file=self.file, line=line, column=column, message=message, hint=hint))

    def raise_if_any(self) -> None:
        """Raise PolicyError with all problems in file order, if there are any."""
        if self.problems:
            raise PolicyError(sorted(self.problems, key=lambda problem: (problem.line, problem.column)))


def quote(text: str) -> str:
    """`text` in backticks, shortened, on one line, without characters that act on a terminal."""
    short = text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"
    return "`" + "".join(char if char.isprintable() else f"\\u{{{ord(char):04x}}}" for char in short) + "`"


def one_of(words: Iterable[str]) -> str:
    """The words as prose: `a, b or c`."""
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"


_SAYINGS = {
    "off": ("block", "false"),
    "no": ("block", "false", "off"),
    "false": ("block", "off"),
    "none": ("block", "off"),
    "deny": ("block",),
    "never": ("block",),
    "on": ("allow", "true", "full"),
    "yes": ("allow", "true", "full"),
    "true": ("allow", "full"),
    "permit": ("allow",),
    "monitor": ("observe",),
    "audit": ("observe", "log"),
    "warn": ("log",),
    "tunnel": ("pass",),
    "denied": ("forbidden",),
    "blocked": ("forbidden",),
    "allowed": ("approved",),
    "allowlist": ("approved",),
    "denylist": ("forbidden",),
    "users": ("who",),
    "until": ("expires",),
    "url": ("repo",),
    "clone": ("fetch",),
    "pull": ("fetch",),
    "read": ("fetch",),
    "write": ("push",),
    "pr": ("pull-request",),
    "merge-request": ("pull-request",),
    "gist": ("snippet",),
    "branch": ("refs",),
    "branches": ("refs",),
    "scan": ("inspect",),
    "files": ("paths",),
    "names": ("paths",),
    "credentials": ("secrets",),
    "tokens": ("secrets",),
    "zip": ("archives",),
    "docx": ("office",),
    "sqlite": ("databases",),
    "pst": ("mail-stores",),
    "mail": ("mail-stores",),
    "iso": ("disk-images",),
    "exe": ("executables",),
    "client": ("per-client",),
    "user": ("per-user",),
    "owner": ("per-owner",),
    "repository": ("per-repository", "address"),
    "repo": ("address",),
    "target": ("address",),
    "id": ("event",),
    "event-id": ("event",),
    "what": ("operation",),
    "who": ("by",),
    "end": ("until",),
    "expires": ("until",),
    "why": ("reason",),
}
"""What people write for a word, and the words it may stand for, best first."""


def nearest(text: str, words: Iterable[str]) -> str:
    """A hint naming the one of `words` that `text` most likely means, or '' when none is near."""
    by_spelling = {word.replace("_", "-"): word for word in words}
    folded = text.lower().replace("_", "-")[:MAX_QUOTED]
    for word in _SAYINGS.get(folded, ()):
        if word in by_spelling:
            return f"did you mean `{by_spelling[word]}`?"
    close = get_close_matches(folded, by_spelling, n=1, cutoff=0.6)
    return f"did you mean `{by_spelling[close[0]]}`?" if close else ""

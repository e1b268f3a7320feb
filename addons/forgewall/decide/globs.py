"""Globs on names made of segments, the one pattern language of a policy: for refs and for paths of files.

`*` stands for any characters within a segment, `?` for one, `**` as a whole segment for any number of segments; at the
end for all that is below. There are no character classes and no negation: what looks like one is refused, as a rule
that never matches would be worse than none.

Matching takes bounded time, whatever the name is. Theory: within a segment, and likewise among segments, it is enough
to take the leftmost place of each piece between two wildcards, since that leaves the most to the rest. So each piece is
an atomic group that is never tried again, and only the last one looks for the end.

Refs are compared exactly, paths without regard to case: `*.kdbx` means `Keys.KDBX` too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from forgewall.decide.complaints import quote

MAX_GLOB = 200
"""Characters of a glob."""
BRANCHES = "refs/heads/"

_NOT_IN_REFS = re.compile(r"[\x00-\x20\x7f~^:\\]|\.\.|@\{|//|^/|/$|\.lock$|^-")
_CLASS = re.compile(r"[\[\]{}\\]")
_ODD = re.compile(r"//|(?:\A|/)\.{1,2}(?:/|\Z)|/\Z")


def path_glob(text: str) -> str:
    """`text` if it is a glob for paths. Raises ValueError with the rest of a sentence that begins with it."""
    _check(text)
    if _CLASS.search(text) or text.startswith("!"):
        raise ValueError("holds a character with no meaning in a glob: write several globs, or `?` for that character")
    if text.startswith(("/", "./", "../")):
        raise ValueError("begins outside: paths are relative to the repository's root, as in secrets/**")
    if text.endswith("/"):
        raise ValueError(f"names a folder: write {text}** for all that is in it")
    if "//" in text:
        raise ValueError("holds an empty segment")
    return text


def ref_glob(text: str) -> str:
    """`text` if it is a glob for refs: `main`, `release/*`, `refs/tags/v*`. Raises ValueError like `path_glob`."""
    _check(text)
    if text.startswith(("heads/", "tags/", "remotes/")):
        raise ValueError(f"is not clear: write refs/{text}, or refs/heads/{text} for a branch of that name")
    if _CLASS.search(text) or _NOT_IN_REFS.search(text):
        raise ValueError("is no name of a branch, no ref and no glob such as release/*")
    return text


def ref_name(text: str) -> str:
    """`text` if it can be the name of a branch or ref (git-check-ref-format(1), roughly). Raises ValueError."""
    if not text or len(text) > MAX_GLOB or _CLASS.search(text) or _NOT_IN_REFS.search(text) or set(text) & set("*?"):
        raise ValueError(f"{quote(text)} is no name of a branch or ref")
    return text


def _check(text: str) -> None:
    if not text or len(text) > MAX_GLOB or not text.isprintable() or text != text.strip():
        raise ValueError(f"is not a glob of up to {MAX_GLOB} characters such as *.kdbx or secrets/**")
    if any("**" in segment and segment != "**" for segment in text.split("/")):
        raise ValueError("holds `**` beside other characters: it stands for whole segments, as in secrets/**")


def full_ref(name: str) -> str:
    """The ref that a word means: what doesn't begin with `refs/` is a branch."""
    return name if name.startswith("refs/") else BRANCHES + name


def ref_matches(globs: tuple[str, ...], name: str) -> bool:
    """Whether one of `globs` covers the ref `name`, both full or short."""
    return _refs(globs).fullmatch(full_ref(name)) is not None


def path_matches(glob: str, path: str) -> bool:
    """Whether `glob` covers `path`: by its last segment where the glob has no slash, else by all of it."""
    return PathGlobs.of((glob,)).first(path) is not None


@dataclass(frozen=True, slots=True)
class PathGlobs:
    """Several globs for paths, compiled: those on names and those on whole paths, each with its place in the list."""

    names: re.Pattern[str] | None
    name_places: tuple[int, ...]
    paths: re.Pattern[str] | None
    path_places: tuple[int, ...]

    @classmethod
    def of(cls, globs: tuple[str, ...]) -> PathGlobs:
        """The globs, compiled once for each tuple."""
        return _path_globs(globs)

    def first(self, path: str) -> int | None:
        """The place in the list of the first glob that covers `path`, None if none does."""
        path = path.lstrip("/") if _ODD.search(path) is None else _plain(path)
        found = None
        if self.names is not None and (match := self.names.fullmatch(path, path.rfind("/") + 1)):
            found = self.name_places[(match.lastindex or 1) - 1]
        if self.paths is not None and (match := self.paths.fullmatch(path)):
            place = self.path_places[(match.lastindex or 1) - 1]
            found = place if found is None else min(found, place)
        return found


def _plain(path: str) -> str:
    """`path` as a forge takes it that resolves empty and dot segments."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/".join(kept)


@lru_cache(maxsize=1024)
def _path_globs(globs: tuple[str, ...]) -> PathGlobs:
    names = [place for place, glob in enumerate(globs) if "/" not in glob]
    paths = [place for place, glob in enumerate(globs) if "/" in glob]
    return PathGlobs(
        _any_of([globs[place] for place in names], re.IGNORECASE),
        tuple(names),
        _any_of([globs[place] for place in paths], re.IGNORECASE),
        tuple(paths),
    )


@lru_cache(maxsize=1024)
def _refs(globs: tuple[str, ...]) -> re.Pattern[str]:
    return _any_of([full_ref(glob) for glob in globs], 0) or re.compile(r"(?!)")


def _any_of(globs: Sequence[str], flags: int) -> re.Pattern[str] | None:
    """A pattern whose last group tells the first of `globs` that fits."""
    return re.compile("|".join(f"({_whole(glob)})" for glob in globs), flags | re.DOTALL) if globs else None


def _whole(glob: str) -> str:
    """A glob as a regular expression to be matched in full."""
    runs: list[list[str]] = [[]]
    for segment in glob.split("/"):
        if segment != "**":
            runs[-1].append(_segment(segment))
        elif len(runs) == 1 or runs[-1]:  # `**/**` is `**`
            runs.append([])
    if len(runs) == 1:
        return "/".join(runs[0])
    first, *middle, last = runs
    head = "".join(f"{segment}/" for segment in first)
    body = "".join(f"(?>(?:[^/]*/)*?{'/'.join(run)}/)" for run in middle)
    return head + body + (f"(?:[^/]*/)*{'/'.join(last)}" if last else ".+")


def _segment(segment: str) -> str:
    first, *rest = (re.escape(piece).replace(r"\?", "[^/]") for piece in segment.split("*"))
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle) + f"[^/]*{last}"

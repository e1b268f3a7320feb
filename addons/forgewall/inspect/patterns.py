"""Patterns over bytes, in time that is linear in the input whatever pattern and input are: RE2 and Hyperscan.

`Pattern` tells where in some bytes a pattern and its groups stand. `PatternSet` looks for hundreds of patterns at once,
at hundreds of MB/s, but only says which of them occur. Both speak RE2's syntax (https://github.com/google/re2/wiki/
Syntax) on bytes: `.` is one byte, classes are ASCII. Not here: what a match means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, cast

import hyperscan
import re2

MEMORY, MORE_MEMORY = 1 << 20, 8 << 20
"""Most bytes RE2 may hold for one pattern's automaton, beyond which it is slower, not larger; and the same for the few
patterns that ordinary text is full of candidates for."""


class Match(Protocol):
    """As `re.Match`, of bytes."""

    def group(self, index: int = 0, /) -> bytes | None: ...
    def start(self, index: int = 0, /) -> int: ...
    def end(self, index: int = 0, /) -> int: ...


class Pattern:
    """One compiled pattern."""

    __slots__ = ("_compiled", "groups")

    def __init__(self, regex: str, *, memory: int = MEMORY) -> None:
        """`memory` in bytes. Raises ValueError with the engine's words if `regex` can't be used."""
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1  # bytes; a pattern's UTF-8 letters are matched as their bytes
        options.max_mem = memory
        options.log_errors = False
        try:
            self._compiled = re2.compile(regex.encode(), options)
        except re2.error as error:
            raise ValueError(_words(error)) from None
        self.groups: int = self._compiled.groups

    def matches(self, data: bytes) -> Iterator[Match]:
        """All matches in `data` that don't overlap, found one by one."""
        return cast(Iterator[Match], self._compiled.finditer(data))

    def found(self, data: bytes) -> bool:
        """Whether the pattern occurs in `data`."""
        return self._compiled.search(data) is not None


class PatternSet:
    """Many patterns, compiled into one automaton. Not for several threads at once: they would share its scratch."""

    __slots__ = ("_database",)

    def __init__(self, regexes: Sequence[str]) -> None:
        """Raises ValueError with the engine's words if one of `regexes` can't be used."""
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            self._database.compile(
                expressions=[regex.encode() for regex in regexes],
                ids=list(range(len(regexes))),
                # One report a pattern is enough, and bounds the calls into Python however often it occurs.
                flags=[hyperscan.HS_FLAG_SINGLEMATCH] * len(regexes),
            )
        except hyperscan.error as error:
            raise ValueError(_words(error)) from None

    def occurring(self, data: bytes) -> list[int]:
        """The indices of the patterns that occur in `data`, in their order."""
        found: list[int] = []

        def note(index: int, _start: int, _end: int, _flags: int, _context: object) -> None:
            found.append(index)

        self._database.scan(data, match_event_handler=note)
        found.sort()
        return found


def _words(error: Exception) -> str:
    """The engine's message in one line; RE2 gives bytes."""
    message = error.args[0] if error.args else error
    text = message.decode(errors="replace") if isinstance(message, bytes) else str(message)
    return " ".join(text.split()).rstrip(".")

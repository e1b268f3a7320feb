"""One rule at work: which places in some bytes it takes for secrets, as gitleaks would judge them.

Not here: streams, and what is told of a secret.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forgewall.inspect.patterns import MEMORY, MORE_MEMORY, Match, Pattern
from forgewall.inspect.rules import Allowlist, Rule

LINE = 2048
"""Bytes before and behind a match that are looked at for the line it stands on."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that a rule's pattern fits: the match from `start` to `end`, the secret in it from `begin` to `stop`."""

    start: int
    end: int
    begin: int
    stop: int


class Matcher:
    """A compiled rule."""

    __slots__ = ("_allowed", "_entropy", "_group", "_keywords", "_path", "_pattern", "generic", "id")

    def __init__(self, rule: Rule) -> None:
        """Raises ValueError with a sentence that names the rule where a pattern of it can't be used."""
        self.id = rule.id
        self.generic = "generic" in rule.id
        try:
            self._pattern = Pattern(rule.regex, memory=MORE_MEMORY if self.generic else MEMORY)
            self._path = None if rule.path is None else Pattern(rule.path)
            self._allowed = tuple(_Allowed(one) for one in rule.allowlists)
        except ValueError as error:
            raise ValueError(f"secret rule `{rule.id}` has a pattern that can't be used: {error}") from None
        if rule.group > self._pattern.groups:
            raise ValueError(f"secret rule `{rule.id}` has no capture group {rule.group} (`secretGroup`)")
        self._group = rule.group
        self._entropy = rule.entropy
        self._keywords = tuple(word.encode() for word in rule.keywords)

    def wanted(self, lowered: bytes, path: str | None) -> bool:
        """Whether a keyword stands in `lowered`, the bytes in lower case, and the file's path fits.

        A path that isn't known fits: a pack's blobs have none, and must not escape by it.
        """
        if self._path is not None and path is not None and not self._path.found(path.encode(errors="replace")):
            return False
        return not self._keywords or any(word in lowered for word in self._keywords)

    def candidates(self, data: bytes) -> Iterator[Candidate]:
        """The places that the pattern fits, in their order."""
        for match in self._pattern.matches(data):
            begin, stop = self._secret(match, data)
            if begin < stop:
                yield Candidate(match.start(), match.end(), begin, stop)

    def admits(self, data: bytes, place: Candidate, path: str | None) -> bool:
        """Whether what stands at `place` counts as a secret: by its entropy, and by no allowlist being for it."""
        secret = data[place.begin : place.stop]
        if self._entropy and entropy(secret) <= self._entropy:
            return False
        return not any(allowed.covers(data, place, path) for allowed in self._allowed)

    def _secret(self, match: Match, data: bytes) -> tuple[int, int]:
        begin, stop = match.start(), match.end()
        for group in (self._group,) if self._group else range(1, self._pattern.groups + 1):
            if match.start(group) < match.end(group):
                begin, stop = match.start(group), match.end(group)
                break
        while begin < stop and data[begin] == 0x0A:
            begin += 1
        while begin < stop and data[stop - 1] == 0x0A:
            stop -= 1
        return begin, stop


class _Allowed:
    """A compiled allowlist."""

    __slots__ = ("_every", "_paths", "_regexes", "_stopwords", "_target")

    def __init__(self, allowlist: Allowlist) -> None:
        self._every = allowlist.every
        self._target = allowlist.target
        self._paths = _one_of(allowlist.paths)
        self._regexes = _one_of(allowlist.regexes)
        # One automaton of all words: published lists hold more than a thousand.
        self._stopwords = _one_of([re.escape(word) for word in allowlist.stopwords])

    def covers(self, data: bytes, place: Candidate, path: str | None) -> bool:
        """Whether the list is for what stands at `place`; an empty list is for nothing."""
        checks = self._checks(data, place, path)
        return all(checks) if self._every else any(checks)

    def _checks(self, data: bytes, place: Candidate, path: str | None) -> Iterator[bool]:
        if self._paths is not None:
            yield path is not None and self._paths.found(path.encode(errors="replace"))
        if self._stopwords is not None:
            yield self._stopwords.found(data[place.begin : place.stop].lower())
        if self._regexes is not None:
            yield self._regexes.found(self._compared(data, place))
        if self._paths is self._stopwords is self._regexes:
            yield False

    def _compared(self, data: bytes, place: Candidate) -> bytes:
        if self._target == "secret":
            return data[place.begin : place.stop]
        if self._target == "match":
            return data[place.start : place.end]
        start = data.rfind(b"\n", max(0, place.start - LINE), place.start) + 1
        end = data.find(b"\n", place.end, place.end + LINE)
        return data[start or max(0, place.start - LINE) : place.end + LINE if end < 0 else end]


def _one_of(patterns: Sequence[str]) -> Pattern | None:
    """One pattern that occurs where any of `patterns` does."""
    return Pattern("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else None


def entropy(secret: bytes) -> float:
    """Shannon entropy of `secret`, in bits a byte."""
    size = len(secret)
    return -sum(count / size * math.log2(count / size) for count in Counter(secret).values())

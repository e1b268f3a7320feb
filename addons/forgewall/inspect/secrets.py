"""Credentials in a stream of bytes: by rules in gitleaks' format, in windows, in bounded memory and time.

Theory. A file is cut into windows of 72 KiB that overlap by 8 KiB, always at the same places, however it arrives; so
what is found doesn't depend on chunks, and a credential of up to 8 KiB is whole in one window at least. One automaton
of all rules tells which of them occur in a window, which most often is none; only those are looked for exactly. A match
that touches a window's border is left to the neighbour, which sees what stands behind that border.

Looking exactly costs more than passing by, so it is budgeted: bytes that were looked at exactly may be some times the
file's own. Whoever plants near-misses to exhaust that ends the search and is told on (`gave_up`). After 100 different
secrets in one file the search ends too: there is no doubt left about that file.

Not here: base64, archives and other wrappings (whoever undoes them feeds the result), and Python's own `secrets`.
Comments like `gitleaks:allow` excuse nothing: the sender writes them.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from forgewall.evidence import Secret
from forgewall.inspect.mask import fingerprint, mask
from forgewall.inspect.matching import Candidate, Matcher
from forgewall.inspect.patterns import PatternSet
from forgewall.inspect.rules import parse

WINDOW = 72 * 1024
OVERLAP = 8 * 1024
MOST = 100
"""Different secrets told of one file."""
BUDGET, BUDGET_PER_BYTE, CANDIDATE = 2 * 1024 * 1024, 16, 1024
"""Bytes of exact looking that every file has, and more for each byte of it; what one candidate costs, as bytes."""
GAVE_UP = "the search for secrets met more look-alikes than it may examine"
_WIDE = {b"\xff\xfe": 0, b"\xfe\xff": 1}  # UTF-16's byte order marks: where the low byte of an ASCII letter stands


class Scanner:
    """Compiled rules, shared by the process. Immutable, but not for several threads at once."""

    __slots__ = ("matchers", "patterns", "salt")

    def __init__(self, matchers: tuple[Matcher, ...], patterns: PatternSet, salt: bytes) -> None:
        """Use `load` or `built_in`."""
        self.matchers = matchers
        self.patterns = patterns
        self.salt = salt

    @staticmethod
    def load(text: str, *, salt: bytes = b"") -> Scanner:
        """The rules in `text`, TOML in gitleaks' format. Raises ValueError with a sentence that names the bad rule.

        `salt` is for fingerprints, to be made anew for each process; without one there are no fingerprints.
        """
        return Scanner(*_compiled(text), salt)

    @staticmethod
    def built_in(*, salt: bytes = b"") -> Scanner:
        """The rules that Forgewall ships with, compiled once; `salt` as in `load`."""
        return Scanner(*_compiled_built_in(), salt)

    def stream(self, path: str | None = None) -> SecretStream:
        """A search through one file, which stands at `path` as far as is known."""
        return SecretStream(self, path)


class SecretStream:
    """The search through one file. `path` and `oid` may be set later; they count for what is found from then on.

    `gave_up` is a sentence where the search ended before the file did, so that there may be more to find.
    """

    __slots__ = (
        "_budget",
        "_buffer",
        "_ended",
        "_lines",
        "_scanner",
        "_seen",
        "_wide",
        "_windows",
        "gave_up",
        "oid",
        "path",
    )

    def __init__(self, scanner: Scanner, path: str | None) -> None:
        self.path = path
        self.oid: str | None = None
        self.gave_up: str | None = None
        self._scanner = scanner
        self._buffer = bytearray()
        self._budget = BUDGET
        self._ended = False
        self._lines = 1
        self._seen: set[tuple[str, bytes]] = set()
        self._wide: int | None = None
        self._windows = 0

    def feed(self, data: bytes | memoryview) -> list[Secret]:
        """The file's next bytes: the secrets that are certain by now, each once."""
        if self._ended:
            return []
        room = WINDOW - len(self._buffer)
        if len(data) <= room:
            self._buffer += data
            return []
        found: list[Secret] = []
        view = memoryview(data)
        while len(view) > room and not self._ended:
            self._buffer += view[:room]
            found += self._scan(last=False)
            del self._buffer[:-OVERLAP]
            view = view[room:]
            room = WINDOW - OVERLAP
        if not self._ended:
            self._buffer += view
        return found

    def finish(self) -> list[Secret]:
        """The file has ended: the rest of its secrets."""
        found = [] if self._ended else self._scan(last=True)
        self._end()
        return found

    def _scan(self, *, last: bool) -> list[Secret]:
        """Search the window in the buffer."""
        data = bytes(self._buffer)
        overlap = OVERLAP
        self._budget += BUDGET_PER_BYTE * len(data)
        if self._windows == 0:
            self._wide = _WIDE.get(data[:2])
        if self._wide is not None:
            data = data[self._wide :: 2]
            overlap //= 2
        occurring = self._scanner.patterns.occurring(data)
        found = list(self._told(data, occurring, overlap, last=last)) if occurring else []
        if not last:
            self._lines += data.count(b"\n", 0, len(data) - overlap)
            self._windows += 1
        return found

    def _told(self, data: bytes, occurring: list[int], overlap: int, *, last: bool) -> Iterator[Secret]:
        for rule, place in self._settled(data, occurring, overlap, last=last):
            secret = data[place.begin : place.stop]
            known = (rule, hashlib.blake2b(secret, digest_size=16).digest())
            if known in self._seen:
                continue
            self._seen.add(known)
            yield Secret(
                rule=rule,
                mask=mask(secret),
                fingerprint=fingerprint(secret, self._scanner.salt),
                path=self.path,
                oid=self.oid,
                line=self._lines + data.count(b"\n", 0, place.begin),
            )
            if len(self._seen) >= MOST:
                self._end()
                return

    def _settled(self, data: bytes, occurring: list[int], overlap: int, *, last: bool) -> list[tuple[str, Candidate]]:
        """What this window has to tell, in the order of the file, without what a more exact rule tells already."""
        exact: list[tuple[str, Candidate]] = []
        generic: list[tuple[str, Candidate]] = []
        lowered = data.lower()
        for index in occurring:
            matcher = self._scanner.matchers[index]
            if not matcher.wanted(lowered, self.path):
                continue
            if not self._pay(len(data)):
                break
            for place in matcher.candidates(data):
                if not self._pay(CANDIDATE):
                    break
                at_start = self._windows > 0 and place.start == 0 and place.end < overlap
                at_end = not last and place.end == len(data)
                if not at_start and not at_end and matcher.admits(data, place, self.path):
                    (generic if matcher.generic else exact).append((matcher.id, place))
        taken = _spans([place for _, place in exact])
        exact += [one for one in generic if not _meets(taken, one[1])]
        return sorted(exact, key=lambda one: (one[1].begin, one[0]))

    def _pay(self, cost: int) -> bool:
        """Take `cost` off the budget; False if it is used up, which ends the search."""
        self._budget -= cost
        if self._budget < 0 and self.gave_up is None:
            self.gave_up = GAVE_UP
            self._end()
        return self._budget >= 0

    def _end(self) -> None:
        self._ended = True
        self._buffer = bytearray()


def _spans(places: list[Candidate]) -> list[tuple[int, int]]:
    """Where secrets stand, from and to, in order and without overlaps."""
    spans: list[tuple[int, int]] = []
    for begin, stop in sorted((place.begin, place.stop) for place in places):
        if spans and begin < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
        else:
            spans.append((begin, stop))
    return spans


def _meets(spans: list[tuple[int, int]], place: Candidate) -> bool:
    """Whether the secret at `place` shares a byte with one of `spans`."""
    last = bisect_left(spans, (place.stop, 0)) - 1  # the last that begins before it stops
    return last >= 0 and spans[last][1] > place.begin


def _compiled(text: str) -> tuple[tuple[Matcher, ...], PatternSet]:
    rules = parse(text)
    matchers = tuple(Matcher(rule) for rule in rules)
    try:
        return matchers, PatternSet([rule.regex for rule in rules])
    except ValueError:
        for rule in rules:  # the set doesn't tell which of them it can't use
            try:
                PatternSet([rule.regex])
            except ValueError as error:
                raise ValueError(f"secret rule `{rule.id}` has a pattern that can't be used: {error}") from None
        raise


@cache
def _compiled_built_in() -> tuple[tuple[Matcher, ...], PatternSet]:
    return _compiled(files("forgewall.inspect").joinpath("data/secrets.toml").read_text(encoding="utf-8"))

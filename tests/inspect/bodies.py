"""What the tests of API bodies share: a recorder of events, chunkings, a scanner of one rule, a request in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hypothesis import strategies as st
from tests.identify.asking import REGISTRY

from forgewall.evidence import Fact, File, RefUpdate, Secret, Unread
from forgewall.identify.engine import identify
from forgewall.identify.url import request_for
from forgewall.inspect.body import inspector_for
from forgewall.inspect.inspector import Inspector
from forgewall.inspect.secrets import Scanner
from forgewall.model import BodyState, Depth, Request, Target

JSON = ("content-type", "application/json")
NDJSON = ("content-type", "application/x-ndjson")
FORM = ("content-type", "application/x-www-form-urlencoded")

SCANNER = Scanner.load(
    """
[[rules]]
id = "test-token"
description = "a token that only the tests know"
regex = '''zq9_[a-z0-9]{24}'''
keywords = ["zq9_"]
"""
)
TOKEN = b"zq9_" + b"a1b2c3d4e5f6a7b8c9d0e1f2"

CUTS = st.lists(st.integers(0, 400), max_size=12)


def cut(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """`data` in chunks that end at `cuts` (taken modulo its length)."""
    start = 0
    for end in sorted(at % (len(data) + 1) for at in cuts):
        yield data[start:end]
        start = end
    yield data[start:]


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


class Recorder:
    """The events of a document, texts put together, so that chunks don't show."""

    def __init__(self) -> None:
        self.events: list[object] = []
        self._text: list[bytes] = []

    def open(self, array: bool) -> None:
        self.events.append("[" if array else "{")

    def close(self) -> None:
        self.events.append("end")

    def key(self, name: str) -> None:
        self.events.append(("key", name))

    def text(self, piece: bytes, more: bool) -> None:
        self._text.append(piece)
        if not more:
            self.events.append(("text", b"".join(self._text)))
            self._text = []

    def scalar(self, token: bytes) -> None:
        self.events.append(("scalar", token))


def asked(method: str, url: str, *headers: tuple[str, str]) -> tuple[Request, Target]:
    request = request_for(method, url, headers=headers, body=b"", body_state=BodyState.UNREAD)
    target = identify(request, REGISTRY)
    assert target is not None
    return request, target


def inspector(
    method: str,
    url: str,
    *headers: tuple[str, str],
    depth: Depth = Depth.FULL,
    scanner: Scanner | None = SCANNER,
) -> Inspector | None:
    request, target = asked(method, url, *headers)
    return inspector_for(request, target, depth=depth, scanner=scanner)


def facts(
    method: str,
    url: str,
    chunks: bytes | Iterable[bytes],
    *headers: tuple[str, str],
    depth: Depth = Depth.FULL,
    scanner: Scanner | None = SCANNER,
) -> list[Fact]:
    """All facts of a body."""
    reader = inspector(method, url, *headers, depth=depth, scanner=scanner)
    assert reader is not None
    found: list[Fact] = []
    for chunk in [chunks] if isinstance(chunks, bytes) else chunks:
        found += reader.feed(chunk)
    return [*found, *reader.finish()]


def files(found: Sequence[Fact]) -> list[tuple[str | None, int, str | None]]:
    return [(fact.path, fact.size, fact.sha256) for fact in found if isinstance(fact, File)]


def refs(found: Sequence[Fact]) -> list[str]:
    return [fact.name for fact in found if isinstance(fact, RefUpdate)]


def secrets(found: Sequence[Fact]) -> set[str | None]:
    """The paths that secrets were found at."""
    return {fact.path for fact in found if isinstance(fact, Secret)}


def unread(found: Sequence[Fact]) -> list[str]:
    return [fact.reason for fact in found if isinstance(fact, Unread)]

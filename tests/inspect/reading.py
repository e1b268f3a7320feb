"""Reads bytes as a file, for the tests of everything below `FileReader`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from forgewall.evidence import Fact, File
from forgewall.inspect.content import FileReader
from forgewall.inspect.secrets import Scanner


def read(chunks: Iterable[bytes], *, path: str | None = None, scanner: Scanner | None = None) -> list[Fact]:
    """All facts of a file that comes in `chunks`."""
    reader = FileReader(path=path, scanner=scanner)
    facts = [fact for chunk in chunks for fact in reader.feed(chunk)]
    return facts + reader.finish()


def cut(data: bytes, size: int) -> list[bytes]:
    """`data` in chunks of `size` bytes."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def cuts(data: bytes, places: Iterable[int]) -> list[bytes]:
    """`data` cut at `places`, taken modulo its length."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def kind(data: bytes, *, chunk: int = 65536) -> str:
    """The word for what `data` is, with `!` where it is encrypted."""
    file = read(cut(data, chunk))[-1]
    assert isinstance(file, File)
    return file.kind.value + "!" * file.encrypted

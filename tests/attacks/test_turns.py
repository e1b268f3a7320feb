"""Bodies that unfold to much more than their bytes: others get their turn in between, and no fact depends on it."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.inspect.packing import MemorySpool, Pack, commit, copy, delta, insert, oid, read

from forgewall.enforce.examination import PART, Examination
from forgewall.enforce.gate import Gate, Passed
from forgewall.evidence import Fact, File, NamedFile
from forgewall.inspect import content, trees
from forgewall.inspect.document import Document
from forgewall.inspect.document_body import DocumentInspector
from forgewall.inspect.heading import Heading
from forgewall.inspect.json_stream import JsonReader
from forgewall.inspect.objects import BLOB, COMMIT, EACH, TREE, TURN, WHOLE
from forgewall.inspect.pack import PackReader
from forgewall.model import Action, Operation, Scrutiny
from forgewall.turns import Turns, at_once

MIB = 1024 * 1024


def one_large_blob() -> Pack:
    pack = Pack()
    pack.add(BLOB, bytes(40 * MIB), level=9)
    return pack


def many_blobs() -> Pack:
    pack = Pack()
    for number in range(60):
        pack.add(BLOB, number.to_bytes(4) + bytes(WHOLE - 4), level=9)
    return pack


def tiny_blobs() -> Pack:
    pack = Pack()
    for number in range(3000):
        pack.add(BLOB, b"%d" % number)
    return pack


def one_delta() -> Pack:
    """A few dozen bytes that unfold to 40 MiB."""
    pack = Pack()
    base = pack.add(BLOB, bytes(MIB))
    pack.ofs(base, delta(MIB, 40 * MIB, *[copy(0, MIB)] * 40))
    return pack


def many_deltas() -> Pack:
    pack = Pack()
    base = pack.add(BLOB, random.Random(1).randbytes(60_000))
    for number in range(60):
        steps = [copy(0, 60_000)] * 17
        pack.ofs(base, delta(60_000, 17 * 60_000 + 4, *steps, insert(number.to_bytes(4))))
    return pack


def waiting_deltas() -> Pack:
    """The base comes last, and all deltas of it are applied at once."""
    pack = Pack()
    content = random.Random(2).randbytes(50_000)
    for number in range(300):
        pack.ref(oid(BLOB, content), delta(50_000, 50_004, copy(0, 50_000), insert(number.to_bytes(4))))
    pack.add(BLOB, content)
    return pack


MAKERS = (one_large_blob, many_blobs, tiny_blobs, one_delta, many_deltas, waiting_deltas)
PACKS = {make.__name__: make for make in MAKERS}


def after_each[T](turns: Turns[T], look: Callable[[], None]) -> T:
    """What `turns` come to; `look` is called at each of them."""

    def watched() -> Turns[T]:
        while True:
            try:
                next(turns)
            except StopIteration as end:
                found: T = end.value
                return found
            look()
            yield

    return at_once(watched())


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("spooled", [False, True])
def test_a_turn_is_bounded_work_whatever_a_pack_unfolds_to(
    monkeypatch: pytest.MonkeyPatch, name: str, spooled: bool
) -> None:
    body = bytes(PACKS[name]())
    expected = read([body], PackReader(spool=MemorySpool() if spooled else None))
    work = 0
    real = content.FileReader.feed

    def counted(self: content.FileReader, data: bytes) -> list[Fact]:
        nonlocal work
        work += len(data)
        return real(self, data)

    monkeypatch.setattr(content.FileReader, "feed", counted)
    works: list[int] = []

    def look() -> None:
        nonlocal work
        works.append(work)
        work = 0

    reader = PackReader(spool=MemorySpool() if spooled else None)
    facts = after_each(reader.turns(body), look)
    assert facts + reader.finish() == expected
    assert max(works) <= 2 * TURN + WHOLE
    total = sum(fact.size for fact in expected if isinstance(fact, File))
    assert len(works) >= (total + len(expected) * EACH) // (3 * TURN)


def large_folder() -> Pack:
    """A tree that a commit names, of 60,000 files in one folder."""
    pack = Pack()
    ids = random.Random(3)
    entries = b"".join(b"100644 %06d\0%s" % (number, ids.randbytes(20)) for number in range(60_000))
    pack.add(COMMIT, commit(oid(TREE, entries)))
    pack.add(TREE, entries, level=1)
    return pack


def large_folder_first() -> Pack:
    """The same, where the commit comes last: all that waited is read at once."""
    pack = Pack()
    ids = random.Random(3)
    entries = b"".join(b"100644 %06d\0%s" % (number, ids.randbytes(20)) for number in range(60_000))
    pack.add(TREE, entries, level=1)
    pack.add(COMMIT, commit(oid(TREE, entries)))
    return pack


@pytest.mark.parametrize("make", [large_folder, large_folder_first])
def test_a_folder_of_very_many_files_is_read_in_turns(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], Pack]
) -> None:
    body = bytes(make())
    expected = read([body])
    told: list[int] = [0]
    real = trees.Trees._told

    def counted(self: trees.Trees, *named: Any) -> None:
        told[-1] += 1
        real(self, *named)

    monkeypatch.setattr(trees.Trees, "_told", counted)
    reader = PackReader()
    facts = after_each(reader.turns(body), lambda: told.append(0))
    assert facts + reader.finish() == expected
    assert sum(told) == sum(isinstance(fact, NamedFile) for fact in expected) == 60_000
    assert max(told) <= trees.TURN


def numbers() -> bytes:
    return b"[" + b"0," * 200_000 + b"0]"


def empties() -> bytes:
    return b"[" + b"[]," * 150_000 + b"0]"


@pytest.mark.parametrize("coding", [None, "gzip"])
@pytest.mark.parametrize("make", [numbers, empties])
def test_a_document_of_tokens_is_read_a_part_at_a_time(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], bytes], coding: str | None
) -> None:
    body = make()
    fed: list[int] = []
    document = Document(Heading(), Operation.CONTENTS, None)
    inspector = DocumentInspector(document, JsonReader(document, lenient=True))
    real = inspector.feed

    def counted(data: bytes) -> list[Fact]:
        fed.append(len(data))
        return real(data)

    monkeypatch.setattr(inspector, "feed", counted)
    examined = Examination(inspector, Scrutiny())
    gate = Gate(limit=None, over=Action.LOG, content_encoding=coding, sink=examined.turns)
    wire = body if coding is None else gzip.compress(body)
    known = 0

    def look() -> None:
        nonlocal known
        assert sum(fed[known:]) <= PART
        known = len(fed)

    assert isinstance(after_each(gate.turns(wire), look), Passed)
    assert sum(fed) == len(body)

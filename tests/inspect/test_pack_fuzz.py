"""Packs that no git made: generated right ones give their facts, and no change of a bit passes for one."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inspect.packing import (
    MemorySpool,
    Pack,
    chunks,
    commit,
    copy,
    delta,
    insert,
    malformed,
    of,
    oid,
    read,
    tree,
    unread,
)

from forgewall.evidence import Commit, File, NamedFile
from forgewall.inspect.objects import BLOB, COMMIT, TAG, TREE
from forgewall.inspect.pack import PackReader

contents = st.binary(max_size=200)


@st.composite
def deltas(draw: st.DrawFn, base: bytes) -> tuple[bytes, bytes]:
    """A delta of `base`, and what it makes."""
    steps, result = [], b""
    for _ in range(draw(st.integers(0, 6))):
        if base and draw(st.booleans()):
            offset = draw(st.integers(0, len(base) - 1))
            size = draw(st.integers(1, len(base) - offset))
            steps.append(copy(offset, size))
            result += base[offset : offset + size]
        else:
            data = draw(st.binary(min_size=1, max_size=150))
            steps.append(insert(data))
            result += data
    return delta(len(base), len(result), *steps), result


@st.composite
def packs(draw: st.DrawFn) -> tuple[str, bytes, dict[bytes, bytes]]:
    """An object format, a pack, and the files in it: deltas by offset and by id, their bases before or behind them."""
    object_format = draw(st.sampled_from(["sha1", "sha256"]))
    pack = Pack(object_format, version=draw(st.sampled_from([2, 3])))
    files: dict[bytes, bytes] = {}
    known: list[tuple[int, bytes]] = []
    later: list[bytes] = []
    for _ in range(draw(st.integers(1, 8))):
        how = draw(st.sampled_from(["blob", "ofs", "ref", "before"]))
        if how == "blob" or (how in ("ofs", "ref") and not known):
            data = draw(contents)
            known.append((pack.add(BLOB, data, level=draw(st.integers(0, 9))), data))
        elif how == "before":
            data = draw(contents)
            made, result = draw(deltas(data))
            offset = pack.ref(oid(BLOB, data, object_format), made)
            files[oid(BLOB, result, object_format)] = result
            known.append((offset, result))
            later.append(data)
        else:
            offset, base = draw(st.sampled_from(known))
            made, data = draw(deltas(base))
            known.append(
                (pack.ofs(offset, made) if how == "ofs" else pack.ref(oid(BLOB, base, object_format), made), data)
            )
        files[oid(BLOB, data, object_format)] = data
    for data in later:
        pack.add(BLOB, data)
    return object_format, bytes(pack), files


@given(
    made=packs(),
    size=st.integers(1, 80),
    spool=st.sampled_from([None, MemorySpool]),
    memory=st.sampled_from([0, 1 << 20]),
)
def test_files_come_out_as_they_were_put_in(
    made: tuple[str, bytes, dict[bytes, bytes]], size: int, spool: Callable[[], MemorySpool] | None, memory: int
) -> None:
    object_format, pack, files = made
    reader = PackReader(object_format=object_format, spool=spool() if spool else None, memory=memory)
    facts = read(chunks(pack, size), reader)
    assert malformed(facts) == []
    found = {file.oid: (file.size, file.sha256) for file in of(File, facts)}
    truth = {name.hex(): (len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()}
    if spool or memory:
        assert (found, unread(facts)) == (truth, [])
    else:
        assert found.items() <= truth.items()
        assert found == truth or unread(facts)


def sample() -> bytes:
    pack = Pack()
    blob = b"hello, world\n" * 9
    name = oid(BLOB, blob)
    root = tree(("100644", "a.txt", name), ("100755", "b", name))
    first = commit(oid(TREE, root))
    pack.add(COMMIT, first)
    pack.add(TAG, b"object " + oid(COMMIT, first).hex().encode() + b"\ntype commit\ntag v1\n\nx\n")
    pack.add(TREE, root)
    base = pack.add(BLOB, blob)
    pack.ofs(base, delta(len(blob), 30, copy(3, 20), insert(b"0123456789")))
    pack.ref(name, delta(len(blob), 4, insert(b"four")))
    return bytes(pack)


def test_the_sample_is_right() -> None:
    facts = read([sample()])
    assert (malformed(facts), unread(facts)) == ([], [])
    assert [name.path for name in of(NamedFile, facts)] == ["a.txt", "b"]
    assert [(file.path, file.size) for file in of(File, facts)] == [("a.txt", 117), (None, 30), (None, 4)]
    assert [commit.subject for commit in of(Commit, facts)] == ["x"]


def test_no_flipped_bit_passes() -> None:
    good = sample()
    for index, bit in itertools.product(range(len(good)), range(8)):
        bad = bytearray(good)
        bad[index] ^= 1 << bit
        assert malformed(read([bytes(bad)])), (index, bit)


def test_no_cut_and_no_tail_passes() -> None:
    good = sample()
    for end in range(len(good)):
        assert malformed(read([good[:end]])) == ["the pack is cut short"], end
    for tail in (b"\0", b"PACK", good):
        assert (
            malformed(read([good + tail])) == malformed(read([good, tail])) == ["the pack goes on behind its checksum"]
        )


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_end_in_a_refusal(data: bytes, size: int) -> None:
    for start in (b"", b"PACK\0\0\0\2\0\0\0\2"):
        facts = read(chunks(start + data, size))
        assert len(malformed(facts)) == 1
        assert facts == read([start + data])


@settings(max_examples=300)
@given(st.data())
def test_any_damage_to_objects_never_raises(data: st.DataObject) -> None:
    """Damage behind zlib and under a right checksum: headers, trees, commits and deltas of any bytes."""
    pack = Pack(count=data.draw(st.sampled_from([None, None, 3])))
    offsets = [0, 5]
    for _ in range(data.draw(st.integers(1, 5))):
        junk = data.draw(st.binary(max_size=60) | st.sampled_from([commit(b"x" * 20), tree(("1", "a", b"y" * 20))]))
        how = data.draw(st.sampled_from(["object", "ofs", "ref", "raw"]))
        if how == "object":
            offsets.append(
                pack.add(data.draw(st.integers(0, 7)), junk, size=data.draw(st.sampled_from([None, None, 9])))
            )
        elif how == "ofs":
            offsets.append(pack.ofs(data.draw(st.sampled_from(offsets)), junk))
        elif how == "ref":
            offsets.append(pack.ref(oid(BLOB, junk), junk))
        else:
            pack.raw(junk)
    body = bytes(pack)
    assert read([body]) == read(chunks(body, data.draw(st.integers(1, 40))))


@pytest.mark.parametrize("size", [1, 13, 1 << 20])
def test_a_file_before_its_name_is_told_with_it(size: int) -> None:
    pack = Pack()
    data = b"content"
    inner = tree(("100644", "x.txt", oid(BLOB, data)))
    root = tree(("40000", "in", oid(TREE, inner)))
    pack.add(BLOB, data)
    pack.add(BLOB, b"never named")
    pack.add(TREE, inner)
    pack.add(TREE, root)
    pack.add(COMMIT, commit(oid(TREE, root)))
    facts = read(chunks(bytes(pack), size))
    assert [name.path for name in of(NamedFile, facts)] == ["in/x.txt"]
    assert [file.path for file in of(File, facts)] == ["in/x.txt", None]

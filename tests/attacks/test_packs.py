"""Packs made to hurt: each ends in a refusal or in a told gap, in bounded memory and with bounded work."""

from __future__ import annotations

import functools
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterable

import pytest
from tests.inspect.packing import (
    MemorySpool,
    Pack,
    chunks,
    commit,
    copy,
    delta,
    head,
    insert,
    malformed,
    of,
    oid,
    read,
    tree,
    unread,
    varint,
    way_back,
)

from forgewall.evidence import Commit, Fact, File, ForcedUpdate, NamedFile, RefAction, RefUpdate
from forgewall.inspect import chains, contents, trees
from forgewall.inspect.inspector import Spool
from forgewall.inspect.objects import BLOB, COMMIT, OFS_DELTA, TREE
from forgewall.inspect.pack import PackReader

MIB = 1024 * 1024


def weigh(pieces: Iterable[bytes], reader: PackReader | None = None) -> tuple[int, int, list[str]]:
    """Peak memory in bytes, number of facts, and the reasons why not all is well. Facts are dropped as they come."""
    reader = reader or PackReader()
    count, reasons = 0, []
    tracemalloc.start()
    try:
        for piece in pieces:
            facts = reader.feed(piece)
            count += len(facts)
            reasons += malformed(facts) + unread(facts)
            if malformed(facts):
                break
        facts = reader.finish()
        return tracemalloc.get_traced_memory()[1], count + len(facts), reasons + malformed(facts) + unread(facts)
    finally:
        tracemalloc.stop()


def refused(pack: Pack | bytes) -> str:
    """Why, if whole and byte by byte alike."""
    body = bytes(pack)
    reasons = malformed(read([body]))
    assert reasons == malformed(read(chunks(body, 1)))
    assert len(reasons) == 1
    return reasons[0]


# -- sizes -------------------------------------------------------------------------------------------------------------


def test_a_bomb_that_lies_about_its_size_stops_at_the_first_byte_too_many() -> None:
    pack = Pack()
    pack.add(BLOB, bytes(64 * MIB), size=10, level=9)
    body = bytes(pack)
    peak, _, reasons = weigh(chunks(body, 1 << 16))
    assert reasons == ["the pack holds an object that is larger than it announced"]
    assert peak < MIB
    large = Pack()
    large.add(BLOB, bytes(20 * MIB), size=2 * MIB, level=9)
    assert weigh([bytes(large)])[2] == reasons


def test_a_bomb_that_tells_its_size_stops_where_no_real_pack_goes() -> None:
    block = zlib.compress(bytes(64 * MIB), 9)
    pack = Pack()
    for _ in range(8):
        pack.raw(head(BLOB, 64 * MIB) + block)
    peak, _, reasons = weigh(chunks(bytes(pack), 1 << 16))
    assert reasons == ["the pack inflates to far more than a pack of its size holds"]
    assert peak < 24 * MIB


def test_other_lies_about_sizes() -> None:
    short = Pack()
    short.add(BLOB, b"abc", size=4)
    assert refused(short) == "the pack holds an object that is smaller than it announced"
    for size in (1 << 41, 1 << 62):
        huge = Pack()
        huge.raw(head(BLOB, size) + zlib.compress(b""))
        assert refused(huge) == "the pack announces an object too large for any forge"
    endless = Pack()
    endless.raw(b"\xbf" + b"\x80" * 100_000)
    assert refused(endless) == "the pack announces an object too large for any forge"
    endless = Pack()
    endless.raw(bytes([OFS_DELTA << 4]) + b"\x80" * 100_000)
    assert refused(endless) == "the pack has a delta whose base would stand before the pack"
    announced = Pack()
    announced.raw(head(BLOB, 1 << 40) + zlib.compress(b"x"))
    assert weigh([bytes(announced)])[0] < MIB


@pytest.mark.parametrize("count", [0, 1, 3, 0xFFFFFFFF])
def test_the_count_is_a_lie(count: int) -> None:
    pack = Pack(count=count)
    pack.add(BLOB, b"one")
    pack.add(BLOB, b"two")
    assert len(malformed(read([bytes(pack)]))) == 1
    assert len(malformed(read(chunks(bytes(pack), 1)))) == 1


def test_an_object_of_empty_blocks_makes_no_work_beyond_its_bytes() -> None:
    stored = b"\x00\x00\x00\xff\xff" * 200_000  # empty stored blocks: a MB of nothing
    pack = Pack()
    pack.raw(head(BLOB, 1) + b"\x78\x01" + stored + b"\x01\x01\x00\xfe\xff" + b"x" + zlib.adler32(b"x").to_bytes(4))
    peak, _, reasons = weigh(chunks(bytes(pack), 1 << 16))
    assert reasons == []
    assert peak < MIB


# -- deltas ------------------------------------------------------------------------------------------------------------


def chain(depth: int) -> bytes:
    pack = Pack()
    at = pack.add(BLOB, b"x" * 30)
    for number in range(depth):
        at = pack.ofs(at, delta(30, 30, copy(0, 26), insert(b"%04d" % number)))
    return bytes(pack)


def test_chains_are_as_deep_as_git_makes_them_and_no_deeper() -> None:
    assert unread(read([chain(chains.DEPTH)])) == []
    assert len(of(File, read([chain(chains.DEPTH)]))) == chains.DEPTH + 1
    assert malformed(read([chain(5000)])) == ["the pack has a chain of more than 4095 deltas"]


def test_a_deep_chain_that_waits_for_its_base_needs_no_recursion() -> None:
    pack = Pack()
    data = b"x" * 30
    at = pack.ref(oid(BLOB, data), delta(30, 30, copy(0, 26), insert(b"base")))
    for number in range(3000):
        at = pack.ofs(at, delta(30, 30, copy(0, 26), insert(b"%04d" % number)))
    pack.add(BLOB, data)
    facts = read([bytes(pack)])
    assert (malformed(facts), unread(facts), len(of(File, facts))) == ([], [], 3002)


def test_deltas_of_each_other_are_told_as_unread() -> None:
    """A delta names its base by a hash, so a true circle can't be made; one that never ends can."""
    pack = Pack()
    for number in range(50):
        pack.ref(bytes([(number + 1) % 50]) * 20, delta(1, 1, insert(b"x")))
    facts = read([bytes(pack)])
    assert unread(facts) == ["the pack holds deltas of objects that are not in it (git push --no-thin sends them)"]
    itself = Pack()
    itself.raw(head(OFS_DELTA, 3) + way_back(0) + zlib.compress(delta(1, 1, insert(b"x"))))
    assert refused(itself) == "the pack has a delta that is its own base"


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([copy(0, 11)], "copies from beyond its base"),
        ([copy(0xFFFFFFFF, 1)], "copies from beyond its base"),
        ([copy(5, 5), copy(0, 6)], "isn't of the size it announces"),
        ([insert(b"x" * 11)], "isn't of the size it announces"),
        ([insert(b"x" * 9)], "isn't of the size it announces"),
        ([b"\x0aabc"], "is cut short"),
        ([b"\x91"], "is cut short"),
        ([b"\x00"], "an unknown step"),
        ([], "isn't of the size it announces"),
    ],
)
@pytest.mark.parametrize("large", [False, True])
def test_deltas_that_reach_too_far(steps: list[bytes], reason: str, large: bool) -> None:
    base = b"0123456789" if not large else bytes(2 * MIB)
    if large and "beyond" in reason:
        steps = [copy(2 * MIB, 1)]
    pack = Pack()
    at = pack.add(BLOB, base)
    pack.ofs(at, delta(len(base), 10, *steps))
    body = bytes(pack)
    assert reason in malformed(read([body]))[0]
    assert malformed(read(chunks(body, 1))) == malformed(read([body]))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x0a", b"\x80" * 50, varint(11) + varint(1) + insert(b"x")])
def test_deltas_with_a_wrong_head(data: bytes) -> None:
    pack = Pack()
    at = pack.add(BLOB, b"0123456789")
    pack.ofs(at, data)
    assert "a delta" in refused(pack)


def test_a_base_that_is_no_object() -> None:
    pack = Pack()
    pack.add(BLOB, b"x" * 500, level=0)
    pack.ofs(13, delta(1, 1, insert(b"x")))
    assert refused(pack) == "the pack has a delta whose base isn't the beginning of an object"
    before = Pack()
    before.raw(head(OFS_DELTA, 3) + way_back(13) + zlib.compress(delta(1, 1, insert(b"x"))))
    assert "before the pack" in refused(before)


@pytest.mark.parametrize("spool", [None, lambda: MemorySpool(MIB), MemorySpool])
def test_deltas_that_unfold_without_end(spool: Callable[[], Spool] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred bytes make 8 MiB each time; the work is bounded, the rest of the pack is read all the same."""
    monkeypatch.setattr(chains, "ALLOWANCE", 64 * MIB)
    monkeypatch.setattr(chains, "GROWTH", 16)
    base = random.Random(1).randbytes(MIB)
    pack = Pack()
    at = pack.add(BLOB, base, level=0)
    for number in range(50):
        pack.ofs(at, delta(MIB, 8 * MIB + 4, *[copy(0, MIB)] * 8, insert(b"%04d" % number)))
    pack.add(BLOB, b"last")
    peak, count, reasons = weigh(chunks(bytes(pack), 1 << 16), PackReader(spool=spool() if spool else None))
    assert reasons == ["the pack's deltas unfold to more than is examined"]
    assert 8 < count < 14
    assert peak < (24 if spool is not MemorySpool else 120) * MIB


@pytest.mark.parametrize("length", [400_000, 3 * MIB])
def test_steps_that_inflate_from_nothing(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of two bytes, a thousand times packed: what they make is small, but each is work."""
    monkeypatch.setattr(chains, "STEPS", 500_000)
    steps = b"\x90\x01" * (length // 2)
    pack = Pack()
    at = pack.add(BLOB, b"x")
    for number in range(6):
        pack.ofs(at, delta(1, length // 2 + 1, steps, insert(b"%d" % number)))
    pack.add(BLOB, b"last")
    assert len(bytes(pack)) < 30_000
    facts = read([bytes(pack)])
    assert unread(facts) == ["the pack's deltas unfold to more than is examined"]
    assert [file.size for file in of(File, facts)] == [1, *[length // 2 + 1] * (2 if length < MIB else 0), 4]


def test_a_delta_of_steps_of_one_byte() -> None:
    base = random.Random(1).randbytes(300)
    steps = [copy(index % 299 + 1, 1) for index in range(60_000)]
    filler = insert(base * 4000)
    assert len(filler) > MIB
    pack = Pack()
    at = pack.add(BLOB, base)
    pack.ofs(at, delta(300, 60_000 + 1_200_000, *steps, filler))
    peak, count, reasons = weigh(chunks(bytes(pack), 1 << 16))
    assert (count, reasons) == (2, [])
    assert peak < 8 * MIB


def test_waiting_deltas_take_bounded_memory() -> None:
    filler = random.Random(1).randbytes(100_000)
    pack = Pack()
    for number in range(100):
        pack.ref(number.to_bytes(20), delta(9, len(filler), insert(filler)), level=0)
    body = bytes(pack)
    peak, _, reasons = weigh(chunks(body, 1 << 16))
    assert set(reasons) == {
        "the pack's deltas need more of its earlier objects than can be kept",
        "the pack holds deltas of objects that are not in it (git push --no-thin sends them)",
    }
    assert peak < 8 * MIB
    tiny = Pack()
    for number in range(20_000):
        tiny.ref(number.to_bytes(20), delta(1, 1, insert(b"x")))
    assert weigh(chunks(bytes(tiny), 1 << 16))[0] < 16 * MIB


# -- trees -------------------------------------------------------------------------------------------------------------


def test_a_git_bomb_is_walked_once() -> None:
    """Ten trees of ten times the same tree: ten thousand million paths."""
    pack = Pack()
    name, mode = oid(BLOB, b"x"), "100644"
    layers = []
    for _ in range(10):
        layer = tree(*((mode, f"{letter}", name) for letter in "abcdefghij"))
        layers.append(layer)
        name, mode = oid(TREE, layer), "40000"
    for order in (layers, list(reversed(layers))):
        pack = Pack()
        pack.add(COMMIT, commit(name))
        for layer in order:
            pack.add(TREE, layer)
        pack.add(BLOB, b"x")
        facts = read([bytes(pack)])
        assert (malformed(facts), unread(facts)) == ([], [])
        assert len(of(NamedFile, facts)) == 10
        assert {name.path for name in of(NamedFile, facts)} == {
            "a/a/a/a/a/a/a/a/a/" + letter for letter in "abcdefghij"
        }


def nested(depth: int, name: str) -> list[bytes]:
    layers = [tree(("100644", "file", oid(BLOB, b"x")))]
    for _ in range(depth):
        layers.append(tree(("40000", name, oid(TREE, layers[-1]))))
    return layers


@pytest.mark.parametrize("backwards", [False, True])
def test_folders_thousands_deep_with_long_names(backwards: bool) -> None:
    layers = nested(4_000, "n" * 200)
    pack = Pack()
    pack.add(COMMIT, commit(oid(TREE, layers[-1])))
    for layer in layers if backwards else reversed(layers):
        pack.add(TREE, layer)
    peak, count, reasons = weigh(chunks(bytes(pack), 1 << 16))
    assert reasons == ["the pack names more files than can be kept, so some are told without their path"]
    assert count == 3  # the commit, the file's name, the gap
    assert peak < 32 * MIB


def test_very_many_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """More files than names may be kept for: that is told, and memory stays."""
    monkeypatch.setattr(contents, "Trees", functools.partial(trees.Trees, entries=20_000))
    entries = 6_000
    pack = Pack()
    roots = []
    for number in range(4):
        data = tree(*(("100644", f"{index:06}", (number * entries + index).to_bytes(20)) for index in range(entries)))
        roots.append(data)
        pack.add(COMMIT, commit(oid(TREE, data)))
    for data in roots:
        pack.add(TREE, data, level=1)
    peak, count, reasons = weigh(chunks(bytes(pack), 1 << 16))
    assert reasons == ["the pack names more files than can be kept, so some are told without their path"]
    assert count >= 4 * entries
    assert peak < 24 * MIB


def test_trees_that_unfold_to_many_names_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One tree of 10,000 names, and 200 deltas of it of a few bytes, each of which would tell them all again."""
    monkeypatch.setattr(trees, "WORK", 200_000)
    data = tree(*(("100644", f"{index:06}", oid(BLOB, b"")) for index in range(10_000)))
    pack = Pack()
    whole = pack.add(TREE, data)
    subtrees = [oid(TREE, data)]
    for number in range(200):
        other = tree(("100644", f"!{number:05}", oid(BLOB, b"")))
        made = other + data
        pack.ofs(whole, delta(len(data), len(made), insert(other), copy(0, len(data))))
        subtrees.append(oid(TREE, made))
    root = tree(*(("40000", f"{number:03}" * 100, name) for number, name in enumerate(subtrees)))
    pack.add(TREE, root)
    pack.add(COMMIT, commit(oid(TREE, root)))
    body = bytes(pack)
    peak, count, reasons = weigh([body])
    assert reasons == ["the pack names more files than can be kept, so some are told without their path"]
    assert 10_000 < count < 200_000
    assert peak < 64 * MIB


@pytest.mark.parametrize(
    "data",
    [
        b"100644 a",
        b"100644 a\0" + b"x" * 19,
        b"100644 \0" + b"x" * 20,
        b"100644 a/b\0" + b"x" * 20,
        b"10x644 a\0" + b"x" * 20,
        b"hello",
        b"100644 a\0" + b"x" * 20 + b"1",
        b"1 " * 500_000,
        b"1 a" * 300_000,
    ],
)
def test_trees_that_are_none(data: bytes) -> None:
    pack = Pack()
    pack.add(TREE, data)
    assert malformed(read([bytes(pack)])) == ["the pack holds a tree that can't be read"]


@pytest.mark.parametrize(
    "data",
    [b"", b"tree", b"tree " + b"0" * 39 + b"\n", b"parent x", b"tree " + b"0" * 40 + b"\nparent xyz\n", b"\n" * 9],
)
def test_commits_that_are_none(data: bytes) -> None:
    pack = Pack()
    pack.add(COMMIT, data)
    assert refused(pack) == "the pack holds a commit that can't be read"


def test_commits_with_very_many_parents_and_very_odd_people() -> None:
    pack = Pack()
    root = b"t" * 20
    pack.add(COMMIT, commit(root, *(number.to_bytes(20) for number in range(20_000))))
    for people in (
        "author\ncommitter",
        "author <<<>>>> 99999999999999 +9999\ncommitter A <a@b> -99999999999999 -9999",
        "author " + "<" * 100_000 + "\ncommitter " + "A" * 100_000,
        "committer B <b@acme.example> 1 -0060 x\nauthor \udcff",
    ):
        text = f"tree {root.hex()}\n{people}\nencoding zlib_codec\n\n{'s' * 100_000}"
        pack.add(COMMIT, text.encode("utf-8", "surrogateescape"))
    facts = read([bytes(pack)])
    commits = of(Commit, facts)
    assert (len(commits), malformed(facts)) == (5, [])
    assert all(len(text) <= 200 for each in commits for text in (each.author, each.author_email, each.subject))
    assert commits[-1].committer_email == "b@acme.example"


def test_commits_and_trees_too_large_to_be_read_are_told_as_unread() -> None:
    pack = Pack()
    pack.add(COMMIT, commit(b"t" * 20, subject="s" * 5 * MIB))
    pack.add(TREE, tree(*(("100644", f"{index:09}", b"o" * 20) for index in range(120_000))))
    peak, _, reasons = weigh(chunks(bytes(pack), 1 << 16))
    assert reasons == ["a commit of the pack is larger than 4 MiB", "a tree of the pack is larger than 4 MiB"]
    assert peak < 8 * MIB


# -- history -----------------------------------------------------------------------------------------------------------


def test_very_many_updates_of_a_long_history_are_bounded_work() -> None:
    pack = Pack()
    last = b"0" * 20
    names = []
    for number in range(3000):
        data = commit(b"t" * 20, last, subject=str(number))
        pack.add(COMMIT, data)
        names.append(last := oid(COMMIT, data))
    updates = [
        RefUpdate(name=f"refs/heads/{index}", action=RefAction.UPDATE, old="f" * 40, new=name.hex())
        for index, name in enumerate(names)
    ]
    facts = read([bytes(pack)], PackReader(updates=updates))
    assert unread(facts) == ["the pack holds too many commits to tell whether history is rewritten"]
    assert len(of(ForcedUpdate, facts)) == 3000  # what can't be told isn't taken for harmless


# -- everything at once ------------------------------------------------------------------------------------------------


def test_many_tiny_objects_take_bounded_memory() -> None:
    pack = Pack()
    empty = head(BLOB, 0) + zlib.compress(b"")
    for _ in range(15_000):
        pack.raw(empty)
    peak, _, reasons = weigh(chunks(bytes(pack), 1 << 16))
    assert reasons == []
    assert peak < 12 * MIB


def test_one_large_file_takes_no_memory() -> None:
    data = random.Random(1).randbytes(8 * MIB)
    pack = Pack()
    pack.add(BLOB, data, level=0)
    body = bytes(pack)
    peak, _, reasons = weigh(chunks(body, 1 << 16))
    assert (reasons, peak < 2 * MIB) == ([], True)
    view = memoryview(body)
    peak, _, reasons = weigh(bytes(view[at : at + 1]) for at in range(10_000))
    assert peak < 2 * MIB


def test_a_full_spool_is_told() -> None:
    rng = random.Random(1)
    pack = Pack()
    bases = [(pack.add(BLOB, data := rng.randbytes(50_000), level=0), data) for _ in range(20)]
    for at, data in bases:
        pack.ofs(at, delta(len(data), 9, copy(0, 9)))
    for cap in (0, 400_000):
        facts: list[Fact] = read([bytes(pack)], PackReader(spool=MemorySpool(cap), memory=100_000))
        assert malformed(facts) == []
        assert unread(facts) == ["the pack's deltas need more of its earlier objects than can be kept"]
    facts = read([bytes(pack)], PackReader(spool=MemorySpool(), memory=100_000))
    assert (unread(facts), len(of(File, facts))) == ([], 40)


def test_unknown_types_and_versions() -> None:
    for kind in (0, 5):
        pack = Pack()
        pack.add(kind, b"x")
        assert refused(pack) == f"the pack has an object of type {kind}"
    for version in (0, 1, 4, 0x02000000):
        assert refused(Pack(version=version)) == "the pack has an unknown version"
    assert refused(b"PICK" + bytes(28)) == "the pack doesn't begin like one"
    assert refused(bytes(Pack())[:-1]) == "the pack is cut short"
    assert refused(bytes(Pack())[:-1] + b"x") == "the pack doesn't match its checksum"
    dictionary = zlib.compressobj(zdict=b"dictionary")
    pack = Pack()
    pack.raw(head(BLOB, 10) + dictionary.compress(b"dictionary") + dictionary.flush())
    assert refused(pack) == "the pack holds an object that can't be inflated"

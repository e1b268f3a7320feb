"""The names that trees give; each case is checked against the plain way of reading every tree whole."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.inspect.packing import oid, tree

from forgewall.inspect.objects import TREE, NotPack
from forgewall.inspect.trees import Trees

OIDS = [bytes([number]) * 20 for number in range(4)] + [b"100644 a\0" + b"1" * 11, b"x\0" + b"100644 b\0" + b"2" * 9]
names = st.sampled_from(["a", "b", "c", "aa", "100644 a", "x y"])
entries = st.lists(st.tuples(st.sampled_from(["100644", "120000", "160000"]), names, st.sampled_from(OIDS)), max_size=8)


def plain(data: bytes) -> set[tuple[bytes, str]] | None:
    """(id, name) of each file; None if it is no tree."""
    found = set()
    while data:
        mode, space, rest = data.partition(b" ")
        name, nul, rest = rest.partition(b"\0")
        if not (space and nul and name and len(rest) >= 20 and mode.isdigit() and len(mode) <= 7):
            return None
        if int(mode, 8) & 0o170000 not in (0o040000, 0o160000):
            found.add((rest[:20], name.decode()))
        data = rest[20:]
    return found


@settings(max_examples=300)
@given(st.lists(entries, min_size=1, max_size=6))
@example([[("100644", "a", OIDS[1])], [("100644", "100644 a", OIDS[1])]])  # the old entry ends the new one
def test_later_versions_of_a_folder_tell_what_is_new_in_them(versions: list[list[tuple[str, str, bytes]]]) -> None:
    trees = Trees(20)
    told: set[tuple[bytes, str]] = set()
    truth: set[tuple[bytes, str]] = set()
    for version in versions:
        data = tree(*version)
        trees.root(oid(TREE, data))
        trees.add(oid(TREE, data), data)
        new = [(name, fact.path) for name, fact in trees.told()]
        assert len(set(new) - told) == len(new)  # nothing twice
        told |= set(new)
        truth |= plain(data) or set()
        assert told <= truth
        assert {path for _, path in told} == {path for _, path in truth}
    assert trees.whole


@settings(max_examples=300)
@given(st.lists(entries, min_size=2, max_size=2), st.integers(0, 200), st.integers(0, 200), st.binary(max_size=30))
@example([[("100644", "a", OIDS[4])], [("100644", "a", OIDS[4])]], 8, 28, b"")
def test_a_damaged_version_is_found_out_as_if_it_were_alone(
    versions: list[list[tuple[str, str, bytes]]], start: int, end: int, junk: bytes
) -> None:
    """The second tree is a piece of the first, cut anywhere, which shares most of its bytes."""
    data = tree(*versions[0])
    damaged = data[:start] + junk + data[max(start, end) :]
    trees = Trees(20)
    for each in (data, damaged):
        trees.root(oid(TREE, each))
    trees.add(oid(TREE, data), data)
    truth = plain(damaged) if b"/" not in junk and all(byte < 0x80 for byte in junk) else None
    try:
        trees.add(oid(TREE, damaged), damaged)
    except NotPack:
        assert truth is None
    else:
        alone = Trees(20)
        alone.root(oid(TREE, damaged))
        alone.add(oid(TREE, damaged), damaged)
        paths = {fact.path for _, fact in trees.told()}
        assert {fact.path for _, fact in alone.told()} <= paths


@given(st.permutations(range(4)))
def test_trees_in_any_order_get_their_whole_path(order: list[int]) -> None:
    leaf = tree(("100644", "file", b"1" * 20))
    inner = tree(("100755", "tool", b"2" * 20), ("40000", "leaf", oid(TREE, leaf)))
    root = tree(("40000", "in", oid(TREE, inner)), ("160000", "module", b"3" * 20))
    trees = Trees(20)
    steps = [
        lambda: trees.root(oid(TREE, root)),
        lambda: trees.add(oid(TREE, root), root),
        lambda: trees.add(oid(TREE, inner), inner),
        lambda: trees.add(oid(TREE, leaf), leaf),
    ]
    for index in order:
        steps[index]()
    trees.finish()
    assert sorted(fact.path for _, fact in trees.told()) == ["in/leaf/file", "in/tool"]
    assert (trees.path(b"1" * 20), trees.path(b"3" * 20)) == ("in/leaf/file", None)


def test_trees_without_a_root_are_told_with_what_is_known_of_their_path() -> None:
    leaf = tree(("100644", "file", b"1" * 20))
    inner = tree(("40000", "leaf", oid(TREE, leaf)))
    trees = Trees(20)
    trees.add(oid(TREE, leaf), leaf)
    trees.add(oid(TREE, inner), inner)
    assert trees.told() == []
    trees.finish()
    assert [fact.path for _, fact in trees.told()] == ["leaf/file"]


def test_one_file_at_many_paths_is_told_at_each() -> None:
    trees = Trees(20)
    empty = b"e" * 20
    for number in range(3):
        data = tree(*(("100644", f"{index}", empty) for index in range(5 + number)))
        trees.root(oid(TREE, data))
        trees.add(oid(TREE, data), data)
    assert sorted(fact.path for _, fact in trees.told()) == ["0", "1", "2", "3", "4", "5", "6"]


def test_what_does_not_fit_is_told_without_its_path() -> None:
    for limits in ({"entries": 2}, {"names": 10}, {"waiting": 10}):
        trees = Trees(20, **limits)
        leaf = tree(*(("100644", f"file{index}", bytes([index]) * 20) for index in range(5)))
        root = tree(("40000", "folder", oid(TREE, leaf)))
        trees.add(oid(TREE, root), root)
        trees.root(oid(TREE, root))
        trees.add(oid(TREE, leaf), leaf)
        trees.finish()
        assert {fact.path.rpartition("/")[2] for _, fact in trees.told()} == {f"file{index}" for index in range(5)}
        assert not trees.whole


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgewall.inspect.trees.WORK", 100)
    trees = Trees(20)
    for number in range(10):
        data = tree(*(("100644", f"{number} {index}", bytes([index]) * 20) for index in range(30)))
        trees.root(oid(TREE, data))
        trees.add(oid(TREE, data), data)
    assert 0 < len(trees.told()) < 100
    assert not trees.whole

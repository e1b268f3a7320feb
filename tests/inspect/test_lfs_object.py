from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.announcing import CONTENT, OID, SHARED, SIZE, a_batch, announced, answer, read

from forgewall.evidence import Fact, File, FileKind, Malformed, Secret
from forgewall.inspect.lfs_object import Expected, LfsObjectInspector, expected_by, expected_in
from forgewall.inspect.secrets import Scanner

WHOLE = Expected(oid=OID, most=SIZE)


NO_RULES = Scanner.load("[[rules]]\nid = 'x'\nregex = 'acme-[0-9]{9}'\nkeywords = ['acme-']\n")


def inspect(expected: Expected, *chunks: bytes, scanner: Scanner | None = NO_RULES) -> list[Fact]:
    """All facts; as a caller does, nothing is fed behind a Malformed."""
    inspector = LfsObjectInspector(expected, scanner)
    facts: list[Fact] = []
    for chunk in chunks:
        facts.extend(inspector.feed(chunk))
        if any(isinstance(fact, Malformed) for fact in facts):
            return facts
    facts.extend(inspector.finish())
    return facts


def test_the_object_that_was_announced() -> None:
    assert inspect(WHOLE, CONTENT) == [File(path=None, size=SIZE, sha256=OID, kind=FileKind.TEXT, oid=OID)]


def test_an_empty_object() -> None:
    oid = hashlib.sha256().hexdigest()
    assert [type(fact) for fact in inspect(Expected(oid=oid, most=0))] == [File]


def test_more_than_was_announced() -> None:
    facts = inspect(WHOLE, CONTENT, b"!")
    assert facts == [Malformed(reason=f"the object is larger than the {SIZE} bytes that were announced")]


def test_less_than_was_announced() -> None:
    facts = inspect(WHOLE, CONTENT[:-1])
    assert facts[-1] == Malformed(reason=f"the object ends after {SIZE - 1} of the {SIZE} bytes that were announced")


def test_something_else_of_the_same_size() -> None:
    facts = inspect(WHOLE, bytes(SIZE))
    assert isinstance(facts[0], File)
    assert facts[0].sha256 != OID
    assert facts[1:] == [Malformed(reason="the object's bytes are not those that its id stands for")]


def test_without_a_known_size_the_hash_decides() -> None:
    assert [type(fact) for fact in inspect(Expected(oid=OID, most=None), CONTENT)] == [File]
    assert isinstance(inspect(Expected(oid=OID, most=None), CONTENT + b"!")[-1], Malformed)


def test_a_part_is_checked_for_its_bounds_only() -> None:
    part = Expected(oid=OID, most=10, whole=False)
    assert inspect(part, b"0123456789") == [File(path=None, size=10, kind=FileKind.TEXT, oid=OID)]
    assert inspect(part, b"012") == [File(path=None, size=3, kind=FileKind.TEXT, oid=OID)]
    facts = inspect(part, b"0123456789", b"0")
    assert facts == [Malformed(reason="the part is larger than the 10 bytes that were announced")]


def test_of_an_object_that_is_only_compared_nothing_else_is_told() -> None:
    """Its content is not looked at, so no rule on contents may fall on it; that it is another object still shows."""
    locked = b"Salted__" + bytes(8)
    oid = hashlib.sha256(locked).hexdigest()
    expected = Expected(oid=oid, most=len(locked))
    told = File(path=None, size=len(locked), sha256=oid, oid=oid)
    assert inspect(expected, locked) == [replace(told, encrypted=True)]
    assert inspect(expected, locked, scanner=None) == [told]
    assert isinstance(inspect(expected, b"Pickled_" + bytes(8), scanner=None)[-1], Malformed)


def test_what_an_announcement_expects() -> None:
    assert expected_by(announced(SHARED)) == WHOLE
    header = {"chunk_size": 100, "1": "https://s.example/1"}
    found = read(answer({"upload": {"href": SHARED, "header": header}}), a_batch(transfers=["multipart"]))
    assert isinstance(found, tuple)
    assert [expected_by(one) for one in found] == [None, Expected(oid=OID, most=100, whole=False)]


@pytest.mark.parametrize(
    "path, expected",
    [
        (f"/acme/api.git/info/lfs/objects/{OID}", Expected(oid=OID, most=None)),
        (f"/acme/api.git/info/lfs/objects/{OID}/17", Expected(oid=OID, most=17)),
        (f"/acme/api.git/gitlab-lfs/objects/{OID}/17", Expected(oid=OID, most=17)),
        (f"/gitlab/acme/api.git/gitlab-lfs/objects/{OID}/17?x=1", Expected(oid=OID, most=17)),
        (f"/acme/lfs/objects/info/lfs/objects/{OID}/17", Expected(oid=OID, most=17)),
        (f"/acme/api.git/gitlab-lfs/objects/{OID}/authorize", Expected(oid=OID, most=None)),
        (f"/acme/api.git/gitlab-lfs/objects/{OID}/17/authorize", None),
        (f"/acme/api.git/info/lfs/objects/{OID.upper()}", None),
        (f"/acme/api.git/info/lfs/objects/{OID[:40]}", None),
        (f"/acme/api.git/info/lfs/objects/..%2F{OID}", None),
        (f"/acme/api.git/info/lfs/objects/{OID}/-1", Expected(oid=OID, most=None)),
        (f"/acme/api.git/info/lfs/objects/{OID}/{'9' * 30}", Expected(oid=OID, most=None)),
        ("/acme/api.git/info/lfs/objects/batch", None),
        ("/acme/api.git/info/lfs/verify", None),
        ("/objects", None),
        ("", None),
        ("/" * 1000, None),
    ],
)
def test_what_a_forge_s_own_path_expects(path: str, expected: Expected | None) -> None:
    assert expected_in(path) == expected


@given(st.text(max_size=100))
def test_any_path_expects_something_or_nothing(path: str) -> None:
    assert isinstance(expected_in(path), Expected | None)


@given(
    st.binary(max_size=60),
    st.lists(st.integers(0, 60), max_size=8),
    st.none() | st.integers(0, 70),
    st.booleans(),
    st.booleans(),
)
def test_the_facts_do_not_depend_on_the_chunks(
    body: bytes, cuts: list[int], most: int | None, whole: bool, right: bool
) -> None:
    oid = hashlib.sha256(body).hexdigest() if right else "00" * 32
    expected = Expected(oid=oid, most=most, whole=whole)
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    chunks = [body[a:b] for a, b in pairwise(edges)]
    facts = inspect(expected, *chunks)
    assert facts == inspect(expected, body)
    wrong = any(isinstance(fact, Malformed) for fact in facts)
    fits = most is None or (len(body) == most if whole else len(body) <= most)
    assert wrong == (not fits or (whole and not right))


def test_secrets_are_found_up_to_where_the_object_ends() -> None:
    secret = b"key = AKIA" + b"QYLPMN5HHHFPZAM2" + b"\n"
    scanner = Scanner.built_in()

    def found(expected: Expected, *chunks: bytes) -> list[Fact]:
        return [fact for fact in inspect(expected, *chunks, scanner=scanner) if isinstance(fact, Secret)]

    assert len(found(Expected(oid=None, most=None), secret)) == 1
    assert found(Expected(oid=None, most=None), *(bytes((byte,)) for byte in secret)) == found(
        Expected(oid=None, most=len(secret)), secret
    )
    assert found(Expected(oid=None, most=10), secret) == []

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.commits import commit_of, tagged
from forgewall.inspect.objects import NotPack

OID, ROOT, PARENT = b"\xab" * 20, "12" * 20, "34" * 20


def text(people: str, message: str = "subject\n\nbody\n", parents: int = 1) -> bytes:
    return f"tree {ROOT}\n{f'parent {PARENT}\n' * parents}{people}\n\n{message}".encode()


ANA = "author Ana Ö <ana@acme.example> 1700000000 -0330\ncommitter Bot <bot@acme.example> 1700000060 +0545"


def test_a_commit_as_git_writes_it() -> None:
    parsed = commit_of(text(ANA + "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n", parents=2), OID)
    commit = parsed.commit
    assert (parsed.tree.hex(), [parent.hex() for parent in parsed.parents]) == (ROOT, [PARENT, PARENT])
    assert (commit.id, commit.author, commit.author_email) == (OID.hex(), "Ana Ö", "ana@acme.example")
    assert (commit.committer, commit.committer_email) == ("Bot", "bot@acme.example")
    assert commit.time == datetime.fromtimestamp(1700000060, timezone(timedelta(hours=5, minutes=45)))
    assert commit.time.utcoffset() == timedelta(hours=5, minutes=45)


@pytest.mark.parametrize(
    ("people", "author", "time"),
    [
        ("", "", 0),
        ("author nobody", "", 0),
        ("author A <a> 5\ncommitter A <a> 7", "A", 7),
        ("committer A <a> 7 +9999\nauthor B <b>", "B", 7),
        ("author <>\ncommitter A <a> -1 +0000", "", -1),
        ("author A <a>\ncommitter A <a> 999999999999999 +0000", "A", 0),
        ("author A <a>\ncommitter A <a> 99999999999999999999 +0000", "A", 0),
    ],
)
def test_odd_people_are_taken_as_they_are(people: str, author: str, time: int) -> None:
    commit = commit_of(text(people), OID).commit
    assert (commit.author, commit.time.timestamp()) == (author, time)
    assert commit.time.tzinfo is not None


def test_subjects() -> None:
    for message, subject in [("", ""), ("\n\nlate\n", "late"), ("one\ntwo", "one"), ("ä" * 300, "ä" * 200)]:
        assert commit_of(text(ANA, message), OID).commit.subject == subject
    assert commit_of(text(ANA).replace(b"subject", b"\xff"), OID).commit.subject == "�"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_commit_or_refused(data: bytes) -> None:
    for start in (b"", b"tree " + ROOT.encode() + b"\n", text("", "")):
        try:
            parsed = commit_of(start + data, OID)
        except NotPack:
            continue
        assert all(len(parent) == 20 for parent in (parsed.tree, *parsed.parents))
    tagged(data)


def test_ids_are_hex_of_the_right_length() -> None:
    for tree in (ROOT[:-1], ROOT + "00", ROOT[:-2] + "zz", " " * 40, "12 " * 13 + "1"):
        with pytest.raises(NotPack):
            commit_of(f"tree {tree}\n\nx".encode(), OID)
    with pytest.raises(NotPack):
        commit_of(f"tree {'12' * 32}\n\nx".encode(), OID)


def test_tags() -> None:
    assert tagged(f"object {ROOT}\ntype commit\ntag v1\n\nx".encode()) == (bytes.fromhex(ROOT), "commit")
    assert tagged(f"object {ROOT}\ntype bread\n".encode()) is None
    assert commit_of(text(""), OID).commit.time == datetime(1970, 1, 1, tzinfo=UTC)

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.enforce import inflate
from forgewall.enforce.inflate import Inflater, whole

CODINGS = {
    None: lambda data: data,
    "identity": lambda data: data,
    "gzip": gzip.compress,
    "X-GZip": gzip.compress,
    "deflate": zlib.compress,
    " Deflate\t": zlib.compress,
}

bodies = st.one_of(
    st.binary(max_size=400), st.builds(lambda b, n: b * n, st.binary(min_size=1, max_size=4), st.integers(0, 60_000))
)
sizes = st.lists(st.integers(0, 300), max_size=12)


def split(data: bytes, sizes: list[int]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    return [*chunks, data]


def run(chunks: list[bytes], coding: str | None) -> tuple[list[bytes], str | None]:
    """All pieces, and why the body can't be taken for read."""
    inflater = Inflater(coding)
    pieces = [piece for chunk in chunks for piece in inflater.feed(chunk)]
    problem = inflater.finish()
    assert problem == inflater.problem
    assert inflater.decoded_bytes >= sum(map(len, pieces))
    return pieces, problem


@given(body=bodies, coding=st.sampled_from(list(CODINGS)), sizes=sizes)
def test_any_split_gives_the_body_in_small_pieces(body: bytes, coding: str | None, sizes: list[int]) -> None:
    wire = CODINGS[coding](body)
    pieces, problem = run(split(wire, sizes), coding)
    assert (b"".join(pieces), problem) == (body, None)
    if coding not in {None, "identity"}:
        assert all(0 < len(piece) <= inflate.PIECE for piece in pieces)


@given(data=st.binary(max_size=300), start=st.booleans(), coding=st.sampled_from(["gzip", "deflate"]), sizes=sizes)
def test_any_bytes_give_the_same_in_any_split_and_never_raise(
    data: bytes, start: bool, coding: str, sizes: list[int]
) -> None:
    wire = (CODINGS[coding](data)[: len(data)] if start else b"") + data
    pieces, problem = run([wire], coding)
    other, other_problem = run(split(wire, sizes), coding)
    assert other_problem == problem
    if problem is None:
        assert b"".join(other) == b"".join(pieces)


def test_pieces_are_made_only_as_they_are_taken() -> None:
    inflater = Inflater("gzip")
    pieces = iter(inflater.feed(gzip.compress(bytes(3 << 20))))
    next(pieces)
    assert inflater.decoded_bytes <= inflate.PIECE
    # Who leaves pieces behind has not read the body.
    assert list(inflater.feed(b"x")) == []
    assert inflater.finish() is not None


def test_identity_gives_the_chunk_itself() -> None:
    chunk = b"x" * 300_000
    (piece,) = Inflater(None).feed(chunk)
    assert piece is chunk


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip, identity", "identity, gzip", "x"])
def test_other_codings_are_not_read(coding: str) -> None:
    assert not inflate.readable(coding)
    assert inflate.refusal(coding) is not None
    assert whole(b"", coding, 10) is None
    with pytest.raises(ValueError, match="Content-Encoding"):
        Inflater(coding)


def test_whole_is_bounded() -> None:
    wire = gzip.compress(bytes(1000))
    assert whole(wire, "gzip", 1000) == bytes(1000)
    assert whole(wire, "gzip", 999) is None
    assert whole(wire[:-1], "gzip", 1000) is None
    assert whole(b"not gzip", "gzip", 1000) is None
    assert whole(b"abc", None, 3) == b"abc"
    assert whole(b"abc", None, 2) is None
    assert whole(b"", "gzip", 0) == b""


def test_a_member_behind_a_member_is_read_and_its_beginning_alone_is_not_enough() -> None:
    wire = gzip.compress(b"abc") + gzip.compress(b"def")
    assert whole(wire, "gzip", 100) == b"abcdef"
    assert run([wire[:24]], "gzip")[1] is not None

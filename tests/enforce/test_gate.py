from __future__ import annotations

import gzip
import hashlib
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.enforce.gate import Cut, Gate, Passed
from forgewall.model import Action
from forgewall.turns import Turns, at_once

PACKED = gzip.compress(b"abc", mtime=0)  # the time would make another name of a test each second
CODINGS = {
    None: lambda data: data,
    "identity": lambda data: data,
    "gzip": gzip.compress,
    "X-GZip": gzip.compress,
    " deflate ": zlib.compress,
}


def run(gate: Gate, chunks: list[bytes]) -> tuple[bytes, Cut | None]:
    """All bytes that got through, and the cut if there was one."""
    passed = b""
    for chunk in chunks:
        outcome = gate.feed(chunk)
        if isinstance(outcome, Cut):
            return passed, outcome
        passed += outcome.chunk
    outcome = gate.finish()
    return passed, outcome if isinstance(outcome, Cut) else None


def split(data: bytes, sizes: list[int]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    return [*chunks, data]


bodies = st.one_of(
    st.binary(max_size=400), st.builds(lambda b, n: b * n, st.binary(min_size=1, max_size=4), st.integers(0, 5000))
)
sizes = st.lists(st.integers(0, 200), max_size=12)


@given(body=bodies, coding=st.sampled_from(list(CODINGS)), sizes=sizes, near=st.integers(-2, 2), decoded=st.booleans())
def test_it_cuts_exactly_where_a_naive_count_of_the_whole_body_says(
    body: bytes, coding: str | None, sizes: list[int], near: int, decoded: bool
) -> None:
    wire = CODINGS[coding](body)
    larger = max(len(wire), len(body))
    limit = max(0, (larger if decoded else len(wire)) + near)
    gate = Gate(limit=limit, over=Action.BLOCK, content_encoding=coding)
    passed, cut = run(gate, split(wire, sizes))
    assert (cut is not None) == (larger > limit)
    assert gate.exceeded == (larger > limit)
    if cut is None:
        assert passed == wire
        assert (gate.wire_bytes, gate.decoded_bytes) == (len(wire), len(body))
    else:
        assert cut.code == "too-large"
        # What got through is a beginning that is itself within the limit, never the whole.
        assert wire.startswith(passed)
        assert len(passed) < len(wire)
        assert len(passed) <= limit
    assert gate.released_bytes == len(passed)
    assert gate.sha256 == hashlib.sha256(passed).hexdigest()


@given(body=bodies, coding=st.sampled_from(list(CODINGS)), sizes=sizes, limit=st.integers(0, 500))
def test_over_log_lets_everything_through_and_marks_it(
    body: bytes, coding: str | None, sizes: list[int], limit: int
) -> None:
    wire = CODINGS[coding](body)
    gate = Gate(limit=limit, over=Action.LOG, content_encoding=coding)
    passed, cut = run(gate, split(wire, sizes))
    assert cut is None
    assert passed == wire
    assert gate.exceeded == (max(len(wire), len(body)) > limit)
    assert gate.wire_bytes == len(wire)


@given(data=st.binary(max_size=300), coding=st.sampled_from(["gzip", "deflate"]), sizes=sizes)
def test_any_bytes_pass_or_are_cut_and_never_raise(data: bytes, coding: str, sizes: list[int]) -> None:
    gate = Gate(limit=10_000, over=Action.BLOCK, content_encoding=coding)
    passed, _ = run(gate, split(data, sizes))
    assert data.startswith(passed)


def test_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    gate = Gate(limit=10, over=Action.BLOCK, content_encoding=None)
    assert gate.feed(b"x" * 10) == Passed(b"x" * 10)
    cut = gate.feed(b"y")
    assert isinstance(cut, Cut)
    assert gate.feed(b"") is cut
    assert gate.finish() is cut
    assert gate.released_bytes == 10


def test_no_limit_counts_and_hashes_only() -> None:
    gate = Gate(limit=None, over=Action.BLOCK, content_encoding="br")
    assert run(gate, [b"anything", b" at all"]) == (b"anything at all", None)
    assert not gate.exceeded
    assert gate.wire_bytes == 15


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip,", "identity, gzip", "gzip;q=1", "x"])
def test_a_coding_that_cannot_be_counted_is_refused_at_construction(coding: str) -> None:
    assert Gate.refusal_for(coding) is not None
    with pytest.raises(ValueError, match="Content-Encoding"):
        Gate(limit=10, over=Action.BLOCK, content_encoding=coding)
    # Where nothing would be blocked it passes, but isn't called within its limit.
    gate = Gate(limit=10, over=Action.LOG, content_encoding=coding)
    assert run(gate, [b"abc"]) == (b"abc", None)
    assert gate.exceeded


@pytest.mark.parametrize("coding", [None, "", "identity", "GZIP", "x-gzip", "deflate"])
def test_codings_that_can_be_counted(coding: str | None) -> None:
    assert Gate.refusal_for(coding) is None


def test_members_that_follow_each_other_are_counted_together() -> None:
    wire = gzip.compress(b"a" * 600) + gzip.compress(b"b" * 600)
    assert run(Gate(limit=1200, over=Action.BLOCK, content_encoding="gzip"), [wire]) == (wire, None)
    passed, cut = run(Gate(limit=1199, over=Action.BLOCK, content_encoding="gzip"), [wire])
    assert (passed, cut and cut.code) == (b"", "too-large")


@pytest.mark.parametrize(
    ("coding", "wire"),
    [
        ("gzip", PACKED + b"smuggled"),
        ("gzip", b"not gzip"),
        ("gzip", zlib.compress(b"abc")),
        ("deflate", zlib.compress(b"abc") + b"more"),
        ("deflate", zlib.compress(b"abc") + zlib.compress(b"abc")),  # only gzip may go on behind its end
        ("deflate", zlib.compress(b"abc")[2:-4]),  # raw deflate
    ],
)
def test_bytes_that_are_not_their_coding_are_cut(coding: str, wire: bytes) -> None:
    gate = Gate(limit=10_000, over=Action.BLOCK, content_encoding=coding)
    _, cut = run(gate, [wire])
    assert cut is not None
    assert cut.code == "encoding"


def test_a_body_that_ends_in_the_middle_of_its_coding_is_cut_at_the_end() -> None:
    gate = Gate(limit=10_000, over=Action.BLOCK, content_encoding="gzip")
    assert isinstance(gate.feed(gzip.compress(b"abc" * 100)[:-3]), Passed)
    cut = gate.finish()
    assert isinstance(cut, Cut)
    assert cut.code == "encoding"


def test_output_that_zlib_still_holds_is_counted() -> None:
    wire = zlib.compress(bytes(200_000))
    for end in range(len(wire) + 1):
        gate = Gate(limit=1 << 20, over=Action.BLOCK, content_encoding="deflate")
        gate.feed(wire[:end])
        assert gate.decoded_bytes == len(zlib.decompressobj().decompress(wire[:end]))


def test_an_empty_body_is_complete_in_any_coding() -> None:
    assert run(Gate(limit=0, over=Action.BLOCK, content_encoding="gzip"), []) == (b"", None)


def test_a_bomb_is_cut_at_the_limit_with_flat_memory() -> None:
    bomb = gzip.compress(bytes(64 << 20))  # 64 KiB on the wire
    gate = Gate(limit=1 << 20, over=Action.BLOCK, content_encoding="gzip")
    tracemalloc.start()
    try:
        outcome = gate.feed(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, Cut)
    assert gate.decoded_bytes <= (1 << 20) + 2 * 65536  # it stopped counting there
    assert peak < 1 << 20


class Shown:
    """A sink that remembers what it is shown, and objects once it was shown `enough` pieces."""

    def __init__(self, enough: int | None = None) -> None:
        self.pieces: list[bytes] = []
        self.enough = enough

    def __call__(self, piece: bytes) -> Cut | None:
        self.pieces.append(piece)
        return Cut("content", "seen enough") if len(self.pieces) == self.enough else None


@given(
    body=bodies,
    coding=st.sampled_from(list(CODINGS)),
    sizes=sizes,
    limit=st.one_of(st.none(), st.integers(0, 500)),
    over=st.sampled_from([Action.BLOCK, Action.LOG]),
)
def test_the_sink_is_shown_what_the_body_decodes_to_before_it_is_released(
    body: bytes, coding: str | None, sizes: list[int], limit: int | None, over: Action
) -> None:
    shown = Shown()
    gate = Gate(limit=limit, over=over, content_encoding=coding, sink=shown)
    wire = CODINGS[coding](body)
    passed = b""
    for chunk in split(wire, sizes):
        outcome = gate.feed(chunk)
        if isinstance(outcome, Cut):
            break
        passed += outcome.chunk
        if coding in {None, "identity"}:
            assert b"".join(shown.pieces) == passed
    seen = b"".join(shown.pieces)
    assert body.startswith(seen)
    if limit is None or over is Action.LOG or max(len(wire), len(body)) <= limit:
        assert (passed, seen, gate.undecoded) == (wire, body, None)
        assert gate.finish() == Passed(b"")
        assert gate.decoded_bytes == len(body)
    else:
        assert len(seen) <= limit


def test_without_a_coding_the_piece_is_the_chunk_itself() -> None:
    shown = Shown()
    chunk = b"x" * 300_000
    Gate(limit=None, over=Action.BLOCK, content_encoding=None, sink=shown).feed(chunk)
    assert shown.pieces[0] is chunk


def test_a_sink_that_objects_cuts_at_once_and_the_rest_is_not_inflated() -> None:
    shown = Shown(enough=2)
    gate = Gate(limit=None, over=Action.LOG, content_encoding="gzip", sink=shown, undecodable=Action.LOG)
    wire = gzip.compress(b"0123456789" * 50_000)
    cut = gate.feed(wire)
    assert cut == Cut("content", "seen enough")
    assert len(shown.pieces) == 2
    assert gate.decoded_bytes == sum(map(len, shown.pieces)) <= 2 * 65536
    assert gate.feed(wire) is cut
    assert gate.finish() is cut
    assert (gate.released_bytes, len(shown.pieces), gate.exceeded) == (0, 2, False)


def test_a_sink_that_fails_lets_nothing_more_through() -> None:
    def sink(_piece: bytes) -> Cut | None:
        raise RuntimeError

    gate = Gate(limit=None, over=Action.LOG, content_encoding=None, sink=sink)
    with pytest.raises(RuntimeError):
        gate.feed(b"abc")
    assert isinstance(gate.feed(b"def"), Cut)
    assert isinstance(gate.finish(), Cut)
    assert gate.released_bytes == 0


def test_a_coding_nobody_can_read_is_refused_where_something_must_be_shown() -> None:
    shown = Shown()
    with pytest.raises(ValueError, match="Content-Encoding"):
        Gate(limit=None, over=Action.LOG, content_encoding="br", sink=shown)
    gate = Gate(limit=None, over=Action.LOG, content_encoding="br", sink=shown, undecodable=Action.LOG)
    assert run(gate, [b"abc", b"def"]) == (b"abcdef", None)
    assert (shown.pieces, gate.exceeded) == ([], False)
    assert gate.undecoded is not None


@pytest.mark.parametrize("limit", [None, 1 << 30])
@pytest.mark.parametrize(
    "wire",
    [b"no gzip", PACKED + b"more", PACKED[:-1], gzip.compress(bytes(9 << 20), mtime=0)],
)
def test_what_cannot_be_decoded_is_cut_or_passes_unseen_and_says_so(limit: int | None, wire: bytes) -> None:
    gate = Gate(limit=limit, over=Action.LOG, content_encoding="gzip", sink=Shown())
    _, cut = run(gate, [wire])
    assert cut is not None
    assert (cut.code, gate.undecoded) == ("encoding", cut.reason)
    gate = Gate(limit=limit, over=Action.BLOCK, content_encoding="gzip", sink=Shown(), undecodable=Action.LOG)
    assert run(gate, [wire]) == (wire, None)
    assert gate.undecoded == cut.reason
    assert gate.exceeded == (limit is not None)
    assert gate.wire_bytes == len(wire)


def test_a_body_that_unfolds_gives_others_their_turn() -> None:
    """No more than a piece is shown between two turns, whatever one chunk of the wire holds."""
    shown = Shown()
    gate = Gate(limit=None, over=Action.LOG, content_encoding="gzip", sink=shown)
    turns = gate.turns(gzip.compress(b"0123456789" * 100_000))
    known = 0
    for _ in turns:
        assert len(shown.pieces) - known <= 1
        known = len(shown.pieces)
    assert known == len(shown.pieces) > 10
    assert sum(map(len, shown.pieces)) == 1_000_000


def test_a_sink_may_take_turns_too() -> None:
    def sink(piece: bytes) -> Turns[Cut | None]:
        for _ in range(3):
            yield
        return Cut("content", "seen enough") if piece == b"bad" else None

    gate = Gate(limit=None, over=Action.LOG, content_encoding=None, sink=sink)
    assert gate.feed(b"good") == Passed(b"good")
    turns = gate.turns(b"bad")
    assert len([next(turns) for _ in range(3)]) == 3  # type: ignore[func-returns-value]
    assert at_once(turns) == Cut("content", "seen enough")


def test_turns_that_are_not_taken_to_their_end_let_nothing_through() -> None:
    gate = Gate(limit=None, over=Action.LOG, content_encoding=None, sink=Shown())
    turns = gate.turns(b"abc")
    next(turns)
    turns.close()
    assert isinstance(gate.feed(b"def"), Cut)
    assert isinstance(gate.finish(), Cut)
    assert gate.released_bytes == 0

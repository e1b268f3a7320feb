from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inspect.packing import chunks, copy, delta, insert, varint

from forgewall.inspect.delta import DeltaStream, TooManySteps, applied, sizes
from forgewall.inspect.objects import PIECE, NotPack

BASE = bytes(range(256)) * 300
MANY = 1_000_000


def streamed(base: bytes, data: bytes, size: int) -> bytes:
    expected, result, start = sizes(data)
    stream = DeltaStream(expected, lambda offset, length: base[offset : offset + length], result, MANY)
    out = [piece for chunk in chunks(data[start:], size) for piece in stream.feed(chunk)]
    stream.finish()
    assert all(len(piece) <= PIECE for piece in out)
    return b"".join(out)


steps = st.one_of(
    st.tuples(st.integers(0, len(BASE) - 1), st.integers(1, len(BASE))).map(
        lambda pair: (pair[0], min(pair[1], len(BASE) - pair[0]))
    ),
    st.binary(min_size=1, max_size=300),
)


@given(st.lists(steps, max_size=8), st.integers(1, 50))
def test_both_ways_make_what_the_steps_say(taken: list[tuple[int, int] | bytes], size: int) -> None:
    result = b"".join(step if isinstance(step, bytes) else BASE[step[0] : step[0] + step[1]] for step in taken)
    data = delta(len(BASE), len(result), *(insert(step) if isinstance(step, bytes) else copy(*step) for step in taken))
    assert sizes(data)[:2] == (len(BASE), len(result))
    assert applied(BASE, data, MANY)[0] == result
    assert streamed(BASE, data, size) == result


@given(st.binary(max_size=60), st.integers(1, 9))
def test_any_bytes_are_refused_by_both_or_give_the_same(data: bytes, size: int) -> None:
    data = varint(len(BASE)) + data
    answers: list[bytes | str] = []
    for way in (lambda: applied(BASE, data, MANY)[0], lambda: streamed(BASE, data, size)):
        try:
            answers.append(way())
        except NotPack:
            answers.append("refused")
    assert answers[0] == answers[1]


def test_a_copy_of_no_size_is_of_64_kib() -> None:
    data = delta(len(BASE), 0x10000, b"\x80")
    assert applied(BASE, data, MANY)[0] == streamed(BASE, data, 1) == BASE[:0x10000]


def test_a_base_of_another_size() -> None:
    with pytest.raises(NotPack):
        applied(BASE, delta(7, 1, insert(b"x")), MANY)


def test_a_base_that_gives_less_than_it_should() -> None:
    stream = DeltaStream(100, lambda _offset, _length: b"", 10, MANY)
    with pytest.raises(NotPack):
        list(stream.feed(copy(0, 10)))


@pytest.mark.parametrize("size", [1, 100])
def test_steps_are_counted_and_limited(size: int) -> None:
    steps = [copy(300, 1), insert(b"ab"), copy(5, 70_000), insert(b"c")]
    data = delta(len(BASE), 70_004, *steps)
    assert applied(BASE, data, 4)[1] == 4
    with pytest.raises(TooManySteps):
        applied(BASE, data, 3)
    for limit in (3, 4):
        stream = DeltaStream(len(BASE), lambda offset, length: BASE[offset : offset + length], 70_004, limit)
        try:
            for chunk in chunks(b"".join(steps), size):
                list(stream.feed(chunk))
        except TooManySteps:
            assert limit == 3
        else:
            assert (limit, stream.steps) == (4, 4)


def test_a_copy_stays_in_its_base_whatever_stands_behind_it() -> None:
    stream = DeltaStream(100, lambda _offset, length: bytes(length), 10, MANY)
    with pytest.raises(NotPack):
        list(stream.feed(copy(91, 10)))


def test_a_head_announces_no_more_than_an_object_may_have() -> None:
    for base, result in itertools.product((0, 1 << 40, (1 << 40) + 1), repeat=2):
        data = varint(base) + varint(result)
        if max(base, result) > 1 << 40:
            with pytest.raises(NotPack):
                sizes(data)
        else:
            assert sizes(data) == (base, result, len(data))

"""The head of a push on the wire: the same command list whatever the chunks and the coding, and bounded."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.commands import HEAD, CommandReader, Commands, Malformed
from forgewall.proxy.push_head import WIRE_BYTES, PushHead

OLD, NEW = b"0" * 40, b"1" * 40
CODINGS = {None: bytes, "identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}


def pkt(line: bytes) -> bytes:
    return b"%04x%s" % (len(line) + 4, line)


def push(*refs: bytes) -> bytes:
    """A push of these refs, with the beginning of its pack."""
    first, *others = [OLD + b" " + NEW + b" " + ref for ref in refs]
    lines = [first + b"\0 report-status side-band-64k", *others]
    return b"".join(map(pkt, lines)) + b"0000PACK" + b"\0" * 200


BODY = push(b"refs/heads/main", b"refs/tags/v1")


def fed(head: PushHead, wire: bytes, cuts: list[int]) -> int:
    """Feed `wire` in chunks of these sizes until it is enough; how much was fed."""
    position = 0
    for size in [*cuts, len(wire)]:
        chunk = wire[position : position + size]
        position += len(chunk)
        if chunk and head.enough(chunk):
            break
    return position


@given(st.sampled_from(list(CODINGS)), st.lists(st.integers(1, 60), max_size=30))
def test_the_list_is_known_whatever_the_chunks_and_the_coding(coding: str | None, cuts: list[int]) -> None:
    head = PushHead(coding)
    fed(head, CODINGS[coding](BODY), cuts)
    answer = head.answer
    assert answer == CommandReader().feed(BODY)
    assert isinstance(answer, Commands)
    assert answer.refs == (b"refs/heads/main", b"refs/tags/v1")
    assert head.so_far is answer


@given(
    st.binary(max_size=300), st.sampled_from(list(CODINGS)), st.lists(st.integers(1, 60), max_size=10), st.booleans()
)
def test_any_bytes_give_an_answer_and_never_raise(
    data: bytes, coding: str | None, cuts: list[int], encoded: bool
) -> None:
    head = PushHead(coding)
    fed(head, CODINGS[coding](data) if encoded else data, cuts)
    assert isinstance(head.answer, Commands | Malformed)
    assert head.so_far is None or isinstance(head.so_far, Commands)


def test_no_more_is_asked_for_than_is_needed() -> None:
    head = PushHead(None)
    end = BODY.index(b"PACK")
    assert not head.enough(BODY[: end - 1])
    assert head.enough(BODY[end - 1 : end])


def test_a_list_that_is_cut_short_is_known_as_far_as_it_came() -> None:
    head = PushHead(None)
    assert head.so_far is None
    assert not head.enough(BODY[:90])
    assert head.so_far is None
    assert not head.enough(BODY[90 : BODY.index(b"PACK") - 10])
    assert head.answer == Malformed("the push ends before its command list does")
    assert head.so_far is not None
    assert (head.so_far.refs[:1], head.so_far.complete) == ((b"refs/heads/main",), False)


def test_a_list_without_end_is_given_up_within_the_bound() -> None:
    head = PushHead(None)
    wire = pkt(OLD + b" " + NEW + b" refs/heads/x\0 report-status")
    position = number = 0
    while True:
        chunk = (
            wire
            if not number
            else b"".join(pkt(OLD + b" " + NEW + b" refs/heads/%d" % (number * 1000 + one)) for one in range(1000))
        )
        number += 1
        position += len(chunk)
        if head.enough(chunk):
            break
    assert HEAD <= position <= HEAD + 100_000 <= WIRE_BYTES + 100_000
    assert isinstance(head.answer, Malformed)
    assert "longer than 1 MiB" in head.answer.reason
    assert head.so_far is not None
    assert len(head.so_far.refs) > 1000


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "x"])
def test_a_coding_that_can_t_be_undone_is_not_waited_for(coding: str) -> None:
    head = PushHead(coding)
    assert head.enough(BODY)
    assert isinstance(head.answer, Malformed)
    assert head.so_far is None


def test_a_body_that_is_not_what_its_coding_says_is_not_waited_for() -> None:
    head = PushHead("gzip")
    assert head.enough(BODY)
    assert head.answer == Malformed("the body is not what its Content-Encoding says")
    assert head.so_far is None


def test_a_bomb_is_read_no_further_than_a_list_may_be_long() -> None:
    head = PushHead("gzip")
    bomb = gzip.compress(pkt(OLD + b" " + NEW + b" refs/heads/main\0 report-status") + b"fff0" * 2**22)
    assert fed(head, bomb, [1000] * 100) < len(bomb)
    assert isinstance(head.answer, Malformed)

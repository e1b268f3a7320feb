from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.commands import HEAD, CommandReader, Commands, Malformed
from forgewall.inspect.pktline import DATA, FLUSH, NotPktLine, band, pkt, take

ZERO, ONE = b"0" * 40, b"1" * 40


def command(ref: bytes, capabilities: bytes = b"") -> bytes:
    return pkt(ZERO + b" " + ONE + b" " + ref + (b"\0" + capabilities if capabilities else b""))


def read(data: bytes) -> Commands | Malformed | None:
    return CommandReader().feed(data)


def test_it_reads_refs_and_capabilities_and_stops_at_the_flush() -> None:
    head = command(b"refs/heads/main", b" report-status-v2 side-band-64k object-format=sha1") + command(b"refs/tags/v1")
    answer = read(head + FLUSH + b"PACK\x00\x00 binary \xff")
    assert answer == Commands(
        refs=(b"refs/heads/main", b"refs/tags/v1"),
        capabilities=frozenset({"report-status-v2", "side-band-64k", "object-format=sha1"}),
        complete=True,
    )


def test_the_lone_flush_is_the_probe() -> None:
    answer = read(FLUSH)
    assert isinstance(answer, Commands)
    assert answer.probe
    assert isinstance(read(FLUSH + b"PACK"), Malformed)


def test_shallow_lines_and_sha256_names() -> None:
    line = b"a" * 64 + b" " + b"b" * 64 + b" refs/heads/x\0report-status"
    answer = read(pkt(b"shallow " + ONE + b"\n") + pkt(line) + FLUSH)
    assert isinstance(answer, Commands)
    assert answer.refs == (b"refs/heads/x",)
    assert answer.capabilities == {"report-status"}


def test_a_signed_push_names_its_refs_inside_the_certificate() -> None:
    lines = [
        b"push-cert\0side-band-64k report-status\n",
        b"certificate version 0.1\n",
        b"pusher A <a@acme.example> 1 +0000\n",
        b"\n",
        ZERO + b" " + ONE + b" refs/heads/main\n",
        b"-----BEGIN PGP SIGNATURE-----\n",
        b"push-cert-end\n",
    ]
    answer = read(b"".join(map(pkt, lines)) + FLUSH)
    assert isinstance(answer, Commands)
    assert answer.refs == (b"refs/heads/main",)
    assert "side-band-64k" in answer.capabilities


@pytest.mark.parametrize(
    "data",
    [
        b"PACK",
        b"0001",  # protocol v2's delimiter
        b"0003",
        b"fff1" + b"x",  # longer than a packet may be
        b"+004",
        pkt(b"hello"),
        pkt(ZERO + b" " + ONE + b" refs/heads/a\x1b[31m"),
        pkt(ZERO + b" " + ONE + b" refs/heads/a b"),
        pkt(ZERO + b" " + ONE),
        pkt(ZERO[:-1] + b" " + ONE + b" refs/heads/a"),
    ],
)
def test_what_is_no_command_list_is_malformed(data: bytes) -> None:
    assert isinstance(read(data), Malformed)


def test_it_holds_no_more_than_its_bound_and_keeps_what_it_has() -> None:
    reader = CommandReader()
    one = command(b"refs/heads/" + b"x" * 100, b"side-band-64k")
    answer = None
    for _ in range(HEAD // len(one) + 1):
        answer = reader.feed(one)
    assert isinstance(answer, Commands)
    assert not answer.complete
    assert 0 < len(answer.refs) <= HEAD // len(one)


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_give_an_answer_that_does_not_depend_on_the_chunks(data: bytes, cuts: list[int]) -> None:
    whole = read(data)
    reader = CommandReader()
    answer = None
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        answer = reader.feed(data[start:end])
    if isinstance(whole, Commands) and whole.probe:
        return  # only the whole body tells a probe from a push without commands
    assert type(answer) is type(whole)
    assert isinstance(answer, Malformed) or answer == whole


names = st.binary(min_size=1, max_size=40).map(lambda raw: b"refs/heads/" + raw.hex().encode())


@given(refs=st.lists(names, min_size=1, max_size=8), size=st.integers(1, 50))
def test_every_ref_is_found_for_any_chunking(refs: list[bytes], size: int) -> None:
    body = command(refs[0], b"report-status") + b"".join(map(command, refs[1:])) + FLUSH
    reader = CommandReader()
    answers = [reader.feed(body[start : start + size]) for start in range(0, len(body), size)]
    assert all(answer is None for answer in answers[:-1])
    assert answers[-1] == Commands(refs=tuple(refs), capabilities=frozenset({"report-status"}), complete=True)


@given(st.binary(max_size=DATA))
def test_a_pkt_line_reads_back(data: bytes) -> None:
    line = pkt(data)
    assert take(line, 0) == (data, len(line))
    assert take(line[:-1], 0) is None


def test_pkt_lines_have_a_longest() -> None:
    with pytest.raises(ValueError, match="65516"):
        pkt(bytes(DATA + 1))
    with pytest.raises(NotPktLine):
        take(b"zzzz", 0)


@given(data=st.binary(max_size=5000), width=st.integers(1, 1000))
def test_side_band_splits_and_joins(data: bytes, width: int) -> None:
    wire, position, joined = band(2, data, width), 0, b""
    while position < len(wire):
        taken = take(wire, position)
        assert taken is not None
        line, position = taken
        assert line is not None
        assert line[0] == 2
        assert len(line) <= width + 1
        joined += line[1:]
    assert joined == data

"""Bodies whose Content-Encoding is the weapon: bombs, floods of members, padding, wrong and nested codings.

Each must end in the same answer however it is cut into chunks, with little memory and with work that is linear in what
the client sent.
"""

from __future__ import annotations

import gzip
import random
import struct
import tracemalloc
import zlib
from dataclasses import dataclass
from itertools import batched
from typing import Any

import pytest

from forgewall.enforce import inflate
from forgewall.enforce.gate import Cut, Gate
from forgewall.model import Action

MIB = 1 << 20
NOISE = random.Random(7).randbytes(MIB)
EMPTY = gzip.compress(b"", mtime=0)
ABC = gzip.compress(b"abc", mtime=0)
ZABC = zlib.compress(b"abc")


def head(flags: int) -> bytes:
    """A gzip member's head (RFC 1952 section 2.3) with these flags."""
    return b"\x1f\x8b\x08" + bytes([flags]) + bytes(4) + b"\x00\xff"


def tail(data: bytes) -> bytes:
    return struct.pack("<II", zlib.crc32(data), len(data))


def bomb(size: int) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(deflate.compress(bytes(MIB)) for _ in range(size // MIB)) + deflate.flush()


def raw(data: bytes) -> bytes:
    return zlib.compress(data)[2:-4]


def dictionary() -> bytes:
    deflate = zlib.compressobj(zdict=b"abc")
    return deflate.compress(b"abc") + deflate.flush()


HOSTILE: dict[str, tuple[str, bytes]] = {
    "a bomb": ("gzip", bomb(64 * MIB)),
    "a bomb in the zlib format": ("deflate", zlib.compress(bytes(32 * MIB), 9)),
    "a bomb behind noise": ("gzip", gzip.compress(NOISE[: MIB // 16] + bytes(48 * MIB), 9)),
    "a bomb in the second member": ("gzip", ABC + bomb(32 * MIB)),
    "a bomb of many members": ("gzip", gzip.compress(bytes(60_000), 9) * 1000),
    "a flood of empty members": ("gzip", EMPTY * 20_000),
    "a flood of empty members behind content": ("gzip", gzip.compress(NOISE[:1000]) + EMPTY * 20_000),
    "a flood of members of one byte": ("gzip", gzip.compress(b"x", mtime=0) * 20_000),
    "an endless name": ("gzip", head(8) + b"n" * MIB),
    "an endless comment": ("gzip", head(16) + b"c" * MIB),
    "the longest extra field, a name and a comment": (
        "gzip",
        head(4 | 8 | 16)
        + b"\xff\xff"
        + NOISE[:65535]
        + b"n" * 65536
        + b"\0"
        + b"c" * 65536
        + b"\0"
        + b"\x03\0"
        + bytes(8),
    ),
    "empty stored blocks": ("gzip", head(0) + b"\x00\x00\x00\xff\xff" * 200_000),
    "a body without an end": ("gzip", gzip.compress(NOISE[:100_000])[:-1]),
    "half a head": ("gzip", b"\x1f\x8b\x08"),
    "one byte behind the end": ("gzip", ABC + b"\x1f"),
    "garbage behind the end": ("gzip", ABC + NOISE[:100]),
    "zeros behind the end": ("gzip", ABC + bytes(512)),
    "a zip behind the end": ("gzip", ABC + b"PK\x03\x04" + NOISE[:100]),
    "a wrong checksum": ("gzip", ABC[:-8] + bytes(4) + ABC[-4:]),
    "a wrong length": ("gzip", ABC[:-4] + b"\xff\xff\xff\xff"),
    "reserved flags": ("gzip", head(0xE0) + raw(b"abc") + tail(b"abc")),
    "another method": ("gzip", b"\x1f\x8b\x07" + ABC[3:]),
    "a wrong head checksum": ("gzip", head(2) + b"\xff\xff" + raw(b"abc") + tail(b"abc")),
    "a reserved block type": ("gzip", head(0) + b"\x07" + NOISE[:100]),
    "a distance before the beginning": ("deflate", b"\x78\x9c\x4b\x04\x42\x00"),
    "no coding at all": ("gzip", b'{"content": "plain"}'),
    "the other coding": ("gzip", ZABC),
    "gzip called deflate": ("deflate", ABC),
    "raw deflate": ("deflate", raw(b"abc" * 100)),
    "a preset dictionary": ("deflate", dictionary()),
    "two zlib streams": ("deflate", ZABC * 2),
    "a zlib window that is too large": ("deflate", b"\x88\x1c" + ZABC[2:]),
    "zstd called gzip": ("gzip", b"\x28\xb5\x2f\xfd" + NOISE[:50]),
}
CHUNKS = [None, 65536, 16384, 1000, 1]


@dataclass
class Work:
    """What zlib was asked to do."""

    objects: int = 0
    given: int = 0
    made: int = 0


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    real = zlib.decompressobj

    class Counting:
        def __init__(self, bits: int) -> None:
            work.objects += 1
            self._zlib = real(bits)

        def decompress(self, data: bytes, most: int) -> bytes:
            piece = self._zlib.decompress(data, most)
            work.given += len(data)
            work.made += len(piece)
            return piece

        def __getattr__(self, name: str) -> Any:
            return getattr(self._zlib, name)

    monkeypatch.setattr(inflate.zlib, "decompressobj", Counting)
    return work


def send(wire: bytes, coding: str, chunk: int | None, limit: int | None = None) -> tuple[Gate, Cut | None, int]:
    """The gate that `wire` went through, its cut, and how many bytes it showed."""
    shown = 0

    def sink(piece: bytes) -> Cut | None:
        nonlocal shown
        assert 0 < len(piece) <= 65536
        shown += len(piece)
        return None

    gate = Gate(limit=limit, over=Action.BLOCK, content_encoding=coding, sink=sink)
    for start in range(0, len(wire), chunk or len(wire)):
        outcome = gate.feed(wire[start : start + (chunk or len(wire))])
        if isinstance(outcome, Cut):
            return gate, outcome, shown
    outcome = gate.finish()
    return gate, outcome if isinstance(outcome, Cut) else None, shown


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_cut_in_any_chunks_after_bounded_work(name: str, work: Work) -> None:
    coding, wire = HOSTILE[name]
    reasons = set()
    for chunk in CHUNKS:
        work.objects = work.given = work.made = 0
        gate, cut, shown = send(wire, coding, chunk)
        assert cut is not None, chunk
        assert cut.code == "encoding"
        assert gate.undecoded == cut.reason
        assert gate.released_bytes < len(wire) or gate.finish() is cut
        reasons.add(cut.reason)
        used = max(gate.wire_bytes, 1)
        assert shown <= work.made <= 200 * (used + 16384) + 65536
        assert work.objects <= used // 18 + 1
        assert work.given <= 40 * used + 200 * 16384
    assert len(reasons) == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_it_takes_little_memory(name: str) -> None:
    coding, wire = HOSTILE[name]
    tracemalloc.start()
    try:
        send(wire, coding, None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 512 * 1024 + len(wire)  # `send` itself slices the wire once


@pytest.mark.parametrize("name", ["a bomb", "a bomb in the zlib format", "a bomb of many members"])
def test_a_limit_stops_a_bomb_even_earlier(name: str) -> None:
    coding, wire = HOSTILE[name]
    gate, cut, shown = send(wire, coding, None, 100_000)
    assert cut is not None
    assert cut.code == "too-large"
    assert shown <= 100_000
    assert gate.decoded_bytes <= 100_000 + 65536


def test_the_floods_are_stopped_early(work: Work) -> None:
    for name in ("a flood of empty members", "a flood of members of one byte", "empty stored blocks"):
        work.objects = 0
        coding, wire = HOSTILE[name]
        gate, _, _ = send(wire, coding, 65536)
        assert gate.wire_bytes <= 2 * 65536, name
        assert work.objects <= 2 * 65536 // 20, name


def test_small_members_with_content_take_linear_work(work: Work) -> None:
    lines = [bytes(line) for line in batched(NOISE[:200_000], 40)]
    wire = b"".join(gzip.compress(line, mtime=0) for line in lines)
    for chunk in (None, 65536, 1000):
        work.objects = work.given = 0
        _, cut, shown = send(wire, "gzip", chunk)
        assert (cut, shown) == (None, 200_000)
        assert work.objects == len(lines) + 1 or work.objects == len(lines)
        assert work.given <= 10 * len(wire)


def test_growth_is_judged_by_all_that_was_sent() -> None:
    """What an honest client may save up it may use, and no more."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    wire = deflate.compress(NOISE) + deflate.compress(bytes(64 * MIB)) + deflate.flush()
    _, cut, shown = send(wire, "gzip", 65536)
    assert (cut, shown) == (None, 65 * MIB)


def test_honest_bodies_pass() -> None:
    rows = b"".join(b'{"id": %d, "name": "row", "value": null, "tags": []},\n' % number for number in range(100_000))
    named = head(8) + b"report.json\0" + raw(rows) + tail(rows)
    checked = head(2)
    checked += struct.pack("<H", zlib.crc32(checked) & 0xFFFF) + raw(rows) + tail(rows)
    blocks = (
        b"".join(gzip.compress(rows[at : at + 65280]) for at in range(0, len(rows), 65280)) + EMPTY
    )  # as bgzip does
    flushing = zlib.compressobj(6, zlib.DEFLATED, 31)
    lines = rows.splitlines(keepends=True)
    flushed = b"".join(flushing.compress(line) + flushing.flush(zlib.Z_SYNC_FLUSH) for line in lines) + flushing.flush()
    stored = gzip.compress(rows, compresslevel=0)
    small = gzip.compress(bytes(2 * MIB))  # repeats for ever, but small
    for wire in (gzip.compress(rows), named, checked, blocks, flushed, stored, small, gzip.compress(NOISE), EMPTY):
        for chunk in (None, 16384):
            assert send(wire, "gzip", chunk)[1] is None


def test_a_coding_inside_the_coding_is_content_and_is_not_undone() -> None:
    inner = bomb(64 * MIB)
    shown: list[bytes] = []
    gate = Gate(limit=None, over=Action.BLOCK, content_encoding="gzip", sink=shown.append)
    gate.feed(gzip.compress(inner))
    assert not isinstance(gate.finish(), Cut)
    assert b"".join(shown) == inner


@pytest.mark.parametrize(
    "value",
    [
        "gzip, gzip",
        "gzip,gzip",
        "gzip, br",
        "identity, gzip",
        "gzip, identity",
        "gzip,",
        ",gzip",
        ",",
        "br",
        "zstd",
        "compress",
        "x-compress",
        "aws-chunked",
        "aws-chunked, gzip",
        "dcb",
        "gzip;q=1.0",
        "gzip\x0b",
        "\x0cgzip",
        "gz\x00ip",
        "*",
        "chunked",
        "none",
        "utf-8",
        "gzıp",
        "GZİP",
        "deflate, deflate",
        "deflate-raw",
        "gzip" * 1000,
    ],
)
def test_other_codings_are_refused_before_the_body(value: str) -> None:
    assert Gate.refusal_for(value) is not None
    with pytest.raises(ValueError, match="Content-Encoding"):
        Gate(limit=None, over=Action.LOG, content_encoding=value, sink=lambda _piece: None)


def test_random_bodies_with_a_true_head_never_raise() -> None:
    noise = random.Random(3)
    for _ in range(300):
        body = bytearray(noise.choice([ABC, ZABC, gzip.compress(NOISE[:3000]), zlib.compress(bytes(3000))]))
        for _ in range(noise.randrange(1, 4)):
            body[noise.randrange(len(body))] = noise.randrange(256)
        for coding in ("gzip", "deflate"):
            answers = {str(send(bytes(body), coding, chunk)[1]) for chunk in (None, 5, 1)}
            assert len(answers) == 1

"""RAR archives, put together after the format's description: nothing free makes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inspect.reading import cuts, kind, read

from forgewall.inspect import rar


def vint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def block(kind: int, flags: int, body: bytes, data: bytes = b"", extra: bytes = b"") -> bytes:
    """A RAR 5 block."""
    sizes = (vint(len(extra)) if extra else b"") + (vint(len(data)) if data else b"")
    header = vint(kind) + vint(flags | bool(extra) | bool(data) << 1) + sizes + body + extra
    return bytes(4) + vint(len(header)) + header + data


def fifth(*, locked: bool, members: int = 3) -> bytes:
    """A RAR 5 archive whose last member is encrypted or not."""
    out = rar.SIGNATURE_5 + block(1, 0, vint(0))
    for number in range(members):
        extra = vint(3) + vint(3) + b"\x00\x00"  # a time, which says nothing
        if locked and number == members - 1:
            extra += vint(4) + vint(1) + b"\x00\x01\x0f"
        body = b"\x00\x05\x20\x00\x00\x00\x00\x05a.txt"
        out += block(2, 0, body, data=bytes(3000), extra=extra)
    return out + block(5, 0, vint(0))


def fourth(*, hidden: bool = False, locked: bool = False, members: int = 3) -> bytes:
    """A RAR 4 archive: `hidden` encrypts the names too, `locked` the last member only."""
    out = rar.SIGNATURE_4
    out += bytes(2) + b"\x73" + (0x80 if hidden else 0).to_bytes(2, "little") + (13).to_bytes(2, "little") + bytes(6)
    for number in range(members):
        flags = 0x8000 | (0x04 if locked and number == members - 1 else 0)
        name = b"plans.txt"
        fixed = (3000).to_bytes(4, "little") + bytes(21)
        size = 7 + len(fixed) + len(name)
        out += bytes(2) + b"\x74" + flags.to_bytes(2, "little") + size.to_bytes(2, "little") + fixed + name
        out += b"d" * 3000
    return out + bytes(2) + b"\x7b\x00\x40\x07\x00"


@pytest.mark.parametrize("chunk", [1, 100, 65536])
def test_an_archive_tells_whether_a_member_is_encrypted(chunk: int) -> None:
    assert kind(fifth(locked=False), chunk=chunk) == "archives"
    assert kind(fifth(locked=True), chunk=chunk) == "archives!"
    assert kind(rar.SIGNATURE_5 + block(4, 0, bytes(30)) + bytes(900), chunk=chunk) == "archives!"
    assert kind(fourth(), chunk=chunk) == "archives"
    assert kind(fourth(locked=True), chunk=chunk) == "archives!"
    assert kind(fourth(hidden=True), chunk=chunk) == "archives!"


def test_the_walk_ends_after_some_blocks() -> None:
    reader = rar.Rar(rar.SIGNATURE_4)
    reader.feed(rar.SIGNATURE_4 + (bytes(2) + b"\x7a\x00\x00\x07\x00") * (rar.MOST_BLOCKS + 1))
    assert reader.done
    assert not reader.encrypted


@given(st.lists(st.integers(0, 20_000), max_size=20), st.booleans(), st.booleans())
def test_any_cut_gives_the_same_facts(places: list[int], locked: bool, new: bool) -> None:
    data = fifth(locked=locked) if new else fourth(locked=locked)
    assert read(cuts(data, places)) == read([data])


@given(st.binary(max_size=300), st.sampled_from([rar.SIGNATURE_4, rar.SIGNATURE_5]), st.integers(1, 40))
def test_any_blocks_are_survived(data: bytes, signature: bytes, chunk: int) -> None:
    assert kind(signature + data, chunk=chunk).startswith("archives")

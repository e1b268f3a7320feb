"""Urlencoded forms against urllib.parse."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.inspect.bodies import CUTS, cut, pieces

from forgewall.inspect.form import MAX_NAME, FormReader, NotForm


class Pairs:
    def __init__(self) -> None:
        self.pairs: list[tuple[str, bytes]] = []
        self._name = ""
        self._value = b""

    def name(self, name: str) -> None:
        self._name, self._value = name, b""

    def value(self, piece: bytes, more: bool) -> None:
        self._value += piece
        if not more:
            self.pairs.append((self._name, self._value))


def read(chunks: object, *, strict: bool = True) -> list[tuple[str, bytes]]:
    pairs = Pairs()
    reader = FormReader(pairs, strict=strict)
    for chunk in chunks:  # type: ignore[attr-defined]
        reader.feed(chunk)
    reader.finish()
    return pairs.pairs


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=30)), max_size=5), CUTS)
def test_what_the_stdlib_encodes(fields: list[tuple[str, bytes]], cuts: list[int]) -> None:
    body = urlencode(fields).encode()
    assert read(cut(body, cuts)) == fields


@settings(deadline=None)
@given(st.text("ab=&%+;1C3", max_size=30).map(str.encode) | st.binary(max_size=30), CUTS)
@example(b"a=%", [])
@example(b"a=%4", [2])
@example(b"a=%%41%4", [4])
@example(b"&&a&=b&", [])
def test_any_bytes(body: bytes, cuts: list[int]) -> None:
    expected = [
        (name.encode("latin-1").decode("utf-8", "replace"), value.encode("latin-1"))
        for name, value in parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    ]
    assert read([body], strict=False) == expected
    assert read(cut(body, cuts), strict=False) == read(pieces(body, 1), strict=False) == expected


@settings(deadline=None)
@given(st.text("ab=&%+1C3", max_size=20).map(str.encode), st.binary(max_size=20), CUTS)
def test_a_bare_semicolon_has_two_readings(before: bytes, behind: bytes, cuts: list[int]) -> None:
    body = before + b";" + behind
    outcomes = []
    for chunks in ([body], list(cut(body, cuts)), pieces(body, 1)):
        pairs = Pairs()
        reader = FormReader(pairs)
        outcomes.append((fed_until_it_is_none(reader, chunks), pairs.pairs))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0][0].endswith(b";" + behind)


def fed_until_it_is_none(reader: FormReader, chunks: list[bytes]) -> bytes:
    """What wasn't read."""
    for at, chunk in enumerate(chunks):
        try:
            reader.feed(chunk)
        except NotForm:
            return reader.rest + b"".join(chunks[at + 1 :])
    raise AssertionError("all of it was read")


def test_a_long_name_is_refused_and_a_long_value_is_not_held() -> None:
    for chunks in ([b"a=1&" + b"n" * (MAX_NAME + 1)], [b"a=1&", *([b"n"] * (MAX_NAME + 1))]):
        with pytest.raises(NotForm):
            read(chunks)
    assert read([b"n" * MAX_NAME]) == [("n" * MAX_NAME, b"")]
    assert read([b"a=", *([b"%41"] * 10_000)]) == [("a", b"A" * 10_000)]

"""One rule's judgement of a place."""

from __future__ import annotations

import pytest

from forgewall.inspect.matching import LINE, Matcher, entropy
from forgewall.inspect.rules import Allowlist, Rule


def test_entropy_is_in_bits_a_byte() -> None:
    assert entropy(b"aaaa") == 0
    assert entropy(b"abab") == pytest.approx(1)
    assert entropy(bytes(range(256))) == pytest.approx(8)


def test_line_breaks_around_a_secret_are_no_part_of_it() -> None:
    matcher = Matcher(Rule(id="r", regex=r"(?s)k=(.{6});"))
    [place] = matcher.candidates(b"k=\nabcd\n;")
    assert b"k=\nabcd\n;"[place.begin : place.stop] == b"abcd"
    assert list(matcher.candidates(b"k=\n\n\n\n\n\n;")) == []


def test_the_line_is_looked_at_within_bounds() -> None:
    rule = Rule(id="r", regex="k=(abcd)", allowlists=(Allowlist(target="line", regexes=("free",)),))
    matcher = Matcher(rule)

    def admits(data: bytes) -> bool:
        [place] = matcher.candidates(data)
        return matcher.admits(data, place, None)

    assert not admits(b"free k=abcd")
    assert not admits(b"k=abcd free")
    assert not admits(b"x\nk=abcd free\ny")
    assert admits(b"free\nk=abcd\nfree")
    assert admits(b"free" + b" " * (LINE + 1) + b"k=abcd")
    assert admits(b"k=abcd" + b" " * (LINE + 1) + b"free")

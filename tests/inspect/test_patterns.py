"""The two engines behind patterns agree on what occurs, on any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.inspect.patterns import Pattern, PatternSet

REGEXES = ("a+b", r"\bcd\b", "(?i)key[^x]{2}", "z$", r"[\x80-\xff]{2}")


def test_matches_have_groups_and_places() -> None:
    [first, second] = Pattern("a(b)?c").matches(b"xacabc")
    assert (first.start(), first.end(), first.group(1)) == (1, 3, None)
    assert (second.start(1), second.end(1), second.group()) == (4, 5, b"abc")


@given(st.lists(st.sampled_from([b"a", b"b", b"cd", b"KEY", b" ", b"z", b"\n", b"\xe4"]), max_size=20).map(b"".join))
def test_the_set_finds_what_the_patterns_find(data: bytes) -> None:
    """The set may say more, never less: it only chooses what is looked at exactly."""
    expected = {index for index, regex in enumerate(REGEXES) if Pattern(regex).found(data)}
    assert expected <= set(PatternSet(REGEXES).occurring(data))


@given(st.binary(max_size=300))
def test_any_bytes_may_be_searched(data: bytes) -> None:
    PatternSet(REGEXES).occurring(data)
    for regex in REGEXES:
        list(Pattern(regex).matches(data))


@pytest.mark.parametrize("regex", ["(", "a(?=b)", r"(a)\1"])
def test_what_an_engine_cannot_use_is_a_value_error(regex: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Pattern(regex)
    with pytest.raises(ValueError, match=r"\w"):
        PatternSet(["fine", regex])

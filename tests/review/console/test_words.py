"""Times, sizes and other people's texts as the console writes them."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.record.samples import anything

from forgewall.review.console.words import (
    FILTERS,
    ago,
    counted,
    day,
    escaped,
    gravest,
    lines,
    moment,
    place,
    raw,
    said,
    sentence,
    shown,
    size,
    span,
    spelled,
)

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\"'&\x00"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | anything,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(anything, inner, max_size=4),
    max_leaves=12,
)


def text_of(markup: Markup) -> str:
    """What a browser shows of markup that holds only elements of ours."""
    return html.unescape(re.sub(r"<(/?bdi|wbr|/?code|bdi title=\"[^\"<>]*\")>", "", str(markup)))


@given(anything)
def test_a_text_of_others_is_text_alone(text: str) -> None:
    for markup in (said(text), spelled(text), place(text)):
        assert isinstance(markup, Markup)
        assert str(markup).startswith("<bdi")
    assert text_of(said(text)) == text_of(spelled(text)) == shown(text)
    assert shown(text).isprintable()
    assert "<" not in re.sub(r"<(/?bdi|wbr)>", "", spelled(text))


@given(anything)
def test_backticks_make_code_in_pairs(text: str) -> None:
    assert text_of(sentence(text)).replace("`", "") == shown(text).replace("`", "")
    assert sentence("`x` of <b>") == "<bdi><code>x</code> of &lt;b&gt;</bdi>"
    assert sentence("one ` alone") == "<bdi>one ` alone</bdi>"


def test_what_is_long_is_cut() -> None:
    assert len(shown("x" * 1_000_000)) == 300
    assert shown("x" * 1_000_000, 10) == "xxxxxxxxx…"
    assert len(lines("x\n" * 100_000)) < 200_000


def test_a_hostile_text_is_seen() -> None:
    assert said(HOSTILE) == "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;\ufffd[31m\ufffd&#34;&#39;&amp;\ufffd</bdi>"
    assert lines("a\n<b>\u202e\r\nc") == "<bdi>a</bdi>\n<bdi>&lt;b&gt;\ufffd</bdi>\n<bdi>c</bdi>"


@given(st.dictionaries(anything, json_values, max_size=4))
def test_the_raw_form_says_the_same_and_can_be_seen(document: dict[str, object]) -> None:
    text = html.unescape(str(raw(document)))
    assert all(character.isprintable() or character == "\n" for character in text)
    assert json.loads(text) == document
    assert "<" not in raw(document)


def test_the_raw_form_is_bounded() -> None:
    assert len(raw({"x": "y" * 10_000_000})) < 300_000
    assert escaped("\U000e0001") == "\\udb40\\udc01"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (12 * 60 + 5, "12 min"),
        (3600, "1 h"),
        (4800, "1 h 20 min"),
        (36 * 3600, "1 d 12 h"),
        (12 * 86400 + 5, "12 d"),
        (800 * 86400, "2 y 70 d"),
    ],
)
def test_spans(seconds: int, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == span(seconds) == words


def test_times() -> None:
    assert ago(NOW - timedelta(seconds=3), NOW) == "just now"
    assert ago(NOW - timedelta(minutes=61), NOW) == "1 h ago"
    assert ago(NOW + timedelta(days=4), NOW) == "in 4 d"
    assert ago(None, NOW) == moment(None) == day(None) == ""
    far = NOW.astimezone(timezone(timedelta(hours=9)))
    assert moment(far) == '<time datetime="2026-11-24T14:30:00Z">2026-11-24 14:30:00</time>'
    assert ">2026-11-24 14:30<" in day(far)
    assert ">2026-11-23<" in day(datetime(2026, 11, 24, tzinfo=UTC))
    assert day(datetime.min.replace(tzinfo=UTC)) != ""


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_any_two_times_can_be_told(first: datetime, second: datetime) -> None:
    assert ago(first, second)
    assert moment(first)
    assert day(first)


def test_numbers() -> None:
    assert (size(None), size(0), size(1536)) == ("", "0 bytes", "1.5 KiB")
    assert counted(1, "event") == "1 event"
    assert counted(3120, "event") == "3,120 events"
    assert counted(2, "box", "boxes") == "2 boxes"
    assert place("policy/forgewall.yaml:14") == '<bdi title="policy/forgewall.yaml:14">forgewall.yaml:14</bdi>'
    assert gravest(["archives", "encrypted", "secret:x", "z"]) == ["secret:x", "encrypted", "archives", "z"]
    assert all(callable(one) for one in FILTERS.values())

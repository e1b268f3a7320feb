"""Charts: true to their numbers, without letters, whatever the numbers are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from forgewall.review.console.chart import Bar, Chart, round_up, share
from forgewall.sizes import rounded

START = datetime(2026, 11, 24, tzinfo=UTC)
counts = st.integers(0, 2**60)


def chart(*pairs: tuple[int, int], seconds: int = 3600, link: str = "") -> Chart:
    bars = tuple(
        Bar(start=START + timedelta(seconds=seconds * n), solid=solid, hollow=hollow, link=link)
        for n, (solid, hollow) in enumerate(pairs)
    )
    return Chart(title="t", bars=bars, seconds=seconds, solid="blocked", hollow="would be blocked")


def heights(one: Chart, name: str) -> list[float]:
    tree = ElementTree.fromstring(str(one.svg))
    return [float(rect.get("height") or 0) for rect in tree.iter("rect") if rect.get("class") == name]


def test_heights_are_shares_of_the_top() -> None:
    one = chart((5, 0), (10, 0), (0, 0), (2, 2))
    assert one.top == 10
    assert heights(one, "solid") == [50, 100, 20]
    assert heights(one, "hollow") == [20]
    assert [bar.solid for bar in one.told] == [5, 10, 2]


@given(st.lists(st.tuples(counts, counts), max_size=60))
def test_every_chart_can_be_drawn_and_read(pairs: list[tuple[int, int]]) -> None:
    one = chart(*pairs)
    tree = ElementTree.fromstring(str(one.svg))
    for rect in tree.iter("rect"):
        assert float(rect.get("y") or 0) >= 0
        assert float(rect.get("y") or 0) + float(rect.get("height") or 0) <= 103.5
    assert not {key for element in tree.iter() for key in element.attrib} & {"style", "onclick"}
    assert len(heights(one, "solid")) == sum(solid > 0 for solid, _ in pairs)
    assert one.empty == (not one.told)


@given(st.integers(0, 2**70), st.sampled_from([1000, 1024]))
def test_the_top_is_round_and_no_less(value: int, base: int) -> None:
    top = round_up(value, base)
    assert value <= top
    assert top <= max(1, value * 2.5)


def test_sizes_have_tops_in_their_units() -> None:
    bars = (Bar(start=START, solid=3_000_000),)
    one = Chart(title="t", bars=bars, seconds=3600, solid="uploaded", written=rounded)
    assert rounded(one.top) == "4 MiB"
    assert one.sentence(bars[0]) == "2026-11-24 00:00 to 01:00: 2.9 MiB uploaded"


def test_words_around_it() -> None:
    one = chart(*[(1, 0)] * 24)
    assert one.marks == ("24 Nov", "06:00", "12:00", "18:00", "25 Nov")
    assert chart(*[(1, 0)] * 30, seconds=86400).when(Bar(start=START, solid=1)) == "2026-11-24"
    assert chart((1, 0), seconds=172800).when(Bar(start=START, solid=1)) == "2026-11-24 to 2026-11-26"
    assert chart().marks == ()
    assert chart().svg


def test_a_link_is_an_attribute_alone() -> None:
    assert 'href="/x?a=1&amp;b=&#34;&gt;&lt;script&gt;"' in str(chart((1, 0), link='/x?a=1&b="><script>').svg)


@given(counts, counts)
def test_a_share_is_never_more_than_all(part: int, whole: int) -> None:
    tree = ElementTree.fromstring(str(share(part, whole)))
    width = float(next(rect.get("width") or 0 for rect in tree.iter("rect") if rect.get("class") == "part"))
    assert 0 <= width <= 100
    assert (width > 0) == bool(part and whole)

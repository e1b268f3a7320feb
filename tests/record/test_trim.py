from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from forgewall.record import trim


def event(**lists: list[Any]) -> dict[str, Any]:
    return {"message": "x", "related": {"hash": ["ab"]}, "forgewall": {"evidence": lists}}


def test_what_fits_stays() -> None:
    whole = event(files=["x" * 60_000])
    trim.trim(whole)
    assert whole == event(files=["x" * 60_000])


def test_the_bulkiest_list_gives_way_first_and_keeps_its_beginning() -> None:
    whole = event(files=[f"{n:800}" for n in range(90)], secrets=["s" * 900] * 10, refs=["r" * 500] * 20)
    trim.trim(whole)
    assert whole["forgewall"]["trimmed"] == ["forgewall.evidence.files"]
    assert whole["forgewall"]["evidence"]["files"] == [f"{n:800}" for n in range(50)]
    assert len(whole["forgewall"]["evidence"]["secrets"]) == 10


def test_a_single_giant_item_goes() -> None:
    whole = event(files=["x" * 100_000])
    trim.trim(whole)
    assert whole["forgewall"]["evidence"]["files"] == []


def test_events_without_lists_are_left_alone() -> None:
    plain = {"message": "x" * 100_000, "forgewall": {"where": "here"}}
    trim.trim(plain)
    assert plain == {"message": "x" * 100_000, "forgewall": {"where": "here"}}


@given(
    st.integers(0, 100_000),
    st.lists(st.integers(0, 4000), max_size=50),
    st.lists(st.integers(0, 4000), max_size=50),
)
def test_the_size_holds_unless_the_rest_is_too_large_already(rest: int, files: list[int], refs: list[int]) -> None:
    whole = event(files=["🗄" * n for n in files], refs=["\\" * n for n in refs])
    whole["message"] = "m" * rest
    before = trim.size(whole)
    trim.trim(whole)
    assert trim.size(whole) <= max(trim.MAX_BYTES, rest + 16 * 1024) + 300
    if before <= trim.MAX_BYTES:
        assert trim.size(whole) == before

"""Every operation that the forges publish is read rightly, by the same measure for all; docs/coverage.md holds it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.identify.coverage import MAX_READS_AS_WRITES, MIN_RIGHT, PAGE, ROWS, Row, page, table

# How many operations each description has at least, so that none gets lost.
LEAST = (1591, 247, 1365, 341, 289, 529, 1975, 482, 493, 536, 353, 80)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.description.name)
def test_no_write_is_taken_for_a_read_and_hardly_a_read_for_a_write(row: Row) -> None:
    assert row.as_reads == []
    assert row.late <= MAX_READS_AS_WRITES, row.as_writes


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.description.name)
def test_whoever_is_named_is_found_and_nobody_else(row: Row) -> None:
    assert row.right >= MIN_RIGHT, row.wrong
    assert row.claimed == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.description.name)
def test_what_stays_unidentified_has_a_reason(row: Row) -> None:
    nobodys = [case.operation.title for case in row.cases if case.doubtful and not row.why(case)]
    assert nobodys == []
    assert set(row.on_purpose) == set(row.description.on_purpose)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.description.name)
def test_each_exception_is_one(row: Row) -> None:
    asking, opening = row.description.asking, row.description.opening
    assert all(row.titles(asking, why, reading=False) for why in asking)
    assert all(row.titles(opening, why, reading=True) for why in opening)


def test_nothing_of_a_description_is_lost() -> None:
    assert tuple(len(row.cases) for row in ROWS) == LEAST


def test_the_page_is_up_to_date(record_property: Callable[[str, object], None]) -> None:
    record_property("summary", table())
    assert PAGE.read_text("utf-8") == page(), "write it anew: python -m tests.identify.coverage --write"

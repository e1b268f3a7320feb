"""Sizes, dates and durations as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.fields import duration_of, moment_of, size_of


@pytest.mark.parametrize(
    "text, size",
    [
        ("0", 0),
        ("4096", 4096),
        ("10B", 10),
        ("512KiB", 512 * 1024),
        ("50MiB", 50 * 2**20),
        ("10MB", 10_000_000),
        ("10 mb", 10_000_000),
        ("2GiB", 2**31),
        ("1TB", 10**12),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "MiB", "-1", "1e3", "0x10", "1_000", "10M", "1.5MiB", "٣MiB", "9" * 19, "1 2"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a size|is too large"):
        size_of(text)


@pytest.mark.parametrize(
    "text, moment",
    [
        ("2027-01-31", datetime(2027, 2, 1, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 3, 1, tzinfo=UTC)),
        ("9999-12-31", datetime.max.replace(tzinfo=UTC)),
        ("2027-01-31T18:00:00Z", datetime(2027, 1, 31, 18, tzinfo=UTC)),
        ("2027-01-31t18:00:00.5z", datetime(2027, 1, 31, 18, 0, 0, 500000, tzinfo=UTC)),
        ("2027-01-31 18:00:00+02:00", datetime(2027, 1, 31, 16, tzinfo=UTC)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert moment_of(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+14:00",
        "2027-01-31T18:00:00+99:00",
        "",
        "tomorrow",
        "2027-1-31",
        "20270131",
        "2027-02-30",
        "2027-01-31T18:00:00",
        "2027-01-31T25:00:00Z",
        "2027-W05-1",
    ],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        moment_of(text)


def test_durations() -> None:
    assert duration_of("90d") == timedelta(days=90)
    assert duration_of("2w") == timedelta(days=14)
    assert duration_of("12h") == timedelta(hours=12)
    for text in ("", "90", "d", "1y", "-1d", "1.5d", "90 d"):
        with pytest.raises(ValueError, match="is not a duration"):
            duration_of(text)


@pytest.mark.parametrize("convert", [size_of, moment_of, duration_of])
@given(text=st.one_of(st.text(), st.from_regex(r"[0-9]{1,9}[-.:TZ0-9a-zA-Z+ ]{0,25}")))
def test_any_text_is_a_value_or_a_value_error(convert, text: str) -> None:  # type: ignore[no-untyped-def]
    try:
        convert(text)
    except ValueError as error:
        said = str(error)
    else:
        said = "fine"
    assert "\n" not in said

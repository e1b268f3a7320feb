"""Events of one millisecond get places of their own, in the order of their ids where these tell."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.record import samples
from tests.review.store.sample_log import NOW, at, opened, write

from forgewall.review.filters import Filters
from forgewall.review.store.placing import free_places
from forgewall.review.store.position import BITS, LOW, of_identifier, position


def places(store: Any, wanted: list[int]) -> list[int]:
    return free_places(store._database.connection, wanted)


def test_places_follow_time_and_then_ids() -> None:
    ids = [f"01M87E5GPZ{tail}" for tail in ("0000000000000000", "AEKKSXTH33DC157Z", "ZZZZZZZZZZZZZZZZ")]
    (same,) = {of_identifier(one) >> BITS for one in ids}  # type: ignore[operator]
    assert [position(same, one) for one in ids] == sorted(position(same, one) for one in ids)
    later = [position(same + 1, one) for one in ids]
    assert min(later) > max(position(same, one) for one in ids)
    earlier = "01M87E5GPYZZZZZZZZZZZZZZZZ"
    assert position(same, earlier) < position(same, ids[0]) < position(same + 1, earlier)
    assert of_identifier("no id") is None


def test_a_place_that_is_taken_gives_way_to_the_next(tmp_path: Path) -> None:
    write(tmp_path, samples.decision(time=NOW))
    with opened(tmp_path) as store:
        (taken,) = (n for (n,) in store._database.connection.execute("SELECT n FROM event"))
        assert places(store, [taken, taken, taken + 1, taken + 9]) == [taken + 1, taken + 2, taken + 3, taken + 9]
        first, last = taken & ~LOW, taken | LOW
        assert places(store, [last, last, last]) == [last, first, first + 1]
        many = places(store, [taken] * 1000)
        assert many == sorted(many)
        assert len(set(many) | {taken}) == 1001


def test_events_of_one_frozen_moment_stay_in_order(tmp_path: Path) -> None:
    events = [at(samples.decision(), NOW) for _ in range(500)]
    write(tmp_path, *events[:200])
    with opened(tmp_path) as store:
        write(tmp_path, *events[200:])
        store.refresh()
        rows = store.events(Filters(), limit=1000)
        assert [row.id for row in rows] == [event.id for event in reversed(events)]
        assert {row.time for row in rows} == {NOW}
        assert store.count(Filters(since=NOW, until=NOW + timedelta(milliseconds=1))) == 500
        assert store.count(Filters(until=NOW)) == 0

from __future__ import annotations

import threading
import time

import pytest

from forgewall.record import ulid


def test_identifiers_are_unique_and_sort_as_they_were_made() -> None:
    made = [ulid.new_id() for _ in range(5000)]
    assert made == sorted(set(made))
    assert {len(one) for one in made} == {ulid.LENGTH}


def test_a_clock_that_goes_back_does_not_disturb_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ulid.new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000)
    assert ulid.new_id() > before


def test_the_first_ten_digits_are_the_time() -> None:
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    milliseconds = 0
    earliest = time.time_ns() // 1_000_000
    for digit in ulid.new_id()[:10]:
        milliseconds = milliseconds * 32 + digits.index(digit)
    assert earliest <= milliseconds <= time.time_ns() // 1_000_000


def test_threads_never_share_one() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend([ulid.new_id() for _ in range(500)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000

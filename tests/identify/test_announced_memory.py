from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.announcing import SHARED, announced, asked

from forgewall.identify.announced import Announcement, place_of
from forgewall.identify.announced_memory import Announcements
from forgewall.identify.url import request_for
from forgewall.model import Request


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


SAMPLE = announced(SHARED)


def put(number: int, host: str = "s.example") -> Request:
    return request_for("PUT", f"https://{host}/{number}")


def one(number: int, host: str = "s.example", seconds: int = 600) -> Announcement:
    return replace(SAMPLE, place=place_of(put(number, host)), seconds=seconds)


def test_what_was_announced_is_found_by_the_same_client_only(clock: Clock) -> None:
    memory = Announcements(clock)
    assert memory.remember("10.0.0.1", [SAMPLE]) is None
    assert memory.find("10.0.0.1", request_for("PUT", SHARED)) == SAMPLE
    assert memory.find("10.0.0.2", request_for("PUT", SHARED)) is None
    assert memory.find("10.0.0.1", request_for("POST", SHARED)) is None
    assert memory.find("10.0.0.1", request_for("PUT", SHARED + "0")) is None
    assert memory.hosts("10.0.0.1") == {"storage.googleapis.com"}
    assert memory.hosts("10.0.0.2") == frozenset()
    assert memory.names("10.0.0.1", "Storage.GoogleAPIs.com.")
    assert not memory.names("10.0.0.2", "storage.googleapis.com")
    assert not memory.names("10.0.0.1", "googleapis.com")


def test_it_ends_when_it_said(clock: Clock) -> None:
    memory = Announcements(clock)
    memory.remember("a", [one(1, seconds=600), one(2, "t.example", seconds=1200)])
    clock.now += 599
    assert memory.find("a", put(1))
    assert memory.names("a", "s.example")
    clock.now += 1
    assert memory.find("a", put(1)) is None
    assert not memory.names("a", "s.example")
    assert memory.find("a", put(2, "t.example"))
    assert memory.hosts("a") == {"t.example"}
    clock.now += 600
    assert memory.hosts("a") == frozenset()


def test_asking_again_renews(clock: Clock) -> None:
    memory = Announcements(clock)
    memory.remember("a", [one(1)])
    clock.now += 500
    memory.remember("a", [one(1)])
    clock.now += 500
    assert memory.find("a", put(1))
    assert memory.names("a", "s.example")


def test_another_repository_can_t_take_over_a_url(clock: Clock) -> None:
    memory = Announcements(clock)
    other = replace(one(1), asker=asked("https://gitlab.com/other/x.git")[1])
    memory.remember("a", [one(1)])
    memory.remember("a", [other])
    found = memory.find("a", put(1))
    assert found
    assert found.asker.address == "github.com/acme/api"
    clock.now += 601
    memory.remember("a", [other])
    found = memory.find("a", put(1))
    assert found
    assert found.asker.address == "gitlab.com/other/x"


def test_too_many_hosts_are_refused_and_nothing_is_kept(clock: Clock) -> None:
    memory = Announcements(clock, hosts=3)
    memory.remember("a", [one(n, f"s{n}.example") for n in range(3)])
    assert "more than 3 hosts" in str(memory.remember("a", [one(0), one(9, "s9.example")]))
    assert memory.find("a", put(0)) is None
    assert memory.hosts("a") == {"s0.example", "s1.example", "s2.example"}
    assert memory.remember("b", [one(9, "s9.example")]) is None
    clock.now += 600
    assert memory.remember("a", [one(9, "s9.example")]) is None


def test_a_client_forgets_its_own_oldest(clock: Clock) -> None:
    memory = Announcements(clock, per_client=10)
    memory.remember("quiet", [one(1)])
    memory.remember("loud", [one(n) for n in range(25)])
    assert len(memory) == 11
    assert memory.find("quiet", put(1))
    assert memory.find("loud", put(24))
    assert memory.find("loud", put(14)) is None


def test_when_all_is_full_those_who_hold_most_forget_first(clock: Clock) -> None:
    memory = Announcements(clock, urls=100, per_client=1000)
    memory.remember("loud", [one(n) for n in range(95)])
    for n in range(20):
        memory.remember(f"quiet{n}", [one(n)])
    assert len(memory) == 100
    assert all(memory.find(f"quiet{n}", put(n)) for n in range(20))
    memory.remember("loud", [one(n) for n in range(200)])
    assert len(memory) == 100
    assert all(memory.find(f"quiet{n}", put(n)) for n in range(20))


def test_what_has_expired_goes_first(clock: Clock) -> None:
    memory = Announcements(clock, urls=10, per_client=1000)
    memory.remember("early", [one(n, seconds=300) for n in range(8)])
    memory.remember("late", [one(n) for n in range(2)])
    clock.now += 400
    memory.remember("late", [one(n) for n in range(5)])
    assert all(memory.find("late", put(n)) for n in range(5))


def test_clients_are_bounded(clock: Clock) -> None:
    memory = Announcements(clock, clients=3)
    memory.remember("short", [one(1, seconds=300)])
    for name in ("b", "c", "d"):
        memory.remember(name, [one(1, seconds=600)])
    assert memory.find("short", put(1)) is None
    assert all(memory.find(name, put(1)) for name in ("b", "c", "d"))
    clock.now += 601
    memory.remember("e", [one(1)])
    assert len(memory) == 1


def test_nothing_announced_leaves_no_trace(clock: Clock) -> None:
    memory = Announcements(clock, clients=1)
    memory.remember("a", [one(1)])
    memory.remember("b", [])
    assert memory.find("a", put(1))


def test_a_full_memory_is_small(clock: Clock) -> None:
    tracemalloc.start()
    try:
        memory = Announcements(clock, urls=2_000)
        for client in range(20):
            memory.remember(f"10.0.0.{client}", [one(n + 1000 * client) for n in range(200)])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(memory) == 2_000
    assert held / 2_000 < 1_500


ACTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 12), st.sampled_from([300, 600]), st.integers(0, 400)), max_size=30
)


@given(ACTS)
def test_whatever_happens_the_bounds_hold_and_nothing_is_found_that_was_not_announced(
    acts: list[tuple[str, int, int, int]],
) -> None:
    clock = Clock()
    memory = Announcements(clock, urls=8, per_client=5, hosts=4, clients=2)
    told: dict[tuple[str, int], float] = {}
    for client, number, seconds, later in acts:
        clock.now += later
        if memory.remember(client, [one(number, f"s{number % 6}.example", seconds)]) is None:
            told[client, number] = clock.now + seconds
        assert len(memory) <= 8
        for name in "abc":
            assert len(memory.hosts(name)) <= 4
            for wanted in range(13):
                if memory.find(name, put(wanted, f"s{wanted % 6}.example")):
                    assert told[name, wanted] > clock.now
                    assert memory.names(name, f"s{wanted % 6}.example")

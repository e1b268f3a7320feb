from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.enforce.volume import Account, Exceeded, LocalVolume, Meter, Usage, Volume, accounts
from forgewall.model import Action, Limit

MIB = 1 << 20
CLIENT = Limit(per="client", seconds=3600, size=20 * MIB)


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """One volume and one clock; makes the meters of uploads."""

    def __init__(self, *limits: Limit) -> None:
        self.volume: Volume = LocalVolume()
        self.clock = Clock()
        self.limits: Sequence[Limit] = limits

    def meter(
        self,
        client: str = "192.0.2.7",
        *,
        user: str | None = None,
        owner: str | None = "github.com/acme",
        repository: str | None = "github.com/acme/api",
        approved: bool = True,
        observing: bool = False,
    ) -> Meter:
        found = accounts(self.limits, client=client, user=user, owner=owner, repository=repository, approved=approved)
        return Meter(self.volume, found, self.clock, observing=observing)

    def used(self, limit: Limit, key: str = "192.0.2.7") -> tuple[int, int]:
        usage = self.volume.used(Account(limit=limit, key=key), self.clock())
        return usage.bytes, usage.uploads


def upload(meter: Meter, size: int, chunk: int = 65536, *, announced: bool = True) -> tuple[int, Exceeded | None]:
    """How many bytes went out, and what stopped it."""
    stopped = meter.announce(size if announced else None)
    sent = 0
    while stopped is None and sent < size:
        piece = min(chunk, size - sent)
        stopped = meter.spend(piece)
        sent += piece if stopped is None else 0
    return sent, stopped


def test_each_limit_has_the_account_of_its_kind_and_no_other() -> None:
    limits = [Limit(per=per, seconds=60, size=1) for per in ("unapproved", "repository", "owner", "user", "client")]
    found = accounts(limits, client="c", user="Ana", owner="o", repository="r", approved=False)
    assert [(account.limit.per, account.key) for account in found] == [
        ("unapproved", "c"),
        ("repository", "r"),
        ("owner", "o"),
        ("user", "ana"),
        ("client", "c"),
    ]
    found = accounts(limits, client="c", user=None, owner=None, repository=None, approved=True)
    assert [account.limit.per for account in found] == ["client"]
    with pytest.raises(ValueError, match="planet"):
        accounts([Limit(per="planet", seconds=60)], client="c", user=None, owner=None, repository=None, approved=True)


def test_of_30_uploads_of_1_mib_the_21st_is_refused_at_its_head() -> None:
    bench = Bench(CLIENT)
    results = [upload(bench.meter(), MIB) for _ in range(30)]
    assert [sent for sent, _ in results] == [MIB] * 20 + [0] * 10
    first = results[20][1]
    assert first == Exceeded(limit=CLIENT, key="192.0.2.7", usage=Usage(bytes=20 * MIB, uploads=20))
    assert all(stopped is None for _, stopped in results[:20])
    assert upload(bench.meter("192.0.2.8"), MIB) == (MIB, None)


def test_an_upload_that_does_not_tell_its_length_is_cut_where_it_gets_beyond() -> None:
    bench = Bench(CLIENT)
    upload(bench.meter(), 20 * MIB - 100)
    sent, stopped = upload(bench.meter(), MIB, 60, announced=False)
    assert sent == 60
    assert stopped is not None
    assert bench.used(CLIENT) == (20 * MIB - 40, 2)
    assert upload(bench.meter(), 40) == (40, None)  # exactly the limit
    assert upload(bench.meter(), 1, announced=False)[1] is not None  # nothing left: turned away at the head
    assert bench.meter().announce(None) is not None
    assert bench.meter().announce(0) is None


def test_after_a_cut_nothing_more_of_that_upload_goes_even_if_it_would_fit() -> None:
    bench = Bench(CLIENT)
    meter = bench.meter()
    assert meter.spend(20 * MIB) is None
    stopped = meter.spend(1)
    assert stopped is not None
    bench.clock.now += 2 * 3600
    assert meter.spend(1) is stopped
    assert upload(bench.meter(), MIB) == (MIB, None)


def test_uploads_side_by_side_cannot_get_beyond_together() -> None:
    bench = Bench(CLIENT)
    meters = [bench.meter() for _ in range(30)]
    assert all(meter.announce(15 * MIB) is None for meter in meters)
    sent = 0
    for _ in range(100):
        for meter in meters:
            sent += 65536 if meter.spend(65536) is None else 0
    assert sent == 20 * MIB == bench.used(CLIENT)[0]


def test_the_number_of_uploads_is_limited_and_those_refused_do_not_count() -> None:
    limit = Limit(per="client", seconds=60, uploads=3)
    bench = Bench(limit)
    assert [upload(bench.meter(), 10)[0] for _ in range(5)] == [10, 10, 10, 0, 0]
    assert bench.used(limit) == (30, 3)
    bench.clock.now += 62
    side = [bench.meter() for _ in range(5)]
    assert all(meter.announce(10) is None for meter in side)  # nothing has begun yet
    assert [meter.spend(10) is None for meter in side] == [True, True, True, False, False]
    assert [meter.spend(10) is None for meter in side] == [True, True, True, False, False]


def test_gits_probe_is_no_upload_but_its_bytes_count() -> None:
    limit = Limit(per="client", seconds=60, uploads=1)
    bench = Bench(limit)
    assert upload(bench.meter(), 4) == (4, None)
    assert bench.used(limit) == (4, 0)
    assert upload(bench.meter(), 1000, 3) == (1000, None)  # in small chunks it counts once
    assert bench.used(limit) == (1004, 1)
    assert upload(bench.meter(), 4) == (4, None)
    assert upload(bench.meter(), 5)[0] == 0


def test_a_chunk_goes_into_all_windows_or_none() -> None:
    owner = Limit(per="owner", seconds=3600, size=100)
    bench = Bench(CLIENT, owner)
    assert upload(bench.meter(), 60) == (60, None)
    _, stopped = upload(bench.meter("192.0.2.8"), 41)
    assert stopped is not None
    assert (stopped.limit, stopped.key) == (owner, "github.com/acme")
    assert bench.used(CLIENT, "192.0.2.8") == (0, 0)


def test_two_limits_on_one_window_count_each_byte_once() -> None:
    by_size = Limit(per="client", seconds=60, size=100)
    by_number = Limit(per="client", seconds=60, uploads=2)
    bench = Bench(by_size, by_number)
    assert upload(bench.meter(), 60) == (60, None)
    assert upload(bench.meter(), 40) == (40, None)
    assert bench.used(by_size) == (100, 2)


def test_unapproved_writes_share_one_window_of_the_client() -> None:
    limit = Limit(per="unapproved", seconds=60, size=100)
    bench = Bench(limit)
    assert upload(bench.meter(repository="github.com/m/a", approved=False), 100) == (100, None)
    assert upload(bench.meter(repository="github.com/m/b", approved=False), 10)[0] == 0
    assert upload(bench.meter("192.0.2.8", repository="github.com/m/b", approved=False), 10) == (10, None)
    assert upload(bench.meter(), 1000) == (1000, None)


@pytest.mark.parametrize("observing", [False, True])
def test_what_is_only_logged_is_told_once_and_goes_on(observing: bool) -> None:
    limit = Limit(per="client", seconds=60, size=100, over=Action.BLOCK if observing else Action.LOG)
    other = Limit(per="client", seconds=60, uploads=1, over=limit.over)
    bench = Bench(limit, other)
    meter = bench.meter(observing=observing)
    assert upload(meter, 1000, 10) == (1000, None)
    assert [(found.limit, found.usage.bytes) for found in meter.logged] == [(limit, 100)]
    second = bench.meter(observing=observing)
    assert upload(second, 1000, 10) == (1000, None)
    assert [found.limit for found in second.logged] == [limit, other]
    assert bench.used(limit) == (2000, 2)


def test_a_policy_that_changes_a_size_keeps_the_usage_and_one_that_changes_the_window_drops_it() -> None:
    bench = Bench(CLIENT)
    upload(bench.meter(), 10 * MIB)
    bench.limits = [dataclasses.replace(CLIENT, size=5 * MIB, reference="p.yaml:9")]
    assert upload(bench.meter(), 10)[0] == 0
    bench.limits = [dataclasses.replace(CLIENT, seconds=7200)]
    assert upload(bench.meter(), 10) == (10, None)
    assert isinstance(bench.volume, LocalVolume)
    assert len(bench.volume) == 2
    bench.clock.now += 3 * 3600
    bench.limits = [dataclasses.replace(CLIENT, seconds=60)]
    assert upload(bench.meter(), 10) == (10, None)
    assert len(bench.volume) == 1  # windows of policies that are gone leave nothing behind


def test_without_limits_nothing_is_kept() -> None:
    bench = Bench()
    assert upload(bench.meter(), 10 * MIB) == (10 * MIB, None)
    assert isinstance(bench.volume, LocalVolume)
    assert len(bench.volume) == 0


@given(
    uploads=st.lists(
        st.tuples(st.floats(0, 40), st.integers(1, 60), st.integers(1, 30), st.booleans()), min_size=1, max_size=40
    ),
    size=st.integers(20, 200),
)
def test_no_true_window_holds_more_than_the_limit_and_nothing_is_refused_that_a_sixtieth_more_would_let_through(
    uploads: list[tuple[float, int, int, bool]], size: int
) -> None:
    limit = Limit(per="client", seconds=60, size=size)
    bench = Bench(limit)
    log: list[tuple[float, int]] = []
    for wait, length, chunk, announced in uploads:
        bench.clock.now += wait
        before = sum(sent for when, sent in log if when > bench.clock.now - 61.001)
        sent, stopped = upload(bench.meter(), length, chunk, announced=announced)
        log.append((bench.clock.now, sent))
        if stopped is not None:
            assert before + length > size
    for end, _ in log:
        assert sum(sent for when, sent in log if end - 60 < when <= end) <= size

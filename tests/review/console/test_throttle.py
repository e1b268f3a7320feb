"""How often a sign-in may fail, on a clock that the test moves."""

from __future__ import annotations

from datetime import timedelta

from tests.review.console.served import Clock

from forgewall.review.console.throttle import IN_ALL, MOST_CLIENTS, PER_CLIENT, WINDOW, Throttle


def test_a_client_may_fail_so_often_and_then_waits_for_the_window_to_end() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    assert [throttle.wait("10.0.0.1") for _ in range(PER_CLIENT)] == [0] * PER_CLIENT
    assert throttle.wait("10.0.0.1") == WINDOW.total_seconds()
    clock.pass_by(timedelta(minutes=4))
    assert throttle.wait("10.0.0.1") == 60
    assert throttle.wait("10.0.0.2") == 0, "others may"
    clock.pass_by(timedelta(minutes=1))
    assert throttle.wait("10.0.0.1") == 0


def test_waiting_tries_dont_make_the_wait_longer() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(PER_CLIENT + 50):
        throttle.wait("10.0.0.1")
    clock.pass_by(WINDOW)
    assert throttle.wait("10.0.0.1") == 0


def test_a_success_forgives() -> None:
    throttle = Throttle(Clock())
    for _ in range(3 * PER_CLIENT):
        assert throttle.wait("10.0.0.1") == 0
        throttle.succeeded("10.0.0.1")


def test_all_clients_together_have_a_limit() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    assert sum(throttle.wait(f"10.0.{n // 250}.{n % 250}") == 0 for n in range(2 * IN_ALL)) == IN_ALL
    clock.pass_by(WINDOW)
    assert throttle.wait("10.9.9.9") == 0


def test_memory_is_bounded() -> None:
    throttle = Throttle(Clock(), in_all=10**9)
    for n in range(2 * MOST_CLIENTS):
        throttle.wait(f"2001:db8:{n >> 16:x}:{n & 0xFFFF:x}::1")
    assert len(throttle) == MOST_CLIENTS


def test_an_ipv6_network_is_one_client() -> None:
    throttle = Throttle(Clock(), per_client=2)
    assert [throttle.wait(f"2001:db8::{n}") for n in range(1, 4)][:2] == [0, 0]
    assert throttle.wait("2001:db8::ffff") > 0
    assert throttle.wait("2001:db8:0:1::1") == 0
    assert throttle.wait("::ffff:10.0.0.1") == 0
    assert throttle.wait("10.0.0.1") == 0
    assert throttle.wait("::ffff:10.0.0.1") > 0, "the same IPv4 address"


def test_a_clock_that_is_set_back_locks_nobody_out_for_long() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(PER_CLIENT):
        throttle.wait("10.0.0.1")
    clock.pass_by(timedelta(days=-30))
    assert throttle.wait("10.0.0.1") == 0

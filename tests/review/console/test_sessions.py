"""Sessions begin, are found, and end, on a clock that the test moves."""

from __future__ import annotations

from datetime import timedelta

from tests.review.console.served import Clock

from forgewall.review.console.sessions import ABSOLUTE, IDLE, Sessions
from forgewall.review.person import Person, Role

ANA = Person(name="ana", source="token", role=Role.REVIEWER)


def test_a_session_is_found_by_its_number_alone() -> None:
    sessions = Sessions(Clock())
    one, other = sessions.start(ANA), sessions.start(ANA)
    assert one.id != other.id
    assert len(one.id) == 64
    assert sessions.find(one.id) is one
    assert sessions.find(one.id.upper()) is None
    assert sessions.find("") is None
    assert sessions.find("\ud800") is None


def test_it_ends_when_nobody_uses_it() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    one = sessions.start(ANA)
    clock.pass_by(IDLE - timedelta(seconds=1))
    assert sessions.find(one.id) is one
    clock.pass_by(IDLE - timedelta(seconds=1))
    assert sessions.find(one.id) is one, "it was used meanwhile"
    clock.pass_by(IDLE)
    assert sessions.find(one.id) is None
    assert len(sessions) == 0


def test_it_ends_however_often_it_is_used() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    one = sessions.start(ANA)
    used = 0
    while sessions.find(one.id) is not None:
        clock.pass_by(timedelta(minutes=30))
        used += 1
    assert used == ABSOLUTE / timedelta(minutes=30)


def test_sign_out_ends_it() -> None:
    sessions = Sessions(Clock())
    one = sessions.start(ANA)
    sessions.end(one.id)
    sessions.end(one.id)
    assert sessions.find(one.id) is None


def test_there_are_never_too_many() -> None:
    sessions = Sessions(Clock(), most=3)
    first, *_ = kept = [sessions.start(ANA) for _ in range(3)]
    assert sessions.find(first.id) is first
    new = sessions.start(ANA)
    assert [sessions.find(each.id) is not None for each in (*kept, new)] == [True, False, True, True]

"""A list of cases in which of each subject only the newest few stand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.record import samples
from tests.review.store.sample_log import minutes, opened, write

from forgewall.model import Operation, Subject
from forgewall.review.filters import Filters
from forgewall.review.store.cases_spread import subject


def tried(user: str | None, client: str, number: int, operation: Operation = Operation.PUSH) -> object:
    target = replace(samples.TARGET, key=f"github.com/mallory/{number}", operation=operation)
    return samples.decision(subject=Subject(client=client, user=user), target=target)


def test_pages_hold_the_newest_of_each_once_and_tell_what_is_left_out(tmp_path: Path) -> None:
    events = [tried("ben", "10.1.1.1", 0), *(tried(None, "10.9.9.9", number) for number in range(1, 701))]
    events[300:300] = [tried("ana" if number % 2 else "ANA", "10.2.2.2", number) for number in range(1000, 1007)]
    write(tmp_path, *minutes(*events))
    with opened(tmp_path) as store:
        whole, others = store.spread_cases(Filters(), limit=100)
        assert [case.user or case.client for case in whole].count("10.9.9.9") == 5
        assert [case.user.lower() for case in whole[5:]] == ["ana"] * 5 + ["ben"]
        assert [case.last_seen for case in whole] == sorted((case.last_seen for case in whole), reverse=True)
        assert [(one.user.lower(), one.client, one.count, one.whole) for one in others] == [
            ("", "10.9.9.9", 695, True),
            ("ana", "10.2.2.2", 2, True),
        ]
        pages = [store.spread_cases(Filters(), limit=3, offset=offset) for offset in range(0, 15, 3)]
        assert [case for page, _ in pages for case in page] == whole
        assert [one for _, told in pages for one in told] == others
        found, others = store.spread_cases(Filters(operation=("issue",)), limit=9)
        assert (found, others) == ([], [])


def test_with_filters_what_is_left_out_is_what_fits_them(tmp_path: Path) -> None:
    write(tmp_path, *minutes(*(tried(None, "10.9.9.9", number) for number in range(7)), tried("ana", "", 9)))
    with opened(tmp_path) as store:
        found, (rest,) = store.spread_cases(Filters(address=("github.com",)), limit=9, each=2)
        assert (len(found), rest.count) == (3, 5)


@given(st.text(), st.text())
def test_a_subject_is_a_user_or_a_client(user: str, client: str) -> None:
    number = subject(user, client)
    assert 0 <= number < 1 << 63
    assert (number == subject(user, client + "x")) == bool(user)
    assert subject(user.casefold(), client) == number
    assert not user or subject("", user) != number

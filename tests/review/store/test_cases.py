"""Cases: what belongs together, how often it was tried, and what people made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.record import samples
from tests.review.store.sample_log import NOW, at, minutes, opened, opening, write

from forgewall.model import Operation, Subject, Visibility
from forgewall.record.event import Result
from forgewall.review.case import Case, State, Triage
from forgewall.review.filters import Filters

WOULD = samples.WOULD


def cases(directory: Path, *events: Any) -> list[Case]:
    write(directory, *events)
    with opened(directory) as store:
        return store.cases(Filters(), limit=100)


def test_what_a_case_tells(tmp_path: Path) -> None:
    later = samples.decision(
        target=replace(samples.TARGET, address="github.com/Mallory/LOOT", visibility=Visibility.PUBLIC),
        verdict=replace(samples.BLOCK, reason="still not approved", rule="defaults/other"),
    )
    events = minutes(samples.decision(), samples.decision(), later)
    (case,) = cases(tmp_path, *events)
    assert (case.user, case.client, case.forge) == ("ana@acme.example", "10.1.2.3", "github")
    assert (case.address, case.key) == ("github.com/Mallory/LOOT", "github.com/mallory/loot")
    assert (case.visibility, case.reason, case.rule) == ("public", "still not approved", "defaults/other")
    assert (case.first_seen, case.last_seen) == (events[0].time, events[2].time)
    assert (case.last_event_id, case.count, case.bytes) == (events[2].id, 3, 144_000_000)
    assert case.blocked
    assert case.signals == ("public-repository",)
    assert (case.state, case.triage) == (State.OPEN, None)


def test_what_else_it_is_about_makes_another_case(tmp_path: Path) -> None:
    found = cases(
        tmp_path,
        *minutes(
            samples.decision(),
            samples.decision(subject=Subject(client="10.9.9.9", user="ana@acme.example")),
            samples.decision(subject=replace(samples.SUBJECT, user="bob")),
            samples.aimed(Operation.ISSUE),
            samples.decision(target=replace(samples.TARGET, key="github.com/mallory/other")),
            samples.decision(verdict=replace(samples.BLOCK, code="forbidden")),
            samples.ssh_refusal(),
        ),
    )
    assert len(found) == 7
    assert (found[0].address, found[0].key, found[0].operation) == ("ssh.github.com", "ssh.github.com", "")


@pytest.mark.parametrize(
    ("events", "count", "blocked"),
    [
        ([opening()], 1, True),
        ([opening(), opening()], 2, True),
        ([opening(), samples.decision()], 1, True),
        ([opening(), samples.decision(), samples.decision()], 2, True),
        ([opening(verdict=WOULD), samples.decision(verdict=WOULD)], 1, False),
        ([samples.decision(verdict=WOULD), samples.upload(decision=samples.decision(verdict=WOULD))], 1, False),
        ([samples.upload(would_cut=True)], 1, False),
        ([samples.upload(would_cut=True, objections=(samples.OBJECTION,))] * 3, 3, False),
        ([samples.upload(Result.CUT, verdict=samples.TOO_LARGE)], 1, True),
    ],
)
def test_what_counts_as_an_attempt(events: list[Any], count: int, blocked: bool, tmp_path: Path) -> None:
    (case,) = cases(tmp_path, *minutes(*events))
    assert (case.count, case.blocked) == (count, blocked)


def test_bytes_are_counted_once(tmp_path: Path) -> None:
    would = samples.decision(verdict=WOULD)
    (case,) = cases(tmp_path, *minutes(would, samples.upload(decision=would, wire_bytes=700)))
    assert case.bytes == 700


def test_what_is_allowed_makes_no_case(tmp_path: Path) -> None:
    others = [samples.upload(), samples.fault(), samples.policy_change(), samples.decision(verdict=samples.LOG)]
    assert cases(tmp_path, *minutes(samples.decision(verdict=samples.ALLOW), *others)) == []


def test_a_case_is_found_by_any_of_its_names(tmp_path: Path) -> None:
    events = minutes(samples.decision(), samples.decision(verdict=samples.ALLOW))
    write(tmp_path, *events)
    with opened(tmp_path) as store:
        (case,) = store.cases(Filters(), limit=5)
        bare = case.id.removeprefix("C-")
        for name in (case.id, case.id.lower(), bare, f" {bare.lower()}", events[0].id, events[0].id.lower()):
            assert store.case(name) == case
        assert store.case(bare.replace("0", "o").replace("1", "l")) == case
        assert store.case(events[1].id) is None
        assert store.case("") is None
        assert [row.id for row in store.case_events(case.id.lower(), limit=5)] == [events[0].id]
        assert store.case_events("C-0000000000", limit=5) == []


def test_the_events_of_a_case_in_pages(tmp_path: Path) -> None:
    events = minutes(*[samples.decision() for _ in range(5)], samples.aimed(Operation.ISSUE))
    write(tmp_path, *events)
    with opened(tmp_path) as store:
        case = store.case(events[0].id)
        assert case is not None
        newest = store.case_events(case.id, limit=2)
        assert [row.id for row in newest] == [events[4].id, events[3].id]
        assert [row.id for row in store.case_events(case.id, limit=9, before=newest[-1].id)] == [
            event.id for event in (events[2], events[1], events[0])
        ]


def test_since_and_until_mean_the_last_event(tmp_path: Path) -> None:
    one, two, three = minutes(samples.decision(), samples.aimed(Operation.ISSUE), samples.decision())
    write(tmp_path, one, two, three)
    with opened(tmp_path) as store:
        assert [case.operation for case in store.cases(Filters(), limit=9)] == ["push", "issue"]
        assert [case.operation for case in store.cases(Filters(until=three.time), limit=9)] == ["issue"]
        assert [case.operation for case in store.cases(Filters(since=three.time), limit=9)] == ["push"]
        assert [case.operation for case in store.cases(Filters(), limit=9, offset=1)] == ["issue"]


def test_the_last_word_counts_and_a_mute_ends(tmp_path: Path) -> None:
    write(tmp_path, *minutes(samples.decision(), samples.aimed(Operation.ISSUE)))
    now = NOW
    with opened(tmp_path) as store:
        store._clock = lambda: now
        issue, push = store.cases(Filters(), limit=5)
        for state, until in ((State.CONFIRMED, None), (State.MUTED, NOW + timedelta(hours=1))):
            store.triage(Triage(case_id=push.id, state=state, by="bob", at=NOW, until=until, note="ünlike \ud800"))
        assert store.case(push.id).state is State.MUTED  # type: ignore[union-attr]
        assert [case.id for case in store.cases(Filters(state=(State.OPEN,)), limit=5)] == [issue.id]
        assert store.count_cases(Filters(state=(State.MUTED,))) == 1
        assert store.count(Filters(state=(State.MUTED,))) == 1
        assert store.statistics(NOW - timedelta(days=1), NOW).open_cases == 1
        now = NOW + timedelta(hours=1)
        assert store.case(push.id).state is State.OPEN  # type: ignore[union-attr]
        assert len(store.cases(Filters(state=(State.OPEN,)), limit=5)) == 2
        assert store.count(Filters(state=(State.MUTED,))) == 0
        assert store.statistics(NOW - timedelta(days=1), NOW).open_cases == 2
        assert [one.note for one in store.history(push.id)] == ["ünlike ?", "ünlike ?"]


def test_what_is_refused_after_its_approval_is_open_again(tmp_path: Path) -> None:
    """Its approval was taken back or lets something else pass. The seconds until it is in force don't count."""
    first, soon, later = minutes(samples.decision(), samples.decision(), samples.decision())
    write(tmp_path, first, at(soon, first.time + timedelta(seconds=62)))
    approved = State.APPROVED
    with opened(tmp_path) as store:
        (case,) = store.cases(Filters(), limit=100)
        for state in (State.FALSE_POSITIVE, State.APPROVED):
            store.triage(Triage(case_id=case.id, state=state, by="bob", at=first.time + timedelta(minutes=1)))
        assert [one.state for one in store.cases(Filters(state=(approved,)), limit=9)] == [approved]
        assert store.count_cases(Filters(state=(State.OPEN,))) == 0
        write(tmp_path, later)
        store.refresh()
        assert [one.state for one in store.cases(Filters(state=(State.OPEN,)), limit=9)] == [State.OPEN]
        assert store.count_cases(Filters(state=(approved,))) == 0
        assert store.statistics(NOW - timedelta(days=1), NOW).open_cases == 1
        assert store.count(Filters(state=(approved,))) == 0
        store.triage(Triage(case_id=case.id, state=State.FALSE_POSITIVE, by="bob", at=first.time))
        assert store.count_cases(Filters(state=(State.FALSE_POSITIVE,))) == 1


def test_what_was_said_waits_for_its_case(tmp_path: Path) -> None:
    """A case may be gone, and come back."""
    (event,) = minutes(samples.decision())
    write(tmp_path, event)
    with opened(tmp_path) as store:
        (case,) = store.cases(Filters(), limit=5)
        store.triage(Triage(case_id=case.id, state=State.CONFIRMED, by="bob", at=NOW))
        for file in tmp_path.glob("*.jsonl"):
            file.unlink()
        store.refresh()
        assert store.case(case.id) is None
        write(tmp_path, at(event, NOW))
        store.refresh()
        assert store.case(case.id).state is State.CONFIRMED  # type: ignore[union-attr]

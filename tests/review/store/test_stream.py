"""Recorded decisions come back as they were judged: the target above all."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.record import samples
from tests.review.store.sample_log import NOW, at, line, minutes, opened, write

from forgewall.model import Also, Move, Subject, Target
from forgewall.record import redact
from forgewall.record.ecs import MAX_ALSO, document
from forgewall.record.event import Decision
from forgewall.review.filters import Filters
from forgewall.review.store import Store


def as_logged(value: Any) -> Any:
    """`value` of the model with its texts redacted, times cut to milliseconds, as an event has it."""
    match value:
        case datetime():
            return value.astimezone(UTC).replace(microsecond=value.microsecond // 1000 * 1000)
        case Target() | Also() | Move():
            return dataclasses.replace(
                value, **{field.name: as_logged(getattr(value, field.name)) for field in dataclasses.fields(value)}
            )
        case tuple():
            return tuple(as_logged(one) for one in value[:MAX_ALSO])
        case str() if type(value) is str:
            return redact.text(value)
    return value


def recorded(directory: Path, *events: Decision) -> list[Any]:
    write(directory, *events)
    with opened(directory) as store:
        return list(store.recorded(Filters()))


def test_a_decision_in_all_its_parts(tmp_path: Path) -> None:
    target = dataclasses.replace(
        samples.TARGET, visibility=samples.SECOND.visibility, moved=samples.MOVE, also=(samples.SECOND,)
    )
    event = samples.decision(time=NOW, target=target, refs=(samples.MAIN, samples.TAG, samples.OLD))
    (one,) = recorded(tmp_path, event)
    assert one.target == target
    assert one.subject == samples.SUBJECT
    assert (one.event_id, one.time, one.size) == (event.id, NOW, 48_000_000)
    assert one.refs == event.refs
    assert (one.action, one.would_action, one.code, one.rule) == (
        samples.BLOCK.action,
        None,
        "unapproved",
        "defaults/writes",
    )
    assert (one.reason, one.digest) == (samples.BLOCK.reason, samples.POLICY.digest)
    assert not one.more_refs
    assert not one.more_places


def test_what_an_event_left_out_is_said(tmp_path: Path) -> None:
    many = samples.decision(
        target=dataclasses.replace(samples.TARGET, also=(samples.SECOND,) * 25), refs=(samples.MAIN,), ref_count=90
    )
    (one,) = recorded(tmp_path, many)
    assert one.more_refs
    assert one.more_places
    assert one.target.also == (samples.SECOND,) * MAX_ALSO


def test_a_connection_has_no_target_and_an_unknown_user_no_name(tmp_path: Path) -> None:
    refused = dataclasses.replace(samples.ssh_refusal(), subject=Subject(client="10.1.2.3"))
    (one,) = recorded(tmp_path, refused)
    assert one.target is None
    assert one.subject == Subject(client="10.1.2.3")
    assert one.size is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(samples.decisions(), max_size=6))
def test_the_target_survives_the_log_and_the_index(tmp_path_factory: Any, events: list[Decision]) -> None:
    events = [at(event, NOW + timedelta(seconds=number)) for number, event in enumerate(events)]
    found = recorded(tmp_path_factory.mktemp("log"), *events)
    assert [one.event_id for one in found] == [event.id for event in events]
    for one, event in zip(found, events, strict=True):
        assert one.target == as_logged(event.target)
        assert one.action is event.verdict.action
        assert one.would_action is event.verdict.would_action
        said = document(event)
        assert one.code == said["forgewall"]["code"]
        assert one.rule == said["rule"].get("id", "")
        assert one.size == said["http"]["request"].get("body", {}).get("bytes")
        assert len(one.refs) == len(event.refs)


def test_only_decisions_that_fit_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    events = minutes(
        samples.decision(),
        samples.upload(),
        samples.policy_change(),
        samples.decision(verdict=samples.ALLOW),
        samples.decision(subject=Subject(client="192.0.2.7", user="bob")),
    )
    write(tmp_path, *events)
    with opened(tmp_path) as store:
        ids = [events[0].id, events[3].id, events[4].id]
        assert [one.event_id for one in store.recorded(Filters())] == ids
        assert [one.event_id for one in store.recorded(Filters(), newest_first=True)] == ids[::-1]
        assert [one.event_id for one in store.recorded(Filters(user=("BOB",)))] == [ids[2]]
        assert [one.event_id for one in store.recorded(Filters(since=events[3].time))] == ids[1:]
        assert list(store.recorded(Filters(user=("nobody",)))) == []


def test_the_decisions_behind_uploads(tmp_path: Path) -> None:
    decision, other = minutes(samples.decision(verdict=samples.ALLOW), samples.decision())
    upload = at(samples.upload(decision=decision), NOW)
    write(tmp_path, decision, other, upload)
    with opened(tmp_path) as store:
        assert [one.event_id for one in store.recorded_of([upload.id])] == [decision.id]
        assert [one.event_id for one in store.recorded_of([other.id.lower(), upload.id])] == [other.id, decision.id]
        assert store.recorded_of(["nothing", decision.id + "0"]) == []


def test_what_is_dropped_meanwhile_is_still_told(tmp_path: Path) -> None:
    write(tmp_path, *minutes(*[samples.decision() for _ in range(10)]))
    with opened(tmp_path) as store:
        running = store.recorded(Filters())
        first = next(running)
        for file in tmp_path.glob("*.jsonl"):
            file.unlink()
        store.refresh()
        assert store.count(Filters()) == 0
        assert len([first, *running]) == 10


def test_more_kinds_than_are_remembered(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("forgewall.review.store.stream._REMEMBERED", 2)
    monkeypatch.setattr("forgewall.review.store.stream._BATCH", 3)
    events = minutes(
        *[
            samples.decision(
                target=dataclasses.replace(samples.TARGET, owner=f"o{number % 7}"),
                subject=Subject(client=f"10.0.0.{number % 5}"),
                verdict=dataclasses.replace(samples.BLOCK, reason=f"because {number % 4}"),
            )
            for number in range(40)
        ]
    )
    found = recorded(tmp_path, *events)
    assert [(one.target, one.subject, one.reason) for one in found] == [
        (event.target, event.subject, event.verdict.reason) for event in events
    ]


def test_a_line_that_others_wrote_is_no_target(tmp_path: Path) -> None:
    bad = line(samples.decision()).replace(b'"operation":"push"', b'"operation":"explode"')
    (tmp_path / "forgewall-2026-11-24.jsonl").write_bytes(bad + line(samples.decision()))
    with Store(tmp_path) as store:
        assert store.refresh().skipped == 1
        assert len(list(store.recorded(Filters()))) == 1

"""A line of the log becomes an entry, or nothing: whoever wrote it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record import samples
from tests.review.store.sample_log import line, opening

from forgewall.model import Action, Operation
from forgewall.record.ecs import document
from forgewall.record.event import Change, Deed, Edit, PolicyEdit, Result, Review
from forgewall.review.case import case_id
from forgewall.review.store import read_line
from forgewall.review.store.entry import Attempt

GOOD = document(samples.decision())


def entry(event: Any) -> Any:
    found = read_line(line(event))
    assert found is not None
    return found


def changed(**fields: Any) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


def test_a_blocked_push_in_all_its_columns() -> None:
    time = datetime(2026, 11, 24, 9, 0, 0, 123000, tzinfo=UTC)
    event = samples.decision(time=time)
    row = entry(event).row
    assert (row.id, row.time, row.dataset, row.outcome, row.alert) == (event.id, time, "decision", "blocked", True)
    assert (row.user, row.client, row.forge, row.host) == ("ana@acme.example", "10.1.2.3", "github", "github.com")
    assert (row.address, row.key) == ("github.com/mallory/loot", "github.com/mallory/loot")
    assert (row.owner, row.repository, row.operation, row.effect) == ("mallory", "loot", "push", "write")
    assert (row.code, row.rule, row.reference) == ("unapproved", "defaults/writes", "policy/forgewall.yaml:14")
    assert (row.reason, row.bytes, row.digest) == (samples.BLOCK.reason, 48_000_000, samples.POLICY.digest)
    assert row.message == document(event)["message"]
    assert row.request_id == "r-1"
    assert row.case_id == case_id(
        user="ana@acme.example", client="10.1.2.3", key="github.com/mallory/loot", operation="push", code="unapproved"
    )


@pytest.mark.parametrize(
    ("event", "dataset", "outcome", "alert"),
    [
        (samples.decision(verdict=samples.ALLOW), "decision", "allowed", False),
        (samples.decision(verdict=samples.WOULD), "decision", "would-block", True),
        (samples.decision(verdict=samples.LOG), "decision", "logged", False),
        (samples.upload(), "upload", "complete", False),
        (samples.upload(Result.CUT, verdict=samples.TOO_LARGE), "upload", "cut", True),
        (samples.upload(would_cut=True), "upload", "would-cut", True),
        (samples.upload(Result.ABORTED), "upload", "aborted", False),
        (samples.upload(Result.REFUSED), "upload", "refused", False),
        (samples.policy_change(), "policy", "loaded", False),
        (samples.policy_change(Change.BREAK_GLASS_OVER), "policy", "break-glass-over", False),
        (samples.fault(), "fault", "internal-error", False),
        (Review(deed=Deed.MUTED, actor="bob", actor_source="login"), "review", "muted", False),
        (Review(deed=Deed.SIGN_IN_FAILED, actor="", actor_source=""), "review", "sign-in-failed", False),
    ],
)
def test_what_came_of_it_is_one_word(event: Any, dataset: str, outcome: str, alert: bool) -> None:
    row = entry(event).row
    assert (row.dataset, row.outcome, row.alert) == (dataset, outcome, alert)


def test_an_edit_of_the_policy_tells_its_address_and_its_new_digest() -> None:
    edit = PolicyEdit(edit=Edit.APPROVED, actor="bob", actor_source="login", file="p.yaml", old_digest="a1",
                      new_digest="b2", address="github.com/Acme/api", reason="OSS-1")  # fmt: skip
    row = entry(edit).row
    assert (row.outcome, row.user, row.address, row.digest) == ("approved", "bob", "github.com/Acme/api", "b2")
    assert row.reason == "OSS-1"


def test_an_upload_that_would_have_been_cut_names_the_rule_that_objected() -> None:
    row = entry(samples.upload(evidence=samples.EVIDENCE, objections=(samples.OBJECTION,), would_cut=True)).row
    assert (row.code, row.rule, row.reference) == ("content", "content/secrets", "policy/forgewall.yaml:31")
    assert row.case_id


def test_gits_two_requests_are_told_apart() -> None:
    assert entry(opening()).attempt == Attempt.OPENED
    assert entry(samples.decision()).attempt == Attempt.PACKED
    assert entry(samples.aimed(Operation.ISSUE)).attempt == Attempt.SINGLE
    assert entry(samples.decision(verdict=samples.ALLOW)).attempt == Attempt.NONE
    assert entry(samples.upload(decision=samples.decision(verdict=samples.WOULD))).attempt == Attempt.NONE
    assert entry(samples.upload(Result.CUT, verdict=samples.TOO_LARGE)).attempt == Attempt.SINGLE


def test_an_upload_belongs_to_the_case_of_its_decision() -> None:
    would = samples.decision(verdict=samples.WOULD)
    assert entry(samples.upload(decision=would)).case_id == entry(would).case_id != ""
    assert entry(samples.upload()).case_id == ""


def test_refs_paths_and_subjects_are_searched() -> None:
    words = entry(samples.upload(evidence=samples.EVIDENCE)).words
    for word in ("v1 0", "backup all zip", "fix for the export", "ana acme example", "10 1 2 3"):
        assert f" {word} " in f" {words} "


@pytest.mark.parametrize(
    "torn",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        line(samples.decision())[:-20],
        b"\xff\xfe" + line(samples.decision()),
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        line(samples.decision())[:-2] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        changed(event={**GOOD["event"], "id": 5}),
        changed(event={**GOOD["event"], "id": ""}),
        changed(event={**GOOD["event"], "id": "a b"}),
        changed(event={**GOOD["event"], "id": "x" * 65}),
        changed(event={**GOOD["event"], "id": "\x1b[31m"}),
        changed(event={**GOOD["event"], "dataset": "other.decision"}),
        changed(event=None),
        changed(user="ana"),
        changed(forgewall={**GOOD["forgewall"], "action": "explode"}),
        changed(forgewall={**GOOD["forgewall"], "effect": "explode"}),
        changed(forgewall={**GOOD["forgewall"], "also": [{"role": 5}]}),
        changed(forgewall={**GOOD["forgewall"], "signals": "secret"}),
        changed(**{"@timestamp": "yesterday"}),
        changed(**{"@timestamp": "1969-12-31T23:59:59Z"}),
        changed(**{"@timestamp": "9999-12-31T23:59:59Z"}),
        changed(**{"@timestamp": "2026-11-24T09:00:00"}),
    ],
)
def test_what_has_not_our_form_is_no_event(torn: bytes) -> None:
    assert read_line(torn) is None


def test_texts_of_a_megabyte_are_shortened() -> None:
    huge = "x" * 2**20
    found = read_line(changed(message=huge, user={"name": huge}, forgewall={**GOOD["forgewall"], "address": huge}))
    assert found is not None
    assert max(len(found.row.message), len(found.row.user), len(found.row.address)) <= 2048
    assert len(found.words) < 20_000


def test_marks_of_our_own_in_a_strangers_message_mean_nothing() -> None:
    found = read_line(changed(message="by \x01 \x02 bytes"))
    assert found is not None
    assert found.row.message == "by     bytes"


@given(st.data())
def test_no_line_makes_it_fail(data: st.DataObject) -> None:
    """Our own lines with any value in any place."""
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=4,
    )
    fields = document(data.draw(st.sampled_from(samples.ALL)))
    holder = fields
    while True:
        key = data.draw(st.sampled_from(sorted(holder)))
        if not isinstance(holder[key], dict) or not holder[key] or data.draw(st.booleans()):
            break
        holder[key] = holder = dict(holder[key])
    holder[key] = data.draw(anything)
    found = read_line(json.dumps(fields).encode())
    assert found is None or found.row.id


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    read_line(data)


@given(samples.events())
def test_every_event_that_is_recorded_is_read(event: Any) -> None:
    found = entry(event)
    said = document(event)
    assert found.id == event.id
    assert found.row.message == said["message"]
    assert found.row.reason in (
        said["event"].get("reason", ""),
        *(o["reason"] for o in said.get("forgewall", {}).get("objections", ())),
    )
    if found.row.dataset == "decision":
        assert (found.row.alert, found.row.outcome == "blocked") == (
            said["event"]["kind"] == "alert",
            event.verdict.action is Action.BLOCK,
        )


def test_a_decision_keeps_its_refs_and_tells_of_more() -> None:
    few = entry(samples.decision(refs=(samples.MAIN, samples.TAG)))
    assert (few.more, json.loads(few.refs)[1]["name"]) == (0, "refs/tags/v1.0")
    assert entry(samples.decision(refs=(samples.MAIN,), ref_count=70)).more == 1
    assert entry(samples.decision(target=replace(samples.TARGET, also=(samples.SECOND,) * 25))).more == 2

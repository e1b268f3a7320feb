"""What events tell of an upload's contents."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.record import samples
from tests.record.ecs_check import problems

from forgewall.evidence import Evidence, Fact, FileKind, PushOption
from forgewall.model import Action, Operation
from forgewall.record import trim
from forgewall.record.ecs import document
from forgewall.record.event import Event, LfsBatch, LfsObject, Result


def told(evidence: Evidence, **changes: Any) -> dict[str, Any]:
    return document(samples.upload(evidence=evidence, **changes))


def test_an_upload_tells_what_was_in_it() -> None:
    found = told(samples.EVIDENCE)["forgewall"]["evidence"]
    assert found["refs"] == [
        {"name": "refs/heads/main", "action": "update", "old_id": "1f" * 20, "new_id": "2e" * 20},
        {"name": "refs/tags/v1.0", "action": "create", "new_id": "3d" * 20},
        {"name": "refs/heads/old", "action": "delete", "old_id": "4c" * 20},
    ]
    assert found["files"][0] == {
        "path": "backup/all.zip",
        "size": 5_000_000,
        "kind": "archives",
        "encrypted": True,
        "sha256": "5b" * 32,
        "oid": "6a" * 20,
    }
    assert "encrypted" not in found["files"][1]
    assert found["kinds"] == {"archives": 1}
    assert found["secrets"] == [
        {
            "rule": "aws-access-token",
            "mask": "AKIA…(20)",
            "fingerprint": "97" * 8,
            "path": "deploy/env",
            "line": 3,
            "oid": "a6" * 20,
        }
    ]
    assert found["last_commit"] == {
        "id": "2e" * 20,
        "time": "2026-11-24T07:00:00.000Z",
        "subject": "Ana Lima's fix for the export, reviewed by ben@acme.example",
        "author": {"name": "Ana Lima", "email": "ana@acme.example"},
        "committer": {"name": "Ben Ode", "email": "ben@acme.example"},
    }
    counts = {name: found[name] for name in found if name.endswith("_count")}
    assert counts == {"ref_count": 3, "commit_count": 3, "file_count": 12, "secret_count": 1}
    assert (found["file_bytes"], found["encrypted"], found["forced"]) == (5_012_000, 1, ["refs/heads/main"])
    assert found["push_options"] == ["ci.skip", "merge_request.create"]
    assert found["unread"] == ["deploy/big.zip holds more than 2 GiB"]


def test_a_body_that_was_not_read_has_no_evidence_and_an_empty_one_has_counts() -> None:
    assert "evidence" not in document(samples.upload())["forgewall"]
    assert told(Evidence())["forgewall"]["evidence"] == {
        **dict.fromkeys(("ref_count", "commit_count", "file_count", "file_bytes", "encrypted", "secret_count"), 0)
    }


def test_hashes_and_people_can_be_searched_for() -> None:
    related = told(samples.EVIDENCE)["related"]
    assert related["hash"] == ["ab" * 32, "5b" * 32, "79" * 32]
    assert related["user"] == ["ana@acme.example", "ben@acme.example"]


def test_an_upload_of_one_file_has_the_file_where_ecs_wants_it() -> None:
    one = Evidence(files=(samples.ZIP,), file_count=1)
    assert told(one)["file"] == {
        "type": "file",
        "path": "backup/all.zip",
        "name": "all.zip",
        "extension": "zip",
        "directory": "backup",
        "size": 5_000_000,
        "hash": {"sha256": "5b" * 32},
    }
    assert told(replace(one, files=(replace(samples.README, path=None),)))["file"]["size"] == 1200
    assert "directory" not in told(replace(one, files=(samples.README,)))["file"]
    assert "file" not in told(samples.EVIDENCE)


def test_severity_and_tags_follow_what_was_found() -> None:
    plain = Evidence(file_count=3)
    grave = samples.EVIDENCE
    assert "severity" not in told(plain)["event"]
    assert told(grave)["event"]["severity"] == 47
    assert told(plain, objections=(samples.OBJECTION,))["event"]["severity"] == 47
    assert told(plain, would_cut=True)["event"]["severity"] == 73
    assert told(grave, result=Result.CUT)["event"]["severity"] == 99
    assert told(replace(plain, encrypted=1), verdict=samples.BLOCK)["event"]["severity"] == 99
    assert told(plain)["tags"] == ["allowed"]
    assert told(grave)["tags"] == ["allowed", "secrets", "encrypted", "forced", "unread"]


def test_what_would_have_been_cut_is_an_alert() -> None:
    event = told(samples.EVIDENCE, would_cut=True, objections=(samples.OBJECTION,))
    assert event["event"]["kind"] == "alert"
    assert event["event"]["type"] == ["access", "end"]
    assert event["forgewall"]["upload"]["would_cut"] is True
    assert event["forgewall"]["objections"] == [
        {
            "rule": "content/secrets",
            "reference": "policy/forgewall.yaml:31",
            "action": "log",
            "would_block": True,
            "signal": "secret",
            "reason": "the upload holds a secret (aws-access-token) in deploy/env, line 3: AKIA…(20)",
        }
    ]
    assert event["threat"]["technique"]["subtechnique"]["id"] == ["T1567.001"]
    assert "would_cut" not in told(samples.EVIDENCE)["forgewall"]["upload"]


def test_objections_refs_objects_and_signals_are_bounded_but_counted() -> None:
    event = samples.upload(objections=(samples.OBJECTION,) * 30, signals=tuple(f"path:{n}" for n in range(99)))
    own = document(event)["forgewall"]
    assert (len(own["objections"]), own["objection_count"], len(own["signals"])) == (20, 30, 40)
    batch = LfsBatch(objects=tuple(LfsObject(oid=f"{n:064x}", size=n) for n in range(300)), object_bytes=44850)
    own = document(samples.decision(refs=(samples.MAIN,) * 60, lfs=batch))["forgewall"]
    assert (len(own["evidence"]["refs"]), own["evidence"]["ref_count"]) == (50, 60)
    assert (len(own["lfs"]["objects"]), own["lfs"]["object_count"], own["lfs"]["object_bytes"]) == (50, 300, 44850)


def test_what_cut_the_upload_is_never_the_objection_left_out() -> None:
    mild = replace(samples.OBJECTION, would_block=False)
    would, cut = samples.OBJECTION, replace(mild, action=Action.BLOCK)
    event = samples.upload(objections=(*[mild] * 25, would, cut))
    assert event.objections == (cut, would, *[mild] * 18)
    assert event.objection_count == 27


def test_a_decision_on_a_push_tells_its_refs() -> None:
    event = document(samples.decision(refs=(samples.MAIN, samples.TAG)))
    assert event["forgewall"]["evidence"]["summary"] == "refs main, v1.0 (new)"
    assert event["forgewall"]["evidence"]["refs"][0]["name"] == "refs/heads/main"
    assert event["message"].endswith("isn't approved; refs main, v1.0 (new)")


def test_an_announced_upload_goes_to_a_store() -> None:
    event = document(samples.aimed(Operation.RELEASE, announced=samples.ANNOUNCED))
    assert event["forgewall"]["lfs"]["announced"] == {
        "oid": "c4" * 32,
        "size": 9_000_000,
        "transfer": "basic",
        "request_id": "01KB",
    }
    assert event["threat"]["technique"]["subtechnique"]["id"] == ["T1567.001", "T1567.002"]


EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
SECRET = "ghp_" + "A1b2" * 9


@pytest.mark.parametrize(
    "option, shown",
    [
        ("ci.skip", "ci.skip"),
        ("merge_request.title=Fix the export", "merge_request.title=Fix the export"),
        ("ci.variable=DEPLOY_TO=hunter2 and more", "ci.variable=DEPLOY_TO=REDACTED"),
        ("CI.Variable=A=\nb", "CI.Variable=A=REDACTED"),
        ("ci.variable=", "ci.variable="),
        ("password=hunter2", "password=REDACTED"),
        (f"note {SECRET}", "REDACTED"),
        (f"ci.input={SECRET}", "ci.input=REDACTED"),
    ],
)
def test_push_options_give_no_value_away(option: str, shown: str) -> None:
    found = samples.summed([PushOption(text=option)])
    assert told(found)["forgewall"]["evidence"]["push_options"] == [shown]


def test_a_secret_in_a_name_or_a_subject_is_redacted() -> None:
    commit = replace(samples.COMMIT, subject=f"use {SECRET} or password=hunter2", author=SECRET)
    evidence = replace(
        samples.EVIDENCE,
        files=(replace(samples.ZIP, path=f"a/{SECRET}/b"),),
        file_count=1,
        refs=(replace(samples.MAIN, name=f"refs/heads/{SECRET}"),),
        first_commit=commit,
        unread=(f"{SECRET} is deep",),
        forced=(SECRET,),
    )
    event = told(evidence, objections=(replace(samples.OBJECTION, reason=f"a/{SECRET}/b matches `*`"),))
    assert SECRET[:9] not in json.dumps(event)
    assert event["forgewall"]["evidence"]["first_commit"]["subject"] == "use REDACTED or password=REDACTED"


@pytest.mark.parametrize("time", [datetime.min.replace(tzinfo=EAST), datetime.max.replace(tzinfo=WEST)])
def test_a_clock_that_is_out_of_bounds_is_left_out(time: datetime) -> None:
    found = samples.summed([replace(samples.COMMIT, time=time), samples.COMMIT])
    assert found.commit_count == 2
    told_times = [told(found)["forgewall"]["evidence"][f"{one}_commit"].get("time") for one in ("first", "last")]
    assert sorted(told_times, key=str) == ["2026-11-24T07:00:00.000Z", None]


@given(st.lists(samples.facts(), max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_facts_make_one_valid_printable_event(facts: list[Fact]) -> None:
    event = told(samples.summed(facts))
    assert problems(event) == []
    line = json.dumps(event, ensure_ascii=False, allow_nan=False)
    assert line.isprintable()
    assert json.loads(line.encode()) == event


FAT = "🗄" * 3000


def fat_facts() -> list[Fact]:
    """As many and as long facts as anybody could send, in the letters that take most room."""
    return [
        fact
        for n in range(60)
        for fact in (
            replace(samples.MAIN, name=f"{n}{FAT}", old=FAT, new=FAT),
            replace(samples.ZIP, path=f"{n}{FAT}", oid=FAT, kind=list(FileKind)[n % 11]),
            replace(samples.COMMIT, subject=FAT, author=FAT, author_email=FAT, committer=FAT, committer_email=FAT),
            replace(samples.KEY_FOUND, rule=f"{n}{FAT}", path=FAT, oid=FAT, mask=FAT, fingerprint=f"{n}{FAT}"),
            PushOption(text=f"{n}{FAT}"),
        )
    ]


def test_an_event_of_the_worst_upload_stays_within_64_kib() -> None:
    objections = (replace(samples.OBJECTION, reason=FAT, rule=FAT, reference=FAT),) * 20
    fat = samples.upload(evidence=samples.summed(fat_facts()), objections=objections, signals=(FAT[:60],) * 40)
    event = document(fat)
    assert problems(event) == []
    assert trim.size(event) <= 64 * 1024
    found = event["forgewall"]["evidence"]
    assert found["file_count"] == 60
    assert "forgewall.evidence.files" in event["forgewall"]["trimmed"]
    assert found["files"]
    assert found["secrets"]
    assert event["forgewall"]["objections"]


def test_a_huge_url_does_not_push_the_evidence_out() -> None:
    exchange = replace(samples.EXCHANGE, path="/" + "🗄" * 9000 + "?" + "🗄" * 9000, user_agent=FAT)
    target = replace(samples.TARGET, **dict.fromkeys(("address", "key", "owner", "repository", "evidence"), FAT))
    huge = samples.decision(verdict=samples.ALLOW, exchange=exchange, target=target)
    event = document(samples.upload(decision=huge, evidence=samples.summed(fat_facts())))
    assert trim.size(event) <= 128 * 1024
    assert event["forgewall"]["evidence"]["files"]


def test_a_usual_event_is_not_trimmed() -> None:
    files = tuple(replace(samples.ZIP, path=f"src/main/java/com/acme/module/{n}/archive.zip") for n in range(50))
    event = told(replace(samples.EVIDENCE, files=files, refs=(samples.MAIN,) * 50))
    assert "trimmed" not in event["forgewall"]
    assert len(event["forgewall"]["evidence"]["files"]) == 50


@pytest.mark.parametrize("event", samples.ALL, ids=lambda event: type(event).__name__)
def test_every_sample_is_small_enough(event: Event) -> None:
    assert trim.size(document(event)) <= trim.MAX_BYTES


def test_what_is_only_logged_is_no_threat_and_no_alert() -> None:
    event = told(samples.EVIDENCE, objections=(replace(samples.OBJECTION, action=Action.LOG, would_block=False),))
    assert event["event"]["kind"] == "event"
    assert "threat" not in event

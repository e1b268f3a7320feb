from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.record import samples
from tests.record.ecs_check import problems

from forgewall.model import Effect, Operation
from forgewall.record.ecs import document
from forgewall.record.event import Change, Event, Result


@pytest.mark.parametrize("event", samples.ALL, ids=lambda event: type(event).__name__)
def test_every_kind_of_event_is_valid_ecs(event: Event) -> None:
    assert problems(document(event)) == []


@pytest.mark.parametrize(
    "path, value, complaint",
    [
        ("nonsense", 1, "nonsense is no ECS field"),
        ("event.colour", "red", "event.colour is no ECS field"),
        ("event.category", "web", "event.category must be an array"),
        ("event.category", ["forgery"], "doesn't allow"),
        ("event.kind", ["alert"], "must not be an array"),
        ("event.kind", "verdict", "doesn't allow"),
        ("event.type", ["installation"], "isn't expected"),
        ("source.ip", "10.1.2", "can't be"),
        ("source.port", "51544", "can't be"),
        ("http.request.body.bytes", 2**63, "can't be"),
        ("@timestamp", "yesterday", "can't be"),
        ("threat.technique.id", "T1567", "must be an array"),
    ],
)
def test_the_judge_catches_planted_errors(path: str, value: Any, complaint: str) -> None:
    planted = copy.deepcopy(document(samples.decision()))
    *above, last = path.split(".")
    place = planted
    for key in above:
        place = place[key]
    place[last] = value
    assert any(complaint in problem for problem in problems(planted))


def test_a_block_tells_who_what_where_and_why() -> None:
    told = document(samples.decision())
    assert told["message"] == (
        "Blocked git push of 48000000 bytes by ana@acme.example (10.1.2.3) to github.com/mallory/loot: "
        "github.com/mallory/loot isn't approved"
    )
    assert told["event"]["kind"] == "alert"
    assert told["event"]["action"] == "git-push-blocked"
    assert told["event"]["dataset"] == "forgewall.decision"
    assert told["rule"]["id"] == "defaults/writes"
    assert told["rule"]["reference"] == "policy/forgewall.yaml:14"
    assert told["source"] == {"address": "10.1.2.3", "ip": "10.1.2.3", "port": 51544}
    assert told["url"]["registered_domain"] == "github.com"
    assert told["user_agent"] == {"original": "git/2.47.1", "name": "git", "version": "2.47.1"}
    assert told["forgewall"]["policy"] == {"digest": "5f" * 32, "file": "policy/forgewall.yaml", "mode": "enforce"}
    assert told["forgewall"]["mitigations"] == ["M1021"]


def test_observed_blocks_are_alerts_and_say_so() -> None:
    told = document(samples.decision(verdict=samples.WOULD))
    assert told["event"]["kind"] == "alert"
    assert told["event"]["type"] == ["allowed", "access"]
    assert told["event"]["action"] == "git-push-would-block"
    assert told["forgewall"]["action"] == "log"
    assert told["forgewall"]["would_action"] == "block"


def test_what_is_allowed_is_no_alert_and_no_threat() -> None:
    told = document(samples.decision(verdict=samples.ALLOW))
    assert told["event"]["kind"] == "event"
    assert told["event"]["action"] == "git-push-allowed"
    assert "threat" not in told
    assert told["forgewall"]["mitigations"] == []


@pytest.mark.parametrize(
    "operation, role, ids",
    [
        (Operation.PUSH, "web", ["T1567.001"]),
        (Operation.LFS_UPLOAD, "web", ["T1567.001", "T1567.002"]),
        (Operation.RELEASE, "store", ["T1567.001", "T1567.002"]),
        (Operation.LFS_UPLOAD, "lfs", ["T1567.001", "T1567.002"]),
        (Operation.SNIPPET, "gist", ["T1567.001", "T1567.003"]),
        (Operation.WEBHOOK, "api", ["T1567.001", "T1567.004"]),
        (Operation.FETCH, "web", None),
        (Operation.AUTH, "web", None),
    ],
)
def test_techniques_follow_the_operation_and_where_bytes_go(
    operation: Operation, role: str, ids: list[str] | None
) -> None:
    told = document(samples.aimed(operation, exchange=replace(samples.EXCHANGE, role=role)))
    found = told["threat"]["technique"]["subtechnique"]["id"] if "threat" in told else None
    assert found == ids


def test_a_refused_connection_has_no_url_path() -> None:
    told = document(samples.ssh_refusal())
    assert "path" not in told["url"]
    assert "full" not in told["url"]
    assert told["event"]["action"] == "connection-blocked"
    assert told["event"]["type"] == ["denied", "connection"]
    assert told["network"]["protocol"] == "ssh"
    assert told["message"] == (
        "Blocked SSH connection by ana@acme.example (10.1.2.3) to ssh.github.com:22: SSH can't be read"
    )


def test_the_end_of_an_upload_belongs_to_its_decision() -> None:
    event = samples.upload(Result.CUT, verdict=samples.TOO_LARGE, response_status=413)
    told = document(event)
    assert told["http"]["request"]["id"] == document(event.decision)["http"]["request"]["id"]
    assert told["forgewall"]["decision_id"] == event.decision.id
    assert told["event"]["action"] == "upload-cut"
    assert told["event"]["kind"] == "alert"
    assert told["event"]["duration"] == 250_000_000
    assert told["event"]["code"] == "too-large"
    assert told["http"]["request"]["body"]["bytes"] == 1000
    assert told["forgewall"]["upload"]["body_bytes"] == 4000
    assert told["related"]["hash"] == ["ab" * 32]
    assert document(samples.upload())["event"]["kind"] == "event"
    assert document(samples.upload(verdict=samples.WOULD))["event"]["kind"] == "alert"
    assert document(samples.upload(Result.CUT))["event"]["kind"] == "alert"  # whatever the reason


@pytest.mark.parametrize("seconds", [-1.0, 1e300, 1e10, float("inf"), float("nan")])
def test_a_duration_that_is_none_is_left_out(seconds: float) -> None:
    assert "duration" not in document(samples.upload(seconds=seconds))["event"]


def test_policy_problems_are_bounded_but_counted() -> None:
    change = document(samples.policy_change(Change.REJECTED, problems=25))["forgewall"]["change"]
    assert len(change["problems"]) == 20
    assert change["problem_count"] == 25
    assert change["problems"][0] == "p.yaml:1:1: `x0` is unknown"


def test_the_target_can_be_told_back_from_the_event() -> None:
    own = document(samples.decision())["forgewall"]
    told = {name: own[name] for name in ("host", "address", "key", "owner", "repository")}
    assert told == {name: getattr(samples.TARGET, name) for name in told}
    assert own["identified_by"] == samples.TARGET.evidence
    assert Operation(own["operation"]) is Operation.PUSH
    assert Effect(own["effect"]) is Effect.WRITE


def test_an_ip_address_is_a_destination_ip_and_has_no_domain() -> None:
    told = document(samples.decision(exchange=replace(samples.EXCHANGE, host="2001:db8::1", port=8443)))
    assert told["destination"] == {"address": "2001:db8::1", "port": 8443, "ip": "2001:db8::1"}
    assert told["url"]["full"] == "https://[2001:db8::1]:8443/mallory/loot.git/git-receive-pack"
    assert "registered_domain" not in told["url"]


@given(samples.events())
@settings(max_examples=150, deadline=None)
def test_any_text_in_any_field_makes_one_valid_printable_line(event: Event) -> None:
    told = document(event)
    assert problems(told) == []
    line = json.dumps(told, ensure_ascii=False, allow_nan=False)
    assert line.isprintable()
    assert json.loads(line.encode()) == told


def own_fields(value: Any, path: str = "forgewall") -> set[str]:
    if not isinstance(value, dict):
        return {path}
    return {field for key, inner in value.items() for field in own_fields(inner, f"{path}.{key}")}


def test_every_field_of_our_own_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
    documented = set()
    for row in text.split("## Own fields")[1].splitlines():
        if row.startswith("| `forgewall."):
            first, *more = re.findall(r"`([^`]*)`", row.split("|")[1])
            documented |= {first, *(first.rpartition(".")[0] + name for name in more)}
    assert {field for event in samples.ALL for field in own_fields(document(event)["forgewall"])} == documented


SECRETS = [
    "ghp_" + "A1b2" * 9,
    "github_pat_" + "A1b2_" * 8,
    "glpat-" + "xY3-" * 5,
    "xoxb-" + "12345678-" * 3,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "AKIA" + "ABCDEFGH" * 2,
    "ATATT3x" + "F9a" * 10,
]
PLANTS = [
    "{}",
    "x {} y",
    "https://{}:x@h/",
    "https://u:{}@h/",
    "/a/{}/b",
    "/a?x={}",
    "/a?x=1;y={}",
    "/{}.git?q",
    "B={}",
]


@given(secret=st.sampled_from(SECRETS), data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_planted_secret_comes_out_of_any_field(secret: str, data: st.DataObject) -> None:
    words = st.sampled_from(PLANTS).map(lambda plant: plant.format(secret))
    event = data.draw(samples.events(words))
    assert secret not in json.dumps(document(event))


def test_the_example_in_the_docs_is_an_event_of_ours() -> None:
    text = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
    example = json.loads(text.split("```json")[1].split("```")[0])
    assert problems(example) == []
    real = set()
    for event in samples.ALL:
        real |= set(places(document(event)))
    assert set(places(example)) - real == set()


def places(value: Any, path: str = "") -> list[str]:
    """The dotted paths of all that stands in `value`, in lists too."""
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in places(inner, f"{path}.{key}")]
    if isinstance(value, list):
        return [path, *(one for inner in value for one in places(inner, path))]
    return [path]

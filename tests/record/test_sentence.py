"""The sentences of events other than decisions, as operators read them."""

from __future__ import annotations

from dataclasses import replace

from tests.record import samples

from forgewall.record.ecs import document
from forgewall.record.event import UPSTREAM, Change, Severity
from forgewall.record.sentence import sentence, who


def test_a_rejected_policy_tells_how_many_problems_and_the_first() -> None:
    event = replace(samples.policy_change(Change.REJECTED, problems=2), new_digest=None)
    told = sentence(event)
    assert told.startswith(
        "Rejected the changed policy file: 2 problem(s), first: p.yaml:1:1: `x0` is unknown; the policy"
    )
    assert told.endswith("stays in force")
    assert "unreadable" not in told


def test_a_policy_rejected_at_the_start_is_no_changed_one() -> None:
    event = replace(samples.policy_change(Change.REJECTED, problems=1), policy=None)
    assert sentence(event).startswith("Rejected the policy file: 1 problem(s)")
    assert sentence(event).endswith("no policy is in force")


def test_a_loaded_policy() -> None:
    assert sentence(samples.policy_change()).startswith("Loaded policy bbbbbbbbbbbb from ")


def test_a_host_that_could_not_be_reached() -> None:
    event = samples.fault(where=UPSTREAM, severity=Severity.NOTICE, exception=None, message="name not resolved")
    assert event.exchange is not None
    assert event.subject is not None
    assert sentence(event) == (
        f"Could not reach {event.exchange.host}: name not resolved (asked by {who(event.subject)})"
    )
    told = document(event)
    assert told["event"]["outcome"] == "failure"
    assert told["event"]["action"] == "notice"
    assert told["log"]["level"] == "warn"


def test_other_notices_are_no_failures() -> None:
    event = samples.fault(severity=Severity.NOTICE, exception=None)
    assert document(event)["event"]["outcome"] == "success"
    assert sentence(event).startswith("Notice in ")

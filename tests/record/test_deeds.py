"""What people did stands in the log with who, what and why; a broken glass is seen on every event."""

from __future__ import annotations

from datetime import timedelta

from tests.record import samples

from forgewall.record.ecs import document
from forgewall.record.event import Deed, Edit
from forgewall.record.sentence import sentence


def test_an_edit_tells_who_what_why_and_until_when() -> None:
    told = document(samples.policy_edit())
    assert told["event"]["action"] == "policy-approved"
    assert told["user"]["name"] == "bob"
    assert told["event"]["reason"] == "INC-42"
    assert told["forgewall"] == {
        "address": "github.com/mallory/loot",
        "change": {
            "result": "approved",
            "old_digest": "aa" * 32,
            "new_digest": "bb" * 32,
            "actor_source": "login",
            "entry": "- {repo: github.com/mallory/loot, allow: [push]}",
            "lines": "12",
            "until": "2026-11-24T19:30:00.000Z",
            "approved_event": "01KB5Q7W5T0000000000000002",
            "case": "C-7QK2M9FD3A",
        },
    }
    assert told["message"] == (
        "bob approved github.com/mallory/loot until 2026-11-24 19:30 UTC: INC-42; policy bbbbbbbbbbbb"
    )


def test_an_edit_through_the_console_tells_from_where() -> None:
    told = document(samples.policy_edit(actor_source="token", role="reviewer", client="10.1.9.9"))
    assert told["user"] == {"name": "bob", "roles": ["reviewer"]}
    assert told["source"] == {"address": "10.1.9.9", "ip": "10.1.9.9"}


def test_breaking_the_glass_is_told_as_what_it_is() -> None:
    told = sentence(samples.policy_edit(edit=Edit.BREAK_GLASS, address=""))
    assert told.startswith("bob broke the glass: nothing is blocked until 2026-11-24 19:30 UTC: INC-42")


def test_a_judgement_names_the_case_and_a_stranger_at_the_door_his_address() -> None:
    assert sentence(samples.review()) == (
        "bob muted case C-7QK2M9FD3A (push github.com/mallory/loot) until 2026-11-24 19:30 UTC: known test"
    )
    failed = samples.review(deed=Deed.SIGN_IN_FAILED, actor="", case=None, address="", note="", until=None)
    assert sentence(failed) == "10.1.9.9 failed to sign in to the console"
    told = document(failed)
    assert (told["event"]["outcome"], told["log"]["level"]) == ("failure", "warn")


def test_every_event_is_tagged_while_the_glass_is_broken_and_none_after() -> None:
    during = document(samples.decision(policy=samples.BROKEN, time=samples.WHEN - timedelta(milliseconds=1)))
    assert "break-glass" in during["tags"]
    assert during["forgewall"]["policy"]["break_glass"] == {
        "until": "2026-11-24T19:30:00.000Z",
        "by": "bob",
        "reason": "INC-42",
    }
    assert "break-glass" not in document(samples.decision(policy=samples.BROKEN, time=samples.WHEN))["tags"]
    assert "break-glass" not in document(samples.decision(time=samples.WHEN))["tags"]

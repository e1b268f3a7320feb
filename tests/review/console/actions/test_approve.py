"""An event is approved over a real socket: the choices, the preview, agreeing, and what is refused on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.record.samples import TARGET, decision
from tests.review.console.served import NOW, POLICY, Answer, Browser, Console, console, written

from forgewall.decide.engine import decide
from forgewall.decide.load import load
from forgewall.model import Action
from forgewall.record.event import Decision
from forgewall.review.store import Store

ASKED = {"for": "1h", "who": "user", "operation": "push", "reason": "INC-7"}


@pytest.fixture
def refused() -> Decision:
    return decision(time=NOW - timedelta(minutes=3))


@pytest.fixture
def served(tmp_path: Path, refused: Decision) -> Iterator[Console]:
    written(tmp_path, refused)
    with console(tmp_path) as one:
        with Store(one.settings.events, clock=one.clock) as store:
            store.refresh()
        yield one


def policy_of(served: Console) -> str:
    return served.settings.policy.read_text()


def allowed(served: Console, refused: Decision, after: timedelta = timedelta(0)) -> bool:
    """Whether the policy on disk lets the request pass that was refused."""
    policy = load(policy_of(served), "forgewall.yaml", served.clock()).policy
    assert refused.target is not None
    verdict = decide(policy, refused.target, refused.subject, 1000, served.clock() + after, refused.refs)
    return verdict.action is Action.ALLOW


def previewed(browser: Browser, about: dict[str, str], **changes: str) -> Answer:
    """The page that the form leads to."""
    answer = browser.post("/approve", {"csrf": browser.csrf(), **about, **ASKED, **changes})
    assert answer.status == 303, answer.text
    return browser.get(answer.location)


def agree(browser: Browser, page: Answer, **changes: str) -> Answer:
    action = re.search(r'action="(/previews/[0-9a-f]{32})"', page.text)
    assert action, page.text
    fields = {"csrf": page.field("csrf"), "digest": page.field("digest"), **changes}
    return browser.post(action[1], fields)


def test_from_a_refusal_to_an_approval_that_ends(served: Console, refused: Decision) -> None:
    browser = served.signed_in(served.reviewer)
    form = browser.get(f"/approve?event={refused.id}")
    assert form.status == 200
    assert "github.com/mallory/loot" in form.text
    before = policy_of(served)
    page = previewed(browser, {"event": refused.id})
    assert page.status == 200
    assert "+  - repo: github.com/mallory/loot" in page.text
    assert "INC-7" in page.text
    assert "lets through" in page.text, "the refused request itself would come out otherwise"
    assert policy_of(served) == before, "nothing is written yet"
    assert not allowed(served, refused)
    answer = agree(browser, page)
    assert answer.status == 303
    case = answer.location
    assert case.startswith("/cases/C-")
    assert allowed(served, refused, timedelta(minutes=59))
    assert not allowed(served, refused, timedelta(minutes=61))
    for line in POLICY.splitlines():
        assert line in policy_of(served).splitlines()
    shown = browser.get(case)
    assert "github.com/mallory/loot is approved until 2026-11-24 21:00 UTC" in shown.text
    assert "is approved until" not in browser.get(case).text, "told once"
    edit = json.loads(served.log().splitlines()[-1])
    assert edit["event"]["action"] == "policy-approved"
    assert edit["user"] == {"name": "reviewer", "roles": ["reviewer"]}
    assert edit["source"]["address"] == "127.0.0.1"
    assert edit["event"]["reason"] == "INC-7"
    change = edit["forgewall"]["change"]
    assert (change["actor_source"], change["approved_event"]) == ("token", refused.id)
    with Store(served.settings.events, clock=served.clock) as store:
        found = store.case(case.removeprefix("/cases/"))
        assert found is not None
        assert found.state.value == "approved"


def test_a_preview_is_agreed_to_once_and_by_whom_it_was_shown(served: Console, refused: Decision) -> None:
    browser, other = served.signed_in(served.reviewer), served.signed_in(served.reviewer)
    page = previewed(browser, {"event": refused.id})
    before = policy_of(served)
    number = re.search(r'action="(/previews/[0-9a-f]+)"', page.text)
    assert number
    assert other.get(number[1]).status == 404
    assert other.post(number[1], {"csrf": other.csrf(), "digest": page.field("digest")}).status == 409
    assert agree(browser, page, digest="0" * 64).status == 409
    assert agree(browser, page, digest="").status == 409
    assert policy_of(served) == before
    assert agree(browser, page).status == 303
    after = policy_of(served)
    assert agree(browser, page).status == 409
    assert policy_of(served) == after


def test_a_policy_that_somebody_changed_meanwhile_is_not_written(served: Console, refused: Decision) -> None:
    browser = served.signed_in(served.reviewer)
    page = previewed(browser, {"event": refused.id})
    served.settings.policy.write_text(POLICY + "# edited\n")
    answer = agree(browser, page)
    assert answer.status == 409
    assert "Nothing was changed" in answer.text
    assert policy_of(served) == POLICY + "# edited\n"


def test_an_old_preview_is_forgotten(served: Console, refused: Decision) -> None:
    browser = served.signed_in(served.reviewer)
    page = previewed(browser, {"event": refused.id})
    served.clock.pass_by(timedelta(minutes=15))
    assert agree(browser, page).status == 409
    assert policy_of(served) == POLICY


def test_a_log_that_cant_be_written_lets_nothing_be_approved(served: Console, refused: Decision) -> None:
    browser = served.signed_in(served.reviewer)
    page = previewed(browser, {"event": refused.id})
    for path in served.settings.events.glob("*.jsonl"):
        path.unlink()
        path.mkdir()
    assert agree(browser, page).status == 409
    assert policy_of(served) == POLICY


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"for": ""}, "Choose how long"),
        ({"for": "99y"}, "Choose how long"),
        ({"reason": "  "}, "Say why"),
        ({"reason": "x" * 501}, "longer than"),
        ({"who": ""}, "for whom"),
        ({"who": "named", "names": " , "}, "Name the groups"),
        ({"who": "named", "names": "everyone"}, "is no name"),
        ({"who": "named", "names": "*"}, "*"),
        ({"operation": ""}, "no operation"),
        ({"operation": "everything"}, "no operation"),
    ],
)
def test_a_choice_that_means_nothing_is_told(
    served: Console, refused: Decision, changes: dict[str, str], sentence: str
) -> None:
    browser = served.signed_in(served.reviewer)
    answer = browser.post("/approve", {"csrf": browser.csrf(), "event": refused.id, **ASKED, **changes})
    assert answer.status == 409
    assert sentence in answer.text
    assert policy_of(served) == POLICY


def test_the_choices_end_in_the_entry(served: Console, refused: Decision) -> None:
    browser = served.signed_in(served.reviewer)
    page = previewed(
        browser, {"event": refused.id}, **{"for": "good", "who": "named", "names": "ben@acme.example, 10.4.0.0/16"}
    )
    entry = page.text
    assert "who: [ben@acme.example, 10.4.0.0/16]" in entry
    assert "expires" not in entry
    assert "allow: [push, lfs-upload]" in entry


def test_an_address_alone(served: Console) -> None:
    browser = served.signed_in(served.reviewer)
    assert browser.get("/approve").status == 200
    pasted = browser.get("/approve?address=https%3A%2F%2Fu%3Asecret%40github.com%2Fnew%2Fone.git")
    assert pasted.field("address") == "github.com/new/one"
    assert "secret" not in pasted.text
    page = previewed(browser, {"address": "github.com/new/one"}, who="everyone", operation="usual")
    assert agree(browser, page).location == "/policy"
    assert "github.com/new/one" in policy_of(served)


def test_what_no_entry_would_help_is_told_at_once(served: Console) -> None:
    browser = served.signed_in(served.reviewer)
    answer = browser.get("/approve?address=github.com/acme-corp/api")
    assert answer.status == 200
    assert "approved already" in answer.text
    assert 'name="reason"' not in answer.text


@pytest.mark.parametrize("query", ["event=01KB5Q7W5T0000000000000009", "case=C-0000000000", "address=nothing"])
def test_what_isnt_there_cant_be_approved(served: Console, query: str) -> None:
    browser = served.signed_in(served.reviewer)
    assert browser.get(f"/approve?{query}").status == 400
    fields = dict([query.split("=")])
    assert browser.post("/approve", {"csrf": browser.csrf(), **fields, **ASKED}).status in (400, 409)


def test_a_viewer_sees_the_form_and_why_it_is_not_his(served: Console, refused: Decision) -> None:
    answer = served.signed_in(served.viewer).get(f"/approve?event={refused.id}")
    assert answer.status == 200
    assert "only reviewers approve" in answer.text
    assert '<fieldset class="all" disabled' in answer.text


def test_a_policy_that_cant_be_written_is_shown_to_be_copied(served: Console, refused: Decision) -> None:
    browser = served.signed_in(served.reviewer)
    view = served.settings.policy
    from forgewall.review.console import policy_view

    original = policy_view._writable
    policy_view._writable = lambda path: False
    try:
        page = previewed(browser, {"event": refused.id})
    finally:
        policy_view._writable = original
    assert view.exists()
    assert "may not write the policy file" in page.text
    assert "repo: github.com/mallory/loot" in page.text
    assert re.search(r"<button type=\"submit\" disabled", page.text)


def test_a_broken_policy_is_no_ground_for_an_approval(served: Console, refused: Decision) -> None:
    browser = served.signed_in(served.reviewer)
    served.settings.policy.write_text("version: 9\n")
    answer = browser.get(f"/approve?event={refused.id}")
    assert answer.status == 409
    assert "forgewall.yaml:1" in answer.text


HOSTILE = "<img src=x onerror=alert(1)>\"'{{7*7}}"


def test_hostile_fields_stay_text(tmp_path: Path) -> None:
    target = replace(TARGET, address=f"github.com/mallory/{HOSTILE}", key=f"github.com/mallory/{HOSTILE}".lower())
    one = decision(target=target, time=NOW - timedelta(minutes=3))
    written(tmp_path, one)
    with console(tmp_path) as served:
        with Store(served.settings.events, clock=served.clock) as store:
            store.refresh()
        browser = served.signed_in(served.reviewer)
        answer = browser.get(f"/approve?event={one.id}")
        assert answer.status in (200, 409)
        assert "<img" not in answer.text
        assert "{{7*7}}" in answer.text
        form = browser.post("/approve", {"csrf": browser.csrf(), "event": one.id, **ASKED, "reason": HOSTILE})
        assert "<img" not in form.text

"""One case: its sentence, why, what the present policy says, evidence, attempts, and what else there is."""

from __future__ import annotations

import re
from pathlib import Path

from tests.review.console.pages import world
from tests.review.console.pages.conftest import taken_in
from tests.review.console.pages.reading import links, shown
from tests.review.console.served import Clock, Console, console

from forgewall.review.case import Case, State, Triage
from forgewall.review.filters import Filters
from forgewall.review.store import Store


def one_case(served: Console, **filters: tuple[str, ...]) -> Case:
    with Store(served.settings.events, clock=served.clock) as store:
        return store.cases(Filters(**filters), limit=1)[0]


def test_who_what_where_why(week: Console) -> None:
    case = one_case(week, address=("github.com/mallory/loot",), operation=("push",), user=("ana@acme.example",))
    browser = week.signed_in(week.viewer)
    text = browser.get(f"/cases/{case.id}").text
    page = shown(text)
    heading = shown(re.search(r"<h1>(.*?)</h1>", text, re.S)[1])  # type: ignore[index]
    assert heading == "ana@acme.example was refused push at github.com/mallory/loot"
    assert "github.com/mallory/loot is not an approved repository" in page
    assert "The newest attempt would still be refused." in page
    assert "The policy is the one that decided then." in page
    assert "Every rule that was looked at, in order:" in page
    assert "defaults/writes" in page
    assert "it was refused before anything was sent" in page
    assert page.count("attempt") > 3
    assert f"/cases/{case.id}" not in links(text.split("Other cases of the same person")[1])
    for path in (case.id.lower(), case.id.removeprefix("C-"), case.last_event_id):
        assert browser.get(f"/cases/{path}").location == f"/cases/{case.id}"
    assert browser.get("/cases/C-0000000000").status == 404
    assert browser.get("/cases/" + "x" * 5000).status == 404


def test_contents_decided_what_entries_let_pass(week: Console) -> None:
    case = one_case(week, code=("content",))
    page = shown(week.signed_in(week.viewer).get(f"/cases/{case.id}").text)
    assert "The entries let it pass; whether it would be refused again can't be told" in page
    assert "AKIA…(20)" in page
    assert "deploy/env , line 3" in page
    assert "deploy/big.zip holds more than 2 GiB" in page


def test_a_changed_policy_and_what_people_said(tmp_path: Path) -> None:
    world.write(tmp_path / "events", world.week(count=60))
    with console(tmp_path, Clock(world.NOW), world.POLICY) as served:
        taken_in(served)
        case = one_case(served, address=("gitlab.com/chloe",), operation=("push",))
        browser = served.signed_in(served.reviewer)
        served.settings.policy.write_text(world.POLICY.replace("forbidden:", f"  - {case.address}\nforbidden:"))
        with Store(served.settings.events, clock=served.clock) as store:
            until = world.NOW + world.timedelta(days=7)
            said = Triage(case_id=case.id, state=State.MUTED, by="ben", at=world.NOW, until=until, note="<b>noise</b>")
            store.triage(said)
        page = shown(browser.get(f"/cases/{case.id}").text)
        assert "The newest attempt would pass now." in page
        assert "The policy has changed since." in page
        assert "muted until 2026-12-01 14:30:00" in page.replace("– ", "")
        assert "<b>noise</b>" in page
        served.settings.policy.write_text("broken")
        assert browser.get(f"/cases/{case.id}").status == 200
        served.settings.policy.unlink()
        assert browser.get(f"/cases/{case.id}").status == 200

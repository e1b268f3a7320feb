"""From a case to an approval in a real Chromium, by keyboard alone, with axe-core at each step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.record.samples import decision
from tests.review.console.actions.test_approve import policy_of
from tests.review.console.pages.conftest import Watched, axe, chromium, taken_in, watched
from tests.review.console.served import NOW, POLICY, Console, console, written

from forgewall.review.filters import Filters
from forgewall.review.store import Store

__all__ = ["axe", "chromium"]

PATHS = ("/approve", "/approve?address=github.com/new/one", "/break-glass", "/previews/0")
HOSTILE = "<img src=x onerror=alert(1)>\"'</pre><script>alert(2)</script>"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Console]:
    written(tmp_path, decision(time=NOW - timedelta(minutes=3)))
    with console(tmp_path) as one:
        taken_in(one)
        yield one


@pytest.fixture
def visitor(chromium: Browser, served: Console) -> Iterator[Watched]:
    with watched(chromium, served) as one:
        yield one


def serious(visitor: Watched, script: str) -> list[str]:
    """What axe-core finds serious on the page as it is; it runs beside the page, whose own policy admits no script."""
    visitor.page.evaluate(script)
    found: dict[str, Any] = visitor.page.evaluate("() => axe.run(document)")
    return [
        f"{one['id']}: {one['nodes'][0]['html']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def case_id(served: Console) -> str:
    with Store(served.settings.events, clock=served.clock) as store:
        return store.cases(Filters(), limit=1)[0].id


def test_a_case_is_approved_by_keyboard(visitor: Watched, served: Console, axe: str) -> None:
    page = visitor.open(f"/cases/{case_id(served)}")
    page.get_by_role("button", name="Approve…").press("Enter")
    page.wait_for_url("**/approve?*")
    assert serious(visitor, axe) == []
    page.get_by_label("1 hour").press("Space")
    page.get_by_label("Why").fill(HOSTILE)
    page.get_by_label("Why").press("Enter")
    page.wait_for_url("**/previews/*")
    assert "lets through" in page.inner_text("main")
    assert "onerror" in page.inner_text(".diff")
    assert page.query_selector("main img, main script") is None
    assert serious(visitor, axe) == []
    assert policy_of(served) == POLICY
    page.get_by_role("button", name="Approve").press("Enter")
    page.wait_for_url("**/cases/*")
    assert "is approved until" in page.inner_text("[role=status]")
    assert "github.com/mallory/loot" in policy_of(served)
    assert visitor.faults == []


def test_a_case_is_judged_and_muted(visitor: Watched, served: Console) -> None:
    page = visitor.open(f"/cases/{case_id(served)}")
    page.get_by_label("Note").fill("a test of ours")
    page.get_by_role("button", name="Mute").press("Enter")
    page.wait_for_selector("[role=status]")
    assert "muted until 2026-12-01 20:00 UTC" in page.inner_text("[role=status]")
    page.get_by_role("button", name="Open again").press("Enter")
    page.wait_for_selector("[role=status]:has-text('open again')")
    assert visitor.faults == []


def test_no_page_shuts_anybody_out(visitor: Watched, axe: str) -> None:
    for path in PATHS:
        visitor.page.goto(f"{visitor.base}{path}")
        assert serious(visitor, axe) == [], path


def test_a_stranger_is_let_in_and_told_what_is_wrong(chromium: Browser, served: Console, axe: str) -> None:
    with watched(chromium, served) as visitor:
        visitor.context.clear_cookies()
        page = visitor.page
        page.goto(f"{visitor.base}/cases?state=open")
        assert serious(visitor, axe) == []
        page.fill("#token", "wrong")
        page.click("main button[type=submit]")
        assert "no token of this console" in page.inner_text("[role=alert]")
        assert serious(visitor, axe) == []
        page.fill("#token", served.viewer)
        page.click("main button[type=submit]")
        page.wait_for_url("**/cases?state=open")
        page.goto(f"{visitor.base}/cases/{case_id(served)}")
        assert page.is_disabled("text=Approve…")
        assert serious(visitor, axe) == []

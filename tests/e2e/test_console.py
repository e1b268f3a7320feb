"""The same in a browser: a refused push, the console, and the next push passes; with the pictures that stand in docs/.

FORGEWALL_SCREENSHOTS=docs/images makes the pictures anew.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from demo.forge import Forge
from playwright.sync_api import Page, expect, sync_playwright
from tests.e2e.led import POLICY, Led, quoted

if TYPE_CHECKING:
    from tests.e2e.conftest import StartProxy

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
def led(proxy: StartProxy, forge: Forge, tmp_path: Path) -> Led:
    forge.make_repository("github.com/mallory/loot")
    return Led(proxy, tmp_path, "--console", "127.0.0.1:0")


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(20_000)
        yield page
        browser.close()


def printed(led: Led) -> tuple[str, str]:
    """The console's address and its first token, as `forgewall run --console` prints them."""
    led.run.wait_for(lambda: bool(_said(led)))
    found = _said(led)
    assert found
    return found[1], found[2]


def _said(led: Led) -> re.Match[str] | None:
    return re.search(r"forgewall console on (http://\S+)\n.*\n +(\S{20,})", "\n".join(led.run.stdout_lines))


def picture(page: Page, name: str) -> None:
    directory = os.environ.get("FORGEWALL_SCREENSHOTS")
    if directory:
        page.screenshot(path=f"{directory}/{name}.png", full_page=True)


def test_a_refused_push_is_approved_in_the_console_for_an_hour(led: Led, forge: Forge, page: Page) -> None:
    refused = led.push()
    event = quoted(refused)
    console, token = printed(led)

    page.goto(f"{console}events/{event}")  # what the refused person's link may lead to
    page.get_by_label("Token").fill(token)
    typed = time.monotonic()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("github.com/mallory/loot")
    picture(page, "console-event")
    page.get_by_role("link", name=re.compile("^Case C-")).click()
    picture(page, "console-case")
    page.get_by_role("button", name="Approve…").click()
    page.get_by_label("1 hour").check()
    page.get_by_label("Why").fill("INC-42")
    picture(page, "console-approve")
    page.get_by_role("button", name="Show what it would change").click()
    expect(page.locator(".diff")).to_contain_text("+  - repo: github.com/mallory/loot")
    picture(page, "console-preview")
    assert led.run.policy_file.read_text(encoding="utf-8") == POLICY  # nothing is written yet
    page.get_by_role("main").get_by_role("button", name=re.compile("^Approve")).click()
    page.wait_for_url(re.compile("/cases/C-"))
    expect(page.get_by_role("main")).to_contain_text("approved")
    picture(page, "console-approved")

    led.taken_over()
    passed = led.push()
    assert passed.ok, passed.output
    assert time.monotonic() - typed < 60  # what is promised, not a measure of speed
    told = led.edited()
    assert told["forgewall"]["change"]["actor_source"] == "token"
    assert told["event"]["reason"] == "INC-42"

    page.goto(console)
    picture(page, "console-overview")
    page.goto(f"{console}policy")
    expect(page.get_by_role("main")).to_contain_text("github.com/mallory/loot")
    picture(page, "console-policy")
    led.later(3610)
    led.run.commit(led.tree, "second")
    late = led.push()
    assert not late.ok
    assert "expired" in late.output

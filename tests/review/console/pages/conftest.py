"""A console over a company's week, and a real Chromium that is signed in to it.

Where there is no Chromium, or axe-core isn't installed, tests that need them skip, and fail if CI=true.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from tests.review.console.pages import world
from tests.review.console.served import Clock, Console, console

from forgewall.review.store import Store

AXE = Path(__file__).parents[3] / "clients" / "node_modules" / "axe-core" / "axe.min.js"


def lacking(reason: str) -> None:
    """Skips the test, or fails it where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module's tests; each opens contexts of its own.

    Not for longer: while it lives, asyncio counts as running in this thread, and refuses to be run by other tests.
    """
    program = shutil.which("chromium")
    if program is None:
        lacking("chromium is not installed")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that finds what shuts people out."""
    if not AXE.exists():
        lacking("axe-core is not installed in tests/clients")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over `world.week()`; its log is taken in."""
    directory = tmp_path_factory.mktemp("week")
    world.write(directory / "events", world.week())
    with console(directory, Clock(world.NOW), world.POLICY) as served:
        taken_in(served)
        yield served


def taken_in(served: Console) -> None:
    """Take the log in now, instead of waiting for the console's own thread."""
    with Store(served.settings.events, file=served.settings.index, clock=served.clock) as store:
        store.refresh()


class Watched:
    """A page in a context of its own, signed in as reviewer; all that may not happen is in `faults`."""

    def __init__(self, context: BrowserContext, served: Console) -> None:
        self.context, self.served = context, served
        self.faults: list[str] = []
        self.page = context.new_page()
        self._watch(self.page)
        self.base = f"http://127.0.0.1:{served.port}"
        self.page.goto(f"{self.base}/sign-in")
        self.page.fill("#token", served.reviewer)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url(f"{self.base}/")

    def open(self, path: str, status: int = 200) -> Page:
        """The page at `path`, loaded."""
        answer = self.page.goto(f"{self.base}{path}")
        assert answer is not None
        assert answer.status == status, path
        return self.page

    def _watch(self, page: Page) -> None:
        def said(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and not message.location["url"].endswith("/favicon.ico"):
                self.faults.append(f"{page.url}: {message.text}")

        def asked(dialog: Any) -> None:
            self.faults.append(f"{page.url}: a dialog: {dialog.message}")
            dialog.dismiss()

        page.on("console", said)
        page.on("dialog", asked)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("popup", lambda other: self.faults.append(f"{page.url}: a window: {other.url}"))
        page.on("request", self._request)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(f"http://127.0.0.1:{self.served.port}/"):
            self.faults.append(f"a request to {request.url[:200]}")


@contextmanager
def watched(chromium: Browser, served: Console, **options: Any) -> Iterator[Watched]:
    """A signed-in page in a new context with `options` of Playwright's."""
    context = chromium.new_context(**options)
    context.set_default_timeout(15_000)
    try:
        yield Watched(context, served)
    finally:
        context.close()

"""What the script adds, and that all is there without it: lists in place, the live tail, tidy addresses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Browser
from tests.record.samples import decision
from tests.review.console.pages import world
from tests.review.console.pages.conftest import taken_in, watched
from tests.review.console.served import Clock, Console, console, written


def test_a_filter_renews_the_list_in_place(chromium: Browser, week: Console) -> None:
    with watched(chromium, week) as one:
        page = one.open("/cases")
        page.evaluate("window.before = 1")
        page.fill("#f-text", "mallory loot")
        page.select_option("#f-operation", "push")
        page.click("form.filters button")
        page.wait_for_url(
            lambda url: parse_qsl(urlsplit(url).query) == [("text", "mallory loot"), ("operation", "push")]
        )
        page.wait_for_selector(".chips >> text=mallory loot")
        assert page.evaluate("window.before") == 1
        assert set(page.locator("tbody .col-where").all_inner_texts()) == {"github.com/mallory/loot public"}
        page.click(".chips a >> nth=0")
        page.wait_for_url(f"{one.base}/cases?operation=push")
        page.go_back()
        page.wait_for_selector(".chips >> text=mallory loot")
        assert one.faults == []


def test_without_script_everything_works(chromium: Browser, week: Console) -> None:
    with watched(chromium, week, java_script_enabled=False) as one:
        page = one.open("/events")
        page.fill("#f-text", "numpy")
        page.click("form.filters button")
        assert "text=numpy" in page.url
        assert {"github.com/numpy/numpy"} == {
            text.split()[0] for text in page.locator("tbody .col-where").all_inner_texts() if text.strip()
        }
        one.open("/live")
        assert page.locator("#tail li").count() == 50
        page.click("text=Refresh")
        assert page.locator("#tail li").count() == 50
        one.open("/help")
        assert not page.is_visible("#single-keys")
        assert one.faults == []


def test_the_live_tail_shows_what_comes(chromium: Browser, tmp_path: Path) -> None:
    def block(number: int) -> object:
        time = world.NOW + timedelta(seconds=number)
        return replace(decision(request_id=f"n-{number}"), id=world.identifier(time, number), time=time)

    clock = Clock(world.NOW + timedelta(minutes=1))
    written(tmp_path, block(1))
    with console(tmp_path, clock) as served:
        taken_in(served)
        with watched(chromium, served) as one:
            page = one.open("/live?address=github.com/mallory")
            assert page.locator("#tail li").count() == 1
            written(tmp_path, block(2))
            page.wait_for_selector("#tail li >> nth=1")
            first = page.locator("#tail [data-item]").first.get_attribute("href")
            assert first == f"/events/{world.identifier(world.NOW + timedelta(seconds=2), 2)}"
            assert "1 new event" in (page.text_content("#told") or "")
            written(tmp_path, block(3))
            page.wait_for_selector("#tail li >> nth=2")
            page.click("text=Pause")
            assert page.get_attribute("#poll", "hx-get") is None
            page.click("text=Go on")
            page.wait_for_selector("#poll[hx-get]", state="attached")
            page.route(
                "**/live/part*", lambda route: route.fulfill(body="<li id=alien>x</li>", content_type="text/html")
            )
            with page.expect_navigation():
                pass  # what isn't meant for the tail makes the page load anew
            assert page.locator("#alien").count() == 0
            page.unroute("**/live/part*")
            one.context.clear_cookies()
            page.wait_for_url(lambda url: "/sign-in?next=" in url)  # and nothing of that page goes into the tail
            assert [fault for fault in one.faults if "401" not in fault] == []

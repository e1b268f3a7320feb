"""Nobody is shut out: axe-core finds nothing in any page, in light and dark; keys, sizes, narrow screens, print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.review.console.pages.conftest import Watched, watched
from tests.review.console.served import Console

from forgewall.review.filters import Filters
from forgewall.review.store import Store

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR = ["cat.color"]
"""The only rules that a colour scheme makes a difference to."""
GRAVE = {"serious", "critical"}
AXE_RUN = """async (tags) => {
  const found = await axe.run(document, {
    runOnly: tags,
    resultTypes: ["violations"],
  });
  return found.violations.map((one) => ({
    id: one.id, impact: one.impact, where: one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)),
  }));
}"""
SMALL = """() => [...document.querySelectorAll(
    "button, input:not([type=hidden], [type=checkbox], [type=radio]), select, summary, nav a, .button, .chips a")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML.slice(0, 120))"""
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def paths(week: Console) -> list[str]:
    """One of each page."""
    with Store(week.settings.events, clock=week.clock) as store:
        case = store.cases(Filters(code=("unapproved",)), limit=1)[0].id
        cut = store.cases(Filters(signal=("secret",)), limit=1)[0].id
        event = store.events(Filters(signal=("secret",)), limit=1)[0].id
    return [
        *("/?span=7d", "/cases?operation=release", "/cases?state=muted", f"/cases/{case}", f"/cases/{cut}"),
        *("/events?alerts=yes&operation=release", f"/events/{event}", "/live?operation=release&alerts=yes"),
        *("/policy", "/audit", "/help", "/events/none"),
        *(f"/approve?case={case}", "/approve", "/break-glass"),
    ]


@pytest.fixture(scope="module")
def reader(chromium: Browser, week: Console) -> Iterator[Watched]:
    with watched(chromium, week, bypass_csp=True) as one:
        yield one


def test_axe_finds_nothing_grave(reader: Watched, paths: list[str], axe: str) -> None:
    found = []
    for path in paths:
        reader.open(path, 404 if path.endswith("none") else 200)
        reader.page.add_script_tag(content=axe)
        reader.page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        schemes: tuple[tuple[Any, list[str]], ...] = (("light", RULES), ("dark", COLOUR))
        for scheme, rules in schemes:
            reader.page.emulate_media(color_scheme=scheme)
            found += [(path, scheme, one) for one in reader.page.evaluate(AXE_RUN, rules)]
    assert [one for one in found if one[2]["impact"] in GRAVE] == []
    assert found == []


def test_axe_can_find_something(reader: Watched, axe: str) -> None:
    reader.open("/help")
    reader.page.add_script_tag(content=axe)
    reader.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input><button></button>')")
    assert {one["id"] for one in reader.page.evaluate(AXE_RUN, RULES)} >= {"label", "button-name"}
    reader.page.emulate_media(color_scheme="dark")
    reader.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<p class=pale>Pale</p>')")
    reader.page.add_style_tag(content=".pale { color: #333; }")
    assert [one["id"] for one in reader.page.evaluate(AXE_RUN, COLOUR)] == ["color-contrast"]


def test_the_sign_in_page_shuts_nobody_out(chromium: Browser, week: Console, axe: str) -> None:
    page = chromium.new_page(bypass_csp=True)
    page.goto(f"http://127.0.0.1:{week.port}/sign-in")
    page.add_script_tag(content=axe)
    assert page.evaluate(AXE_RUN, RULES) == []
    page.close()


def test_a_narrow_screen_holds_every_page(chromium: Browser, week: Console, paths: list[str]) -> None:
    with watched(chromium, week, viewport={"width": 360, "height": 740}, has_touch=True) as phone:
        for path in paths:
            phone.open(path, 404 if path.endswith("none") else 200)
            assert phone.page.evaluate(WIDE) <= 0, path
            assert phone.page.evaluate(SMALL) == [], path
        assert [fault for fault in phone.faults if "404" not in fault] == []
        phone.open("/cases")
        phone.page.emulate_media(media="print")
        assert not phone.page.is_visible("form.filters")
        assert phone.page.is_visible("table.list")


def test_keys_move_and_search_and_trap_nobody(chromium: Browser, week: Console) -> None:
    with watched(chromium, week) as one:
        page = one.open("/cases")
        focused = "document.activeElement.getAttribute('href') || document.activeElement.id"
        items = page.eval_on_selector_all("[data-item]", "all => all.map((one) => one.getAttribute('href'))")
        for key, wanted in (("j", items[0]), ("j", items[1]), ("k", items[0]), ("k", items[0]), ("/", "f-text")):
            page.keyboard.press(key)
            assert page.evaluate(focused) == wanted
        page.keyboard.type("j/?")
        assert page.input_value("#f-text") == "j/?"
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{one.base}{items[0]}")
        page.keyboard.press("?")
        page.wait_for_url(f"{one.base}/help")
        page.uncheck("#single-keys")
        one.open("/cases")
        page.keyboard.press("j")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement === document.body")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        assert one.faults == []

"""Nothing in an event is ever taken for markup, a script, an address or a direction of writing, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser
from tests.review.console.pages import hostile, world
from tests.review.console.pages.conftest import Watched, taken_in, watched
from tests.review.console.served import Clock, Console, console

from forgewall.review.console.words import shown

PAGES = ("/", "/?span=7d", "/cases", "/events", "/live", "/policy", "/audit", "/help", "/break-glass")
LOOK = """() => {
  const bad = [];
  for (const element of document.querySelectorAll("*")) {
    const name = element.localName;
    if (["img", "iframe", "object", "embed", "base", "style", "audio", "video", "template", "math"].includes(name))
      bad.push("element " + name);
    if (name === "meta" && element.httpEquiv) bad.push("meta " + element.httpEquiv);
    if (name === "script" && !["/static/htmx.min.js", "/static/console.js"].includes(element.getAttribute("src")))
      bad.push("script " + element.outerHTML.slice(0, 80));
    for (const { name: attribute, value } of element.attributes) {
      if (attribute.startsWith("on") || attribute === "style" || attribute.startsWith("hx-on")) bad.push(attribute);
      if (["href", "src", "action", "formaction", "hx-get", "xlink:href"].includes(attribute)) {
        const there = new URL(value, location.href);
        const ours = there.origin === location.origin && /^[/#?]/.test(value) && !value.startsWith("//");
        if (!ours) bad.push(value.slice(0, 80));
      }
    }
  }
  const text = document.body.innerText;
  const unseen = text.match(/(?![\\t\\n])[\\p{Cc}\\p{Bidi_Control}\\u2028\\u2029]/gu);
  if (unseen) bad.push("unseen " + unseen.map((one) => one.codePointAt(0).toString(16)).join(" "));
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) bad.push("too wide");
  return bad;
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    directory = tmp_path_factory.mktemp("hostile")
    hostile.write(directory / "events")
    with console(directory, Clock(world.NOW), hostile.POLICY) as one:
        taken_in(one)
        yield one


@pytest.fixture(scope="module")
def visitor(chromium: Browser, served: Console) -> Iterator[Watched]:
    with watched(chromium, served) as one:
        yield one


def looked(visitor: Watched, path: str) -> None:
    visitor.open(path)
    assert visitor.page.evaluate(LOOK) == [], path
    assert visitor.faults == []


@pytest.mark.parametrize("path", PAGES)
def test_lists_show_attacks_as_text(visitor: Watched, path: str) -> None:
    looked(visitor, path)


def test_a_part_of_a_page_shows_attacks_as_text(visitor: Watched) -> None:
    visitor.page.set_extra_http_headers({"HX-Request": "true"})
    visitor.open("/live/part")
    visitor.page.set_extra_http_headers({})
    assert set(visitor.page.evaluate(LOOK)) <= {"too wide"}  # it has no style of its own
    assert visitor.page.locator("li").count() == 50


def test_every_case_shows_attacks_as_text(visitor: Watched) -> None:
    paths = links(visitor, "/cases") | links(visitor, "/cases?page=2")
    assert len(paths) > 40
    for path in sorted(paths)[::6]:
        looked(visitor, path)
    looked(visitor, "/approve?case=" + max(paths).removeprefix("/cases/"))


def test_every_attack_is_the_text_that_it_is(visitor: Watched) -> None:
    documents = hostile.events()
    per_attack = len(documents) // len(hostile.ATTACKS)
    for number, event in enumerate(documents):
        if number % per_attack != 1 and number % (5 * per_attack + 1) != 0:
            continue  # each attack in an upload, which has most fields, and some in other kinds
        looked(visitor, f"/events/{event['event']['id']}")
        page = visitor.page
        assert texts(page, ".reason") == [page_text(shown(event["message"], 1200))]
        facts = texts(page, ".pairs dd")
        for value in leaves(event["event"]):
            assert any(page_text(shown(value, 600)) in fact for fact in facts), value


def test_a_text_of_a_megabyte_is_cut_and_can_be_had_whole(visitor: Watched) -> None:
    path = f"/events/{world.identifier(world.NOW, 99_999)}"
    looked(visitor, path)
    html = visitor.page.content()
    assert len(html) < 700_000
    raw = visitor.context.request.get(f"{visitor.base}{path}/raw")
    assert raw.headers["content-type"].startswith("text/plain")
    assert raw.text().count("A") > 1_900_000


def test_the_raw_form_holds_nothing_that_cant_be_seen(visitor: Watched) -> None:
    for event in hostile.events()[1::7]:
        raw = visitor.context.request.get(f"{visitor.base}/events/{event['event']['id']}/raw").text()
        assert all(character.isprintable() or character == "\n" for character in raw)


def test_a_search_for_an_attack_is_harmless(visitor: Watched) -> None:
    for attack, path in zip(hostile.ATTACKS, ("/cases", "/events", "/live", "/policy") * 6, strict=False):
        visitor.page.goto(f"{visitor.base}{path}?{urlencode({'text': attack, 'address': attack, 'code': attack})}")
        assert visitor.page.evaluate(LOOK) == []
        assert visitor.faults == []


def test_the_check_can_fail(visitor: Watched) -> None:
    visitor.open("/help")
    visitor.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    assert len(visitor.page.evaluate(LOOK)) == 3
    visitor.page.wait_for_timeout(0)
    assert visitor.faults
    visitor.faults.clear()


def links(visitor: Watched, path: str) -> set[str]:
    visitor.open(path)
    return set(visitor.page.eval_on_selector_all("[data-item]", "all => all.map(one => one.getAttribute('href'))"))


def texts(page: Any, selector: str) -> list[str]:
    found: list[str] = page.eval_on_selector_all(selector, "all => all.map(one => one.textContent)")
    return found


def page_text(text: str) -> str:
    return text


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value

"""The list of cases and of events: filters, pages, and what stands there when nothing fits."""

from __future__ import annotations

import html
from urllib.parse import quote

import pytest
from tests.review.console.pages.reading import ids, links, shown
from tests.review.console.served import Console

from forgewall.review.case import State
from forgewall.review.filters import Filters
from forgewall.review.store import Store


def test_pages_hold_every_case_once(week: Console) -> None:
    browser = week.signed_in(week.viewer)
    found: list[str] = []
    path = "/cases?state=open&client=10.0.0.0/8"
    while path:
        text = browser.get(path).text
        found += ids(text)
        path = next((link for link in links(text) if f'rel="next" href="{html.escape(link)}"' in text), "")
    with Store(week.settings.events, clock=week.clock) as store:
        assert len(found) == len(set(found)) == store.count_cases(Filters(state=(State.OPEN,)))
    assert "Page 2" in browser.get("/cases?client=10.0.0.0/8&page=2").text


def test_nobodys_cases_hide_those_of_others(week: Console) -> None:
    text = week.signed_in(week.viewer).get("/cases?state=open").text
    left_out = [link for link in links(text) if f'href="{html.escape(link)}">and ' in text]
    assert left_out
    assert all(link.startswith("/cases?state=open&") and ("user=" in link or "client=" in link) for link in left_out)
    assert " more of " in shown(text)


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "²", "1e3", ""])
def test_a_page_that_is_none_is_the_first_or_the_last(week: Console, page: str) -> None:
    assert week.signed_in(week.viewer).get(f"/cases?page={quote(page)}").status == 200


def test_filters_are_shown_kept_and_can_be_left_out(week: Console) -> None:
    browser = week.signed_in(week.viewer)
    page = browser.get("/cases?state=open&address=github.com/mallory&operation=push").text
    assert "github.com/mallory/loot" in shown(page)
    assert "gitlab.com" not in shown(page)
    assert '<option value="push" selected>' in page
    assert 'value="github.com/mallory"' in page
    assert "/cases?state=open&operation=push" in links(page)


def test_what_isnt_understood_is_told(week: Console) -> None:
    browser = week.signed_in(week.viewer)
    for path in ("/cases", "/events", "/live", "/audit"):
        answer = browser.get(f"{path}?operation=psuh")
        assert answer.status == 400
        assert "`psuh` is no operation; did you mean `push`?" in shown(answer.text)
        assert ids(answer.text) == []


def test_nothing_fits(week: Console) -> None:
    browser = week.signed_in(week.viewer)
    assert "Nothing that was refused fits all of these filters" in shown(browser.get("/cases?user=nobody").text)
    assert "No event fits" in shown(browser.get("/events?user=nobody").text)
    assert "Nothing fits" in shown(browser.get("/audit?user=nobody").text)

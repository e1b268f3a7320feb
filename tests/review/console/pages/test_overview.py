"""The first page: its numbers are those of the log, and each leads to what it counts."""

from __future__ import annotations

import html
import re
from pathlib import Path

from tests.review.console.pages import world
from tests.review.console.pages.conftest import taken_in
from tests.review.console.pages.reading import links, shown
from tests.review.console.served import Clock, Console, console, written


def test_numbers_and_where_they_lead(week: Console) -> None:
    browser = week.signed_in(week.viewer)
    page = browser.get("/?span=7d")
    words = shown(page.text)
    assert "✓ Enforce" in words
    assert "5 approvals" in words
    assert "2 tests passed" in words
    blocked = re.search(r"([0-9]+) blocked of ([0-9]+) writes", words)
    assert blocked
    assert 90 < int(blocked[1]) < int(blocked[2]) == 420
    for link in set(links(page.text)):
        if link.startswith(("/cases", "/events", "/live", "/policy", "/?")):
            assert browser.get(link).status == 200, link
    assert sum("since=2026-" in link and "alerts=yes" in link for link in links(page.text)) > 20


def test_a_ranking_leads_to_exactly_what_it_counts(week: Console) -> None:
    browser = week.signed_in(week.viewer)
    page = browser.get("/?span=30d").text
    link, count = next(
        (html.unescape(link), int(count))
        for link, count in re.findall(
            r'<a href="(/cases\?operation=snippet[^"]*)">.*?class="number">([0-9]+)', page, re.S
        )
    )
    listed = browser.get(link.replace("/cases", "/events") + "&alerts=yes").text
    assert f"{count} event" in shown(listed)


def test_uploads_are_ranked_by_size(week: Console) -> None:
    page = shown(week.signed_in(week.viewer).get("/?span=7d").text)
    ranked = page.split("Upload volumes")[-1].split("People")[0]
    sizes = re.findall(r"([0-9.]+) (KiB|MiB|GiB)", ranked)
    units = {"KiB": 1, "MiB": 1024, "GiB": 1024**2}
    numbers = [float(number) * units[unit] for number, unit in sizes]
    assert len(numbers) == 4
    assert numbers == sorted(numbers, reverse=True)


def test_an_empty_log_teaches(tmp_path: Path) -> None:
    with console(tmp_path, Clock(world.NOW)) as served:
        browser = served.signed_in(served.viewer)
        page = shown(browser.get("/").text)
        assert "No case is open. When something is refused, it appears here" in page
        assert "Nothing was blocked in this time." in page
        assert "git push https://github.com/somebody-else/anything" in shown(browser.get("/cases").text)
        assert browser.get("/?span=nonsense").status == 200


def test_what_is_wrong_is_loud_on_every_page(tmp_path: Path) -> None:
    policy = (
        "version: 1\nmode: observe\n"
        "break_glass: {until: 2026-11-24T14:52:00Z, by: ben@acme.example, reason: release night}\n"
    )
    written(tmp_path)
    log = tmp_path / "events" / "forgewall-2026-11-24.jsonl"
    log.write_text("no event\n{half\n")
    with console(tmp_path, Clock(world.NOW), policy) as served:
        taken_in(served)
        browser = served.signed_in(served.viewer)
        page = shown(browser.get("/").text)
        assert "Glass broken" in page
        assert "2 lines skipped" in page
        for path in ("/cases", "/events", "/help", "/policy"):
            words = shown(browser.get(path).text)
            assert (
                "The glass is broken by ben@acme.example (release night): nothing is blocked for another 22 min"
                in words
            )
            assert "Observe mode: nothing is blocked" in words
        served.settings.policy.write_text("version: 1\nmod: enforce\n")
        page = shown(browser.get("/").text)
        assert "1 mistake" in page
        assert "forgewall.yaml:2:1" in page
        assert "the last good policy stays in force" in page
        served.clock.pass_by(world.timedelta(minutes=23))
        assert "The glass is broken" not in shown(browser.get("/cases").text)

"""The policy as people see it: what each entry admits, whether it is used, and what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.review.console.pages import world
from tests.review.console.pages.reading import links, shown
from tests.review.console.served import Clock, Console, console


def rows(text: str) -> dict[str, str]:
    """The words of each line, by the address at its head."""
    found = {}
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", text, re.S):
        words = shown(row)
        found[words.split(" line ")[0]] = words
    return found


def test_each_entry(week: Console) -> None:
    browser = week.signed_in(week.viewer)
    text = browser.get("/policy").text
    page, entries = shown(text), rows(text)
    assert "2 tests passed" in page
    numpy = entries["github.com/numpy/numpy"]
    for wanted in (
        "push, pull-request",
        "oss",
        "at most 10 MiB a request",
        "2026-11-28",
        "in 4 d",
        "science",
        "OSS-1234",
    ):
        assert wanted in numpy
    assert re.search(r"[0-9]+ times? last", numpy)
    assert "only private repositories" in entries["huggingface.co/acme-corp"]
    expired = entries["github.com/contractor/handover"]
    assert "expired 2026-11-01" in expired
    assert "never used" in expired
    assert "Warning:" in expired
    assert "everybody" in entries["github.com/acme-corp"]
    assert "Forbidden 1" in page
    assert "writes block built in" in page
    for link in links(text):
        if link.startswith("/events?rule="):
            assert "No event fits" not in browser.get(link).text, link


def test_entries_are_found_by_words(week: Console) -> None:
    browser = week.signed_in(week.viewer)
    assert set(rows(browser.get("/policy?text=OSS-1234+numpy").text)) & {"github.com/acme-corp"} == set()
    assert "github.com/numpy/numpy" in rows(browser.get("/policy?text=science").text)
    assert "No approval holds these words" in browser.get("/policy?text=nonsense").text


def test_a_viewer_cant_revoke_from_here(week: Console) -> None:
    assert 'action="/revoke"' not in week.signed_in(week.viewer).get("/policy").text
    assert 'action="/revoke"' in week.signed_in(week.reviewer).get("/policy").text


def test_a_broken_or_missing_file(tmp_path: Path) -> None:
    with console(tmp_path, Clock(world.NOW), "version: 1\napproved: [github.com/acme]\n") as served:
        browser = served.signed_in(served.viewer)
        assert "github.com/acme" in rows(browser.get("/policy").text)
        served.settings.policy.write_text("version: 1\napproved: [github.com/<script>]\nnonsense: 1\n")
        page = browser.get("/policy").text
        assert "The file has mistakes" in page
        assert "forgewall.yaml:3:1" in shown(page)
        assert "github.com/acme" in rows(page)
        assert "<script>]" not in page
        served.settings.policy.unlink()
        assert "there is no such policy file" in shown(browser.get("/policy").text)
    (tmp_path / "b").mkdir()
    with console(tmp_path / "b", Clock(world.NOW), "version: 2") as served:
        page = shown(served.signed_in(served.viewer).get("/policy").text)
        assert "There is no good policy to be shown." in page
        assert "No policy" in shown(served.signed_in(served.viewer).get("/").text)


def test_a_large_policy_is_cut_into_what_can_be_read(tmp_path: Path) -> None:
    policy = "version: 1\napproved:\n" + "".join(f"  - github.com/team-{n}\n" for n in range(1200))
    with console(tmp_path, Clock(world.NOW), policy) as served:
        browser = served.signed_in(served.viewer)
        page = browser.get("/policy").text
        assert "and 700 more" in shown(page)
        assert "github.com/team-1100" in rows(browser.get("/policy?text=team-1100").text)

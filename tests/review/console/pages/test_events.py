"""The list of events, one event, the live tail and the audit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from tests.record.samples import EVIDENCE, decision, upload
from tests.review.console.pages import world
from tests.review.console.pages.conftest import taken_in
from tests.review.console.pages.reading import ids, links, next_look, shown
from tests.review.console.served import Clock, Console, console, written

from forgewall.review.filters import Filters
from forgewall.review.store import Store

LIVE = {"HX-Request": "true"}


def test_older_pages_hold_every_event_once(week: Console) -> None:
    browser = week.signed_in(week.viewer)
    with Store(week.settings.events, clock=week.clock) as store:
        count = store.count(Filters(dataset=("decision", "upload")))
    found: list[str] = []
    path = "/events?dataset=decision,upload"
    while path:
        text = browser.get(path).text
        found += ids(text)
        path = next((link for link in links(text) if f"before={found[-1]}" in link), "")
    assert len(found) == len(set(found)) == count
    assert found == sorted(found, reverse=True)
    assert len(found) > 500


def test_a_place_that_is_none_is_the_newest(week: Console) -> None:
    browser = week.signed_in(week.viewer)
    for place in ("x", "' OR 1=1 --", "0" * 26, "Z" * 26, "🗄" * 26):
        assert browser.get(f"/events?before={quote(place)}").status == 200
        assert browser.get(f"/live/part?after={quote(place)}", {"HX-Request": "true"}).status == 200


def test_the_audit_tells_who_did_what(week: Console) -> None:
    page = shown(week.signed_in(week.viewer).get("/audit").text)
    assert "ben@acme.example approved github.com/numpy/numpy" in page
    assert "OSS-1234" in page
    assert "a viewer tried what only a reviewer may" in page
    assert "git push" not in page


def test_the_tail_begins_where_it_ended(tmp_path: Path) -> None:
    def block(number: int) -> object:
        time = world.NOW + world.timedelta(seconds=number)
        return replace(decision(request_id=f"n-{number}"), id=world.identifier(time, number), time=time)

    clock = Clock(world.NOW + world.timedelta(minutes=2))
    written(tmp_path, *[block(number) for number in range(3)])
    with console(tmp_path, clock) as served:
        taken_in(served)
        browser = served.signed_in(served.viewer)
        page = browser.get("/live?address=github.com/mallory").text
        assert len(ids(page)) == 3
        poll = next_look(page)
        assert ids(browser.get(poll, LIVE).text) == []
        written(tmp_path, block(4), block(5))
        taken_in(served)
        part = browser.get(poll, LIVE)
        assert part.headers["x-forgewall-part"] == "live"
        assert len(ids(part.text)) == 2
        assert "2 new events" in shown(part.text)
        poll = next_look(part.text)
        written(tmp_path, block(6))
        taken_in(served)
        quiet = browser.get(poll, LIVE).text  # too soon to say something again
        assert len(ids(quiet)) == 1
        assert "new event" not in shown(quiet)
        clock.pass_by(world.timedelta(seconds=11))
        assert "1 new event" in shown(browser.get(next_look(quiet), LIVE).text)
        written(tmp_path, *[block(number) for number in range(10, 110)])
        taken_in(served)
        assert "More came at once than fits" in browser.get(next_look(quiet), LIVE).text
        alone = browser.get(poll)
        assert (alone.status, alone.location) == (303, "/live?address=github.com%2Fmallory")
        assert 'hx-get="/live/part' not in browser.get("/live?paused=1").text


def test_one_event_whole(tmp_path: Path) -> None:
    event = upload(evidence=EVIDENCE, time=world.NOW)
    written(tmp_path, event.decision, event)
    with console(tmp_path, Clock(world.NOW)) as served:
        taken_in(served)
        browser = served.signed_in(served.viewer)
        page = shown(browser.get(f"/events/{event.id}").text)
        for wanted in (
            "Completed git push by ana@acme.example",
            "refs/tags/v1.0",
            "AKIA…(20)",
            "backup/all.zip",
            "encrypted",
            "deploy/big.zip holds more than 2 GiB",
            "Policy digest",
        ):
            assert wanted in page
        assert browser.get(f"/events/{event.id.lower()}").location == f"/events/{event.id}"
        assert browser.get(f"/events/{event.id[:20]}").status in {303, 404}
        raw = browser.get(f"/events/{event.id}/raw")
        assert json.loads(raw.text)["event"]["id"] == event.id
        assert raw.headers["content-type"] == "text/plain; charset=utf-8"
        missing = browser.get("/events/01ARZ3NDEKTSV4RRFFQ69G5FAV")
        assert missing.status == 404
        assert "look again" in missing.text
        assert browser.get("/events/x/raw").status == 404
        for path in served.settings.events.glob("*.jsonl"):
            path.write_text("")
        assert browser.get(f"/events/{event.id}").status in {200, 404}

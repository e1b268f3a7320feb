"""Cases are judged over a real socket, and it is written down who did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.record.samples import decision
from tests.review.console.served import NOW, Console, console, written

from forgewall.review.case import Case, State
from forgewall.review.filters import Filters
from forgewall.review.store import Store


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Console]:
    written(tmp_path, decision(time=NOW - timedelta(minutes=3)))
    with console(tmp_path) as one:
        with Store(one.settings.events, clock=one.clock) as store:
            store.refresh()
        yield one


def case(served: Console) -> Case:
    with Store(served.settings.events, clock=served.clock) as store:
        (one,) = store.cases(Filters(), limit=5)
        return one


@pytest.mark.parametrize(
    ("said", "deed", "words"),
    [
        ("confirmed", "case-confirmed", "rightly blocked"),
        ("false-positive", "case-false-positive", "a false positive"),
        ("open", "case-open", "open again"),
    ],
)
def test_a_reviewer_says_what_it_is(served: Console, said: str, deed: str, words: str) -> None:
    browser = served.signed_in(served.reviewer)
    fields = {"csrf": browser.csrf(), "case": case(served).id, "said": said, "note": "INC-7  <b>\n x"}
    answer = browser.post("/triage", fields)
    assert (answer.status, answer.location) == (303, f"/cases/{case(served).id}")
    assert case(served).state is State(said)
    triage = case(served).triage
    assert triage is not None
    assert (triage.by, triage.note, triage.at) == ("reviewer", "INC-7 <b> x", served.clock())
    event = json.loads(served.log().splitlines()[-1])
    assert event["event"]["action"] == deed
    assert event["user"] == {"name": "reviewer", "roles": ["reviewer"]}
    assert event["forgewall"]["review"]["case"] == case(served).id
    assert event["source"]["address"] == "127.0.0.1"
    browser.get("/live/part", {"HX-Request": "true"})
    browser.send("HEAD", answer.location)
    page = browser.get(answer.location).text
    assert f"The case is {words}." in page
    assert "<b> x" not in page


def test_a_mute_ends(served: Console) -> None:
    browser = served.signed_in(served.reviewer)
    fields = {"csrf": browser.csrf(), "case": case(served).id, "said": "muted", "span": "1d"}
    assert browser.post("/triage", fields).status == 303
    assert case(served).state is State.MUTED
    served.clock.pass_by(timedelta(days=1, seconds=1))
    assert case(served).state is State.OPEN


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"case": "C-0000000000"}, "is gone"),
        ({"case": ""}, "is gone"),
        ({"case": "' OR 1=1 --"}, "is gone"),
        ({"said": ""}, "what the case is"),
        ({"said": "approved"}, "what the case is"),
        ({"said": "muted", "span": ""}, "how long to mute"),
        ({"said": "muted", "span": "900y"}, "how long to mute"),
        ({"note": "x" * 501}, "longer than"),
    ],
)
def test_what_means_nothing_changes_nothing(served: Console, changes: dict[str, str], sentence: str) -> None:
    browser = served.signed_in(served.reviewer)
    before = served.log()
    answer = browser.post("/triage", {"csrf": browser.csrf(), "case": case(served).id, "said": "confirmed", **changes})
    assert answer.status == 400
    assert sentence in answer.text
    assert case(served).state is State.OPEN
    assert served.log() == before


def test_what_cant_be_written_down_isnt_done(served: Console) -> None:
    browser = served.signed_in(served.reviewer)
    one = case(served)
    fields = {"csrf": browser.csrf(), "case": one.id, "said": "confirmed"}
    kept = {path: path.read_bytes() for path in served.settings.events.glob("*.jsonl")}
    for path in kept:
        path.unlink()
        path.mkdir()
    answer = browser.post("/triage", fields)
    for path, data in kept.items():
        path.rmdir()
        path.write_bytes(data)
    assert answer.status in (400, 503)
    assert case(served).state is State.OPEN


def test_a_viewer_sees_the_buttons_and_why_they_are_not_his(served: Console) -> None:
    page = served.signed_in(served.viewer).get(f"/cases/{case(served).id}").text
    assert "only reviewers decide" in page
    assert "<fieldset disabled" in page

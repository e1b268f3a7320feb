"""Quick actions: a text of an issue that copies it elsewhere names the project, or the request is unidentified."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identify.forges.labelled import FORM, lab, said

from forgewall.model import BodyState

API = "gitlab.com/acme/team/api"
NOTES = "/projects/acme%2Fteam%2Fapi/issues/1/notes"
LOOT = ("destination", "gitlab.com/mallory/loot", "issue")
MAILED = ("second", API, "collaborator")


@pytest.mark.parametrize(
    ("text", "operation", "also"),
    [
        ("good", "comment", []),
        ("see /move here", "comment", []),
        ("/moved mallory/loot", "comment", []),
        ("/move mallory/loot", "comment", [LOOT]),
        ("hi\n  /CLONE mallory/loot --with_notes", "comment", [LOOT]),
        ("/mo\rve mallory/loot", "comment", [LOOT]),
        ("/clone", "comment", []),
        ("/add_email x@evil.example", "comment", [MAILED]),
        ("/Invite_Email x@evil.example\n/add_email y@evil.example", "comment", [MAILED]),
        ("x\n\t/convert_to_ticket x@evil.example", "comment", [MAILED]),
        ("/add_email x@evil.example\n/move mallory/loot", "comment", [LOOT, MAILED]),
        ("/add_emails x@evil.example", "comment", []),
        ("/remove_email x@evil.example", "comment", []),
        ("/move acme/team/api", "comment", []),
        ("/move mallory/loot\n/clone mallory/loot", "comment", [LOOT]),
        ("/move 2", "unidentified", []),
        ("/move", "unidentified", []),
        ("/move mallory/loot x", "unidentified", []),
        ("/move \x00", "unidentified", []),
        ("/move a/b\n" * 20, "unidentified", []),
        ("".join(f"/clone a/b{number}\n" for number in range(20)), "unidentified", []),
    ],
)
def test_what_a_text_does(text: str, operation: str, also: list[object]) -> None:
    assert said(lab("POST", NOTES, {"body": text})) == (operation, API, also)


def test_wherever_the_text_stands() -> None:
    assert said(lab("POST", f"{NOTES}?body=%2Fmove%20mallory%2Floot")) == ("comment", API, [LOOT])
    assert said(lab("POST", NOTES, b"body=%2Fmove+mallory%2Floot", FORM)) == ("comment", API, [LOOT])
    assert said(lab("PUT", "/projects/1/issues/1", {"description": "/move mallory/loot"})) == ("issue", API, [LOOT])
    url = "https://gitlab.com/acme/team/api/-/issues/1.json"
    assert said(lab("PUT", url, {"issue": {"description": "/move mallory/loot"}})) == ("issue", API, [LOOT])
    for path in ("epics/1/discussions", "epics/1/discussions/2/notes"):
        assert lab("POST", f"/groups/acme/{path}", {"body": "/move mallory/loot"}).also[0].address == LOOT[1]


def test_a_query_counts_before_the_body_is_there() -> None:
    target = lab("POST", f"{NOTES}?body=%2Fmove%20mallory%2Floot", b"", ("content-length", "4"), state=BodyState.UNREAD)
    assert not target.identified


@pytest.mark.parametrize("path", ["notes", "notes.json", "-/notes/5", "notes/5"])
def test_a_comment_in_a_browser(path: str) -> None:
    method = "PUT" if path.endswith("5") else "POST"
    url = f"https://gitlab.com/acme/team/api/{path}?target_type=issue"
    assert said(lab(method, url, {"note": {"note": "good"}})) == ("comment", API, [])
    assert said(lab(method, url, {"note": {"note": "/move mallory/loot"}})) == ("comment", API, [LOOT])


def test_a_comment_may_go_to_another_project() -> None:
    url = "https://gitlab.com/acme/team/api/notes"
    assert said(lab("POST", url, {"note_project_id": 2, "note": {}})) == ("comment", "gitlab.com/mallory/loot", [])
    assert said(lab("POST", url, {"note_project_id": "", "note": {}})) == ("comment", API, [])
    assert not lab("POST", url, {"note_project_id": 5, "note": {}}).identified
    assert not lab("PUT", f"{url}/5", {"project": {"visibility_level": 20}}).identified


@given(st.text(max_size=60))
def test_no_text_hides_an_action(text: str) -> None:
    target = lab("POST", NOTES, {"body": f"{text}\n/move mallory/loot"})
    assert not target.identified or "gitlab.com/mallory/loot" in [one.address for one in target.also]

"""Revoking an entry and breaking the glass over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.review.console.actions.test_approve import agree, policy_of
from tests.review.console.served import POLICY, Answer, Browser, Console, console

from forgewall.decide.load import load


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Console]:
    with console(tmp_path) as one:
        yield one


def preview(browser: Browser, path: str, **fields: str) -> Answer:
    answer = browser.post(path, {"csrf": browser.csrf(), **fields})
    assert answer.status == 303, answer.text
    return browser.get(answer.location)


def test_an_entry_is_revoked(served: Console) -> None:
    browser = served.signed_in(served.reviewer)
    assert "Revoke github.com/numpy/numpy, line 5" in browser.get("/policy").text
    page = preview(browser, "/revoke", address="github.com/numpy/numpy", line="5")
    assert "-  - repo: github.com/numpy/numpy" in page.text
    assert policy_of(served) == POLICY
    assert agree(browser, page).location == "/policy"
    assert "numpy" not in policy_of(served)
    assert "github.com/acme-corp   # the company" in policy_of(served)
    assert json.loads(served.log().splitlines()[-1])["event"]["action"] == "policy-revoked"
    assert "is revoked" in browser.get("/policy").text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"address": "github.com/none", "line": "5"}, 409),
        ({"address": "github.com/numpy/numpy", "line": "4"}, 409),
        ({"address": "github.com/numpy/numpy", "line": ""}, 400),
        ({"address": "github.com/numpy/numpy", "line": "²"}, 400),
        ({"address": "", "line": "5"}, 400),
    ],
)
def test_only_what_is_there_can_be_revoked(served: Console, fields: dict[str, str], status: int) -> None:
    browser = served.signed_in(served.reviewer)
    assert browser.post("/revoke", {"csrf": browser.csrf(), **fields}).status == status
    assert policy_of(served) == POLICY


def test_the_glass_is_broken_loudly_and_mended(served: Console) -> None:
    browser = served.signed_in(served.reviewer)
    assert "Break the glass" in browser.get("/break-glass").text
    page = preview(browser, "/break-glass", minutes="30", reason="INC-9")
    assert "nothing is blocked" in page.text
    assert policy_of(served) == POLICY
    assert agree(browser, page).location == "/policy"
    glass = load(policy_of(served), "x", served.clock()).policy.break_glass
    assert glass is not None
    assert (glass.by, glass.reason, glass.until) == ("reviewer", "INC-9", served.clock() + timedelta(minutes=30))
    assert "The glass is broken" in browser.get("/help").text, "on every page"
    assert json.loads(served.log().splitlines()[-1])["event"]["action"] == "policy-break-glass"
    page = preview(browser, "/break-glass/end")
    assert agree(browser, page).status == 303
    assert load(policy_of(served), "x", served.clock()).policy.break_glass is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"minutes": "30", "reason": " "}, "say why"),
        ({"minutes": "9999", "reason": "x"}, "how long"),
        ({"minutes": "", "reason": "x"}, "how long"),
    ],
)
def test_the_glass_isnt_broken_for_nothing(served: Console, fields: dict[str, str], sentence: str) -> None:
    browser = served.signed_in(served.reviewer)
    answer = browser.post("/break-glass", {"csrf": browser.csrf(), **fields})
    assert answer.status == 409
    assert sentence in answer.text
    assert policy_of(served) == POLICY


def test_what_isnt_broken_cant_be_mended(served: Console) -> None:
    browser = served.signed_in(served.reviewer)
    assert browser.post("/break-glass/end", {"csrf": browser.csrf()}).status == 409


def test_a_viewer_sees_why_the_glass_is_not_his(served: Console) -> None:
    page = served.signed_in(served.viewer).get("/break-glass").text
    assert "only reviewers break the glass" in page
    assert "disabled" in page

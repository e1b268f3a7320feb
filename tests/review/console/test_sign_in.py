"""Signing in by a token over real sockets: its cookie, its limits, its traces, and signing out."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.review.console.served import Console, console

from forgewall.review.console.sessions import ABSOLUTE, IDLE
from forgewall.review.console.sign_in import local_path
from forgewall.review.console.throttle import PER_CLIENT, WINDOW
from forgewall.review.console.tokens import Tokens


def deeds(served: Console) -> list[tuple[str, str, str]]:
    """Action, name and client of the events that the console wrote."""
    events = [json.loads(line) for line in served.log().splitlines()]
    return [
        (event["event"]["action"], event.get("user", {}).get("name", ""), event["source"]["address"])
        for event in events
        if event["event"]["dataset"] == "forgewall.review"
    ]


def test_a_token_signs_in_and_the_session_ends_with_sign_out(tmp_path: Path) -> None:
    with console(tmp_path) as served:
        browser = served.browser()
        form = browser.get("/sign-in?next=/cases%3Fstate%3Dopen")
        before = dict(browser.cookies)
        fields = {"csrf": form.field("csrf"), "token": f" {served.reviewer} ", "next": form.field("next")}
        answer = browser.post("/sign-in", fields)
        assert (answer.status, answer.location) == (303, "/cases?state=open")
        cookies = answer.headers.get_all("set-cookie") or []
        assert len(cookies) == 2
        assert all(word in cookies[0] for word in ("; HttpOnly", "; SameSite=Strict", "; Path=/"))
        assert "Secure" not in cookies[0]
        assert not set(browser.cookies.values()) & set(before.values()), "a number of its own"
        page = browser.get("/help")
        assert page.status == 200
        kept = dict(browser.cookies)
        assert browser.post("/sign-out", {"csrf": page.field("csrf")}).location == "/sign-in"
        assert browser.cookies == {}
        browser.cookies.update(kept)
        assert browser.get("/help").status == 303, "the number alone is worth nothing"
        assert deeds(served) == [("sign-in", "reviewer", "127.0.0.1"), ("sign-out", "reviewer", "127.0.0.1")]
        assert served.reviewer not in served.log()


def test_a_new_sign_in_ends_the_session_before_it(tmp_path: Path) -> None:
    with console(tmp_path) as served:
        browser = served.signed_in(served.viewer)
        old = dict(browser.cookies)
        stranger = served.browser()
        form = stranger.get("/sign-in").field("csrf")
        browser.cookies.update(stranger.cookies)
        assert browser.post("/sign-in", {"csrf": form, "token": served.reviewer}).status == 303
        assert served.browser(cookies=old).get("/help").status == 303
        assert "reviewer" in browser.get("/help").text


@pytest.mark.parametrize("token", ["", "x", "fgw_" + "A" * 43, "<script>alert(1)</script>", "é" * 100])
def test_a_wrong_token_tells_nothing(tmp_path: Path, token: str) -> None:
    with console(tmp_path) as served:
        browser = served.browser()
        answer = browser.sign_in(token)
        assert answer.status == 403
        assert "no token of this console" in answer.text
        assert token == "" or token not in answer.text.replace('name="token"', "").replace("fgw", "") or len(token) == 1
        assert f"forgewall-{served.port}" not in browser.cookies
        assert deeds(served) == [("sign-in-failed", "", "127.0.0.1")]
        assert len(token) < 2 or token not in served.log()


def test_failures_are_limited_and_a_good_token_waits_too(tmp_path: Path) -> None:
    with console(tmp_path) as served:
        browser = served.browser()
        assert [browser.sign_in("wrong").status for _ in range(PER_CLIENT)] == [403] * PER_CLIENT
        answer = browser.sign_in(served.reviewer)
        assert answer.status == 429
        assert 0 < int(answer.headers["retry-after"]) <= WINDOW.total_seconds()
        assert served.browser(client="127.0.0.2").sign_in(served.reviewer).status == 303, "from elsewhere"
        served.clock.pass_by(WINDOW)
        assert browser.sign_in(served.reviewer).status == 303


def test_strangers_cant_flood_the_log(tmp_path: Path) -> None:
    with console(tmp_path) as served:
        for n in range(60):
            served.browser(client=f"127.0.1.{n + 1}").sign_in("wrong")
        assert len(deeds(served)) == 20
        served.clock.pass_by(timedelta(minutes=1))
        served.browser(client="127.0.2.1").sign_in("wrong")
        assert "40 more were not written" in served.log().splitlines()[-1]


def test_sessions_end_by_themselves(tmp_path: Path) -> None:
    with console(tmp_path) as served:
        browser = served.signed_in(served.viewer)
        served.clock.pass_by(IDLE)
        assert browser.get("/help").status == 303
        browser = served.signed_in(served.viewer)
        for _ in range(int(ABSOLUTE / timedelta(minutes=30)) - 1):
            served.clock.pass_by(timedelta(minutes=30))
            assert browser.get("/help").status == 200
        served.clock.pass_by(timedelta(minutes=30))
        assert browser.get("/help").status == 303


def test_a_revoked_token_ends_its_sessions(tmp_path: Path) -> None:
    with console(tmp_path) as served:
        browser, other = served.signed_in(served.reviewer), served.signed_in(served.viewer)
        Tokens(served.settings.token_file).revoke("reviewer")
        assert browser.get("/help").status == 303
        assert other.get("/help").status == 200
        served.settings.token_file.chmod(0o644)
        (served.settings.token_file).touch()
        answer = other.get("/help")
        assert answer.status == 503
        assert "chmod 600" in answer.text


def test_tokens_that_are_gone_are_told_from_wrong_ones(tmp_path: Path) -> None:
    with console(tmp_path) as served:
        browser = served.signed_in(served.reviewer)
        served.settings.token_file.rename(tmp_path / "elsewhere")
        assert browser.get("/help").location == "/sign-in?next=/help"
        answer = browser.sign_in(served.reviewer)
        assert answer.status == 503
        assert "file of tokens is gone" in answer.text
        (tmp_path / "elsewhere").rename(served.settings.token_file)
        assert browser.sign_in(served.reviewer).status == 303


def test_who_is_signed_in_needs_no_form(tmp_path: Path) -> None:
    with console(tmp_path) as served:
        browser = served.signed_in(served.viewer)
        assert browser.get("/sign-in?next=/policy").location == "/policy"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/cases?state=open", "/cases?state=open"),
        ("/", "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("/%0d%0aset-cookie:x", "/%0d%0aset-cookie:x"),
        ("/é", "/"),
        ("/sign-in?next=/sign-in", "/"),
        ("/sign-out", "/"),
        ("/" + "a" * 3000, "/"),
    ],
)
def test_where_one_goes_after_sign_in(text: str, path: str) -> None:
    assert local_path(text) == path

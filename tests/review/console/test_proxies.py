"""Whom a reverse proxy's headers name, and whose headers count at all; then the same over a socket."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.review.console.served import Console, console

from forgewall.review.console.proxies import HeaderError, TrustedProxies, is_loopback, plain_address
from forgewall.review.person import Person, Role

PROXY, STRANGER = "127.0.0.3", "127.0.0.1"
PROXIES = TrustedProxies(
    networks=(ipaddress.ip_network(f"{PROXY}/32"),),
    user_header="X-Forwarded-User",
    role_header="X-Forwarded-Role",
    reviewers=frozenset({"ana"}),
)


def named(*pairs: tuple[str, str]) -> Person | None:
    return PROXIES.person([(name.lower().encode(), value.encode()) for name, value in pairs])


def test_whom_it_names_and_what_he_may() -> None:
    user = "X-Forwarded-User"
    assert named() is None
    assert named((user, "")) is None
    assert named((user, "ben")) == Person(name="ben", source="header", role=Role.VIEWER)
    assert named((user, "ana")) == Person(name="ana", source="header", role=Role.REVIEWER)
    assert named((user, "Ana")) == Person(name="Ana", source="header", role=Role.VIEWER)
    for said, role in (("reviewer", Role.REVIEWER), ("staff, Reviewer", Role.REVIEWER), ("reviewers", Role.VIEWER)):
        assert named((user, "ben"), ("X-Forwarded-Role", said)) == Person(name="ben", source="header", role=role)


@pytest.mark.parametrize(
    "pairs",
    [
        [("X-Forwarded-User", "ben"), ("X-Forwarded-User", "ana")],
        [("X-Forwarded-User", "ben"), ("X-Forwarded-Role", "viewer"), ("X-Forwarded-Role", "reviewer")],
        [("X-Forwarded-User", "a\x1b[2Jb")],
        [("X-Forwarded-User", "a\u202eb")],
        [("X-Forwarded-User", "x" * 129)],
    ],
)
def test_what_cant_be_relied_upon(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(HeaderError):
        named(*pairs)


def test_which_peers_are_trusted() -> None:
    assert PROXIES.trusts(PROXY)
    assert PROXIES.trusts(f"::ffff:{PROXY}")
    for peer in (STRANGER, "127.0.0.30", "::1", "", "x", f"{PROXY}.evil.example"):
        assert not PROXIES.trusts(peer)


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("6.6.6.6, 10.1.2.3", "10.1.2.3"),
        (f"6.6.6.6, 10.1.2.3, {PROXY}", "10.1.2.3"),
        ("2001:db8::1", "2001:db8::1"),
        ("unknown", PROXY),
        ("10.1.2.3, unknown", PROXY),
        ("", PROXY),
    ],
)
def test_who_is_behind_it(value: str, client: str) -> None:
    assert PROXIES.client(PROXY, [(b"x-forwarded-for", value.encode())]) == client


def test_whether_the_clients_connection_is_encrypted() -> None:
    for values, secure in (
        (["https"], True),
        (["HTTPS"], True),
        (["http"], False),
        ([], False),
        (["https", "http"], False),
        (["http, https"], False),
    ):
        assert PROXIES.secure([(b"x-forwarded-proto", value.encode()) for value in values]) is secure


@given(st.text())
def test_any_text_can_be_an_address(text: str) -> None:
    plain_address(text)
    is_loopback(text)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("console"), proxies=PROXIES, with_tokens=False) as one:
        yield one


def https(name: str, **more: str) -> dict[str, str]:
    return {"X-Forwarded-User": name, "X-Forwarded-Proto": "https", "X-Forwarded-For": "10.1.2.3"} | {
        key.replace("_", "-"): value for key, value in more.items()
    }


def test_the_proxy_signs_people_in(served: Console) -> None:
    browser = served.browser(client=PROXY, extra=https("ben"))
    answer = browser.get("/help")
    assert answer.status == 200
    assert "ben" in answer.text
    assert set(browser.cookies) == {"__Host-forgewall"}
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"))
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"]
    assert browser.post("/triage", {"csrf": browser.csrf(), "case": "C-0123456789"}).status == 403


def test_nobody_else_is_believed(served: Console) -> None:
    browser = served.browser(client=STRANGER, extra=https("ana", X_Forwarded_Role="reviewer"))
    answer = browser.get("/help")
    assert answer.status == 401
    assert "names nobody" in answer.text
    assert "ana" not in answer.text
    assert browser.post("/triage", {"csrf": "x"}).status == 401
    assert browser.cookies == {}


def test_a_session_belongs_to_whom_the_proxy_names(served: Console) -> None:
    ana = served.browser(client=PROXY, extra=https("ana"))
    token = ana.csrf()
    ben = served.browser(client=PROXY, extra=https("ben"), cookies=dict(ana.cookies))
    assert "ben" in ben.get("/help").text
    assert ben.cookies != ana.cookies
    assert ben.post("/triage", {"csrf": token}).status == 403
    stolen = served.browser(client=STRANGER, cookies=dict(ana.cookies))
    assert stolen.get("/help").status == 401, "a session made by a header doesn't outlive it"


def test_a_reviewer_that_the_proxy_names_may_change_something(served: Console) -> None:
    ana = served.browser(client=PROXY, extra=https("ana"))
    assert ana.post("/triage", {"csrf": ana.csrf(), "case": "C-0123456789"}).status == 400, "there is no such case"
    role = served.browser(client=PROXY, extra=https("cy", X_Forwarded_Role="reviewer"))
    assert role.post("/triage", {"csrf": role.csrf(), "case": "C-0123456789"}).status == 400


def test_no_token_signs_in_where_the_proxy_does(served: Console) -> None:
    browser = served.browser(client=STRANGER)
    assert browser.get("/sign-in").status == 401
    inside = served.browser(client=PROXY, extra={"X-Forwarded-Proto": "https"})
    assert inside.get("/sign-in").status == 401
    assert inside.post("/sign-in", {"token": served.reviewer}).status == 403


def test_an_unencrypted_client_is_refused(served: Console) -> None:
    plain = served.browser(client=PROXY, extra={"X-Forwarded-User": "ana", "X-Forwarded-For": "10.1.2.3"})
    answer = plain.get("/help")
    assert answer.status == 403
    assert "isn't encrypted" in answer.text.replace("&#39;", "'")
    assert plain.cookies == {}


def test_two_names_are_refused(served: Console) -> None:
    browser = served.browser(client=PROXY, extra=https("ana", x_forwarded_user="ben"))
    assert browser.get("/help").status == 400


def test_an_http_cookie_is_no_session_over_https(tmp_path: Path) -> None:
    proxies = TrustedProxies(networks=PROXIES.networks)
    with console(tmp_path, proxies=proxies) as one:
        plain = one.browser()
        plain.sign_in(one.viewer)
        assert plain.get("/help").status == 200
        number = plain.cookies[f"forgewall-{one.port}"]
        https_only = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.1.2.3"}
        assert one.browser(client=PROXY, extra=https_only, cookies=dict(plain.cookies)).get("/help").status == 303
        over = one.browser(client=PROXY, extra=https_only)
        assert over.sign_in(one.viewer).status == 303
        assert over.get("/help").status == 200
        assert set(over.cookies) == {"__Host-forgewall"}
        assert over.cookies["__Host-forgewall"] != number
        assert '"address":"10.1.2.3"' in one.log()

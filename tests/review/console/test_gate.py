"""What every request must pass, tried on every route that the application has, over real sockets."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Mount, Route
from tests.record.samples import decision
from tests.review.console.served import Browser, Console, console, written

from forgewall.review.console.app import create_app
from forgewall.review.console.rendering import TEMPLATES

PUBLIC = {"/sign-in"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    directory = tmp_path_factory.mktemp("console")
    written(directory, decision())
    with console(directory) as one:
        yield one


def every_route(served: Console) -> list[tuple[str, str]]:
    """Method and a path for each route of the application, parameters filled in."""
    found = []
    for route in create_app(served.settings).routes:
        if isinstance(route, Mount):
            assert route.path == "/static"
            found.append(("GET", "/static/style.css"))
            continue
        assert isinstance(route, Route)
        path = re.sub(r"\{[^}]*\}", "C-0123456789", route.path)
        found += [(method, path) for method in sorted(route.methods or ())]
    return found


def test_there_are_the_routes_that_tests_know(served: Console) -> None:
    posts = {path for method, path in every_route(served) if method == "POST"}
    assert {"/sign-in", "/sign-out", "/triage"} <= posts
    assert all(method in ("GET", "HEAD", "POST") for method, _ in every_route(served))


def test_without_a_session_nothing_is_shown_or_done(served: Console) -> None:
    for method, path in every_route(served):
        browser = served.browser()
        if method == "POST":
            answer = browser.post(path, {"csrf": "0" * 64})
            assert answer.status == (403 if path in PUBLIC else 401), path
        else:
            answer = browser.send(method, path)
            if path in PUBLIC or path.startswith("/static/"):
                assert answer.status == 200, path
            else:
                assert (answer.status, answer.location.split("?")[0]) == (303, "/sign-in"), path
                assert answer.text == ""


def test_a_made_up_session_is_none(served: Console) -> None:
    for number in ("f" * 64, "x", "", "f" * 5000, "' OR 1=1"):
        browser = served.browser(cookies={f"forgewall-{served.port}": number})
        assert browser.get("/help").status == 303


def test_an_unknown_path_tells_a_stranger_nothing(served: Console) -> None:
    assert served.browser().get("/nothing/here").status == 303
    answer = served.signed_in(served.viewer).get("/nothing/here")
    assert answer.status == 404
    assert "There is no such page" in answer.text


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, "another site"),
        ({"Sec-Fetch-Site": "same-site"}, "another site"),
        ({"Sec-Fetch-Site": "none"}, "another site"),
        ({"Origin": "https://evil.example"}, "another address"),
        ({"Sec-Fetch-Site": None, "Origin": "https://evil.example"}, "another address"),
        ({"Sec-Fetch-Site": None, "Origin": "null"}, "tell which page"),
        ({"Sec-Fetch-Site": None}, "tell which page"),
        ({"Sec-Fetch-Site": None, "Origin": "http://127.0.0.1:1"}, "another address"),
        ({"Sec-Fetch-Site": None, "Origin": "https://127.0.0.1"}, "another address"),
    ],
)
def test_no_post_from_elsewhere_is_taken(served: Console, headers: dict[str, str | None], word: str) -> None:
    browser = served.signed_in(served.reviewer)
    token = browser.csrf()
    for method, path in every_route(served):
        if method == "POST":
            fields = {"csrf": token if path not in PUBLIC else browser_form(served, browser)}
            answer = browser.post(path, fields, headers)
            assert answer.status == 403, path
            assert word in answer.text, path
    assert browser.get("/help").status == 200, "still signed in"


def browser_form(served: Console, browser: Browser) -> str:
    stranger = served.browser()
    form = stranger.get("/sign-in").field("csrf")
    browser.cookies.update(stranger.cookies)
    return form


def test_no_post_without_the_sessions_own_token_is_taken(served: Console) -> None:
    browser, other = served.signed_in(served.reviewer), served.signed_in(served.reviewer)
    foreign = other.csrf()
    assert foreign != browser.csrf()
    for method, path in every_route(served):
        if method == "POST":
            for fields in ({}, {"csrf": ""}, {"csrf": foreign}, {"csrf": "é"}, {"csrf": [browser.csrf(), "x"]}):
                assert browser.post(path, fields).status == 403, (path, fields)
    assert browser.get("/help").status == 200


def test_the_origin_alone_will_do_where_a_browser_sends_no_metadata(served: Console) -> None:
    browser = served.browser()
    form = browser.get("/sign-in").field("csrf")
    fields = {"csrf": form, "token": served.viewer, "next": "/help"}
    own = {"Sec-Fetch-Site": None, "Origin": f"http://127.0.0.1:{served.port}"}
    assert browser.post("/sign-in", fields, own).status == 303  # type: ignore[arg-type]


def test_a_viewer_changes_nothing(served: Console) -> None:
    browser = served.signed_in(served.viewer)
    token = browser.csrf()
    for method, path in every_route(served):
        if method == "POST" and path not in ("/sign-in", "/sign-out"):
            answer = browser.post(path, {"csrf": token, "case": "C-0123456789", "said": "confirmed"})
            assert answer.status == 403, path
            assert "only reviewers" in answer.text
    assert '"action":"forbidden"' in served.log()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"])
def test_other_methods_are_refused(served: Console, method: str) -> None:
    path = "/help" if method != "CONNECT" else "127.0.0.1:80"
    answer = served.browser().send(method, path)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.2",
        "a b",
        "",
        "[",
        "@",
    ],
)
def test_another_name_than_the_consoles_is_refused(served: Console, host: str) -> None:
    browser = served.signed_in(served.reviewer)
    for path in ("/help", "/sign-in", "/static/style.css"):
        answer = browser.send("GET", path, headers={"Host": host})
        assert answer.status == 421, path
        assert served.reviewer not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8088", "localhost."])
def test_loopback_names_will_do_at_any_port(served: Console, host: str) -> None:
    assert served.browser().send("GET", "/sign-in", headers={"Host": host}).status == 200


def test_two_hosts_or_none_are_refused(served: Console) -> None:
    for hosts in ("", "Host: 127.0.0.1\r\nHost: evil.example\r\n"):
        answer = raw(served, f"GET /sign-in HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 421"))


def raw(served: Console, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(data)
        found = b""
        while chunk := connection.recv(65536):
            found += chunk
    return found


def test_every_answer_carries_the_headers(served: Console) -> None:
    signed_in = served.signed_in(served.reviewer)
    answers = [signed_in.get(path) for method, path in every_route(served) if method == "GET"]
    answers += [served.browser().send(method, path) for method, path in every_route(served)]
    answers += [served.browser().post(path, {}) for method, path in every_route(served) if method == "POST"]
    answers += [
        signed_in.get("/nothing"),
        signed_in.send("PUT", "/"),
        signed_in.send("GET", "/", headers={"Host": "evil.example"}),
        signed_in.get("/static/nothing.css"),
        signed_in.get("/static/../app.py"),
        signed_in.send("POST", "/triage", b"x", {"Content-Type": "text/plain"}),
    ]
    assert {answer.status for answer in answers} >= {200, 303, 401, 403, 404, 405, 415, 421}
    for answer in answers:
        assert_secured(answer.headers)
        assert "Traceback" not in answer.text


def assert_secured(headers: http.client.HTTPMessage) -> None:
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers
    assert len(headers.get_all("content-security-policy") or []) == 1


def test_what_is_no_http_gets_the_headers_too(served: Console) -> None:
    answer = raw(served, b"NO HTTP AT ALL\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"content-security-policy: default-src 'none'" in answer


def test_pages_hold_no_inline_script_or_style(served: Console) -> None:
    browser = served.signed_in(served.reviewer)
    for method, path in every_route(served):
        if method == "GET" and not path.startswith("/static/"):
            text = browser.get(path).text
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", text), path


def test_no_template_lets_a_value_pass_as_markup() -> None:
    for template in sorted(TEMPLATES.glob("*.html")):
        assert not re.search(r"\|\s*safe\b|autoescape\s+false", template.read_text(encoding="utf-8")), template.name


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"a=" + b"x" * 70_000, {"Content-Type": FORM}, 413),
        (b"", {"Content-Type": FORM, "Content-Length": "9" * 15}, 413),
        (b"&".join(b"a=1" for _ in range(200)), {"Content-Type": FORM}, 400),
        (b"a=%ff", {"Content-Type": FORM}, 400),
        (b"a=\xff", {"Content-Type": FORM}, 400),
        (b'{"csrf": 1}', {"Content-Type": "application/json"}, 415),
        (b"csrf=1", {"Content-Type": "text/plain"}, 415),
        (b"x", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"", {}, 415),
    ],
)
def test_only_short_forms_are_read(served: Console, body: bytes, headers: dict[str, str], status: int) -> None:
    for browser in (served.browser(), served.signed_in(served.reviewer)):
        for path in ("/sign-in", "/triage"):
            answer = browser.send("POST", path, body or None, headers)
            assert answer.status == status
            assert_secured(answer.headers)


def test_a_chunked_body_has_the_same_limit(served: Console) -> None:
    head = f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = raw(
        served, head.encode() + b"ffff\r\n" + b"x" * 0xFFFF + b"\r\nffff\r\n" + b"x" * 0xFFFF + b"\r\n0\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_link_from_elsewhere_comes_in_with_its_session(served: Console) -> None:
    """The cookie doesn't come with it, so that the visit starts anew from a page of ours."""
    answer = served.browser().get(
        "/cases?state=open&text=<b>", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    )
    assert answer.status == 200
    assert 'content="0;url=/cases?state=open&amp;text=' in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize("path", ["//evil.example/x", "/%09/evil.example", "/%2Fevil.example"])
def test_a_link_from_elsewhere_leads_nowhere_else(served: Console, path: str) -> None:
    answer = served.browser().get(path, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert 'content="0;url=/"' in answer.text
    assert "evil" not in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(("mode", "dest"), [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")])
def test_no_page_is_part_of_another_sites(served: Console, site: str, mode: str, dest: str) -> None:
    """Another port of localhost is the same site: the cookie comes along, and the time of an answer can be measured."""
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    for browser in (served.browser(), served.signed_in(served.viewer)):
        for path in ("/cases?text=loot", "/sign-in", "/live/part"):
            answer = browser.get(path, headers)
            assert (answer.status, "set-cookie" in answer.headers) == (403, False)
            assert_secured(answer.headers)


def test_htmx_is_sent_to_the_sign_in_page_as_a_whole(served: Console) -> None:
    answer = served.browser().get("/cases?state=open", {"HX-Request": "true"})
    assert answer.status == 401
    assert answer.headers["hx-redirect"] == "/sign-in?next=/cases%3Fstate%3Dopen"


def test_gets_change_nothing(served: Console, tmp_path: Path) -> None:
    browser = served.signed_in(served.reviewer)
    before = served.log(), served.settings.policy.read_bytes(), served.settings.token_file.read_bytes()
    for method, path in every_route(served):
        if method in ("GET", "HEAD"):
            browser.send(method, path)
    assert (served.log(), served.settings.policy.read_bytes(), served.settings.token_file.read_bytes()) == before


def test_an_exception_is_a_page_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from forgewall.review.console.pages import help as page

    def broken(request: object) -> None:
        raise RuntimeError("secret-in-exception")

    monkeypatch.setattr(page, "routes", [replace_route(page.routes[0], broken)])
    with console(tmp_path) as one:
        browser = one.browser()
        browser.sign_in(one.viewer)
        answer = browser.get("/help")
    assert answer.status == 500
    assert_secured(answer.headers)
    assert "went wrong" in answer.text
    assert "secret-in-exception" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


def replace_route(route: Route, endpoint: object) -> Route:
    return Route(route.path, endpoint)  # type: ignore[arg-type]

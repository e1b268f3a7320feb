from __future__ import annotations

import pytest
from tests.enforce.samples import CONTACT, request

from forgewall.enforce.answer import Reply
from forgewall.enforce.landing import landing
from forgewall.model import Request

PEM = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
PROXY = "http://proxy.acme.example:8080"


def ask(asked: Request, contact: str = CONTACT) -> Reply:
    return landing(asked, contact=contact, certificate_pem=PEM, fingerprint="AB:CD", proxy=PROXY)


def header(reply: Reply, name: str) -> str | None:
    return next((value for key, value in reply.headers if key == name), None)


def test_curl_gets_text_with_contact_link_and_steps() -> None:
    reply = ask(request("/", accept="*/*", host="evil.example"))
    text = reply.body.decode()
    assert reply.status == 200
    assert header(reply, "content-type") == "text/plain; charset=utf-8"
    for part in (CONTACT, f"{PROXY}/forgewall-ca.pem", "AB:CD", "update-ca-certificates", "NODE_EXTRA_CA_CERTS"):
        assert part in text
    assert "evil.example" not in text  # never an address from the request


def test_a_browser_gets_a_page_with_a_download_link() -> None:
    reply = ask(request("/", accept="text/html"), contact="<b>us</b>")
    page = reply.body.decode()
    assert header(reply, "content-type") == "text/html; charset=utf-8"
    assert '<a href="/forgewall-ca.pem" download>' in page
    assert "&lt;b&gt;us&lt;/b&gt;" in page
    policy = header(reply, "content-security-policy")
    assert policy is not None
    assert "sandbox" not in policy  # it would forbid the download


def test_the_certificate_is_served_as_it_is() -> None:
    reply = ask(request("/forgewall-ca.pem"))
    assert (reply.status, reply.body) == (200, PEM)
    assert header(reply, "content-disposition") == 'attachment; filename="forgewall-ca.pem"'


def test_head_is_answered_without_a_body() -> None:
    assert (ask(request("/", "HEAD")).status, ask(request("/", "HEAD")).body) == (200, b"")


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/x", "GET"),
        ("/?a", "GET"),
        ("//", "GET"),
        ("/forgewall-ca.key", "GET"),
        ("/../certs/forgewall-ca.key", "GET"),
        ("/", "POST"),
        ("/forgewall-ca.pem", "PUT"),
        ("*", "OPTIONS"),
    ],
)
def test_there_is_nothing_else(path: str, method: str) -> None:
    reply = ask(request(path, method, accept="text/html"))
    assert reply.status == 404
    assert CONTACT not in reply.body.decode()
    assert header(reply, "content-type") == "text/plain; charset=utf-8"

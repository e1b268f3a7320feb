"""Which page's script may read a refusal, and by which headers."""

from __future__ import annotations

import pytest

from forgewall.enforce.answer import answer
from forgewall.enforce.origin import page_host, readable_by_page
from forgewall.identify.url import request_for
from forgewall.model import Request


def asked(*origins: str) -> Request:
    return request_for("POST", "https://x.s3.amazonaws.com/", headers=[("origin", origin) for origin in origins])


@pytest.mark.parametrize(
    ("origins", "host"),
    [
        (("https://github.com",), "github.com"),
        (("https://git.acme.example:8443",), "git.acme.example"),
        ((), None),
        (("null",), None),
        (("http://github.com",), None),
        (("https://GitHub.com",), None),
        (("https://github.com/",), None),
        (("https://github.com\r\nx: y",), None),
        (("https://github.com", "https://evil.example"), None),
        (("https://evil.example https://github.com",), None),
    ],
)
def test_a_page_is_an_https_origin_as_browsers_write_it(origins: tuple[str, ...], host: str | None) -> None:
    assert page_host(asked(*origins)) == host


def test_the_script_reads_status_body_and_event() -> None:
    reply = readable_by_page(answer(403, "text/plain", b"no", event_id="E-1"), asked("https://github.com"))
    headers = dict(reply.headers)
    assert headers["access-control-allow-origin"] == "https://github.com"
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["access-control-expose-headers"] == "x-forgewall-event"
    assert headers["vary"] == "origin"
    assert (reply.status, reply.body) == (403, b"no")

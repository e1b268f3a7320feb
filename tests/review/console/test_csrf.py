"""Which POSTs can come from a page of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.review.console.csrf import Csrf, objection

HOST = "console.acme.example:8443"


def test_a_token_fits_its_session_alone() -> None:
    one, other = Csrf(), Csrf()
    assert one.fits("a", one.token("a"))
    assert not one.fits("b", one.token("a"))
    assert not other.fits("a", one.token("a")), "each process has a key of its own"
    assert not one.fits("", one.token(""))


@given(st.text(), st.text())
def test_any_text_can_be_tried(session: str, token: str) -> None:
    assert not Csrf().fits(session, token)


@pytest.mark.parametrize(
    ("site", "origin", "scheme", "host"),
    [
        ("same-origin", None, "https", HOST),
        ("same-origin", f"https://{HOST}", "https", HOST),
        ("same-origin", "null", "https", HOST),
        (None, f"https://{HOST}", "https", HOST),
        (None, "https://console.acme.example", "https", "console.acme.example:443"),
        (None, "https://console.acme.example", "https", "Console.acme.example"),
        (None, "http://localhost", "http", "localhost:80"),
    ],
)
def test_its_own_pages_may(site: str | None, origin: str | None, scheme: str, host: str) -> None:
    assert objection(site=site, origin=origin, scheme=scheme, host=host) == ""


@pytest.mark.parametrize(
    ("site", "origin"),
    [
        ("cross-site", None),
        ("same-site", f"https://{HOST}"),
        ("none", f"https://{HOST}"),
        ("", f"https://{HOST}"),
        ("same-origin", "https://evil.example"),
        ("same-origin", ""),
        (None, None),
        (None, "null"),
        (None, ""),
        (None, f"http://{HOST}"),
        (None, "https://console.acme.example"),
        (None, f"https://{HOST}.evil.example"),
        (None, f"https://evil.example/{HOST}"),
    ],
)
def test_nothing_else_may(site: str | None, origin: str | None) -> None:
    assert objection(site=site, origin=origin, scheme="https", host=HOST).endswith(".")

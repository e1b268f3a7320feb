"""Where people ask for an approval: which templates are taken, and that nothing filled in chooses where one leads."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.decide.load import parse
from forgewall.decide.request_url import PLACEHOLDERS, wrong_with
from forgewall.errors import PolicyError

GOOD = "https://help.acme.example/new?event={event}&repo={address}&what={operation}"


@pytest.mark.parametrize(
    "template",
    [
        GOOD,
        "http://wiki:8080/ask/{event}",
        "https://acme.example?{event}",
        "https://[2001:db8::1]:8443/#{event}",
        "https://acme.example/a%20b?x={event}",
        "https://acme.example/~x/(y);z='1'!?a={event}&b={event}",
    ],
)
def test_templates_are_taken(template: str) -> None:
    assert wrong_with(template) == ("", "")
    assert parse(f"version: 1\nrequest_url: {template}\n", "p.yaml").request_url == template


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("help.acme.example/{event}", "must begin with https:// or http://"),
        ("javascript:alert({event})", "must begin with https:// or http://"),
        ("mailto:ana@acme.example?subject={event}", "must begin with https:// or http://"),
        ("HTTPS://acme.example/{event}", "must begin with https:// or http://"),
        ("https://ana:pw@acme.example/{event}", "holds a user's name or a password"),
        ("https://{event}.acme.example/", "only what follows the host can be filled in"),
        ("https://acme.example:{event}/", "only what follows the host can be filled in"),
        ("https://acme.example/new", "doesn't say where the event's id goes"),
        ("https://acme.example/{event}/{user}", "holds `{user}`, which nothing can be filled in for"),
        ("https://acme.example/{event}/{}", "holds `{}`, which nothing can be filled in for"),
        ("https://acme.example/{event}/{ event }", "nothing can be filled in for"),
        ("https://acme.example/{{event}}", "a brace has no partner"),
        ("https://acme.example/{event}{", "a brace has no partner"),
        ("https://acme.example/{event}}", "a brace has no partner"),
        ("https://acme.example/{event} x", "is not a URL"),
        ("https://acme.example/{event}%2", "is not a URL"),
        ('https://acme.example/{event}"', "is not a URL"),
        ("https://acme.example\\@evil.example/{event}", "holds a user's name"),
        ("https://acme.example\\evil/{event}", "is not a URL"),
        ("https:///{event}", "is not a URL"),
        ("https://-/{event}", "is not a URL"),
        ("https://аcme.example/{event}", "is not a URL"),
        ("https://acme.example/{event}" + "x" * 300, "longer than 300 characters"),
    ],
)
def test_what_is_no_template_is_told(template: str, said: str) -> None:
    assert said in wrong_with(template)[0]
    quoted = template.replace("'", "''")
    with pytest.raises(PolicyError, match=r"p\.yaml:2:14: `request_url` "):
        parse(f"version: 1\nrequest_url: '{quoted}'\n", "p.yaml")


@pytest.mark.parametrize(("word", "meant"), [("evnt", "event"), ("repo", "address"), ("id", "event"), ("op", "")])
def test_the_nearest_placeholder_is_named(word: str, meant: str) -> None:
    hint = wrong_with(f"https://acme.example/{{event}}/{{{word}}}")[1]
    assert hint == (f"did you mean `{meant}`?" if meant else "there are {event}, {address} and {operation}")


def test_a_password_is_not_repeated() -> None:
    assert "hunter2" not in " ".join(wrong_with("https://ana:hunter2@acme.example/{event}"))


@given(st.text(alphabet="htps:/.{}event@#?%2\\ab&=", max_size=40), st.text(alphabet="/?#@:.\\ax", max_size=10))
def test_whatever_is_filled_in_a_template_leads_to_its_own_host(text: str, filled: str) -> None:
    template = f"https://acme.example{text}"
    if wrong_with(template) != ("", ""):
        return
    link = template
    for word in PLACEHOLDERS:
        link = link.replace(f"{{{word}}}", filled)
    before, after = urlsplit(template), urlsplit(link)
    assert (before.scheme, before.netloc) == (after.scheme, after.netloc)

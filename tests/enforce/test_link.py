"""A refused person's link: filled in from the refusal, whole, and shown where it can be clicked or copied."""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.enforce.link import MOST, request_link
from forgewall.enforce.refusal import Refusal
from forgewall.enforce.reply import refuse
from forgewall.model import Operation, Request

TEMPLATE = "https://help.acme.example/new?event={event}&repo={address}&what={operation}"
REFUSAL = Refusal(
    code="unapproved",
    reason="github.com/mallory/loot is not an approved repository",
    contact="security@acme.example",
    event_id="01KB5Q7W5T0000000000000002",
    address="github.com/mallory/loot",
    operation=Operation.PUSH,
    request_url=TEMPLATE,
)
LINK = "https://help.acme.example/new?event=01KB5Q7W5T0000000000000002&repo=github.com%2Fmallory%2Floot&what=push"


def test_the_link_names_event_address_and_operation() -> None:
    assert request_link(REFUSAL) == LINK


@pytest.mark.parametrize(
    "refusal",
    [
        replace(REFUSAL, request_url=""),
        replace(REFUSAL, event_id=None),
        replace(REFUSAL, code="forbidden"),
        replace(REFUSAL, code="framing"),
        replace(REFUSAL, code="log-unwritable"),
    ],
    ids=["no template", "no event", "closed on purpose", "the client's own mistake", "our own fault"],
)
def test_there_is_no_link_where_asking_does_not_help(refusal: Refusal) -> None:
    assert request_link(refusal) == ""


@given(address=st.text(max_size=200), event=st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=1))
def test_what_a_client_chose_adds_nothing_to_the_link(address: str, event: str) -> None:
    link = request_link(replace(REFUSAL, address=address, event_id=event[:26]))
    assert link.isascii()
    assert len(link) <= MOST
    assert not set(link) & set("\"'<> \r\n\\`{}")
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", "help.acme.example", "/new", "")
    told = dict(parse_qsl(parts.query, keep_blank_values=True))
    assert told.keys() == {"event", "repo", "what"}
    assert told["event"] == event[:26]
    assert told["repo"] in {"", address.encode("utf-8", "replace").decode()}


def test_an_address_that_names_a_placeholder_stays_what_it_is() -> None:
    link = request_link(replace(REFUSAL, address="github.com/{event}/{operation}"))
    assert "repo=github.com%2F%7Bevent%7D%2F%7Boperation%7D&what=push" in link


def test_a_long_address_is_left_out() -> None:
    assert request_link(replace(REFUSAL, address="github.com/" + "é" * 300)) == LINK.replace(
        "github.com%2Fmallory%2Floot", ""
    )


def body(path: str, *, method: str = "GET", accept: str = "*/*", host: str = "github.com") -> str:
    request = Request(method=method, scheme="https", host=host, port=443, path=path, headers=(("accept", accept),))
    return refuse(REFUSAL, request, None).body.decode()


def test_git_shows_it_on_a_line_of_its_own() -> None:
    told = body("/mallory/loot.git/info/refs?service=git-receive-pack")
    assert told.splitlines()[-1] == f"Ask here: {LINK}"


def test_json_has_it_in_the_message_and_as_a_field() -> None:
    told = json.loads(
        body("/repos/mallory/loot/contents/a", method="PUT", host="api.github.com", accept="application/json")
    )
    assert told["message"].endswith(f" Ask here: {LINK}")
    assert told["forgewall"]["request_url"] == LINK


def test_a_page_links_to_it() -> None:
    told = body("/mallory/loot/issues", method="POST", accept="text/html")
    href = told.partition('href="')[2].partition('"')[0]
    assert "&amp;" in href
    assert unescape(href) == LINK

"""What an address asks for, and addresses made of it."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from forgewall.review.console.pages.asked import MAX_WORD, Asked, asked, link
from forgewall.review.filters import Filters

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def of(query: str, **fixed: str) -> Asked:
    scope = {"type": "http", "method": "GET", "path": "/cases", "query_string": query.encode(), "headers": []}
    return asked(Request({**scope, "server": ("console", 80), "scheme": "http"}), NOW, **fixed)


def test_filters_and_what_was_typed() -> None:
    one = of("user=ana&user=ben&operation=push&page=3&before=X&text=&nonsense=1")
    assert one.filters == Filters(user=("ana", "ben"), operation=("push",))
    assert one.value("user") == "ana,ben"
    assert [chip.label for chip in one.chips] == ["User", "Operation"]
    assert one.chips[0].without == "/cases?operation=push"
    assert one.link("/events", page="2") == "/events?user=ana&user=ben&operation=push&page=2"
    assert one.link(user=None, operation="") == "/cases"


def test_what_cant_be_understood_is_said_and_shown_again() -> None:
    one = of("operation=psuh")
    assert "did you mean `push`" in one.error
    assert one.filters == Filters()
    assert one.value("operation") == "psuh"


def test_what_a_page_fixes_holds() -> None:
    assert of("dataset=decision&user=ana", dataset="policy,review").filters == Filters(
        dataset=("policy", "review"), user=("ana",)
    )


@given(st.lists(st.tuples(st.sampled_from(["text", "user", "address", "since", "page"]), st.text()), max_size=90))
def test_any_address_is_understood_or_refused_with_a_sentence(words: list[tuple[str, str]]) -> None:
    one = of(urlencode(words, errors="replace"))
    assert len(one.words) <= 64
    assert all(len(value) <= MAX_WORD for _, value in one.words)
    assert one.link().startswith("/cases")
    again = of(urlsplit(one.link()).query)
    assert again.words == one.words or any(value != value.strip() for _, value in one.words)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_link_holds_what_it_is_given(name: str, value: str) -> None:
    made = link("/x", [(name, value)])
    assert made.startswith("/x")
    assert parse_qsl(urlsplit(made).query, keep_blank_values=True) == ([(name, value)] if value else [])

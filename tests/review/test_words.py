"""Words as searches see them."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forgewall.review.words import asked, folded, found, question


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Blocked git push to GitHub.com/Acme/api_v2!", "blocked git push to github com acme api v2"),
        ("STRASSE straße ﬁx Ⅳ", "strasse strasse fix iv"),
        ("", ""),
        ("-- \x00 | \"'", ""),
        ("x" * 500, "x" * 64),
    ],
)
def test_words_are_folded(text: str, words: str) -> None:
    assert folded(text) == words


@pytest.mark.parametrize(
    ("search", "text", "fits"),
    [
        ("push acme", "acme did push", True),
        ("acme/api", "github.com/acme/api", True),
        ("acme/api", "api acme", False),
        ("ac", "acme", True),
        ("ac push", "acme push", False),
        ("push ac", "acme push", True),
        ("", "anything", True),
        ("...", "anything", True),
        ("zebra", "", False),
    ],
)
def test_all_words_must_occur_and_the_last_may_go_on(search: str, text: str, fits: bool) -> None:
    assert found(asked(search), folded(text)) is fits


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
near = st.text("aAb.-_ é'\"*():^{}1", max_size=15)


@given(st.lists(anything | near, min_size=1, max_size=5), anything | near)
def test_the_full_text_index_finds_the_same(texts: list[str], search: str) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE search USING fts5(words, tokenize='ascii')")
        connection.executemany("INSERT INTO search VALUES (?)", [(folded(text),) for text in texts])
        wanted = asked(search)
        if wanted:
            terms = [(word, index == len(wanted) - 1) for index, word in enumerate(wanted)]
            rows = connection.execute("SELECT rowid - 1 FROM search WHERE search MATCH ?", (question(terms),))
            assert {row for (row,) in rows} == {
                number for number, text in enumerate(texts) if found(wanted, folded(text))
            }
    connection.close()

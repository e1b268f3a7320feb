from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forgewall.cli import selection
from forgewall.cli.parsing import Parser
from forgewall.errors import UsageError
from forgewall.review.case import State
from forgewall.review.filters import NAMES, Filters

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def chosen(*words: str) -> Filters:
    parser = Parser()
    selection.add_filters(parser, [*selection.FOR_EVENTS, "state"])
    return selection.chosen(parser.parse_args(list(words)), NOW)


def test_options_are_filters() -> None:
    assert chosen() == Filters()
    assert chosen("--since", "7d", "--until", "2026-11-24").since == NOW - timedelta(days=7)
    assert chosen("--operation", "push,issue", "--operation", "push") == Filters(operation=("push", "issue"))
    assert chosen("--state", "muted", "--case", "c-7qk2m9fd3a") == Filters(
        state=(State.MUTED,), case_id=("C-7QK2M9FD3A",)
    )
    assert chosen("--text", "a b", "--text", "c") == Filters(text="a b c")
    assert chosen("--address", "https://github.com/Acme/Api.git") == Filters(address=("github.com/Acme/Api",))


def test_every_filter_is_an_option() -> None:
    offered = {*selection.FOR_EVENTS, *selection.FOR_CASES}
    assert offered == set(NAMES) - {"alerts"}


@pytest.mark.parametrize("name", sorted(selection.WORDS))
def test_words_of_lists_complete_after_a_comma(name: str) -> None:
    parser: Any = Parser()
    selection.add_filters(parser, [name])
    (action,) = [action for action in parser._actions if action.dest == f"filter_{name}"]
    first = selection.WORDS[name][0]
    assert str(first) in action.completer("")
    assert f"x,{first}" in action.completer("x,")


def test_a_wrong_word_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="`pusch` is no operation; did you mean `push`"):
        chosen("--operation", "pusch")

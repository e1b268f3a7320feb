"""Hand-written expectations for gitlab."""

from __future__ import annotations

from typing import Any

import pytest
from tests.identify.asking import ask
from tests.identify.corpus import found, rows


@pytest.mark.parametrize("row", rows("gitlab"))
def test_corpus(row: dict[str, Any]) -> None:
    assert found(row) == row["expect"]


def test_a_number_is_answered_with_the_advice_to_use_the_path() -> None:
    evidence = ask("POST", "https://gitlab.com/api/v4/projects/42/issues").evidence
    assert evidence == (
        "the number 42 doesn't tell whose project it is; use the project's path (group%2Fproject) instead"
    )
    assert "group%2Fsubgroup" in ask("POST", "https://gitlab.com/api/v4/groups/42/epics").evidence


def test_an_unlisted_route_is_told_in_plain_words() -> None:
    target = ask("PUT", "https://gitlab.com/foo/bar/baz")
    assert target.evidence == "this kind of PUT request is not understood"

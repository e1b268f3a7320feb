"""Hand-written expectations for gitlab."""

from __future__ import annotations

from typing import Any

import pytest
from tests.identify.asking import ask
from tests.identify.corpus import found, rows


@pytest.mark.parametrize("row", rows("gitlab"))
def test_corpus(row: dict[str, Any]) -> None:
    assert found(row) == row["expect"]


def test_a_number_that_nobody_knows_is_answered_with_the_request_that_tells_it() -> None:
    evidence = ask("POST", "https://gitlab.com/api/v4/projects/42/issues").evidence
    assert evidence == "nobody has said yet whose project 42 is; GET https://gitlab.com/api/v4/projects/42 tells it"
    evidence = ask("POST", "https://gl.example:8443/gitlab/api/v4/groups/42/epics").evidence
    assert evidence.endswith("which group 42 is; GET https://gl.example:8443/gitlab/api/v4/groups/42 tells it")


def test_an_unlisted_route_is_told_in_plain_words() -> None:
    target = ask("PUT", "https://gitlab.com/foo/bar/baz")
    assert target.evidence == "this kind of PUT request is not understood"

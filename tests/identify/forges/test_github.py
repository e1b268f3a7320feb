"""GitHub: hand-written expectations for its REST API, web pages, gists and package registries."""

from __future__ import annotations

from typing import Any

import pytest
from tests.identify.corpus import found, rows


@pytest.mark.parametrize("row", rows("github"))
def test_corpus(row: dict[str, Any]) -> None:
    assert found(row) == row["expect"]

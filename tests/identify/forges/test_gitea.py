"""Hand-written expectations for gitea."""

from __future__ import annotations

from typing import Any

import pytest
from tests.identify.corpus import found, rows


@pytest.mark.parametrize("row", rows("gitea"))
def test_corpus(row: dict[str, Any]) -> None:
    assert found(row) == row["expect"]

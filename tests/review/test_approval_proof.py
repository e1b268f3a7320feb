"""What is said where an edited policy isn't good."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forgewall.review.approval_proof import UnfitError, proven

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TESTED = """\
version: 1
approved: [github.com/mallory/loot]
tests: [{do: git push https://github.com/mallory/loot, expect: block}]
"""


def test_a_test_that_contradicts_an_approval_has_to_be_changed_first() -> None:
    with pytest.raises(UnfitError, match=r"(?s)p\.yaml:3:14: the test .* expects block.*change it first"):
        proven(TESTED, "p.yaml", NOW)


def test_other_mistakes_tell_of_no_test() -> None:
    with pytest.raises(UnfitError) as caught:
        proven(TESTED.replace("approved", "approvd"), "p.yaml", NOW)
    assert "change it first" not in str(caught.value)

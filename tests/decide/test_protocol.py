"""The verdicts no entry can lift: their shape, and that they block."""

from __future__ import annotations

import pytest

from forgewall.decide.protocol import BUILT_IN, internal_error, log_unwritable, protocol_block
from forgewall.model import Action

BUILT_IN_VERDICTS = {
    "host-mismatch": protocol_block("host-mismatch", "the names differ"),
    "internal-error": internal_error(),
    "log-unwritable": log_unwritable(),
}


@pytest.mark.parametrize("code", BUILT_IN_VERDICTS)
def test_a_protocol_verdict_blocks_by_a_built_in_rule(code: str) -> None:
    verdict = BUILT_IN_VERDICTS[code]
    assert (verdict.action, verdict.would_action) == (Action.BLOCK, None)
    assert (verdict.code, verdict.rule, verdict.reference) == (code, f"protocol/{code}", BUILT_IN)
    assert verdict.reason
    assert not verdict.reason.endswith(".")


def test_the_reason_is_kept_as_it_is() -> None:
    assert protocol_block("port", "only 443 is open").reason == "only 443 is open"

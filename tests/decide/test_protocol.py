"""The verdicts no entry can lift: their shape, and that they block."""

from __future__ import annotations

import pytest

from forgewall.decide.load import parse
from forgewall.decide.protocol import BUILT_IN, internal_error, log_unwritable, other_host, protocol_block
from forgewall.model import Action, Verdict

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


def other(text: str) -> Verdict:
    return other_host(parse(f"version: 1\n{text}", "p.yaml"), "example.com")


def test_another_host_is_blocked_where_the_policy_says_so() -> None:
    verdict = other("defaults:\n  other_hosts: block\n")
    assert (verdict.action, verdict.would_action, verdict.code) == (Action.BLOCK, None, "other-host")
    assert (verdict.rule, verdict.reference) == ("defaults/other_hosts", "p.yaml:3")
    assert "example.com" in verdict.reason
    assert not verdict.reason.endswith(".")


def test_observe_mode_only_tells_that_another_host_would_be_blocked() -> None:
    verdict = other("mode: observe\ndefaults: {other_hosts: block}\n")
    assert (verdict.action, verdict.would_action) == (Action.LOG, Action.BLOCK)
    assert verdict.reference == "p.yaml:3"

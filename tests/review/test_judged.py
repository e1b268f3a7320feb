"""One recorded request under the policy of today."""

from __future__ import annotations

import pytest
from tests.review.recordings import START, policy, recorded

from forgewall.decide.policy import Policy
from forgewall.review.judged import Answer, judged
from forgewall.review.replay_judge import CONTENT, LIMITS, NO_TARGET, PROTOCOL

ADDRESS = "github.com/acme/api"
APPROVED = f"approved: [{ADDRESS}]"


@pytest.mark.parametrize(
    ("law", "answer"),
    [
        (policy(""), Answer.REFUSED),
        (policy("mode: observe"), Answer.WOULD_REFUSE),
        (policy("defaults: {writes: log}"), Answer.LOGGED),
        (policy(APPROVED), Answer.PASSES),
    ],
)
def test_what_would_come_of_it_today(law: Policy, answer: Answer) -> None:
    found = judged(law, recorded(ADDRESS), START, code="unapproved", rule="defaults/writes")
    assert (found.answer, found.cause) == (answer, "")
    assert found.verdict is not None
    assert found.verdict.trace


def test_of_what_no_repository_was_read_nothing_is_said() -> None:
    found = judged(policy(""), recorded(None), START, code="unapproved", rule="defaults/writes")
    assert (found.answer, found.verdict, found.cause) == (Answer.UNKNOWN, None, NO_TARGET)


@pytest.mark.parametrize(
    ("rule", "cause"),
    [("limits/people", LIMITS), ("secrets/aws-access-token", CONTENT), ("protocol/framing", PROTOCOL)],
)
def test_an_upload_that_other_words_had_cut_is_not_said_to_pass(rule: str, cause: str) -> None:
    one = recorded(ADDRESS, code="approved")
    found = judged(policy(APPROVED), one, START, code="other", rule=rule)
    assert (found.answer, found.cause) == (Answer.UNKNOWN, cause)
    assert found.verdict is not None  # what the entries say is told none the less


def test_an_upload_that_other_words_had_cut_is_refused_where_the_entries_refuse_it() -> None:
    found = judged(policy(""), recorded(ADDRESS, code="approved"), START, code="other", rule="limits/people")
    assert (found.answer, found.cause) == (Answer.REFUSED, "")


@pytest.mark.parametrize("same", [True, False])
def test_whether_it_is_the_policy_that_decided(same: bool) -> None:
    law = policy(APPROVED)
    one = recorded(ADDRESS, digest=law.digest if same else "5f" * 32)
    assert judged(law, one, START, code="unapproved", rule="defaults/writes").same_policy is same

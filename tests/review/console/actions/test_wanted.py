"""What the form of an approval says, as a choice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from forgewall.decide.load import parse
from forgewall.model import PLAIN_APPROVAL, Operation
from forgewall.review.console.actions.wanted import SPANS, in_form, options, wanted
from forgewall.review.console.forms import Form

NOW = datetime(2026, 11, 24, 20, 0, 0, 999, tzinfo=UTC)
POLICY = parse("version: 1\ngroups: {everyone: [ana@acme.example]}\n", "forgewall.yaml")
PLAIN = {"for": "1d", "who": "everyone", "operation": "usual", "reason": "x"}


def form(**changes: str) -> Form:
    return Form(tuple({**PLAIN, **changes}.items()))


def test_spans_end_in_whole_seconds() -> None:
    found = [wanted(form(**{"for": word}), None, POLICY, NOW).expires for word in SPANS]
    assert found[:-1] == [
        NOW.replace(microsecond=0) + span
        for span in (timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30))
    ]
    assert found[-1] is None


def test_the_usual_alone_names_no_operation() -> None:
    assert wanted(form(), None, POLICY, NOW).operations is None
    both = Form((*form().fields, ("operation", "webhook")))
    assert wanted(both, None, POLICY, NOW).operations == (PLAIN_APPROVAL - {Operation.FETCH}) | {Operation.WEBHOOK}


def test_a_group_may_be_called_like_a_choice() -> None:
    choice = wanted(form(who="named", names="everyone, 10.0.0.0/8"), None, POLICY, NOW)
    assert choice.who == ("everyone", "10.0.0.0/8")


def test_an_address_alone_is_for_everybody_or_for_whom_one_names() -> None:
    offered = options(None)
    assert [option.value for option in offered.people] == ["everyone", "named"]
    assert [option.value for option in offered.operations] == ["usual"]


def test_sentences_name_the_forms_fields() -> None:
    assert (
        in_form("no user is known; choose with --who: everyone") == "no user is known; choose with “For whom”: everyone"
    )

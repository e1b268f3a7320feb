"""Every operation of the Hub before its body was read, or where it can't be."""

from __future__ import annotations

import pytest
from tests.identify.published.huggingface import BODIES, DESCRIPTION, ask

from forgewall.model import BodyState, Effect, Operation


@pytest.mark.parametrize("state", [BodyState.UNREAD, BodyState.TOO_LONG])
def test_no_write_is_taken_for_a_read_and_no_read_for_a_write(state: BodyState) -> None:
    wrong = [
        case.operation.title
        for case in DESCRIPTION.cases
        if (ask(case.operation, state).effect is Effect.READ) is case.writes
        and "/telemetry/" not in case.operation.template
    ]
    assert wrong == []


def test_what_the_body_names_is_not_certain_without_it() -> None:
    for case in DESCRIPTION.cases:
        if case.operation.more[0] in BODIES:
            target = ask(case.operation, BodyState.UNREAD)
            assert (target.operation, target.wants_body) == (Operation.UNIDENTIFIED, True), case.operation.title
            assert ask(case.operation, BodyState.TOO_LONG).operation is Operation.UNIDENTIFIED, case.operation.title

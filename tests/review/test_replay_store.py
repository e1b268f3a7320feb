"""Design invariant: what the log's index gives back is judged by the same policy as it was when it happened."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.review.recordings import START, decision, policies, policy, read, recorded, requests, target

from forgewall.decide.policy import Policy
from forgewall.evidence import RefAction, RefUpdate
from forgewall.model import Also
from forgewall.record.log import EventLog
from forgewall.review.filters import Filters
from forgewall.review.recorded import Recorded
from forgewall.review.replay import replay
from forgewall.review.replay_judge import UNTOLD_PLACES, UNTOLD_REFS
from forgewall.review.store import Store


def stored(law: Policy, asked: Sequence[Recorded], directory: Path) -> list[Recorded]:
    """What the index of a log gives back in which the proxy recorded its decisions on `asked`."""
    log = EventLog(directory, clock=lambda: START)
    for one in asked:
        log.write(decision(law, one))
    with Store(directory, clock=lambda: START) as store:
        store.refresh()
        return list(store.recorded(Filters()))


@settings(max_examples=25)
@given(policies(), st.lists(requests, min_size=1, max_size=20))
def test_the_same_policy_says_the_same_of_what_the_index_gives_back(law: Policy, asked: list[Recorded]) -> None:
    asked = [replace(one, event_id=f"01KB{number:022d}") for number, one in enumerate(asked)]
    with tempfile.TemporaryDirectory() as directory:
        found = stored(law, asked, Path(directory))
    by_hand = {one.event_id: read(decision(law, one)) for one in asked}
    assert {one.event_id: replace(one, subject=replace(one.subject, port=0)) for one in found} == by_hand
    result = replay(found, law)
    assert (result.changed, result.judged + result.unjudged) == (0, len(asked))


def test_what_an_event_has_no_room_for_is_not_judged_as_if_it_were_all(tmp_path: Path) -> None:
    law = policy("approved: [{repo: github.com/acme, refs: [main]}]")
    refs = tuple(RefUpdate(name=f"refs/heads/{number}", action=RefAction.UPDATE) for number in range(60))
    also = tuple(
        Also(address=f"github.com/acme/{number}", owner="acme", repository=str(number), role="source")
        for number in range(30)
    )
    asked = [
        recorded("github.com/acme/api", refs=refs),
        recorded(
            "github.com/acme/api", time=START + timedelta(seconds=1), target=target("github.com/acme/x", also=also)
        ),
    ]
    found = stored(law, asked, tmp_path)
    assert [(one.more_refs, one.more_places) for one in found] == [(True, False), (False, True)]
    assert dict(replay(found, law).why_unjudged) == {UNTOLD_REFS: 1, UNTOLD_PLACES: 1}

"""Users whom the log doesn't name: found again with the key, and never silently judged as strangers without."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.review.recordings import policy, recorded

from forgewall.decide.policy import Policy
from forgewall.model import Action
from forgewall.record import pseudonym
from forgewall.review.recorded import Recorded
from forgewall.review.replay import replay
from forgewall.review.stand_ins import StandIns, is_stand_in, read_key

FOR_ANA = policy("groups: {oss: [ana]}\napproved: [{repo: github.com/acme, who: [oss, 10.9.0.0/16]}]")


def log(directory: Path, user: str, **changes: object) -> tuple[pseudonym.Pseudonyms, Recorded]:
    key = pseudonym.load(directory)
    return key, recorded("github.com/acme/api", user=key.of(user), **changes)


def test_a_key_is_read_and_never_made(tmp_path: Path) -> None:
    assert read_key(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    made = pseudonym.load(tmp_path)
    found = read_key(tmp_path)
    assert found is not None
    assert found.of("ana") == made.of("ana")
    (tmp_path / pseudonym.KEY_FILE).write_text("no key")
    assert read_key(tmp_path) is None


def test_with_the_key_the_names_of_the_policy_are_found(tmp_path: Path) -> None:
    key, one = log(tmp_path, "ana")
    result = replay([one], FOR_ANA, names=key)
    assert (result.judged, result.changed) == (1, 1)
    assert result.changes[0].people == (one.subject.user,)
    _, other = log(tmp_path, "ben")
    assert (replay([other], FOR_ANA, names=key).judged, replay([other], FOR_ANA, names=key).changed) == (1, 0)
    assert "without regard to case" in result.warnings[0]


def test_without_the_key_nobody_is_taken_for_a_stranger(tmp_path: Path) -> None:
    _, one = log(tmp_path, "ana")
    result = replay([one], FOR_ANA)
    assert (result.judged, result.unjudged) == (0, 1)
    assert "pseudonym.key" in result.warnings[0]


def test_where_names_play_no_part_no_key_is_needed(tmp_path: Path) -> None:
    _, one = log(tmp_path, "ana", client="10.9.1.1")
    assert replay([one], FOR_ANA).changes[0].after.action is Action.ALLOW
    assert replay([one], policy("approved: [github.com/acme]")).changed == 1


def test_names_that_differ_in_case_only_are_not_told_apart(tmp_path: Path) -> None:
    key, one = log(tmp_path, "ana")
    law = policy("approved: [{repo: github.com/acme, who: [ana]}, {repo: github.com/acme, who: [Ana]}]")
    result = replay([one], law, names=key)
    assert (result.judged, result.unjudged) == (0, 1)
    assert "differ in case" in result.warnings[0]


def test_a_shortened_name_is_not_judged_as_another() -> None:
    assert replay([recorded("github.com/acme/api", user="a" * 255 + "…")], FOR_ANA).unjudged == 1


@pytest.mark.parametrize(("user", "yes"), [("u-" + "0a" * 12, True), ("u-" + "0A" * 12, False), ("ana", False)])
def test_a_stand_in_is_known_by_its_shape(user: str, yes: bool) -> None:
    assert is_stand_in(user) is yes
    assert not is_stand_in(None)


def test_a_name_that_the_policy_lacks_stays_a_stand_in(tmp_path: Path) -> None:
    key = pseudonym.load(tmp_path)
    policies: list[Policy] = [FOR_ANA]
    assert StandIns(key, policies).name(key.of("ANA")) == "ana"
    assert StandIns(key, policies).name(key.of("zoe")) == key.of("zoe")

"""What an event tells of who can see a repository, where it went, and of other repositories in the request."""

from __future__ import annotations

from dataclasses import replace

from tests.record import samples

from forgewall.model import Visibility
from forgewall.record.ecs import MAX_ALSO, document

MOVED = {"address": "github.com/mallory/Prey", "key": "github.com/mallory/prey", "seen": "2026-11-24T00:00:00.000Z"}


def test_visibility_and_a_move_are_told() -> None:
    own = document(samples.decision(target=replace(samples.TARGET, visibility=Visibility.INTERNAL, moved=samples.MOVE)))
    assert own["forgewall"]["visibility"] == "internal"
    assert own["forgewall"]["moved"] == MOVED


def test_what_nobody_said_is_absent() -> None:
    own = document(samples.decision())["forgewall"]
    assert not {"visibility", "moved", "also_count"} & set(own)


def test_further_repositories_are_listed_with_what_is_done_there() -> None:
    told = document(samples.decision(target=replace(samples.TARGET, also=(samples.SECOND,) * 25)))["forgewall"]
    assert told["also"][0] == {
        "address": "github.com/ana/notes",
        "owner": "ana",
        "repository": "notes",
        "role": "second",
        "operation": "issue",
        "visibility": "private",
        "moved": MOVED,
    }
    assert (len(told["also"]), told["also_count"]) == (MAX_ALSO, 25)

"""Previews are kept for the session that asked for them, once, for a while, and never too many."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.review.console.served import Clock

from forgewall.review.console.previews import LIFETIME, Previews
from forgewall.review.preview import Preview, Replayed

PREVIEW = Preview(
    file=Path("forgewall.yaml"),
    old_digest="a",
    new_digest="b",
    text="",
    entry="",
    address="",
    diff=(),
    warnings=(),
    lint=(),
    tests=0,
    replayed=Replayed(judged=0, unjudged=0, changed=0, changes=(), seconds=0.0),
)


def test_a_preview_is_its_sessions_own() -> None:
    previews = Previews(Clock())
    shown = previews.keep("one", PREVIEW, "why", "/policy")
    assert previews.find("one", shown.number) is shown
    assert previews.find("other", shown.number) is None
    assert previews.take("other", shown.number) is None
    assert previews.take("one", shown.number) is shown
    assert previews.take("one", shown.number) is None


def test_it_grows_old() -> None:
    clock = Clock()
    previews = Previews(clock)
    shown = previews.keep("one", PREVIEW, "", "/")
    clock.pass_by(LIFETIME - timedelta(seconds=1))
    assert previews.find("one", shown.number) is shown
    clock.pass_by(timedelta(seconds=1))
    assert previews.find("one", shown.number) is None


def test_there_are_never_too_many() -> None:
    previews = Previews(Clock(), most=2)
    kept = [previews.keep("one", PREVIEW, "", "/") for _ in range(3)]
    assert [previews.find("one", each.number) is not None for each in kept] == [False, True, True]

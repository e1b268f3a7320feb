"""Whatever the policy and the request: an approval lets pass what it was made for, and takes nothing from anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.review import recordings

from forgewall.decide.engine import decide
from forgewall.decide.load import load
from forgewall.decide.policy import Policy
from forgewall.decide.ruling import severity
from forgewall.evidence import RefAction, RefUpdate
from forgewall.model import Action, Also, Operation, Subject, Verdict
from forgewall.review import amend
from forgewall.review.recorded import Recorded
from forgewall.review.remedy import Choice, Remedy, passes, remedy

NOW = recordings.START
WORDS = {
    "reads": ["allow", "approved-only", "log", "block"],
    "writes": ["block", "log", "allow"],
    "unidentified": ["block", "log"],
    "max_upload": ["50B", "500B"],
    "over": ["block", "log"],
    "deletes": ["allow", "log", "block"],
}


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A policy's text, over the addresses of `recordings`."""
    lines = ["version: 1", "groups: {oss: [ana, 192.0.2.7]}"]
    approved = draw(st.lists(recordings.entries(), min_size=1, max_size=6))
    lines += ["approved:", *(f"  - {entry}" for entry in approved)] if approved else []
    forbidden = draw(st.lists(st.sampled_from(recordings.ADDRESSES), max_size=1))
    lines += [f"forbidden: {forbidden}"] if forbidden else []
    defaults = draw(st.fixed_dictionaries({}, optional={key: st.sampled_from(said) for key, said in WORDS.items()}))
    lines += [f"defaults: {{{', '.join(f'{key}: {word}' for key, word in defaults.items())}}}"] if defaults else []
    return "\n".join(lines) + "\n"


_WRITES = (Operation.PUSH, Operation.PUSH, Operation.CONTENTS, Operation.ISSUE, Operation.FORK, Operation.FETCH)
_PLACES = st.sampled_from(recordings.ADDRESSES)
_MOVES = st.none() | st.none() | recordings.moves
_ALSO = st.builds(
    lambda address, role, seen_by, moved: Also(
        address=address, owner=None, repository=None, role=role, visibility=seen_by, moved=moved
    ),
    _PLACES,
    st.sampled_from(["source", "destination"]),
    recordings.seen_by,
    _MOVES,
)
asked_for = st.builds(
    lambda address, operation, seen_by, moved, also, user, client, size, refs: recordings.recorded(
        address,
        operation=operation,
        subject=Subject(client=client, user=user),
        size=size,
        refs=tuple(refs),
    ).__replace__(target=recordings.target(address, operation, visibility=seen_by, moved=moved, also=tuple(also))),
    _PLACES,
    st.sampled_from(_WRITES),
    recordings.seen_by,
    _MOVES,
    st.lists(_ALSO, max_size=1),
    st.none() | st.sampled_from(recordings.USERS),
    st.sampled_from(recordings.CLIENTS),
    st.none() | st.sampled_from([0, 10, 11, 100, 101, 501, 1025, 20 * 2**20]),
    st.lists(
        st.builds(RefUpdate, name=st.sampled_from(recordings.REFS), action=st.sampled_from(RefAction)), max_size=2
    ),
)
"""Requests whose address and operation are certain."""


def parsed(text: str) -> Policy:
    return load(text, "p.yaml", NOW).policy


def written(law: Policy, text: str, found: Remedy) -> Policy:
    """The policy with the remedy in it."""
    edited = amend.approve(text, law.file, found.wishes, found.copies)
    return load(edited.text, law.file, NOW).policy


def verdict(law: Policy, one: Recorded) -> Verdict:
    assert one.target is not None
    return decide(replace(law, break_glass=None), one.target, one.subject, one.size, NOW, one.refs)


@settings(max_examples=120)
@given(texts(), asked_for, st.booleans(), st.sampled_from([None, timedelta(hours=1)]))
def test_what_is_approved_passes(text: str, asked: Recorded, confirm: bool, span: timedelta | None) -> None:
    law = parsed(text)
    choice = Choice(confirm=confirm, expires=NOW + span if span else None)
    found = remedy(asked, law, NOW, choice=choice)
    assert bool(found.wishes) != bool(found.obstacles)
    if found.wishes:
        after = verdict(written(law, text, found), asked)
        deleted = after.code == "ref" and any(ref.action is RefAction.DELETE for ref in asked.refs)
        long_read = after.code == "too-large" and after.rule == "defaults/reads"
        assert passes(after) or deleted or long_read  # which `Preview.refused` then tells
        assert not passes(verdict(law, asked))
    if found.settled:
        assert passes(verdict(law, asked))
    if passes(verdict(law, asked)):
        assert found.settled


@settings(max_examples=120)
@given(texts(), asked_for, asked_for)
def test_what_passed_still_passes(text: str, asked: Recorded, other: Recorded) -> None:
    law = parsed(text)
    found = remedy(asked, law, NOW)
    if found.wishes:
        before, after = verdict(law, other), verdict(written(law, text, found), other)
        if after.code == "ref" and law.defaults.writes is not Action.BLOCK:
            return  # what an entry admits minds `deletes`, what `writes: log` lets pass doesn't
        assert severity(after) <= severity(before)

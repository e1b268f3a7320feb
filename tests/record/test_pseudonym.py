from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record import samples

from forgewall.evidence import Evidence
from forgewall.record import pseudonym
from forgewall.record.ecs import document
from forgewall.record.pseudonym import Pseudonyms

NAMES = Pseudonyms(b"k" * 32)


@given(st.text(alphabet=st.characters()))
def test_any_name_has_a_stand_in(user: str) -> None:
    alias = NAMES.of(user)
    assert len(alias) == 26
    assert alias == NAMES.of(user)
    assert alias != Pseudonyms(b"x" * 32).of(user)


def test_case_does_not_make_two_people() -> None:
    assert NAMES.of("ACME\\Ana") == NAMES.of("acme\\ana") != NAMES.of("acme\\anna")


def test_the_reason_does_not_give_the_name_away() -> None:
    verdict = replace(samples.BLOCK, reason="Ana@acme.example isn't in `oss`, and ana@acme.examples isn't either")
    hidden = NAMES.hide(samples.decision(verdict=verdict))
    alias = NAMES.of("ana@acme.example")
    assert hidden.subject.user == alias
    assert hidden.verdict.reason == f"{alias} isn't in `oss`, and ana@acme.examples isn't either"


def test_events_without_a_user_stay_as_they_are() -> None:
    change = samples.policy_change()
    assert NAMES.hide(change) is change
    nobody = samples.decision(subject=replace(samples.SUBJECT, user=None))
    assert NAMES.hide(nobody) == nobody
    assert NAMES.hide(samples.fault(subject=None)).subject is None


def test_faults_and_uploads_are_covered() -> None:
    alias = NAMES.of("ana@acme.example")
    fault = NAMES.hide(samples.fault())
    assert fault.subject is not None
    assert fault.subject.user == alias
    assert NAMES.hide(samples.upload()).decision.subject.user == alias


def test_the_key_is_made_once_even_by_many(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(pseudonym.load(tmp_path).of("x"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["pseudonym.key"]


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 31, "\x00" * 64, "ab" * 33])
def test_a_spoilt_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pseudonym.key").write_text(text)
    with pytest.raises(ValueError, match="holds no key"):
        pseudonym.load(tmp_path)


def test_those_who_wrote_commits_are_covered_in_every_place() -> None:
    hidden = NAMES.hide(samples.upload(evidence=samples.EVIDENCE, objections=(samples.OBJECTION,)))
    assert hidden.evidence is not None
    last = hidden.evidence.last_commit
    assert last is not None
    assert last.author == NAMES.of("Ana Lima")
    assert last.author_email == NAMES.of("ana@acme.example") == hidden.decision.subject.user
    assert last.committer == NAMES.of("ben ode")
    assert last.committer_email == NAMES.of("ben@acme.example")
    assert last.subject == f"{last.author}'s fix for the export, reviewed by {last.committer_email}"
    told = json.dumps(document(hidden))
    for name in ("Ana", "ana@acme", "Ben", "ben@acme", "Lima", "Ode"):
        assert name not in told
    assert last.author_email in document(hidden)["related"]["user"]


def test_an_objection_does_not_give_the_name_away() -> None:
    said = replace(samples.OBJECTION, reason="ana@acme.example may not push to main")
    hidden = NAMES.hide(samples.upload(objections=(said,)))
    assert hidden.objections[0].reason == f"{NAMES.of('ana@acme.example')} may not push to main"


@given(samples.evidence(st.sampled_from(["", "a", "(", "ana|ben", "Ana Lima", "ana@acme.example", "\\1", "ẞ"])))
def test_any_names_are_hidden_and_nameless_commits_stay_nameless(evidence: Evidence) -> None:
    hidden = NAMES.hide(samples.upload(evidence=evidence)).evidence
    assert hidden is not None
    for before, after in ((evidence.first_commit, hidden.first_commit), (evidence.last_commit, hidden.last_commit)):
        if before is None or after is None:
            assert before is after
        else:
            assert after.author == (NAMES.of(before.author) if before.author else "")
            assert after.committer_email == (NAMES.of(before.committer_email) if before.committer_email else "")
    assert replace(hidden, first_commit=None, last_commit=None) == replace(
        evidence, first_commit=None, last_commit=None
    )

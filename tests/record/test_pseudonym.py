from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record import samples

from forgewall.record import pseudonym
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

"""The journal says whether an event stands; it never raises, and it names failures without their text."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from tests.proxy.arriving import Ledger, arrival, policy
from tests.record.samples import ALL

from forgewall.proxy.case import Case
from forgewall.proxy.journal import Journal
from forgewall.record.event import Severity
from forgewall.record.log import EventLog

CASE = Case(policy(), arrival("PUT", "https://github.com/acme/api/x", length=1))


def raised(text: str) -> Exception:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_an_event_that_was_written_stands(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    assert all(Journal(log).write(event) for event in ALL)
    log.close()
    lines = [line for file in tmp_path.glob("*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
    assert len([json.loads(line) for line in lines]) == len(ALL)


def test_an_event_that_was_not_written_does_not_stand(caplog: pytest.LogCaptureFixture) -> None:
    assert not Ledger(broken=True).journal.write(ALL[0])
    assert caplog.records == []  # the log itself tells the operator, once


def test_a_log_that_fails_in_a_new_way_is_told_of_without_text(caplog: pytest.LogCaptureFixture) -> None:
    assert not Ledger(error=RuntimeError("classified payload")).journal.write(ALL[0])
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "RuntimeError (arriving.py:" in record.getMessage()
    assert "classified" not in caplog.text


def test_a_fault_is_recorded_by_class_and_told_by_place(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger()
    event_id = ledger.journal.fault("testing", raised("classified payload"), CASE)
    (fault,) = ledger.faults
    assert event_id == fault.id
    assert (fault.where, fault.exception, fault.severity) == ("testing", "ValueError", Severity.ERROR)
    assert (fault.request_id, fault.subject, fault.exchange) == (
        CASE.arrival.id,
        CASE.arrival.subject,
        CASE.exchange,
    )
    assert "internal error while testing: ValueError (test_journal.py:" in caplog.text
    assert "classified" not in caplog.text + repr(fault)


def test_a_fault_that_was_never_raised_has_no_place(caplog: pytest.LogCaptureFixture) -> None:
    Ledger().journal.fault("testing", ValueError("classified"), CASE)
    assert "unknown place" in caplog.text


def test_a_notice_has_no_exception_and_is_not_told_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger()
    event_id = ledger.journal.notice("upstream", "github.com could not be asked", CASE)
    (notice,) = ledger.faults
    assert (notice.id, notice.severity, notice.exception) == (event_id, Severity.NOTICE, None)
    assert notice.message == "github.com could not be asked"
    assert caplog.records == []


@pytest.mark.parametrize("ledger", [Ledger(broken=True), Ledger(error=RuntimeError())])
def test_what_could_not_be_recorded_has_no_id(ledger: Ledger) -> None:
    assert ledger.journal.fault("testing", raised("x"), CASE) is None
    assert ledger.journal.notice("upstream", "x", CASE) is None

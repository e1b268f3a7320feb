"""The journal writes events for the proxy and says whether each one stands.

Not here: what an event holds (`record`), and telling the operator (the log does).
"""

from __future__ import annotations

import logging

from forgewall.proxy.case import Case
from forgewall.record.event import Event, Fault, Severity
from forgewall.record.log import EventLog, EventLogError

logger = logging.getLogger(__name__)


class Journal:
    """One event log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def write(self, event: Event) -> bool:
        """Whether `event` is in the log. Never raises; the log itself tells the operator when it breaks and mends."""
        try:
            self._log.write(event)
        except EventLogError:
            return False
        except Exception as error:
            logger.error("an event could not be written: %s (%s)", type(error).__name__, _place(error))
            return False
        return True

    def fault(self, where: str, error: BaseException, case: Case) -> str | None:
        """Record a failure of our own code by its class and place; the event's id, or None if it couldn't be logged."""
        logger.error("internal error while %s: %s (%s)", where, type(error).__name__, _place(error))
        message = "Forgewall failed here and refused what it was examining"
        return self._told(where, message, Severity.ERROR, case, type(error).__name__)

    def notice(self, where: str, message: str, case: Case) -> str | None:
        """Record what an operator may want to know; the event's id, or None if it couldn't be logged."""
        return self._told(where, message, Severity.NOTICE, case, None)

    def _told(self, where: str, message: str, severity: Severity, case: Case, exception: str | None) -> str | None:
        fault = Fault(
            where=where,
            message=message,
            severity=severity,
            exception=exception,
            request_id=case.arrival.id,
            subject=case.arrival.subject,
            exchange=case.exchange,
        )
        return fault.id if self.write(fault) else None


def _place(error: BaseException) -> str:
    """Where an exception was raised, without its text: `gate.py:120`."""
    trace = error.__traceback__
    if trace is None:
        return "unknown place"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"

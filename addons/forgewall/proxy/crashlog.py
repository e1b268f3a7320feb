"""What of mitmproxy's own log an operator sees: warnings and errors in one line each, and never a byte of payload.

mitmproxy's messages and exceptions quote what clients sent (`Unexpected data from server: b'...'`, a traceback with up
to 64 KiB of repr). Here a message ends before the first quoted byte, and an exception is its class and its places.
"""

from __future__ import annotations

import logging
import re
import sys
from types import TracebackType

MAX_MESSAGE = 160
_QUOTED = re.compile(r"""b?['"].*|[0-9a-fA-F]{32,}.*|<html.*""", re.DOTALL)


class OperatorFormatter(logging.Formatter):
    """One line: time, level, message. Records of other libraries are cut to what can't hold payload."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for `record`."""
        message = record.getMessage()
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and str(error):
            message = message.replace(str(error), "…")
        if not record.name.startswith("forgewall"):
            message = f"{record.name}: {_QUOTED.sub('…', message)[:MAX_MESSAGE]}"
        if record.exc_info and record.exc_info[0] is not None:
            message += f" [{record.exc_info[0].__name__} at {places(record.exc_info[2])}]"
        line = " ".join(message.split())
        return f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S%z')} {record.levelname.lower()} {line}"


def places(trace: TracebackType | None, most: int = 4) -> str:
    """The innermost places of a traceback as `file:line`, without the text of any line."""
    found = []
    while trace is not None:
        found.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " < ".join(reversed(found[-most:])) or "unknown place"


def install() -> None:
    """Send all logging to stderr in this form, warnings and worse; Forgewall's own notes from `info` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OperatorFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("forgewall").setLevel(logging.INFO)

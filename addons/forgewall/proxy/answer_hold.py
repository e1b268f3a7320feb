"""Keeps the few answers of a forge that have to be read, until their reader has decided; all others pass at once.

Not here: what is read, and what it means (`proxy.readers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mitmproxy.proxy.layers import http as mitm

from forgewall.enforce.reply import Reply

type Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Release:
    """The answer goes on: `data` instead of what was fed so far, `grown` bytes longer; the rest as it comes."""

    data: bytes
    grown: int = 0


class AnswerReader(Protocol):
    """Reads one answer. A `Reply` takes the answer's place; the client never sees a byte of the answer then.

    `takes_gzip`: it can read an answer that is coded so, else it has to be asked for in plain bytes.
    """

    takes_gzip: bool

    def begin(self, status: int, headers: Headers) -> bool | Reply:
        """Whether this answer has to be read. Header names are lower case."""
        ...

    def feed(self, data: bytes) -> Release | Reply | None:
        """What becomes of the answer, or None while more of it is needed."""
        ...

    def finish(self) -> Release | Reply:
        """The answer has ended before `feed` decided."""
        ...


class AnswerHold:
    """The events of one answer on their way through its reader."""

    def __init__(self, reader: AnswerReader) -> None:
        self._reader = reader
        self._head: mitm.ResponseHeaders | None = None
        self._reads: bool | None = None

    def take(self, event: mitm.HttpEvent) -> Sequence[mitm.HttpEvent] | Reply:
        """The events that may be handled now, or the reply to give instead of the answer."""
        if isinstance(event, mitm.ResponseHeaders) and self._reads is None:
            fields = event.response.headers.items(multi=True)
            wanted = self._reader.begin(event.response.status_code, tuple((k.lower(), v) for k, v in fields))
            if isinstance(wanted, Reply):
                return wanted
            self._reads = wanted
            if wanted:
                self._head = event
                return ()
        if self._head is None or isinstance(event, mitm.ResponseProtocolError):
            return (event,)
        if isinstance(event, mitm.ResponseData):
            return self._settle(self._reader.feed(event.data), event.stream_id)
        if isinstance(event, mitm.ResponseEndOfMessage):
            settled = self._settle(self._reader.finish(), event.stream_id)
            return settled if isinstance(settled, Reply) else (*settled, event)
        return ()  # trailers: nobody has read them

    def _settle(self, outcome: Release | Reply | None, stream: mitm.StreamId) -> Sequence[mitm.HttpEvent] | Reply:
        if outcome is None or isinstance(outcome, Reply):
            return () if outcome is None else outcome
        head, self._head = self._head, None
        assert head is not None
        headers = head.response.headers
        length = headers.get("content-length", "")
        if outcome.grown and length.isascii() and length.isdigit():
            headers["content-length"] = str(int(length) + outcome.grown)
        data = (mitm.ResponseData(stream, outcome.data),) if outcome.data else ()
        return (head, *data)

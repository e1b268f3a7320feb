"""The wire side of the console: uvicorn's HTTP/1.1 with deadlines for each request's head and for whoever doesn't read
an answer, and our headers on the answers that it gives before any application is asked.
"""

from __future__ import annotations

import asyncio
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from forgewall.review.console.headers import secured

HEAD_SECONDS = 20.0
"""How long the head of a request may take to come, from the connection's or the request's first byte on."""
STALLED_SECONDS = 30.0
"""How long a client may leave an answer that waits for it unread."""
CONNECTIONS = 200
"""So many at once; what is beyond is closed unheard."""

_REFUSED = b"The request can't be understood.\n"


class Protocol(H11Protocol):
    """One connection."""

    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.close()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read_on()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._read_on()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """For what is no HTTP."""
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(_REFUSED)).encode()),
            (b"connection", b"close"),
        ]
        parts: tuple[h11.Event, ...] = (
            h11.Response(status_code=400, reason=b"Bad Request", headers=secured(headers, secure=False)),
            h11.Data(data=_REFUSED),
            h11.EndOfMessage(),
        )
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            for part in parts:
                self.transport.write(cast(bytes, self.conn.send(part)))
        self.transport.close()

    def _watch(self) -> None:
        """The deadline runs while a head is awaited, and isn't put off by parts of it."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _read_on(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _too_late(self) -> None:
        """A connection that is closed still waits for the client to read what was sent, and that not for ever."""
        self._deadline = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
            self._deadline = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

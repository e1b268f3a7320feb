"""A request body on its way through: counted by the gate, and told of in one `upload` event when it is over.

Not here: deciding. A transit is made by the enforcer with the verdict it keeps to its end, whatever the policy becomes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from forgewall.enforce.gate import Cut, Gate
from forgewall.enforce.reply import Reply
from forgewall.record.event import Decision, Result, Upload

HEAD_BYTES = 64 * 1024
"""How much of a push is kept to tell git about each ref after a cut."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """The body goes no further; the client gets `reply`, the forge an aborted request."""

    reply: Reply


class Transit:
    """The body of one admitted request. `feed` every chunk, `finish` at its end, `close` when the stream is gone."""

    def __init__(
        self,
        *,
        gate: Gate,
        decision: Decision | None,
        content_length: int | None,
        keep_head: bool,
        on_cut: Callable[[Transit, Cut], Reply],
        on_error: Callable[[Exception], Reply],
        record: Callable[[Upload, bool], None],
    ) -> None:
        """`decision` is None where the request itself isn't logged; then only a cut leaves a trace.

        `content_length` in bytes, if announced: whoever counts along upstream takes the message for complete at its
        last byte, so the chunk that holds it is kept until `finish`. `keep_head`: a cut's reply will need the body's
        first bytes (a push's command list).
        """
        self.gate = gate
        self.decision = decision
        self._on_cut = on_cut
        self._on_error = on_error
        self._record = record
        self.head = b""
        self._content_length = content_length
        self._last = b""
        self._head_room = HEAD_BYTES if keep_head else 0
        self._started = time.monotonic()
        self._complete = False
        self._status: int | None = None
        self._told = False

    def feed(self, chunk: bytes) -> bytes | CutOff:
        """What of `chunk` may go on now. An exception in here ends the transit, never lets the chunk through."""
        if self._head_room:
            self.head += chunk[: self._head_room]
            self._head_room = HEAD_BYTES - len(self.head)
        try:
            outcome = self.gate.feed(chunk)
            if isinstance(outcome, Cut):
                return CutOff(self._cut(outcome))
        except Exception as error:
            return CutOff(self._on_error(error))
        if self.gate.wire_bytes == self._content_length:
            self._last += outcome.chunk
            return b""
        return outcome.chunk

    def finish(self) -> bytes | CutOff:
        """The body has ended: what is left to go on, before the message may be ended upstream."""
        try:
            outcome = self.gate.finish()
            if isinstance(outcome, Cut):
                return CutOff(self._cut(outcome))
        except Exception as error:
            return CutOff(self._on_error(error))
        self._complete = True
        return self._last + outcome.chunk

    def answered(self, status: int) -> None:
        """The forge has answered with this HTTP status."""
        self._status = status
        if self._complete:
            self.close()

    def close(self) -> None:
        """The exchange is over, in order or not; tell of it once."""
        if self._complete:
            refused = self._status is not None and self._status >= 400
            self._tell(Result.REFUSED if refused else Result.COMPLETE)
        else:
            self._tell(Result.ABORTED)

    def _cut(self, cut: Cut) -> Reply:
        self._told = True
        return self._on_cut(self, cut)

    def _tell(self, result: Result) -> None:
        if self._told or self.decision is None:
            return
        self._told = True
        self._record(self.upload(result), self.gate.exceeded)

    def upload(self, result: Result) -> Upload:
        """The event for what has passed so far; there must be a decision."""
        assert self.decision is not None
        return Upload(
            decision=self.decision,
            result=result,
            wire_bytes=self.gate.wire_bytes,
            body_bytes=self.gate.decoded_bytes,
            sha256=self.gate.sha256,
            seconds=time.monotonic() - self._started,
            response_status=self._status,
        )

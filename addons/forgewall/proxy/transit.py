"""A request body on its way through: counted, examined, held back where it must be, and told of in one `upload` event.

Theory. A body that is examined is kept back until it is over or larger than `HOLD_BYTES`: what is small is judged whole
before its first byte goes on. Beyond that it streams, but the last chunk always waits for the next one, and at the end
for `finish`: so whatever the end of the body shows, the forge hasn't got all of it. A body that is only counted waits
for nothing but the chunk that completes its announced length.

Not here: deciding. A transit is made by the enforcer with the verdict it keeps to its end, whatever the policy becomes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from forgewall.decide.objection import Objection as Said
from forgewall.enforce.examination import Examination
from forgewall.enforce.gate import Cut, Gate
from forgewall.enforce.reply import Reply
from forgewall.enforce.volume import Exceeded, Meter
from forgewall.record.event import Decision, Objection, Result, Upload
from forgewall.record.signals import signals
from forgewall.turns import Turns, at_once

HOLD_BYTES = 256 * 1024
"""How much of an examined body is kept back before its first byte goes on."""


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
        on_cut: Callable[[Transit, Cut | Exceeded], Reply],
        on_error: Callable[[Exception], Reply],
        record: Callable[[Transit, Upload], None],
        examination: Examination | None = None,
        meter: Meter | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        """`decision` is None where the request itself isn't logged; then only a cut leaves a trace.

        `content_length` in bytes, if announced: whoever counts along upstream takes the message for complete at its
        last byte, so the chunk that holds it is kept until `finish`. `examination` is what the gate shows the body to,
        `meter` counts what really goes on, `on_close` gives back what the examination used.
        """
        self.gate = gate
        self.decision = decision
        self.examination = examination
        self._meter = meter
        self._on_cut = on_cut
        self._on_error = on_error
        self._on_close = on_close
        self._record = record
        self._content_length = content_length
        self._beginning = bytearray()
        self._last = b""
        self._streaming = examination is None
        self._ended: CutOff | None = None
        self._started = time.monotonic()
        self._complete = False
        self._status: int | None = None
        self._told = False

    def feed(self, chunk: bytes) -> bytes | CutOff:
        """What may go on now. An exception in here ends the transit, never lets the chunk through."""
        return at_once(self.turns(chunk))

    def turns(self, chunk: bytes) -> Turns[bytes | CutOff]:
        """As `feed`, in turns."""
        if self._ended is not None:
            return self._ended
        try:
            outcome = yield from self.gate.turns(chunk)
            if isinstance(outcome, Cut):
                return self._cut(outcome)
            return self._send(self._held_back(outcome.chunk))
        except Exception as error:
            return self.fail(error)

    def finish(self) -> bytes | CutOff:
        """The body has ended: what is left to go on, before the message may be ended upstream."""
        if self._ended is not None:
            return self._ended
        try:
            outcome = self.gate.finish()
            if not isinstance(outcome, Cut) and self.examination is not None:
                outcome = self.examination.finish() or outcome
            if isinstance(outcome, Cut):
                return self._cut(outcome)
            sent = self._send(self._all_kept())
        except Exception as error:
            return self.fail(error)
        self._complete = not isinstance(sent, CutOff)
        return sent

    def fail(self, error: Exception) -> CutOff:
        """Whoever feeds this has failed: nothing more goes on."""
        self._ended = CutOff(self._on_error(error))
        self._end(Result.CUT)
        return self._ended

    def answered(self, status: int) -> None:
        """The forge has answered with this HTTP status."""
        self._status = status
        if self._complete:
            self.close()

    def close(self) -> None:
        """The exchange is over, in order or not; tell of it once. Never raises: nothing waits for it any more."""
        if self._complete:
            refused = self._status is not None and self._status >= 400
            self._end(Result.REFUSED if refused else Result.COMPLETE)
        else:
            self._end(Result.ABORTED)

    def upload(self, result: Result) -> Upload:
        """The event for what has passed so far; there must be a decision."""
        assert self.decision is not None
        examination = self.examination
        evidence = examination.evidence if examination is not None else None
        said = examination.objections if examination is not None else []
        told = tuple(_told(objection) for objection in said)
        return Upload(
            decision=self.decision,
            result=result,
            wire_bytes=self.gate.wire_bytes,
            body_bytes=self.gate.decoded_bytes if self.gate.undecoded is None else None,
            sha256=self.gate.sha256 if self._complete else None,  # of a part it would name nothing
            seconds=time.monotonic() - self._started,
            response_status=self._status,
            evidence=evidence,
            objections=told,
            objection_count=examination.objection_count if examination is not None else 0,
            would_cut=examination.would_cut if examination is not None else False,
            signals=signals(evidence, told) if evidence is not None else (),
        )

    def _held_back(self, chunk: bytes) -> bytes:
        """What of the bytes so far goes on, now that `chunk` has come."""
        if not self._streaming and len(self._beginning) + len(chunk) <= HOLD_BYTES:
            self._beginning += chunk
            return b""
        self._streaming = True
        if self.examination is None and self.gate.wire_bytes != self._content_length:
            return chunk
        ready = self._all_kept() if chunk else b""
        self._last = chunk or self._last
        return ready

    def _all_kept(self) -> bytes:
        kept = bytes(self._beginning) or self._last
        self._beginning, self._last = bytearray(), b""
        return kept

    def _send(self, data: bytes) -> bytes | CutOff:
        """`data`, once there is room for it in every window that it counts in."""
        if data and self._meter is not None and (exceeded := self._meter.spend(len(data))) is not None:
            return self._cut(exceeded)
        return data

    def _cut(self, cut: Cut | Exceeded) -> CutOff:
        reply = self._on_cut(self, cut)
        self._told = True
        self._ended = CutOff(reply)
        self._let_go()
        return self._ended

    def _end(self, result: Result) -> None:
        """Tell of it, unless it was told already, and let go in any case."""
        try:
            self._tell(result)
        except Exception as error:
            self._on_error(error)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        self._beginning, self._last = bytearray(), b""
        if self.examination is not None:
            self.examination.close()  # now, as the stream that holds it may wait for the next collection of cycles
        if self._on_close is not None:
            self._on_close()
            self._on_close = None

    def _tell(self, result: Result) -> None:
        if self._told or self.decision is None:
            return
        self._told = True
        self._record(self, self.upload(result))


def _told(objection: Said) -> Objection:
    return Objection(
        rule=objection.rule,
        reference=objection.reference,
        action=objection.action,
        reason=objection.reason,
        signal=objection.signal,
        would_block=objection.would_block,
    )

"""Holding the beginning of a request until it is settled, and sending it on afterwards without filling the memory.

What was spooled is read back in pieces, and the next piece waits until the forge has taken the last (`DrainHook`).

Not here: what settles it (`Held`), where it is kept (`holding`).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from mitmproxy.connection import Client
from mitmproxy.proxy import commands, layer
from mitmproxy.proxy.layers import http as mitm

from forgewall.inspect.inspector import SpoolFull
from forgewall.proxy import head
from forgewall.proxy.answering import AnsweringStream
from forgewall.proxy.arrival import Arrival
from forgewall.proxy.holding import Holding
from forgewall.proxy.ruling import Admitted, Held, Refused, Ruling
from forgewall.proxy.turns import taken
from forgewall.proxy.wiring import Wiring

HOLD_SECONDS = 60.0
"""How long a client may take to send the part of a body that is held before the verdict."""

HOLD_PROGRESS = 1024 * 1024
"""Bytes that a spooled body has to grow by in that time to be given as much again."""

_BROKEN_OFF = (mitm.RequestProtocolError, mitm.ResponseProtocolError)

type CommandGenerator[T] = layer.CommandGenerator[T]


@dataclass
class DrainHook(commands.StartHook):
    """Comes back when what was written for this client's connections has been taken."""

    client: Client


class CollectingStream(AnsweringStream):
    """A stream whose body may be held before it is judged."""

    ruling: Ruling | None = None
    arrival: Arrival | None = None
    held: Holding | None = None
    held_before = 0

    @property
    @abstractmethod
    def wiring(self) -> Wiring:
        """The enforcer and its surroundings."""

    @abstractmethod
    def start_request_stream(self) -> CommandGenerator[None]:
        """Open upstream and send the head."""

    @abstractmethod
    def give_up(self, error: Exception) -> CommandGenerator[None]:
        """Abort the request upstream, as we have failed, and answer the client."""

    def state_hold(self, event: mitm.HttpEvent) -> CommandGenerator[None]:
        """Collect the beginning of the body until it settles the ruling."""
        assert isinstance(self.ruling, Held)
        assert self.held is not None
        whole = isinstance(event, mitm.RequestEndOfMessage)
        chunk = event.data if isinstance(event, mitm.RequestData) else b""
        try:
            self.held.add(chunk)
            if not whole and not (yield from self.enough(chunk)) and self.held.size <= self.ruling.limit:
                return
            self.ruling = self.ruling.settle(self.held.body, whole)
        except SpoolFull as error:
            self.ruling = Refused(self.wiring.no_room(self.arrival, error))
        except Exception as error:
            self.ruling = Refused(self.wiring.internal_error(self.arrival, "settling a held body", error))
        self.clear_deadline()
        yield from self.resume(whole)

    def enough(self, chunk: bytes) -> CommandGenerator[bool]:
        """Whether the bytes so far settle the ruling."""
        assert isinstance(self.ruling, Held)
        if self.ruling.turns is None:
            return self.ruling.enough(chunk)
        return (yield from taken(self.ruling.turns(chunk), self.context.client))

    def goes_on(self) -> bool:
        """Whether a long body is still coming in well enough to wait for the rest."""
        size = self.held.size if self.held is not None and self.held.on_disk else 0
        progress, self.held_before = size - self.held_before, size
        return progress >= HOLD_PROGRESS

    def resume(self, whole: bool) -> CommandGenerator[None]:
        """Go on with a settled ruling: refuse, or stream what was held and what follows."""
        if isinstance(self.ruling, Refused):
            self.let_go()
            yield from self.refuse(self.ruling.reply)
        else:
            if isinstance(self.ruling, Admitted):
                head.prepare(self.flow.request, self.ruling, has_body=True)
            self.flow.request.stream = True
            yield from self.start_request_stream()
            yield from self.replay(whole)
        if whole and self.client_state == self.state_drain:
            yield from self.state_drain(mitm.RequestEndOfMessage(self.stream_id))

    def replay(self, whole: bool) -> CommandGenerator[None]:
        """Stream what was held, and the end of the message if that was all of it."""
        held, self.held = self.held, None
        if held is None:
            return  # upstream can't be reached, and the client was told so
        pieces, several = held.pieces(), held.on_disk
        try:
            while self.client_state == self.state_stream_request_body:
                try:
                    piece = next(pieces)
                except StopIteration:
                    break
                except Exception as error:
                    yield from self.give_up(error)
                    break
                yield from self.state_stream_request_body(mitm.RequestData(self.stream_id, piece))
                if several and self.client_state == self.state_stream_request_body:
                    yield DrainHook(self.context.client)
                    if self.broken_off:
                        self.client_state = self.state_done if whole else self.client_state
                        return  # what has happened waits in line and is handled next
        finally:
            held.close()
        if whole and self.client_state == self.state_stream_request_body:
            yield from self.state_stream_request_body(mitm.RequestEndOfMessage(self.stream_id))

    @property
    def broken_off(self) -> bool:
        """Whether the client or the forge went away while this stream waited."""
        return any(isinstance(event, _BROKEN_OFF) for event in self._paused_event_queue)

    @property
    def client_left(self) -> bool:
        """Whether the client went away while this stream waited."""
        return any(isinstance(event, mitm.RequestProtocolError) for event in self._paused_event_queue)

    def let_go(self) -> None:
        """What was held is not needed."""
        if self.held is not None:
            self.held.close()
            self.held = None

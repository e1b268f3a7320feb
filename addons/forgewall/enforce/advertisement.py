"""Adds `no-thin` to what a forge says of itself before a push, so that git sends packs that can be read alone.

The advertisement (gitprotocol-http(5), "Smart Clients"; gitprotocol-pack(5), "Reference Discovery") is pkt-lines:
`# service=git-receive-pack`, a flush-pkt, `version 1` if that was asked for, then the first ref, behind whose name and
a NUL the capabilities stand. Without `no-thin` git leaves objects out of the pack that the forge has, and sends
differences to them. The client doesn't repeat the word, so the forge sees nothing of it.

Nothing is taken away: each capability git knows leads to a body that is read (atomic, push-options, push-cert,
object-format, side-band, report-status-v2), and what no reader knows shows in the commands.
Not here: which advertisements are to be changed.
"""

from __future__ import annotations

from forgewall.inspect.pktline import PACKET, NotPktLine, pkt, take

MOST_HELD = 2 * PACKET + 64
"""Bytes that are held while the first ref is awaited; it ends within one full packet after the lines before it."""

_SERVICE = b"# service=git-receive-pack"
_WORD = b"no-thin"


def can_be_patched(status: int, content_type: str | None, content_encoding: str | None) -> bool:
    """Whether a response to `info/refs?service=git-receive-pack` is an advertisement in plain bytes."""
    media_type = (content_type or "").partition(";")[0].strip().lower()
    plain = (content_encoding or "").strip().lower() in ("", "identity")
    return status == 200 and plain and media_type == "application/x-git-receive-pack-advertisement"


class NoThin:
    """Feed the body of one advertisement, pass on what comes out.

    Nothing comes out before `decided`; then `grown` tells by how many bytes the whole body is longer than it was. What
    isn't understood comes out as it went in.
    """

    __slots__ = ("_buffer", "_flushed", "_next", "decided", "grown")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._next = 0
        self._flushed = False
        self.decided = False
        self.grown = 0

    def feed(self, data: bytes) -> bytes:
        """What may go on now."""
        if self.decided:
            return data
        self._buffer += data
        try:
            while not self.decided and (taken := take(self._buffer, self._next)) is not None:
                self._line(*taken)
        except NotPktLine:
            self.decided = True
        if not self.decided and len(self._buffer) <= MOST_HELD:
            return b""
        return self.finish()

    def finish(self) -> bytes:
        """The body has ended, or enough is known: what was held."""
        self.decided = True
        held, self._buffer = bytes(self._buffer), bytearray()
        return held

    def _line(self, line: bytes | None, end: int) -> None:
        """One pkt-line of the head; sets `decided` at the first ref, or at what can't stand before it."""
        start, self._next = self._next, end
        if line is None:
            self.decided = self._flushed or start == 0
            self._flushed = True
        elif not self._flushed:
            self.decided = start != 0 or line.removesuffix(b"\n") != _SERVICE
        elif line.removesuffix(b"\n") != b"version 1":
            self.decided = True
            self._patch(line, start, end)

    def _patch(self, line: bytes, start: int, end: int) -> None:
        ref, nul, rest = line.partition(b"\0")
        # git reads up to a further NUL, so the word goes first.
        if not nul or _WORD in rest.partition(b"\0")[0].split():
            return
        longer = ref + nul + _WORD + b" " + rest
        if len(longer) + 4 > PACKET:
            return
        patched = pkt(longer)
        self._buffer[start:end] = patched
        self.grown = len(patched) - (end - start)

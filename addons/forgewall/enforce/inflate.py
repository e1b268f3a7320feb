"""Undoes a body's Content-Encoding as it streams: wire bytes in, pieces of at most 64 KiB out, memory and work bounded.

Theory. zlib is given slices of at most 16 KiB and asked for pieces of at most 64 KiB; pieces are made one by one as the
caller takes them, so a caller that stops early costs nothing more. Two rules bound what a hostile body can do:

- Growth: after `w` wire bytes, counted up to the next full 16 KiB, at most 200 x `w` bytes may have come out. Deflate
  can reach 1032:1, but only with bytes that repeat for ever; text, JSON and logs stay below 100:1, and a small body
  has 3 MiB free before the rule says anything. So the work is linear in what the client really sent.
- Padding: wire bytes may be 64 KiB more than twice what has come out, no more. That bounds empty gzip members, empty
  deflate blocks and long header fields (RFC 1952 FEXTRA, FNAME, FCOMMENT), which cost work or carry bytes past whoever
  reads the content. Deflate by itself makes nothing larger by more than a few bytes for each 16 KiB.

Both are looked at where the wire reaches a multiple of 16 KiB (growth within it too, by the same bound), so the answer
doesn't depend on how the body was cut into chunks. After a member's end the slices start small and double, because
zlib copies what is behind an end.

Not here: limits on sizes, and what becomes of a body that can't be read (`enforce.gate`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

PIECE = 64 * 1024
"""Most output at once, in bytes."""
SLICE = 16 * 1024
"""Most input given to zlib at once, in bytes: its copy of the unread rest stays small."""
FIRST = 512
"""The first slice of a gzip member, in bytes."""
GROWTH = 200
"""How many bytes may come out for each that went in."""
PADDING = 64 * 1024
"""Wire bytes that nothing has to come of."""

_GZIP, _ZLIB = 31, 15  # zlib's wbits for RFC 1952 and RFC 1950
_WRONG = "the body is not what its Content-Encoding says"
_GROWN = f"the body grows more than {GROWTH}-fold when its Content-Encoding is undone"
_PADDED = "most of the body is padding of its Content-Encoding, not content"
_UNENDED = "the body ends in the middle of its Content-Encoding"
_LEFT = "the body was not read on, so its Content-Encoding can't be undone any more"


def readable(content_encoding: str | None) -> bool:
    """Whether a body with this Content-Encoding, the header's value, can be read: none, identity, gzip, deflate, once.

    RFC 9110 section 8.4.1: codings have no case, `x-gzip` is gzip, `deflate` is the zlib format of RFC 1950. A list is
    not readable, not even one with identity: nobody sends it, and readers disagree about it.
    """
    return _coding(content_encoding) in {"identity", "gzip", "x-gzip", "deflate"}


def coded(content_encoding: str | None) -> bool:
    """Whether a body with this Content-Encoding is anything else than its own content."""
    return _coding(content_encoding) != "identity"


class Inflater:
    """Undoes one body's coding. Feed each chunk and take all its pieces, then ask `finish()`.

    `problem` is a sentence without a full stop once the body can't be read; from then on nothing comes out. A feed
    whose pieces were not all taken is such a problem at the next one.
    """

    __slots__ = ("_bits", "_members", "_reading", "_step", "_zlib", "decoded_bytes", "problem", "wire_bytes")

    def __init__(self, content_encoding: str | None) -> None:
        """`content_encoding` is the header's value. Raises ValueError for one that isn't `readable`."""
        if not readable(content_encoding):
            raise ValueError("the Content-Encoding is not one that can be undone")
        coding = _coding(content_encoding)
        # The raw deflate format that some send as `deflate` is refused: forges don't agree on it.
        self._bits = _ZLIB if coding == "deflate" else _GZIP
        self._members = coding != "deflate"
        self._zlib = None if coding == "identity" else zlib.decompressobj(self._bits)
        self._step = FIRST
        self._reading = False
        self.problem: str | None = None
        self.wire_bytes = 0
        self.decoded_bytes = 0

    def feed(self, data: bytes) -> Iterable[bytes]:
        """The pieces that `data` decodes to, inflated one by one as they are taken; identity gives `data` itself."""
        if self._reading:
            self.problem = self.problem or _LEFT
        if self.problem is not None or not data:
            return ()
        if self._zlib is None:
            self.wire_bytes += len(data)
            self.decoded_bytes += len(data)
            return (data,)
        self._reading = True
        return self._pieces(data)

    def finish(self) -> str | None:
        """The body has ended: why it can't be taken for read, or None. A body without a byte is complete."""
        if self._reading:
            self.problem = self.problem or _LEFT
        if self.problem is None and self._zlib is not None and self.wire_bytes and not self._zlib.eof:
            self.problem = _UNENDED
        return self.problem

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        view = memoryview(data)
        position = 0
        while position < len(view):
            if not self._ready():
                break
            part = view[position : position + min(self._step, SLICE - self.wire_bytes % SLICE)]
            before = self.wire_bytes
            yield from self._inflate(part)
            if self.problem is not None:
                break
            position += self.wire_bytes - before
            self._step = min(self._step * 2, SLICE)
            if self.wire_bytes % SLICE == 0 and self.wire_bytes > PADDING + 2 * self.decoded_bytes:
                self.problem = _PADDED
                break
        self._reading = False

    def _ready(self) -> bool:
        """Whether more bytes may follow; behind a member's end the next one starts (RFC 1952 section 2.2)."""
        assert self._zlib is not None
        if self._zlib.eof:
            if not self._members:
                self.problem = _WRONG
                return False
            self._zlib = zlib.decompressobj(self._bits)
            self._step = FIRST
        return True

    def _inflate(self, part: memoryview) -> Iterator[bytes]:
        """All that comes of `part`, or of its beginning up to a member's end."""
        assert self._zlib is not None
        end = self.wire_bytes + len(part)
        rest: bytes | memoryview = part
        while True:
            try:
                piece = self._zlib.decompress(rest, PIECE)
            except zlib.error:
                self.problem = _WRONG
                return
            rest = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail
            self.wire_bytes = end - len(rest)
            self.decoded_bytes += len(piece)
            if self.decoded_bytes > GROWTH * SLICE * -(-self.wire_bytes // SLICE):
                self.problem = _GROWN
                return
            if piece:
                yield piece
            if self._zlib.eof or (not rest and len(piece) < PIECE):
                return


def whole(data: bytes, content_encoding: str | None, cap: int) -> bytes | None:
    """`data`, a complete body, with its coding undone; None if that can't be done or gives more than `cap` bytes."""
    if not readable(content_encoding):
        return None
    inflater = Inflater(content_encoding)
    pieces = []
    for piece in inflater.feed(data):
        if inflater.decoded_bytes > cap:
            return None
        pieces.append(piece)
    return None if inflater.finish() is not None else b"".join(pieces)


def refusal(content_encoding: str | None) -> str | None:
    """The sentence to refuse this Content-Encoding with, or None if a body in it can be read."""
    if readable(content_encoding):
        return None
    return "the body's Content-Encoding is not one that can be read (gzip, deflate or none, once)"


def _coding(content_encoding: str | None) -> str:
    return (content_encoding or "").strip(" \t").lower() or "identity"

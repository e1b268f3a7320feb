"""The gate counts a body as it streams and cuts it where it grows beyond its limit.

Theory. A limit is on the larger of two numbers: the bytes on the wire without framing, and the bytes after
Content-Encoding is undone. Both only grow, so the first chunk that brings either beyond the limit settles it: that
chunk is not released, and what was released before can't be a complete body as long as the caller aborts the upstream
message instead of ending it. Exactly the limit passes.

Decoding is for counting alone: input goes in by slices, output comes out in pieces of at most 64 KiB and is dropped at
once, and it stops as soon as the limit is passed. So memory is constant, and a compression bomb costs no more work
than inflating `limit` bytes. A coding that can't be undone can't be counted, so it doesn't pass a gate that blocks.

Not here: reading what the bytes mean. The gate knows no git and no files.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

from forgewall.model import Action
from forgewall.sizes import size

PIECE = 65536  # most output held at once, in bytes
SLICE = 16384  # most input given to zlib at once, in bytes: its copy of the unread rest stays small
GZIP, ZLIB = 31, 15  # zlib's wbits for RFC 1952 and RFC 1950


@dataclass(frozen=True, slots=True)
class Passed:
    """These bytes may go on."""

    chunk: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """Nothing more may go on, and the upstream message must be aborted, not ended.

    `code` is `too-large` or `encoding`; `reason` is a sentence without a full stop.
    """

    code: str
    reason: str


class Gate:
    """One body's gate. Feed every chunk, pass on what is `Passed`, call `finish()` before ending the message.

    With `over` other than BLOCK the gate never cuts: it sets `exceeded` and lets everything through.
    """

    __slots__ = (
        "_cut",
        "_hash",
        "_inflate",
        "_limit",
        "_over",
        "decoded_bytes",
        "exceeded",
        "released_bytes",
        "wire_bytes",
    )

    def __init__(self, *, limit: int | None, over: Action, content_encoding: str | None) -> None:
        """`limit` in bytes or None; `content_encoding` is the header's value.

        Raises ValueError for a coding that can't be counted where the gate would have to block by counting it: ask
        `refusal_for` first.
        """
        if limit is not None and limit < 0:
            raise ValueError(f"limit is {limit}; it must be 0 or more bytes")
        counted = limit is not None
        sentence = self.refusal_for(content_encoding)
        if sentence is not None and counted and over is Action.BLOCK:
            raise ValueError(sentence)
        coding = _coding(content_encoding)
        self._limit = limit
        self._over = over
        self._hash = hashlib.sha256()
        self._inflate = _Inflate(coding) if counted and sentence is None and coding != "identity" else None
        self._cut: Cut | None = None
        self.wire_bytes = 0
        self.decoded_bytes = 0
        self.released_bytes = 0
        # What can't be counted isn't known to be within its limit.
        self.exceeded = sentence is not None and counted

    @staticmethod
    def refusal_for(content_encoding: str | None) -> str | None:
        """The sentence to refuse this Content-Encoding with, or None if a body in it can be counted."""
        if _coding(content_encoding) in {"identity", "gzip", "x-gzip", "deflate"}:
            return None
        return "the body's Content-Encoding is not one that can be counted (gzip, deflate or none, once)"

    def feed(self, chunk: bytes) -> Passed | Cut:
        """Count `chunk`, then release or refuse it; after a cut every further chunk gets the same cut."""
        if self._cut is not None:
            return self._cut
        self.wire_bytes += len(chunk)
        problem = self._count(chunk)
        if problem is not None:
            self.exceeded = True
            self._inflate = None  # what is over needs no more counting
            if self._over is Action.BLOCK:
                self._cut = problem
                return problem
        self._hash.update(chunk)
        self.released_bytes += len(chunk)
        return Passed(chunk)

    def finish(self) -> Passed | Cut:
        """Whether the message may be ended: a coded body that stops in the middle was never counted whole."""
        if self._cut is None and self._inflate is not None and not self._inflate.complete:
            self.exceeded = True
            if self._over is Action.BLOCK:
                self._cut = Cut("encoding", "the body ends in the middle of its Content-Encoding")
        return self._cut or Passed(b"")

    @property
    def sha256(self) -> str:
        """SHA-256 of the released bytes as they stood on the wire, in hex."""
        return self._hash.hexdigest()

    def _count(self, chunk: bytes) -> Cut | None:
        if self._limit is None:
            self.decoded_bytes += len(chunk)
            return None
        if self._inflate is None:
            # Identity, or already over, or not countable: then this is a lower bound.
            self.decoded_bytes = max(self.decoded_bytes, self.wire_bytes)
        else:
            try:
                self.decoded_bytes += self._inflate.feed(chunk, self._limit - self.decoded_bytes)
            except (zlib.error, EOFError):
                return Cut("encoding", "the body is not what its Content-Encoding says")
        if max(self.wire_bytes, self.decoded_bytes) > self._limit:
            return Cut("too-large", f"the body is larger than the limit of {size(self._limit)}")
        return None


class _Inflate:
    """Counts decoded bytes; holds at most one piece of output and zlib's window."""

    __slots__ = ("_bits", "_members", "_started", "_zlib")

    def __init__(self, coding: str) -> None:
        # RFC 9110 section 8.4.1.2: `deflate` is the zlib format; the raw format some send instead is refused.
        self._bits = ZLIB if coding == "deflate" else GZIP
        self._members = coding != "deflate"
        self._zlib = zlib.decompressobj(self._bits)
        self._started = False

    @property
    def complete(self) -> bool:
        """No byte yet, or the coding's end was reached."""
        return not self._started or self._zlib.eof

    def feed(self, chunk: bytes, room: int) -> int:
        """How many bytes `chunk` decodes to; counting stops soon after `room` is passed.

        Raises zlib.error for bytes that aren't this coding, EOFError for bytes behind its end.
        """
        counted = 0
        view = memoryview(chunk)
        for start in range(0, len(view), SLICE):
            rest = bytes(view[start : start + SLICE])
            while rest:
                if self._zlib.eof:
                    if not self._members:
                        raise EOFError
                    self._zlib = zlib.decompressobj(self._bits)  # RFC 1952 section 2.2: members may follow each other
                self._started = True
                rest, count = self._drain(rest, room - counted)
                counted += count
                if counted > room:
                    return counted
        return counted

    def _drain(self, data: bytes, room: int) -> tuple[bytes, int]:
        """Inflate `data` up to the end of a member: what is left behind it, and how many bytes came out."""
        counted = 0
        while True:
            piece = len(self._zlib.decompress(data, PIECE))
            counted += piece
            if self._zlib.eof:
                return self._zlib.unused_data, counted
            data = self._zlib.unconsumed_tail
            if counted > room or (piece < PIECE and not data):
                return b"", counted


def _coding(content_encoding: str | None) -> str:
    return (content_encoding or "").strip(" \t").lower() or "identity"

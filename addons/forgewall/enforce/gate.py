"""The gate counts a body as it streams, shows what it decodes to, and cuts it where it must not go on.

Theory. A limit is on the larger of two numbers: the bytes on the wire without framing, and the bytes after
Content-Encoding is undone. Both only grow, so the first chunk that brings either beyond the limit settles it: that
chunk is not released, and what was released before can't be a complete body as long as the caller aborts the upstream
message instead of ending it. Exactly the limit passes.

Decoded bytes are shown to a sink in order, piece by piece, before the chunk they come of is released; for a body
without a coding the piece is the chunk itself. Each piece is counted before it is shown and dropped after it, and a cut
in the middle of a chunk leaves the rest of it uninflated. So memory is constant, and a compression bomb costs no more
work than inflating `limit` bytes (or what `enforce.inflate` bounds it to, where there is no limit). A coding that can't
be undone can't be counted or shown, so it doesn't pass a gate that blocks by either.

Not here: reading what the bytes mean. The gate knows no git and no files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass

from forgewall.enforce import inflate
from forgewall.inspect.hashes import Hash
from forgewall.model import Action
from forgewall.sizes import size
from forgewall.turns import Turns, at_once


@dataclass(frozen=True, slots=True)
class Passed:
    """These bytes may go on."""

    chunk: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """Nothing more may go on, and the upstream message must be aborted, not ended.

    `code` is `too-large` or `encoding`, or what a sink says; `reason` is a sentence without a full stop.
    """

    code: str
    reason: str


type Sink = Callable[[bytes], Cut | Turns[Cut | None] | None]
"""Is shown each decoded piece; a Cut is carried out, whatever the gate's own limit says. It may take turns."""

_FAILED = Cut("internal-error", "Forgewall failed while it examined this body")


class Gate:
    """One body's gate. Feed every chunk, pass on what is `Passed`, call `finish()` before ending the message.

    `exceeded`: the body is larger than its limit, or can't be counted. `undecoded`: why the sink wasn't shown all of
    the body, a sentence without a full stop, or None. Both stand also where the gate doesn't cut for it.
    """

    __slots__ = (
        "_cut",
        "_hash",
        "_inflater",
        "_limit",
        "_over",
        "_sink",
        "_undecodable",
        "decoded_bytes",
        "exceeded",
        "released_bytes",
        "undecoded",
        "wire_bytes",
    )

    def __init__(
        self,
        *,
        limit: int | None,
        over: Action,
        content_encoding: str | None,
        sink: Sink | None = None,
        undecodable: Action | None = None,
        digest: Hash | None = None,
    ) -> None:
        """`limit` in bytes or None; with `over` other than BLOCK nothing is cut for it. `content_encoding` is the
        header's value. `undecodable`: whether a body that isn't what its coding says is cut; if None, it is where
        there is a sink or a limit that blocks. A body is decoded where there is a limit or a sink. `digest` makes the
        SHA-256 of the wire.

        Raises ValueError for a coding that can't be undone where the gate would have to block for it: ask
        `refusal_for` first.
        """
        if limit is not None and limit < 0:
            raise ValueError(f"limit is {limit}; it must be 0 or more bytes")
        if undecodable is None:
            must = sink is not None or (limit is not None and over is Action.BLOCK)
            undecodable = Action.BLOCK if must else Action.LOG
        decodes = limit is not None or sink is not None
        sentence = self.refusal_for(content_encoding)
        if sentence is not None and decodes and undecodable is Action.BLOCK:
            raise ValueError(sentence)
        self._limit = limit
        self._over = over
        self._sink = sink
        self._undecodable = undecodable
        self._hash: Hash = hashlib.sha256() if digest is None else digest
        self._inflater = inflate.Inflater(content_encoding) if decodes and sentence is None else None
        self._cut: Cut | None = None
        self.wire_bytes = 0
        self.decoded_bytes = 0
        self.released_bytes = 0
        self.undecoded = sentence if decodes else None
        self.exceeded = sentence is not None and limit is not None  # what can't be counted isn't known to be within it

    @staticmethod
    def refusal_for(content_encoding: str | None) -> str | None:
        """The sentence to refuse this Content-Encoding with, or None if a body in it can be read."""
        return inflate.refusal(content_encoding)

    def feed(self, chunk: bytes) -> Passed | Cut:
        """Count and show `chunk`, then release or refuse it; after a cut every further chunk gets the same cut.

        What a sink raises goes through to the caller, and nothing more is released.
        """
        return at_once(self.turns(chunk))

    def turns(self, chunk: bytes) -> Turns[Passed | Cut]:
        """As `feed`, in turns. Turns that are not taken to their end are a failure: nothing more is released."""
        if self._cut is None:
            self.wire_bytes += len(chunk)
            try:
                self._cut = yield from self._examine(chunk)
            except BaseException:
                self._cut = _FAILED
                raise
        if self._cut is not None:
            self._inflater = None
            return self._cut
        self._hash.update(chunk)
        self.released_bytes += len(chunk)
        return Passed(chunk)

    def finish(self) -> Passed | Cut:
        """Whether the message may be ended: a coded body that stops in the middle was never read whole."""
        if self._cut is None and self._inflater is not None:
            problem = self._inflater.finish()
            self._cut = self._give_up(problem) if problem is not None else None
        return self._cut or Passed(b"")

    @property
    def sha256(self) -> str:
        """SHA-256 of the released bytes as they stood on the wire, in hex."""
        return self._hash.hexdigest()

    def _examine(self, chunk: bytes) -> Turns[Cut | None]:
        if self._inflater is None:
            # Nothing to undo, or nothing that can be: then this is a lower bound.
            self.decoded_bytes = max(self.decoded_bytes, self.wire_bytes)
            return self._beyond()
        cut = self._beyond()
        if cut is not None:
            return cut
        for piece in self._inflater.feed(chunk):
            self.decoded_bytes += len(piece)
            cut = self._beyond()
            if cut is None and self._sink is not None:
                shown = self._sink(piece)
                cut = (yield from shown) if isinstance(shown, Generator) else shown
            if cut is not None:
                return cut
            yield
        return None if self._inflater.problem is None else self._give_up(self._inflater.problem)

    def _beyond(self) -> Cut | None:
        if self._limit is None or max(self.wire_bytes, self.decoded_bytes) <= self._limit:
            return None
        self.exceeded = True
        if self._over is not Action.BLOCK:
            return None
        return Cut("too-large", f"the body is larger than the limit of {size(self._limit)}")

    def _give_up(self, problem: str) -> Cut | None:
        self._inflater = None
        self.undecoded = problem
        self.exceeded = self.exceeded or self._limit is not None
        return Cut("encoding", problem) if self._undecodable is Action.BLOCK else None

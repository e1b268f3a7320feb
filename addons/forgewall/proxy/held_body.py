"""A body that has to be seen before its request can be judged: whole in memory, or as a skim of what went to disk.

A skim is the same document with its long strings replaced, so that a commit of many files shows the repository it goes
to. Not here: keeping the bytes (`holding`), and what they are about (`identify`).
"""

from __future__ import annotations

from dataclasses import replace

from forgewall.enforce.examination import PART
from forgewall.enforce.inflate import Inflater, coded, readable
from forgewall.inspect.body import media_type_of
from forgewall.inspect.skim import Skimmer
from forgewall.model import BodyState, Request
from forgewall.proxy.holding import MEMORY_BYTES
from forgewall.turns import Turns, at_once


class HeldBody:
    """Feed chunks with `enough`; `request` is what identify is to be shown then. `size` is in bytes on the wire."""

    def __init__(self, request: Request) -> None:
        self._request = request
        coding = request.header("content-encoding")
        self._inflater = Inflater(coding) if readable(coding) else None
        self._skimmer = Skimmer.of(request) if self._inflater is not None and not _is_coded_form(request) else None
        self.size = 0

    @property
    def can_be_skimmed(self) -> bool:
        """Whether a body longer than memory may hold can be understood at all."""
        return self._skimmer is not None

    def enough(self, chunk: bytes) -> bool:
        """Whether further bytes won't tell more: the skim has become too long, or can't be made."""
        return at_once(self.turns(chunk))

    def turns(self, chunk: bytes) -> Turns[bool]:
        """As `enough`, in turns."""
        self.size += len(chunk)
        if self._skimmer is None or self._inflater is None:
            return False
        for piece in self._inflater.feed(chunk):
            for start in range(0, len(piece), PART):
                self._skimmer.feed(piece[start : start + PART])
                if self._skimmer.failed:
                    return self.size > MEMORY_BYTES
                yield
        return self._inflater.problem is not None and self.size > MEMORY_BYTES

    def request(self, held: bytes, *, whole: bool) -> Request:
        """The request with its body: `held` if that is all of it and small, after its coding too, else the skim."""
        grown = self._inflater is not None and self._inflater.decoded_bytes > MEMORY_BYTES
        small = whole and self.size <= MEMORY_BYTES
        skim = self._skim() if whole and (grown or not small) else None
        if skim is None and small:
            return replace(self._request, body=held, body_state=BodyState.COMPLETE)
        if skim is None:
            return replace(self._request, body_state=BodyState.TOO_LONG)
        headers = tuple(pair for pair in self._request.headers if pair[0] != "content-encoding")
        return replace(self._request, headers=headers, body=skim, body_state=BodyState.SKIMMED)

    def _skim(self) -> bytes | None:
        if self._skimmer is None or self._inflater is None or self._inflater.finish() is not None:
            return None
        return self._skimmer.finish()


def _is_coded_form(request: Request) -> bool:
    """Whether the body is a form in a coding. Object stores and most servers of pages don't undo it, and would find
    another form in its bytes: a gzip header holds any (RFC 1952), and what stands before a boundary is skipped.
    """
    return media_type_of(request) == "multipart/form-data" and coded(request.header("content-encoding"))

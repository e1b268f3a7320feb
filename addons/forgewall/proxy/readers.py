"""The two answers of a forge that are read: what it says before a push, and where it wants LFS objects.

Not here: keeping the answer until its reader has decided (`answer_hold`), and what the bytes mean
(`inspect.lfs_answer`, `enforce.advertisement`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from forgewall.decide.protocol import protocol_block
from forgewall.enforce import inflate
from forgewall.enforce.advertisement import NoThin, can_be_patched
from forgewall.enforce.reply import Reply
from forgewall.identify.announced import Announcement
from forgewall.inspect.lfs import Batch
from forgewall.inspect.lfs_answer import MAX_ANSWER, read_answer
from forgewall.model import Request, Target, Verdict
from forgewall.proxy.answer_hold import Headers, Release


class Advertisement:
    """Adds `no-thin` to what a forge says before a push, so that the pack can be read alone."""

    takes_gzip = False

    def __init__(self) -> None:
        self._patch = NoThin()

    def begin(self, status: int, headers: Headers) -> bool:
        """See `AnswerReader`."""
        found = dict(headers)
        return can_be_patched(status, found.get("content-type"), found.get("content-encoding"))

    def feed(self, data: bytes) -> Release | None:
        """See `AnswerReader`."""
        out = self._patch.feed(data)
        return Release(out, self._patch.grown) if self._patch.decided else None

    def finish(self) -> Release:
        """See `AnswerReader`."""
        return Release(self._patch.finish(), self._patch.grown)


class BatchAnswer:
    """Reads where a forge wants the objects of an LFS batch, and has that remembered before the client learns it."""

    takes_gzip = True

    def __init__(
        self,
        batch: Batch,
        asked: Request,
        asker: Target,
        accept: Callable[[tuple[Announcement, ...]], Verdict | None],
        refuse: Callable[[Verdict], Reply | None],
    ) -> None:
        """`accept` gives a verdict where the client must not learn what is announced; `refuse` makes the reply for
        one, None where the answer goes on all the same.
        """
        self._batch = batch
        self._asked = asked
        self._asker = asker
        self._accept = accept
        self._refuse = refuse
        self._coding: str | None = None
        self._body = bytearray()

    def begin(self, status: int, headers: Headers) -> bool:
        """See `AnswerReader`."""
        self._coding = dict(headers).get("content-encoding")
        return 200 <= status < 300  # clients follow what any of these announces

    def feed(self, data: bytes) -> Release | Reply | None:
        """See `AnswerReader`."""
        self._body += data
        if len(self._body) <= MAX_ANSWER:
            return None
        return self._refusal("the forge's answer to the LFS batch is too long to be read")

    def finish(self) -> Release | Reply:
        """See `AnswerReader`."""
        body = inflate.whole(bytes(self._body), self._coding, MAX_ANSWER)
        if body is None:
            return self._refusal("the forge's answer to the LFS batch has a Content-Encoding that can't be undone")
        found = read_answer(body, self._batch, asked=self._asked, asker=self._asker, now=datetime.now(UTC))
        if isinstance(found, str):
            return self._refusal(found)
        verdict = self._accept(found)
        return self._given(verdict) if verdict is not None else Release(bytes(self._body))

    def _refusal(self, problem: str) -> Release | Reply:
        return self._given(protocol_block("lfs", problem))

    def _given(self, verdict: Verdict) -> Release | Reply:
        return self._refuse(verdict) or Release(bytes(self._body))

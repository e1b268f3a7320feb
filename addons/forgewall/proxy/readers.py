"""The two answers of a forge that are read: what it says before a push, and where it wants LFS objects.

Not here: keeping the answer until its reader has decided (`answer_hold`), and what the bytes mean
(`inspect.lfs_answer`, `enforce.advertisement`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from forgewall.enforce import inflate
from forgewall.enforce.advertisement import NoThin, can_be_patched
from forgewall.enforce.reply import Reply
from forgewall.identify.announced import Announcement
from forgewall.inspect.lfs import Batch
from forgewall.inspect.lfs_answer import MAX_ANSWER, read_answer
from forgewall.model import Request, Target
from forgewall.proxy.answer_hold import Headers, Release


class Advertisement:
    """Adds `no-thin` to what a forge says before a push, so that the pack can be read alone."""

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

    def __init__(
        self,
        batch: Batch,
        asked: Request,
        asker: Target,
        remember: Callable[[tuple[Announcement, ...]], str | None],
        refuse: Callable[[str], Reply | None],
    ) -> None:
        """`remember` says why it can't; `refuse` makes the reply for a sentence, None where the answer goes on."""
        self._batch = batch
        self._asked = asked
        self._asker = asker
        self._remember = remember
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
        problem = found if isinstance(found, str) else self._remember(found)
        return self._refusal(problem) if problem is not None else Release(bytes(self._body))

    def _refusal(self, problem: str) -> Release | Reply:
        return self._refuse(problem) or Release(bytes(self._body))

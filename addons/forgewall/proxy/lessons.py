"""Reads the answers that teach something, before the client gets them: what it is told, it may use at once.

The answer goes on whatever comes of it, and as it came. Not here: what an answer teaches (`forgewall.learn`).
"""

from __future__ import annotations

from collections.abc import Callable

from forgewall.enforce import inflate
from forgewall.enforce.reply import Reply
from forgewall.learn.lesson import MAX_ANSWER, Fact, Lesson
from forgewall.proxy.answer_hold import AnswerReader, Headers, Release


class TaughtAnswer:
    """An answer with a lesson, and with another reader where it has to be read for more than that."""

    def __init__(
        self,
        lesson: Lesson,
        learn: Callable[[tuple[Fact, ...]], None],
        failed: Callable[[Exception], None],
        other: AnswerReader | None = None,
    ) -> None:
        """`learn` keeps facts; `failed` is told of an exception, which never breaks the answer."""
        self._lesson = lesson
        self._learn = learn
        self._failed = failed
        self.other = other
        self._held_for_other = False
        self._status = 0
        self._headers: Headers = ()
        self._body = bytearray()
        self.takes_gzip = other is None or other.takes_gzip

    def begin(self, status: int, headers: Headers) -> bool | Reply:
        """See `AnswerReader`."""
        self._status, self._headers = status, headers
        wanted = self.other.begin(status, headers) if self.other is not None else False
        self._held_for_other = wanted is not False
        if self._held_for_other or not self._reads():
            self._teach(b"")
            return wanted
        return True

    def feed(self, data: bytes) -> Release | Reply | None:
        """See `AnswerReader`."""
        if self._held_for_other and self.other is not None:
            return self.other.feed(data)
        self._body += data
        if len(self._body) <= MAX_ANSWER:
            return None
        self._teach(b"")
        return Release(bytes(self._body))

    def finish(self) -> Release | Reply:
        """See `AnswerReader`."""
        if self._held_for_other and self.other is not None:
            return self.other.finish()
        coding = dict(self._headers).get("content-encoding")
        self._teach(inflate.whole(bytes(self._body), coding, MAX_ANSWER) or b"")
        return Release(bytes(self._body))

    def _reads(self) -> bool:
        try:
            return self._lesson.reads(self._status, self._headers)
        except Exception as error:
            self._failed(error)
            return False

    def _teach(self, body: bytes) -> None:
        try:
            self._learn(self._lesson.facts(self._status, self._headers, body))
        except Exception as error:
            self._failed(error)

"""Reads the answers that teach something, before the client gets them: what it is told, it may use at once.

The answer goes on whatever comes of it, and as it came. One that is too long, or for which there is no room now, goes
on unread. Not here: what an answer teaches (`forgewall.learn`).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable

from forgewall.enforce import inflate
from forgewall.enforce.inflate import Inflater
from forgewall.enforce.reply import Reply
from forgewall.learn.answers import opening_of
from forgewall.learn.lesson import MAX_ANSWER, Fact, Lesson, Opening
from forgewall.proxy.answer_hold import AnswerReader, Headers, Release
from forgewall.proxy.shares import Shares

ROOM_BYTES = 128 * 1024 * 1024
"""How much of answers may be held at a time for what they teach, for all clients together."""


class Room:
    """What one client's answer takes of the room for all; it is given back when the answer is let go, or dropped."""

    __slots__ = ("_client", "_shares", "_size")

    def __init__(self, shares: Shares, client: str) -> None:
        self._shares = shares
        self._client = client
        self._size = 0

    def take(self, size: int) -> bool:
        """Whether there was room for `size` more bytes, which are taken then."""
        if not self._shares.fits(self._client, size):
            return False
        self._shares.take(self._client, size)
        self._size += size
        return True

    def give(self) -> None:
        """Nothing is held any more."""
        size, self._size = self._size, 0
        self._shares.give(self._client, size)


class Beginning:
    """The beginning of an answer, as far as it is needed and with its coding undone."""

    __slots__ = ("_inflater", "_wanted", "text")

    def __init__(self, wanted: Opening, coding: str | None) -> None:
        """Raises ValueError for a coding that can't be undone."""
        self._wanted = wanted
        self._inflater = Inflater(coding)
        self.text = bytearray()

    def enough(self, data: bytes) -> bool:
        """Whether the answer needn't be read beyond `data`, which stands behind what was fed before."""
        end = self._wanted.end
        for piece in self._inflater.feed(data):
            before = len(self.text)
            self.text += piece
            if len(self.text) >= self._wanted.opening or self.text.find(end, max(0, before - len(end))) >= 0:
                return True
        return self._inflater.problem is not None


class TaughtAnswer:
    """An answer with a lesson, and with another reader where it has to be read for more than that."""

    def __init__(
        self,
        lesson: Lesson,
        learn: Callable[[tuple[Fact, ...]], None],
        failed: Callable[[Exception], None],
        room: Room,
        other: AnswerReader | None = None,
    ) -> None:
        """`learn` keeps facts; `failed` is told of an exception, which never breaks the answer; `room` is its own."""
        self._lesson = lesson
        self._learn = learn
        self._failed = failed
        self._room = room
        weakref.finalize(self, room.give).atexit = False  # where a connection breaks off, nobody tells
        self.other = other
        self._held_for_other = False
        self._status = 0
        self._headers: Headers = ()
        self._body = bytearray()
        self._opening = opening_of(lesson)
        self._beginning: Beginning | None = None
        self.takes_gzip = other is None or other.takes_gzip

    def begin(self, status: int, headers: Headers) -> bool | Reply:
        """See `AnswerReader`."""
        self._status, self._headers = status, headers
        wanted = self.other.begin(status, headers) if self.other is not None else False
        self._held_for_other = wanted is not False
        readable = inflate.readable(self._coding) and not self._is_long()
        if self._held_for_other or not readable or not self._reads():
            self._teach(b"")
            return wanted
        if self._opening is not None:
            self._beginning = Beginning(self._opening, self._coding)
        return True

    def feed(self, data: bytes) -> Release | Reply | None:
        """See `AnswerReader`."""
        if self._held_for_other and self.other is not None:
            return self.other.feed(data)
        fits = self._fits(data)
        self._body += data
        if self._beginning is not None and self._has_enough(self._beginning, data):
            self._teach(bytes(self._beginning.text), None)
            return self._released()
        if fits:
            return None
        self._teach(b"")
        return self._released()

    def finish(self) -> Release | Reply:
        """See `AnswerReader`."""
        if self._held_for_other and self.other is not None:
            return self.other.finish()
        self._teach(bytes(self._body), self._coding)
        return self._released()

    def _released(self) -> Release:
        data, self._body = bytes(self._body), bytearray()
        self._room.give()
        return Release(data)

    def _is_long(self) -> bool:
        """Whether the answer says that it is longer than what is read, and all of it would have to be."""
        if self._opening is not None:
            return False
        length = dict(self._headers).get("content-length", "")
        return length.isascii() and length.isdigit() and int(length[:20]) > MAX_ANSWER

    def _reads(self) -> bool:
        try:
            return self._lesson.reads(self._status, self._headers)
        except Exception as error:
            self._failed(error)
            return False

    def _fits(self, data: bytes) -> bool:
        try:
            return len(self._body) + len(data) <= MAX_ANSWER and self._room.take(len(data))
        except Exception as error:
            self._failed(error)
            return False

    def _has_enough(self, beginning: Beginning, data: bytes) -> bool:
        try:
            return beginning.enough(data)
        except Exception as error:
            self._failed(error)
            return True

    @property
    def _coding(self) -> str | None:
        return dict(self._headers).get("content-encoding")

    def _teach(self, body: bytes, coding: str | None = None) -> None:
        try:
            plain = inflate.whole(body, coding, MAX_ANSWER) if body else b""
            self._learn(self._lesson.facts(self._status, self._headers, plain or b""))
        except Exception as error:
            self._failed(error)

"""Reads the answers that teach something, before the client gets them: what it is told, it may use at once.

The answer goes on whatever comes of it, and as it came. One that is too long, or for which there is no room now, goes
on unread. Not here: what an answer teaches (`forgewall.learn`).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable

from forgewall.enforce import inflate
from forgewall.enforce.reply import Reply
from forgewall.learn.lesson import MAX_ANSWER, Fact, Lesson
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
        self.takes_gzip = other is None or other.takes_gzip

    def begin(self, status: int, headers: Headers) -> bool | Reply:
        """See `AnswerReader`."""
        self._status, self._headers = status, headers
        wanted = self.other.begin(status, headers) if self.other is not None else False
        self._held_for_other = wanted is not False
        if self._held_for_other or self._is_long() or not self._reads():
            self._teach(b"")
            return wanted
        return True

    def feed(self, data: bytes) -> Release | Reply | None:
        """See `AnswerReader`."""
        if self._held_for_other and self.other is not None:
            return self.other.feed(data)
        fits = self._fits(data)
        self._body += data
        if fits:
            return None
        self._teach(b"")
        return self._released()

    def finish(self) -> Release | Reply:
        """See `AnswerReader`."""
        if self._held_for_other and self.other is not None:
            return self.other.finish()
        self._teach(bytes(self._body))
        return self._released()

    def _released(self) -> Release:
        data, self._body = bytes(self._body), bytearray()
        self._room.give()
        return Release(data)

    def _is_long(self) -> bool:
        """Whether the answer says that it is longer than what is read."""
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

    def _teach(self, body: bytes) -> None:
        try:
            plain = inflate.whole(body, dict(self._headers).get("content-encoding"), MAX_ANSWER) if body else b""
            self._learn(self._lesson.facts(self._status, self._headers, plain or b""))
        except Exception as error:
            self._failed(error)

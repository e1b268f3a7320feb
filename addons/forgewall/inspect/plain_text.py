"""All the text of a body that is no file, put together in one stream and searched for secrets.

Each text stands behind its member's name (`"token": "…"`), for some rules look for the name. Not here: files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from forgewall.evidence import Fact, Secret, Unread
from forgewall.inspect.secrets import Scanner

_BATCH = 16384  # bytes that are gathered before a search: a search has a price of its own


class PlainText:
    """Feed texts, whole or in pieces; `take` gives what was found. Without a scanner it does nothing."""

    __slots__ = ("_batch", "_facts", "_size", "_stream")

    def __init__(self, scanner: Scanner | None) -> None:
        self._stream = None if scanner is None else scanner.stream(None)
        self._batch: list[bytes] = []
        self._size = 0
        self._facts: list[Fact] = []

    def add(self, key: str, value: bytes) -> None:
        """One text, and the name it stands under."""
        if self._stream is not None:
            self.feed(b'"%b": "%b"\n' % (key.encode("utf-8", "replace"), value))

    def feed(self, piece: bytes) -> None:
        """The next bytes, as they are."""
        if self._stream is None or not piece:
            return
        self._batch.append(piece)
        self._size += len(piece)
        if self._size >= _BATCH:
            self._search()

    def take(self) -> list[Fact]:
        """What was found since the last time."""
        found, self._facts = self._facts, []
        return found

    def finish(self) -> list[Fact]:
        """The body has ended: the rest of what was found."""
        if self._stream is not None:
            self._search()
            self._found(self._stream.finish())
            if self._stream.gave_up:
                self._facts.append(Unread(reason=self._stream.gave_up))
            self._stream = None
        return self.take()

    def _search(self) -> None:
        if self._stream is not None and self._batch:
            self._found(self._stream.feed(b"".join(self._batch)))
        self._batch, self._size = [], 0

    def _found(self, secrets: Iterable[Secret]) -> None:
        # The lines are those of the texts put together, which nobody else sees.
        self._facts.extend(replace(secret, line=None) for secret in secrets)

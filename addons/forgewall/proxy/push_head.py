"""The head of a push on the wire: its command list, read chunk by chunk with Content-Encoding undone.

JGit compresses pushes, git doesn't. Not here: what the list says (`inspect.commands`), and whether it may pass.
"""

from __future__ import annotations

from forgewall.enforce.inflate import Inflater, readable
from forgewall.inspect.commands import HEAD, CommandReader, Commands, Malformed

WIRE_BYTES = HEAD + 64 * 1024
"""Most bytes on the wire in which a command list has to end."""


class PushHead:
    """Feed chunks until one is `enough`; then there is an `answer`."""

    def __init__(self, content_encoding: str | None) -> None:
        """`content_encoding` is the header's value; with one that can't be undone nothing is read."""
        self._reader = CommandReader()
        self._inflater = Inflater(content_encoding) if readable(content_encoding) else None
        self._found: Commands | Malformed | None = None

    def enough(self, chunk: bytes) -> bool:
        """Whether the list is known, or never will be, now that `chunk` has come."""
        if self._inflater is None:
            return True
        for piece in self._inflater.feed(chunk):
            self._found = self._reader.feed(piece)
            if self._found is not None:
                return True
        return self._inflater.problem is not None

    @property
    def answer(self) -> Commands | Malformed:
        """The list, or why there is none."""
        if self._found is not None and (isinstance(self._found, Malformed) or self._found.complete):
            return self._found
        if self._found is not None:
            return Malformed("the push's command list is longer than 1 MiB; push fewer refs at a time")
        if self._inflater is not None and self._inflater.problem is not None:
            return Malformed(self._inflater.problem)
        return Malformed("the push ends before its command list does")

    @property
    def so_far(self) -> Commands | None:
        """What a refusal can tell git about: the list as far as it came, None before its first line."""
        if isinstance(self._found, Commands):
            return self._found
        return self._reader.so_far() if self._reader.started else None

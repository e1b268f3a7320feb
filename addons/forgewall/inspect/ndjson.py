"""Reads JSON documents that stand one on a line each (application/x-ndjson), as Hugging Face commits are sent.

A JSON text holds no bare line break, so the lines are cut first. Blank lines count for nothing. Not here: JSON itself.
"""

from __future__ import annotations

from forgewall.inspect.json_stream import JsonEvents, JsonReader, NotJson


class NdjsonReader:
    """Reads lines of JSON; the events of one document follow those of the one before. `rest` as in `JsonReader`."""

    __slots__ = ("_events", "_lenient", "_reader", "rest")

    def __init__(self, events: JsonEvents, *, lenient: bool = False) -> None:
        """`lenient` as in `JsonReader`, where a bare line break in a text ends the line nevertheless."""
        self._events = events
        self._lenient = lenient
        self._reader: JsonReader | None = None
        self.rest = b""

    def feed(self, data: bytes) -> None:
        """Read `data`. Raises NotJson, after which it must not be fed again."""
        position = 0
        while position < len(data):
            end = data.find(b"\n", position)
            line = data[position : end if end >= 0 else len(data)]
            if self._reader is None and line.strip(b" \t\r"):
                self._reader = JsonReader(self._events, lenient=self._lenient)
            behind = end if end >= 0 else len(data)
            try:
                if self._reader is not None:
                    self._reader.feed(line)
                if end < 0:
                    return
                self.finish()
            except NotJson:
                assert self._reader is not None
                self.rest = self._reader.rest + data[behind:]
                raise
            position = end + 1

    def finish(self) -> None:
        """The body, or a line, has ended. Raises NotJson if the document should have gone on."""
        if self._reader is not None:
            try:
                self._reader.finish()
            except NotJson:
                self.rest = self._reader.rest
                raise
            self._reader = None

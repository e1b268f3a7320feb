"""The command list at the head of a `git-receive-pack` request: which refs, and what the client understands.

gitprotocol-pack(5), "Reference Update Request". Bounded and sans-io: bytes in, values out.
Not here: the packfile behind it, and whether the push may pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forgewall.inspect.pktline import NotPktLine, take

HEAD = 256 * 1024  # most bytes read in search of the flush-pkt that ends the list
_COMMAND = re.compile(rb"(?:[0-9a-f]{40} [0-9a-f]{40}|[0-9a-f]{64} [0-9a-f]{64}) ([^\x00-\x20\x7f]{1,4096})")
_SHALLOW = re.compile(rb"shallow (?:[0-9a-f]{40}|[0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The refs in order, as the client spelled them, and the capabilities it chose.

    `complete` is False where the list was cut at the bound; `probe` is the lone flush-pkt that git sends before a
    large push to see whether the server answers.
    """

    refs: tuple[bytes, ...]
    capabilities: frozenset[str]
    complete: bool
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Malformed:
    """The bytes are no command list; `reason` is a sentence without a full stop."""

    reason: str


class CommandReader:
    """Feed the body until it answers; it holds at most `HEAD` bytes."""

    __slots__ = ("_answer", "_buffer", "_capabilities", "_certificate", "_first", "_next", "_refs")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._next = 0
        self._first = True
        self._certificate = False
        self._refs: list[bytes] = []
        self._capabilities: frozenset[str] = frozenset()
        self._answer: Commands | Malformed | None = None

    def feed(self, chunk: bytes) -> Commands | Malformed | None:
        """What the head says, or None while more is needed; after an answer, the same answer again."""
        if self._answer is None:
            room = HEAD - len(self._buffer)
            self._buffer += chunk[:room]
            self._answer = self._read()
            if self._answer is None and len(chunk) >= room:
                self._answer = self.so_far()
        return self._answer

    def so_far(self) -> Commands:
        """The commands read up to here, marked incomplete: for a body that is refused before its list ended."""
        return Commands(refs=tuple(self._refs), capabilities=self._capabilities, complete=False)

    @property
    def started(self) -> bool:
        """Whether at least one line was read, so that the capabilities are known."""
        return not self._first

    def _read(self) -> Commands | Malformed | None:
        try:
            while (taken := take(self._buffer, self._next)) is not None:
                line, self._next = taken
                if line is None:
                    return self._end()
                self._line(line)
        except NotPktLine as error:
            return Malformed(f"the push's command list can't be read: {error}")
        return None

    def _end(self) -> Commands | Malformed:
        if self._first:
            if self._next < len(self._buffer):
                return Malformed("the push holds data but no command")
            return Commands(refs=(), capabilities=frozenset(), complete=True, probe=True)
        return Commands(refs=tuple(self._refs), capabilities=self._capabilities, complete=True)

    def _line(self, line: bytes) -> None:
        if _SHALLOW.fullmatch(line.removesuffix(b"\n")):
            return
        text, nul, rest = line.partition(b"\0")
        if self._first and nul:
            words = rest.decode("utf-8", "replace").split()
            self._capabilities = frozenset(words)
        text = text.removesuffix(b"\n")
        command = _COMMAND.fullmatch(text)
        if command is not None:
            self._refs.append(command[1])
        elif self._first and text == b"push-cert":
            self._certificate = True
        elif not self._certificate:
            raise NotPktLine("a line is no command")
        elif text == b"push-cert-end":
            self._certificate = False
        self._first = False

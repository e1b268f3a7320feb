"""The command list at the head of a `git-receive-pack` request: which refs, and what the client understands.

gitprotocol-pack(5), "Reference Update Request" and "Push Certificate". The grammar is read more strictly than git reads
it, so that no line means one thing here and another at a forge: a NUL only in the first line, `shallow` only before the
commands, no ref twice, one line of a certificate per packet, nothing that looks like a command below its signature.
Bounded and sans-io: bytes in, values out. Not here: the packfile behind the list, and whether the push may pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forgewall.evidence import RefAction, RefUpdate
from forgewall.inspect.pktline import NotPktLine, take
from forgewall.inspect.refname import is_ref_name

HEAD = 1024 * 1024
"""Most bytes of the list with its options: a mirror push of some thousand refs."""

_COMMAND = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) (.+)", re.DOTALL)
_SHALLOW = re.compile(rb"shallow ([0-9a-f]{40}|[0-9a-f]{64})")
_ID_LENGTHS = {"sha1": 40, "sha256": 64}
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What a push asks for. `refs` are the names in order, as the client spelled them; `updates` the same with more.

    `complete` is False where the list was cut at the bound; `probe` is the lone flush-pkt that git sends before a
    large push to see whether the server answers. `options` are the `git push -o`. `shallow` are the commits that the
    client's history ends at. `consumed` is how many bytes of the body all this took: a pack follows there, if any.
    """

    refs: tuple[bytes, ...]
    capabilities: frozenset[str]
    complete: bool
    probe: bool = False
    updates: tuple[RefUpdate, ...] = ()
    options: tuple[str, ...] = ()
    shallow: tuple[str, ...] = ()
    object_format: str = "sha1"
    consumed: int = 0

    @property
    def atomic(self) -> bool:
        """Whether all of the refs must change or none."""
        return "atomic" in self.capabilities

    @property
    def wants_pack(self) -> bool:
        """Whether a pack must follow: not where all that is asked for is to delete, or nothing."""
        return any(update.action is not RefAction.DELETE for update in self.updates)


@dataclass(frozen=True, slots=True)
class Malformed:
    """The bytes are no command list; `reason` is a sentence without a full stop."""

    reason: str


class _Wrong(ValueError):
    """A line that can't stand where it stands."""


class CommandReader:
    """Feed the body until it answers; it holds at most `HEAD` bytes."""

    __slots__ = (
        "_answer",
        "_buffer",
        "_capabilities",
        "_certificate",
        "_first",
        "_format",
        "_in_options",
        "_next",
        "_options",
        "_refs",
        "_seen",
        "_shallow",
        "_updates",
    )

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._next = 0
        self._first = True
        self._certificate: _Certificate | None = None
        self._in_options = False
        self._refs: list[bytes] = []
        self._seen: set[bytes] = set()
        self._updates: list[RefUpdate] = []
        self._shallow: list[str] = []
        self._options: list[str] = []
        self._capabilities: frozenset[str] = frozenset()
        self._format = "sha1"
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
        return self._commands(complete=False)

    @property
    def started(self) -> bool:
        """Whether at least one line was read, so that the capabilities are known."""
        return not self._first

    def _read(self) -> Commands | Malformed | None:
        try:
            while (taken := take(self._buffer, self._next)) is not None:
                line, self._next = taken
                if line is not None:
                    self._line(line)
                elif self._flush():
                    return self._end()
        except (NotPktLine, _Wrong) as error:
            return Malformed(f"the push's command list can't be read: {error}")
        return None

    def _flush(self) -> bool:
        """Whether this flush-pkt is the last: push options stand between it and a second one."""
        if self._certificate is not None and not self._certificate.ended:
            raise _Wrong("its certificate has no end")
        if self._in_options or "push-options" not in self._capabilities:
            return True
        self._in_options = True
        return False

    def _end(self) -> Commands | Malformed:
        if self._first:
            if self._next < len(self._buffer):
                return Malformed("the push holds data but no command")
            return self._commands(complete=True, probe=not self._shallow)
        return self._commands(complete=True)

    def _commands(self, *, complete: bool, probe: bool = False) -> Commands:
        return Commands(
            refs=tuple(self._refs),
            capabilities=self._capabilities,
            complete=complete,
            probe=probe,
            updates=tuple(self._updates),
            options=tuple(self._options),
            shallow=tuple(self._shallow),
            object_format=self._format,
            consumed=self._next,
        )

    def _line(self, line: bytes) -> None:
        if self._in_options:
            self._option(line)
        elif self._certificate is not None:
            if self._certificate.ended:
                raise _Wrong("a line stands behind its certificate")
            command = self._certificate.line(line)
            if command is not None:
                self._command(command)
        elif self._first:
            self._begin(line)
        else:
            self._command(line.removesuffix(b"\n"))

    def _begin(self, line: bytes) -> None:
        shallow = _SHALLOW.fullmatch(line.removesuffix(b"\n"))
        if shallow is not None:
            self._shallow.append(shallow[1].decode())
            return
        text, nul, rest = line.partition(b"\0")
        if nul:
            self._choose(rest)
        # Ids are checked only now: the lines before the first command can't tell the object format.
        if any(len(known) != _ID_LENGTHS[self._format] for known in self._shallow):
            raise _Wrong("the ids are not of the object format")
        if text.removesuffix(b"\n") == b"push-cert":
            self._certificate = _Certificate()
        else:
            self._command(text.removesuffix(b"\n"))
        self._first = False

    def _choose(self, rest: bytes) -> None:
        if b"\0" in rest:
            raise _Wrong("its capabilities hold a NUL")
        words = rest.decode("utf-8", "replace").split()
        formats = {word.partition("=")[2] for word in words if word.startswith("object-format=")}
        if len(formats) > 1 or not formats <= _ID_LENGTHS.keys():
            raise _Wrong("its object format is unknown")
        self._format = formats.pop() if formats else "sha1"
        self._capabilities = frozenset(words)

    def _command(self, text: bytes) -> None:
        match = _COMMAND.fullmatch(text)
        if match is None:
            raise _Wrong("a line is no command")
        old, new, name = match.groups()
        if {len(old), len(new)} != {_ID_LENGTHS[self._format]}:
            raise _Wrong("the ids are not of the object format")
        if not is_ref_name(name):
            raise _Wrong("a ref's name isn't one")
        if name in self._seen:
            raise _Wrong("a ref is named twice")
        self._seen.add(name)
        self._refs.append(name)
        self._updates.append(_update(name, old, new))

    def _option(self, line: bytes) -> None:
        text = line.removesuffix(b"\n")
        if _CONTROL.search(text):
            raise _Wrong("a push option holds a control character")
        self._options.append(text.decode("utf-8", "backslashreplace"))


class _Certificate:
    """A push certificate's lines, one per packet: head, empty line, commands, signature, end."""

    __slots__ = ("_part", "ended")

    def __init__(self) -> None:
        self._part = "head"
        self.ended = False

    def line(self, line: bytes) -> bytes | None:
        """The command that this line is, if it is one."""
        # git joins the packets to one text and reads that by lines: a packet that isn't a line could hide one.
        if line.find(b"\n") != len(line) - 1 or b"\0" in line:
            raise _Wrong("a packet of its certificate isn't one line")
        text = line[:-1]
        if self._part == "head":
            if not text:
                self._part = "commands"
            elif text == b"push-cert-end" or _COMMAND.match(text):
                raise _Wrong("its certificate has no head")
            return None
        if text.startswith(b"-----BEGIN "):
            if self._part == "signature":
                raise _Wrong("its certificate has two signatures")
            self._part = "signature"
            return None
        if self._part == "commands":
            return text
        if text == b"push-cert-end":
            self.ended = True
        elif _COMMAND.match(text):
            raise _Wrong("a command stands below its certificate's signature")
        return None


def _update(name: bytes, old: bytes, new: bytes) -> RefUpdate:
    before = old.decode() if old.strip(b"0") else None
    after = new.decode() if new.strip(b"0") else None
    if before is None and after is None:
        raise _Wrong("a command changes nothing into nothing")
    action = RefAction.CREATE if before is None else RefAction.DELETE if after is None else RefAction.UPDATE
    return RefUpdate(name=name.decode("utf-8", "backslashreplace"), action=action, old=before, new=after)
